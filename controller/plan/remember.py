"""Fold a plan, and then its outcomes, into the record."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from controller.model.decision import Continue, Plan, Start, Stop
from controller.model.desired import Desired, Reading
from controller.model.hooks import Run, RunState
from controller.model.manifest import Echo
from controller.model.outcome import Done, Lost, NotSent, Outcome, Refused, Sent, Stale, Started, why_not
from controller.model.record import Memory, Record
from controller.model.release import Kept, Release
from controller.model.rollout import Call, Purpose, Result, Rollout
from controller.plan.open import remember_revision

_RESULTS: Final[Mapping[type, Result]] = MappingProxyType(
    {
        Sent: Result.SENT,
        Stale: Result.STALE,
        NotSent: Result.UNSENT,
        Refused: Result.REFUSED,
        Lost: Result.UNKNOWN,
    }
)


def intend(record: Record, plan: Plan, desired: Reading) -> Record:
    """Write down what we are about to do, before doing it."""
    changed = {
        name: decision.memory
        for name, decision in plan.decisions.items()
        if _differs(decision.memory, record.targets.get(name)) and decision.memory.place is not None
    }
    targets = record.targets
    if changed or plan.dropped:
        merged = {**record.targets, **changed}
        targets = {name: memory for name, memory in merged.items() if name not in plan.dropped}
    accepted = desired.accepted if isinstance(desired, Desired) else record.accepted
    heard = (
        record.orders.accept.number
        if record.orders.accept and isinstance(desired, Desired)
        else record.heard_accept
    )
    same = targets is record.targets and accepted == record.accepted and heard == record.heard_accept
    if same and plan.rollbacks == record.rollbacks:
        return record
    return replace(record, targets=targets, rollbacks=plan.rollbacks, accepted=accepted, heard_accept=heard)


def _differs(after: Memory, before: Memory | None) -> bool:
    """Whether there is something to write down, what equality passes over too."""
    return after is not before and (before is None or after != before or after.labels != before.labels)


def learn(record: Record, outcomes: tuple[Outcome, ...]) -> Record:
    """Write down what came of it."""
    if not outcomes:
        return record
    targets = dict(record.targets)
    for outcome in outcomes:
        name = outcome.action.target
        targets[name] = _learn_one(targets[name], outcome)
    return replace(record, targets=targets)


def _learn_one(memory: Memory, outcome: Outcome) -> Memory:
    action = outcome.action
    if isinstance(action, Start):
        return _learn_start(memory, action, outcome)
    if isinstance(action, Continue):
        return _learn_continue(memory, outcome)
    if isinstance(action, Stop):
        return _learn_stop(memory, action, why_not(outcome))
    if outcome.revision and action.purpose is not Purpose.SETTINGS:
        memory = remember_revision(memory, action.release, outcome.revision)
    if isinstance(outcome, Sent):
        memory = replace(memory, watermark=max(outcome.asof, memory.watermark))
    if action.purpose is Purpose.SETTINGS:
        return _learn_settings(memory, outcome)
    rollout = memory.rollout
    if rollout is None or rollout.call is None:
        return memory
    memory = replace(memory, rollout=_answered(rollout, rollout.call, outcome))
    return _echoed(memory, action.release, outcome.echo) if isinstance(outcome, Sent) and outcome.echo else memory


def _learn_start(memory: Memory, action: Start, outcome: Outcome) -> Memory:
    if outcome.revision:
        memory = remember_revision(memory, action.release, outcome.revision)
    runs = tuple(_learnt(run, outcome) if run.id == action.id else run for run in memory.runs)
    rollout = memory.rollout
    if outcome.revision and rollout is not None and rollout.release.digest == action.release.digest:
        rollout = replace(rollout, revision=outcome.revision)
    return replace(memory, runs=runs, rollout=rollout)


def _learnt(run: Run, outcome: Outcome) -> Run:
    match outcome:
        case Started():
            return replace(run, state=RunState.RUNNING, sent=True, task=outcome.task, revision=outcome.revision)
        case Refused():
            return replace(run, state=RunState.FAILED, sent=False, why=f"refused: {outcome.why}")
        case Lost():
            return replace(run, why=outcome.why)
        case _:
            return replace(run, sent=False, why=why_not(outcome))


def _learn_continue(memory: Memory, outcome: Outcome) -> Memory:
    rollout = memory.rollout
    if rollout is None or rollout.continued is None or isinstance(outcome, Lost):
        return memory
    continued = replace(rollout.continued, sent=isinstance(outcome, Done))
    return replace(memory, rollout=replace(rollout, continued=continued))


def _learn_stop(memory: Memory, action: Stop, why: str) -> Memory:
    """Note why a task was not stopped; that it was told to is kept, so that it is not told so at every look."""
    runs = tuple(replace(run, why=why) if run.id == action.id else run for run in memory.runs)
    return replace(memory, runs=runs)


def _echoed(memory: Memory, release: Release, echo: Echo) -> Memory:
    """Let a release know what the platform makes of it, wherever it is remembered."""

    def heard(one: Release) -> Release:
        same = one.digest == release.digest and one.manifest.owns == release.manifest.owns
        return replace(one, manifest=one.manifest.echoed(echo)) if same else one

    def kept(one: Kept | None) -> Kept | None:
        return replace(one, release=heard(one.release)) if one else None

    rollout = memory.rollout
    if rollout is not None:
        rollout = replace(rollout, release=heard(rollout.release), back=kept(rollout.back))
    goods = tuple(replace(good, release=heard(good.release)) for good in memory.goods)
    return replace(memory, rollout=rollout, current=kept(memory.current), goods=goods, found=kept(memory.found))


def _learn_settings(memory: Memory, outcome: Outcome) -> Memory:
    why = why_not(outcome)
    return replace(memory, applied=replace(memory.applied, why=why)) if memory.applied else memory


def _answered(rollout: Rollout, call: Call, outcome: Outcome) -> Rollout:
    why = why_not(outcome)
    answered = replace(rollout, call=replace(call, result=_RESULTS[type(outcome)], why=why))
    if isinstance(outcome, Sent):
        return replace(answered, deployment=outcome.deployment, revision=outcome.revision)
    return replace(answered, revision=outcome.revision or answered.revision)
