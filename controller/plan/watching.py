"""What gates and guards say: a guard's answers are counted by the rollout that it watches."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from controller.model.gate import Gate, Guard, NotOpen, OnShut, Open, Remembers, Shut, Unsure, Verdict
from controller.model.questions import Answer, Candidate, Question
from controller.model.record import Memory
from controller.model.rollout import Heard, Phase, Rollout
from controller.plan.calls import in_words
from controller.plan.judged import Judged

LONGEST_GAP: Final = timedelta(hours=1)
"""What was not watched for longer is watched anew: ECS keeps stopped tasks for an hour, and may have lost some."""
_UNHEARD: Final = Heard()
_PLAIN: Final = Guard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the guards of a rollout come to.

    `shut` are those that count and are not open, `said` those that are only to be told of: they warn, or only say
    what they would do. `rings` is what rings at all, `unheard` whether any could not be heard, `heard` what is to
    be remembered of each.
    """

    shut: tuple[Judged, ...] = ()
    said: tuple[Judged, ...] = ()
    rings: frozenset[str] = frozenset()
    unheard: bool = False
    heard: tuple[Heard, ...] = ()


def not_open(
    gates: tuple[Gate, ...], candidate: Candidate, answers: Mapping[Question, Answer], now: datetime
) -> tuple[Judged, ...]:
    """Judge gates, or guards of what has not begun, and give those that are not open."""
    judged = ((gate, gate.judge(candidate, answers, now)) for gate in gates)
    return tuple(judged_of(gate, verdict) for gate, verdict in judged if not isinstance(verdict, Open))


def judged_of(guard: Gate, verdict: NotOpen) -> Judged:
    """Give a gate or guard that is not open, with what it does about that."""
    own = _own(guard)
    return Judged(kind=guard.kind, verdict=verdict, action=own.action, shadow=own.shadow)


