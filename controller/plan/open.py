"""How a rollout is opened, and how its one call is written down before it is made."""

from dataclasses import replace
from typing import Final, TypedDict

from controller.model.decision import Ensure
from controller.model.names import Revision
from controller.model.record import REVISIONS, Memory
from controller.model.release import Release
from controller.model.rollout import Call, Expect, Purpose, Rollout, Terms
from controller.plan.calls import INTENT_LIFE
from controller.plan.hooking import wish_retry
from controller.plan.look import Look


class Asked(TypedDict):
    """A memory that holds the intent, and the call that it is for."""

    memory: Memory
    action: Ensure


def new_rollout(
    look: Look, release: Release, terms: Terms, purpose: Purpose, way: str, *, retry: int | None = None
) -> Rollout:
    """Open a rollout under these terms; alarms that ring now are excused until they have been quiet."""
    forward = look.wish is not None and purpose is Purpose.FORWARD
    return Rollout(
        number=look.memory.rollouts + 1,
        release=release,
        terms=terms,
        purpose=purpose,
        opened=look.now,
        since=look.now,
        settings=look.wish.want.settings if look.wish and forward else None,
        way=way,
        rang=look.rings,
        retry=wish_retry(look) if retry is None else retry,
        part=None if purpose in {Purpose.HEAL, Purpose.RESTART} else look.joint.part,
        hotfix=_hotfix(look) if forward else 0,
        skipped=tuple((one.kind, one.verdict.why) for one in look.skipped)
        if forward and not _is_free(look)
        else (),
    )


def _hotfix(look: Look) -> int:
    """Give the number of the hotfix that the wish is of; 0 if it is of none."""
    wish, hotfix = look.wish, look.orders.hotfix(look.now)
    return hotfix.number if wish and hotfix and wish.want.said is not None and not wish.pinned else 0


def _is_free(look: Look) -> bool:
    return look.wish is not None and look.wish.free


def revision_of(memory: Memory, release: Release) -> Revision | None:
    """Find a revision that is known to hold this release."""
    kept = next((kept.revision for kept in memory.known if kept.digest == release.digest), None)
    return kept or dict(memory.revisions).get(release.digest) or None


UNKNOWN_REVISION: Final = Revision("")
"""Stands in `Memory.revisions` for one that we may have registered: its answer was never learnt."""


def may_exist(memory: Memory, release: Release) -> bool:
    """Whether we once set out to register this release here, or may have in a life that was forgotten."""
    forgotten = memory.recovered > 0 and memory.rollouts == 0
    return forgotten or _set_out(memory, release)


def _set_out(memory: Memory, release: Release) -> bool:
    """Whether it is remembered that we once set out to register this release here."""
    return any(digest == release.digest for digest, _ in memory.revisions)


def setting_out(memory: Memory, release: Release, revision: Revision | None) -> Memory:
    """Note before a call that it may register this release."""
    begun = revision is not None or _set_out(memory, release)
    return memory if begun else remember_revision(memory, release, UNKNOWN_REVISION)


def remember_revision(memory: Memory, release: Release, revision: Revision) -> Memory:
    """Note which revision holds this release, or that one may exist; the newest are kept."""
    others = tuple(pair for pair in memory.revisions if pair[0] != release.digest)
    return replace(memory, revisions=((release.digest, revision), *others)[:REVISIONS])


def opened(memory: Memory, rollout: Rollout) -> Memory:
    """Remember a rollout as the one that is open, and its number as given."""
    return replace(memory, rollout=rollout, rollouts=max(memory.rollouts, rollout.number))


def ensure(look: Look, memory: Memory, rollout: Rollout, revision: Revision | None) -> Asked:
    """Write the call down and ask for it; forced only where it would else start nothing."""
    live, goal = look.live, rollout.goal
    expect = Expect(deployment=live.deployment, revision=live.revision) if live else None
    force = look.runs(goal)
    call = Call(
        digest=goal.digest,
        expect=expect,
        after=live.youngest if live else 0,
        at=look.now,
        force=force,
    )
    sent = replace(rollout, call=call, deployment=None, done=None, tries=rollout.tries + 1)
    action = Ensure(
        target=look.name,
        place=look.place,
        release=goal,
        revision=revision,
        purpose=rollout.purpose,
        expect=expect,
        not_after=look.now + INTENT_LIFE,
        settings=rollout.settings if rollout.back is None else None,
        force=force,
        look_first=may_exist(memory, goal),
        rollout=rollout.number,
    )
    return Asked(memory=setting_out(opened(memory, sent), goal, revision), action=action)
