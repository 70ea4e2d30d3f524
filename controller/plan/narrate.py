"""Tell what a turn decided and did, as rows of the journal."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from controller.model.decision import Action, Continue, Decision, Ensure, Plan, Start, Stop
from controller.model.desired import Desired, Reading
from controller.model.names import EnvName, TargetName
from controller.model.orders import TargetOrders
from controller.model.outcome import Outcome, Sent, Started, why_not
from controller.model.questions import Answer, Question
from controller.model.record import Memory, Quarantined, Record
from controller.model.rollout import Phase
from controller.model.story import Entry, Event
from controller.plan.announce import announce
from controller.plan.facts import WANTED, blocked_facts, hook_facts, opened_facts
from controller.plan.flags import RECOVER
from controller.plan.follow import newly_followed
from controller.plan.loud import hotfix_rows
from controller.plan.transitions import Move
from controller.plan.voice import spoken
from controller.plan.watching import newly_shut

_OPENING = frozenset(
    move.value for move in (Move.OPEN, Move.PREPARE, Move.MEND, Move.HEAL, Move.RESTART, Move.TAKE)
)

NOTHING_ASKED: Final[Mapping[Question, Answer]] = MappingProxyType({})


def tell_plan(
    desired: Reading, before: Record, plan: Plan, answers: Mapping[Question, Answer] = NOTHING_ASKED
) -> tuple[Entry, ...]:
    """Tell what was decided; a decision that changes nothing worth telling tells nothing."""
    return (*_accepted(desired, before, plan), *_decisions(desired, before, plan, answers))


def tell_outcomes(env: EnvName, outcomes: tuple[Outcome, ...], now: datetime) -> tuple[Entry, ...]:
    """Tell what came of each action."""
    return tuple(_outcome(env, outcome, now) for outcome in outcomes)


def _accepted(desired: Reading, before: Record, plan: Plan) -> Iterator[Entry]:
    if not isinstance(desired, Desired) or (before.accepted and before.accepted.commit == desired.commit):
        return
    signed = desired.signed
    facts = {
        "commit": desired.commit,
        "author": desired.author,
        "signedBy": signed.by if signed else "",
        "key": signed.key if signed else "",
    }
    stands = sorted(f"{path} is broken and stands as at {commit[:12]}" for path, commit in desired.broken.items())
    yield Entry(
        at=plan.decided_at,
        env=desired.env,
        event=Event.ACCEPTED,
        text="; ".join((f"commit {desired.commit[:12]} is what {desired.env} should run", *stands)),
        by=signed.by if signed and signed.known else desired.author or "somebody",
        data={key: value for key, value in facts.items() if value},
    )


def _decisions(desired: Reading, before: Record, plan: Plan, answers: Mapping[Question, Answer]) -> Iterator[Entry]:
    said = spoken(before, plan)
    for name, decision in sorted(plan.decisions.items()):
        was = before.targets.get(name) or Memory()
        begun = decision.memory.rollout if _begins(was, decision) else None
        facts = opened_facts(desired, name, was, begun, decision.opened, answers) if begun else {}
        orders = before.orders.targets.get(name, TargetOrders())
        yield from _follows(plan, name, was, decision.memory)
        for row in _decision(plan, name, was, decision, facts):
            more = said.get((name, row.event))
            yield replace(row, data={**row.data, **more}) if more else row
        for text, data in hotfix_rows(was, decision, orders):
            yield _row(plan, name, was, decision, Event.HOTFIX, text, data)


def _begins(before: Memory, decision: Decision) -> bool:
    """Whether a rollout begins here: by being opened, or because a person has what runs at rest taken back."""
    after = decision.memory.rollout
    known = before.rollout.number if before.rollout else 0
    return after is not None and (decision.move in _OPENING or after.number != known)


def _decision(
    plan: Plan, name: TargetName, before: Memory, decision: Decision, opened: Mapping[str, str]
) -> Iterator[Entry]:
    after = decision.memory

    def entry(event: Event, text: str, **data: str) -> Entry:
        return _row(plan, name, before, decision, event, text, data)

    if decision.move in {Move.ADOPT.value, RECOVER}:
        found = after.current.release.version if after.current else ""
        yield entry(Event.ADOPTED, f"found {found} running; nothing was changed")
    for digest in after.quarantine.keys() - before.quarantine.keys():
        barred = after.quarantine[digest]
        row = entry(Event.QUARANTINED, f"{barred.version} failed here: {barred.why}", digest=digest)
        yield _of_failed(row, before, barred)
    if decision.ended and before.rollout is not None:
        yield _ended(plan, name, before, decision)
    if opened and decision.move in _OPENING:
        yield entry(Event.OPENED, decision.reason, **opened)
        opened = {}
    if before.phase is not after.phase:
        yield entry(Event.PHASE, decision.reason, **_moved(before, decision), **opened)
    if decision.action is not None:
        yield entry(Event.INTENT, _what(decision.action), **_facts(decision.action))
    for kind, guard, text in newly_shut(before, after):
        yield entry(Event.GUARD, text, kind=kind, would=guard.action.value, shadow=str(guard.shadow).lower())
    for told in announce(before, decision, plan.decided_at):
        yield entry(told.event, told.text, **told.data)


def _follows(plan: Plan, name: TargetName, before: Memory, after: Memory) -> Iterator[Entry]:
    """Tell what a target follows from now on, and that a tag was moved and is not followed."""
    text, followed = newly_followed(before.followed, after.followed), after.followed
    if not text:
        return
    data = (
        {"follows": followed.source, "built": followed.commit or "", "refused": followed.refused}
        if followed
        else {}
    )
    yield Entry(
        at=plan.decided_at,
        env=plan.env,
        target=name,
        event=Event.FOLLOWED,
        text=text,
        version=followed.version if followed else "",
        data={key: value for key, value in data.items() if value},
    )


def _row(
    plan: Plan,
    name: TargetName,
    before: Memory,
    decision: Decision,
    event: Event,
    text: str,
    data: Mapping[str, str],
) -> Entry:
    """Tell something of a target, and of the rollout that it is about."""
    after = decision.memory
    rollout = after.rollout or before.rollout
    current = after.current.release.version if after.current else ""
    return Entry(
        at=plan.decided_at,
        env=plan.env,
        target=name,
        event=event,
        text=text,
        rollout=rollout.number if rollout else 0,
        version=rollout.release.version if rollout else current,
        data=data,
    )


def _moved(before: Memory, decision: Decision) -> dict[str, str]:
    """Give what machines need of a change of phase: from where to where, and what a wish waits for."""
    after = decision.memory.phase
    waits = {WANTED: decision.wanted or "", **blocked_facts(decision)} if after is Phase.PENDING else {}
    begins = {"begins": "yes"} if before.rollout is not None and _begins(before, decision) else {}
    return {"before": before.phase.value, "after": after.value, **waits, **begins}


def _of_failed(row: Entry, before: Memory, barred: Quarantined) -> Entry:
    """Tell a failure, with what was seen of it, of the rollout that failed, though another is opened at once."""
    evidence = {f"evidence{index}": line for index, line in enumerate(barred.evidence)}
    row, rollout = replace(row, data={**row.data, **evidence}), before.rollout
    if rollout is None or rollout.release.digest != barred.digest:
        return row
    return replace(row, rollout=rollout.number, version=rollout.release.version)


def _what(action: Action) -> str:
    """Say what an action is to do."""
    match action:
        case Ensure():
            return f"ensure {action.release.version} ({action.purpose.value})"
        case Start():
            return f"start {action.hook.title} of {action.release.version}"
        case Stop():
            return f"stop a task: {action.why}"
        case Continue():
            return f"continue {action.release.version} after its pause"


def _facts(action: Action) -> dict[str, str]:
    """Give what machines need of an action."""
    match action:
        case Ensure():
            expect = action.expect.deployment if action.expect else ""
            return {"digest": action.release.digest, "revision": action.revision or "", "expect": expect}
        case Start():
            return {"digest": action.release.digest, "revision": action.revision or "", "task": action.id}
        case Stop():
            return {"digest": action.release.digest, "task": action.id}
        case Continue():
            return {"digest": action.release.digest, "deployment": action.deployment, "pause": action.pause}


def _ended(plan: Plan, name: TargetName, before: Memory, decision: Decision) -> Entry:
    rollout = before.rollout
    if rollout is None:
        raise AssertionError("only a rollout ends")
    seconds = (plan.decided_at - rollout.opened).total_seconds()
    barred = decision.memory.quarantine.get(rollout.release.digest)
    result, _, cause = decision.ended.partition(":")
    return Entry(
        at=plan.decided_at,
        env=plan.env,
        target=name,
        event=Event.ENDED,
        text=decision.reason,
        rollout=rollout.number,
        version=rollout.release.version,
        data={
            "result": result,
            "cause": cause,
            "seconds": f"{seconds:.3f}",
            "digest": rollout.release.digest,
            "commit": rollout.release.commit or "",
            "opened": rollout.opened.isoformat(),
            "back": rollout.back.release.version if rollout.back else "",
            "why": barred.why if barred else "",
            "then": decision.memory.phase.value,
            **hook_facts(rollout, before, decision.memory),
        },
    )


def _outcome(env: EnvName, outcome: Outcome, now: datetime) -> Entry:
    action = outcome.action
    if isinstance(outcome, Sent):
        text = f"{action.release.version}: accepted as {outcome.deployment} of {outcome.revision}"
    elif isinstance(outcome, Started):
        text = f"{action.release.version}: {outcome.action.hook.name} started as {outcome.task}"
    else:
        why = why_not(outcome)
        text = f"{action.release.version}: {type(outcome).__name__}{f': {why}' if why else ''}"
    return Entry(
        at=now,
        env=env,
        target=action.target,
        event=Event.OUTCOME,
        text=text,
        rollout=action.rollout,
        version=action.release.version,
        data={
            "outcome": type(outcome).__name__,
            "revision": outcome.revision or "",
            "purpose": action.purpose.value,
        },
    )