def watched(rollout: Rollout, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Watched:
    """Judge the guards of a rollout, with what it remembers of each."""
    guards = rollout.terms.guards
    verdicts = [guard.judge(candidate, answers, now) for guard in guards]
    before = (*rollout.heard, *([_UNHEARD] * len(guards)))[: len(guards)]
    heard = [_counted(*three, now) for three in zip(guards, verdicts, before, strict=True)]
    weighed = [_weighed(*three, rollout, now) for three in zip(guards, verdicts, heard, strict=True)]
    judged = [
        judged_of(guard, verdict)
        for guard, verdict in zip(guards, weighed, strict=True)
        if not isinstance(verdict, Open)
    ]
    return Watched(
        shut=tuple(one for one in judged if one.counts),
        said=tuple(one for one in judged if not one.counts),
        rings=rings_of(verdicts),
        unheard=any(isinstance(verdict, Unsure) for verdict in verdicts),
        heard=tuple(_noted(*three) for three in zip(heard, weighed, before, strict=True)),
    )


def gap_of(memory: Memory, now: datetime) -> datetime | None:
    """Say since when a bake was not watched, if its guards may tell of that time; None if nothing is missing."""
    rollout = memory.rollout
    if memory.phase is not Phase.BAKING or rollout is None or rollout.well_at is None:
        return None
    missed = now - rollout.well_at
    return rollout.well_at if 2 * rollout.terms.look_every < missed <= LONGEST_GAP else None


def gap_questions(memory: Memory, candidate: Candidate, now: datetime) -> Iterator[Question]:
    """Ask the guards of a bake what happened while nobody watched."""
    after, rollout = gap_of(memory, now), memory.rollout
    if rollout is not None and after is not None:
        yield from asked_since(counting(rollout), candidate, after)


def asked_since(guards: Iterable[Gate], candidate: Candidate, after: datetime) -> Iterator[Question]:
    """Ask those guards that can look back what happened since."""
    for guard in guards:
        yield from guard.asks_gap(candidate, after) if isinstance(guard, Remembers) else ()


def filled(memory: Memory, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> bool:
    """Whether it is certain that every guard of a bake was open while nobody watched."""
    after, rollout = gap_of(memory, now), memory.rollout
    if after is None or rollout is None:
        return False
    guards = counting(rollout)
    return bool(guards) and all(
        isinstance(guard, Remembers) and guard.judge_gap(candidate, answers, after) for guard in guards
    )


def counting(rollout: Rollout) -> tuple[Gate, ...]:
    """Give the guards of a rollout that it heeds."""
    return tuple(
        guard for guard in rollout.terms.guards if not _own(guard).shadow and _own(guard).action is not OnShut.WARN
    )


def rings_of(verdicts: Iterable[object]) -> frozenset[str]:
    """Name what rings."""
    return frozenset().union(*(verdict.rings for verdict in verdicts if isinstance(verdict, Shut)))


def _own(guard: Gate) -> Guard:
    """Give what is common to all guards; a gate of another make has none of it, and counts at once."""
    return guard if isinstance(guard, Guard) else _PLAIN


def _counted(guard: Gate, verdict: Verdict, heard: Heard, now: datetime) -> Heard:
    """Count an answer; one that says nothing counts for neither side, and breaks no row."""
    own = _own(guard)
    match verdict:
        case Open():
            return Heard(passes=min(heard.passes + 1, own.passes))
        case Shut():
            failures = min(heard.failures + 1, own.failures)
            return Heard(failures=failures, bad_since=heard.bad_since or now)
        case _:
            return heard


def _noted(heard: Heard, verdict: Verdict, before: Heard) -> Heard:
    """Note that it counts as shut, in the words of the first look at which it did."""
    if not isinstance(verdict, Shut):
        return replace(heard, shut=False, why="")
    return replace(heard, shut=True, why=before.why if before.shut else verdict.why)


def _weighed(guard: Gate, verdict: Verdict, heard: Heard, rollout: Rollout, now: datetime) -> Verdict:
    """Say what a verdict comes to with those before it."""
    own = _own(guard)
    if isinstance(verdict, Open):
        few = heard.passes < own.passes
        return Unsure(why=f"good {heard.passes} of {own.passes} times in a row") if few else verdict
    if not isinstance(verdict, Shut):
        return verdict
    if rollout.terms.incident and verdict.rings and verdict.rings <= rollout.rang:
        return Open()
    lasted = now - heard.bad_since if heard.bad_since else now - now
    if heard.failures < own.failures:
        return Unsure(why=f"{verdict.why} ({heard.failures} of {own.failures} times in a row)")
    if lasted < own.lasting:
        return Unsure(why=f"{verdict.why} (for {in_words(lasted)} of {in_words(own.lasting)})")
    return verdict


def told(one: Judged) -> str:
    """Say what a guard that does not count says."""
    if not isinstance(one.verdict, Shut):
        return f"warning: {one.kind}: {one.verdict.why}"
    return would(one.kind, Guard(action=one.action, shadow=one.shadow), one.verdict.why)


def would(kind: str, own: Guard, why: str) -> str:
    """Say what a guard that is shut does, or would do if it counted."""
    if own.action is OnShut.WARN:
        return f"warning: {kind}: {why}"
    what = "roll back" if own.action is OnShut.ROLLBACK else "hold the bake"
    return f"would {what} (shadow): {kind}: {why}" if own.shadow else f"holds the bake: {kind}: {why}"


def newly_shut(before: Memory, after: Memory) -> Iterator[tuple[str, Guard, str]]:
    """Name the guards that shut at this look and do not take the release back: kind, what it is to do, in words."""
    rollout, was = after.rollout, before.rollout
    if rollout is None or was is None or rollout.number != was.number:
        return
    known = (*was.heard, *([_UNHEARD] * len(rollout.heard)))
    for guard, then, now in zip(rollout.terms.guards, known, rollout.heard, strict=False):
        own = _own(guard)
        if now.shut and not then.shut and (own.shadow or own.action is not OnShut.ROLLBACK):
            yield guard.kind, own, would(guard.kind, own, now.why)
