"""What the step from one version to another means: going back is said plainly, a major step acknowledged."""

from collections.abc import Iterator
from typing import Final

from controller.model.desired import DesiredTarget
from controller.model.gate import Shut
from controller.model.instants import instant
from controller.model.record import Memory
from controller.model.release import Release
from controller.model.rollout import Phase
from controller.model.version import Version, read_version
from controller.plan.judged import Judged
from controller.plan.known import rolls
from controller.plan.look import Look
from controller.plan.wish import Wish

BREAKING: Final = "breaking"


def called(look: Look, wish: Wish) -> str:
    """Say what is wanted: its version, or, if that is a lower one, from what it goes back and how it did here."""
    to, left = wish.release, _left(look, wish)
    lower, higher = read_version(to.version), read_version(left.version) if left else None
    if left is None or lower is None or higher is None or not lower.is_lower_than(higher):
        return to.version
    return f"goes back from {left.version} to {to.version}, which {_how_it_did(look.memory, to)}"


def unacknowledged(look: Look) -> tuple[Judged, ...]:
    """Judge whether the wish is a major step from what is good here, that nobody acknowledged in the spec.

    Whatever needs no gate is no such step, and neither are a first release and one that is under way.
    """
    wish, current = look.wish, look.memory.current
    if wish is None or wish.free or wish.want.breaking or current is None or not look.is_waiting:
        return ()
    if not look.memory.is_good(current.digest) or rolls(look.memory, wish.release):
        return ()
    then, now = read_version(current.release.version), read_version(wish.release.version)
    if then is None or now is None or not now.is_major_step_from(then):
        return ()
    return (Judged(kind=BREAKING, verdict=Shut(why=_major_step(then, now))),)


def steps_in(before: DesiredTarget, after: DesiredTarget) -> Iterator[str]:
    """Say what a change of the spec alone tells of its step: that it goes back, or has to be acknowledged."""
    then, now = read_version(before.release.version), read_version(after.release.version)
    if then is None or now is None or before.track is not None or after.track is not None:
        return
    if now.is_lower_than(then):
        yield f"goes back from {then} to {now}"
    elif now.is_major_step_from(then) and not after.breaking:
        yield _major_step(then, now)


def _major_step(then: Version, now: Version) -> str:
    return f"{now} is a major step from {then}: write `breaking: acknowledged` beside the version"


def _left(look: Look, wish: Wish) -> Release | None:
    """Find what would be left: what is being brought about, else what should run at rest."""
    rollout, current = look.memory.rollout, look.memory.current
    touched = rollout is not None and look.memory.phase is not Phase.PREPARING
    if rollout is not None and touched and rollout.goal.digest != wish.digest:
        return rollout.goal
    return current.release if current else None


def _how_it_did(memory: Memory, release: Release) -> str:
    """Say whether a release was good here, and until when: until the next one was."""
    barred = memory.bars(release)
    if barred is not None:
        return f"failed here at {instant(barred.since)}"
    for place, kept in enumerate(memory.goods):
        if kept.digest == release.digest:
            return _until(memory, place)
    for place, kept in enumerate(memory.goods):
        if kept.release.version == release.version:
            return f"{_until(memory, place)}, with other content"
    return "never was good here"


def _until(memory: Memory, place: int) -> str:
    if place == 0:
        runs = memory.current is not None and memory.current.digest == memory.goods[0].digest
        return "is good here" if runs else "was good here"
    until = memory.goods[place - 1].since
    return f"was good here until {instant(until)}" if until else "was good here"
