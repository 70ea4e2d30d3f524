"""Which questions can matter this turn: gates while something waits, guards while something is unproven."""

from collections.abc import Iterator
from datetime import datetime

from controller.model.desired import Desired, Reading
from controller.model.gate import Gate
from controller.model.names import TargetName
from controller.model.observation import Observation, Sight
from controller.model.questions import Candidate, Question
from controller.model.record import Record
from controller.model.release import Release
from controller.model.reviews import ChangeOf
from controller.plan.approvals import first_wanted
from controller.plan.fixes import question
from controller.plan.look import Look
from controller.plan.see import look_at
from controller.plan.wanted import NOWHERE, place_of
from controller.plan.watching import gap_of, gap_questions
from controller.plan.who import asks


def questions(
    desired: Reading, record: Record, sights: dict[TargetName, Sight], now: datetime
) -> frozenset[Question]:
    """Name each distinct question once."""
    return frozenset(
        question
        for name in sights
        if _can_matter(desired, record, name)
        for gate, release, look in _relevant(desired, record, sights, name, now)
        for question in gate.asks(_candidate(look, release))
    ) | frozenset(
        (
            *_about_drift(desired, record, sights, now),
            *_about_gaps(desired, record, sights, now),
            *_about_commits(record, sights),
            *_about_fixes(desired, record, sights, now),
        )
    )


def _candidate(look: Look, release: Release) -> Candidate:
    """Name a release as its gates and guards know it."""
    commit = first_wanted(look.memory, release)
    if look.wish is not None and release is look.wish.release:
        return look.wish.candidate(look.env, look.name, look.place, commit)
    return Candidate.of(look.env, look.name, look.place, release, commit)


def _about_drift(
    desired: Reading, record: Record, sights: dict[TargetName, Sight], now: datetime
) -> Iterator[Question]:
    for name, sight in sights.items():
        memory = record.targets.get(name)
        if memory is not None and (memory.drift or memory.healed):
            blank = Observation(sights={name: sight})
            yield from asks(look_at(desired, blank, record, name, now).memory, now)


def _about_commits(record: Record, sights: dict[TargetName, Sight]) -> Iterator[Question]:
    """Ask who brought what has waited since an earlier turn, for the record: no rollout waits for the answer."""
    for name in sights:
        memory = record.targets.get(name)
        if memory is not None and memory.next is not None and memory.next.release.commit is not None:
            yield ChangeOf(commit=memory.next.release.commit)


def _about_gaps(
    desired: Reading, record: Record, sights: dict[TargetName, Sight], now: datetime
) -> Iterator[Question]:
    for name in sights:
        memory = record.targets.get(name)
        rollout = memory.rollout if memory else None
        if memory is not None and rollout is not None and gap_of(memory, now) is not None:
            place = place_of(desired, record, name) or NOWHERE
            yield from gap_questions(memory, Candidate.of(desired.env, name, place, rollout.release), now)


def _about_fixes(
    desired: Reading, record: Record, sights: dict[TargetName, Sight], now: datetime
) -> Iterator[Question]:
    for name, sight in sights.items():
        memory = record.targets.get(name)
        if memory is not None and memory.lane is not None and not memory.lane.merged:
            look = look_at(desired, Observation(sights={name: sight}), record, name, now)
            asked = question(look.memory, look.wish.want if look.wish else None)
            yield from (asked,) if asked else ()


def _can_matter(desired: Reading, record: Record, name: TargetName) -> bool:
    """Tell quickly that a target which is good, wants nothing else and has not drifted, asks nothing."""
    memory = record.targets.get(name)
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    if memory is None or memory.rollout is not None or memory.current is None or want is None:
        return True
    pinned = name in record.orders.targets
    same = memory.current.digest == want.release.digest and memory.next is None and memory.drift is None
    return pinned or not same or not memory.is_good(memory.current.digest)


def _relevant(
    desired: Reading, record: Record, sights: dict[TargetName, Sight], name: TargetName, now: datetime
) -> Iterator[tuple[Gate, Release, Look]]:
    blank = Observation(sights={name: sights[name]})
    look = look_at(desired, blank, record, name, now)
    memory, wish = look.memory, look.wish
    want = wish.want if wish else None
    current = memory.current
    runs = current is not None and wish is not None and current.digest == wish.digest
    if want and wish and (not runs or memory.next or memory.rollout):
        gates = () if wish.free else want.gates
        yield from ((gate, wish.release, look) for gate in (*gates, *want.terms.guards))
    elif want and wish and current is not None and (memory.drift or not memory.is_good(current.digest)):
        yield from ((gate, wish.release, look) for gate in want.terms.guards)
    if memory.rollout is not None:
        yield from ((gate, memory.rollout.release, look) for gate in memory.rollout.terms.guards)
