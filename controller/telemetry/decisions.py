"""What each turn decided and did, as log lines: a decision once, until another one is made."""

import re
from threading import Lock
from typing import Final, Protocol, TypeAlias

from controller.model.cycle import Cycle
from controller.model.decision import Blocker, Decision
from controller.model.desired import Desired, Unread
from controller.model.names import EnvName, TargetName
from controller.model.observation import Live, Sight, Unseen
from controller.model.outcome import (
    Done,
    Lost,
    NotSent,
    Outcome,
    Refused,
    Sent,
    Stale,
    Started,
    why_not,
)
from controller.model.rollout import Phase
from controller.model.status import TargetStatus

Said: TypeAlias = tuple[object, ...]

_MOVING: Final = frozenset({Phase.ROLLING, Phase.ROLLING_BACK})
_COUNTS: Final = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd](?![a-z]))?)+")
_HOLDING: Final = frozenset({"held", "claim"})
_BAD_ENDS: Final = ("failed", "rolled_back", "stalled")
_BLIND: Final = frozenset({"BLIND", "GONE"})
_COMPLAINTS: Final = 20
_WORDS: Final[dict[type[Outcome], str]] = {
    Sent: "accepted",
    Started: "started",
    Done: "done",
    Stale: "stale",
    NotSent: "not sent",
    Refused: "refused",
    Lost: "no answer",
}


class Log(Protocol):
    """Where lines go."""

    def info(self, event: str, **fields: object) -> object:
        """Write a line that is good to know."""
        ...

    def warning(self, event: str, **fields: object) -> object:
        """Write a line that somebody may have to act on."""
        ...


class LogDecisions:
    """A watcher: logs a decision when it differs from the last one of that target, and every outcome.

    Counts and times inside a reason are no difference, except how many tasks run while it moves.
    """

    def __init__(self, log: Log) -> None:
        """Begin with nothing said."""
        self._log: Final = log
        self._lock: Final = Lock()
        self._decided: dict[EnvName, dict[TargetName, Said]] = {}
        self._read: dict[EnvName, Said] = {}

    def __call__(self, cycle: Cycle) -> None:
        """Log what is new in one turn."""
        self._reading(cycle)
        with self._lock:
            known = self._decided.setdefault(cycle.plan.env, {})
            for gone in known.keys() - cycle.after.targets.keys() - cycle.plan.decisions.keys():
                del known[gone]
        statuses = {status.target: status for status in cycle.status}
        for target, decision in sorted(cycle.plan.decisions.items()):
            said = _said(cycle, target, decision)
            if known.get(target) != said:
                known[target] = said
                self._decision(cycle, target, decision, statuses.get(target))
        for outcome in cycle.outcomes:
            self._outcome(cycle, outcome)

    def _reading(self, cycle: Cycle) -> None:
        env, desired = cycle.plan.env, cycle.desired
        said: Said = (
            (desired.reason, _uncounted(desired.why))
            if isinstance(desired, Unread)
            else (desired.commit, desired.complaints)
        )
        if self._read.get(env) == said:
            return
        self._read[env] = said
        if isinstance(desired, Unread):
            self._log.warning("not read", environment=env, cause=desired.reason, reason=desired.why)
            return
        by = {"author": desired.author} if desired.author else {}
        self._log.info("read", environment=env, commit=desired.commit[:12], targets=len(desired.targets), **by)
        self._complaints(env, desired)

    def _complaints(self, env: EnvName, desired: Desired) -> None:
        for complaint in desired.complaints[:_COMPLAINTS]:
            self._log.warning("spec", environment=env, reason=str(complaint))
        if len(desired.complaints) > _COMPLAINTS:
            more = len(desired.complaints) - _COMPLAINTS
            self._log.warning("spec", environment=env, reason=f"and {more} more complaints")

    def _decision(self, cycle: Cycle, target: TargetName, decision: Decision, status: TargetStatus | None) -> None:
        write = self._log.warning if _is_bad(cycle, target, decision) else self._log.info
        write(
            "decision",
            time=cycle.now,
            environment=cycle.plan.env,
            target=target,
            phase=decision.memory.phase,
            reason=decision.reason,
            **_facts(cycle.seen.sights.get(target), decision, status),
        )

    def _outcome(self, cycle: Cycle, outcome: Outcome) -> None:
        action, word = outcome.action, _WORDS[type(outcome)]
        if isinstance(outcome, Sent):
            said = (
                f"{word}: {outcome.revision.rsplit('/', 1)[-1]} as {outcome.deployment or 'what was there before'}"
            )
        elif isinstance(outcome, Started):
            said = f"{word}: {outcome.action.hook.name} as {outcome.task.rsplit('/', 1)[-1]}"
        else:
            said = f"{word}: {why_not(outcome)}"
        decision = cycle.plan.decisions.get(action.target)
        write = self._log.info if isinstance(outcome, Sent | Started | Done) else self._log.warning
        write(
            "outcome",
            environment=cycle.plan.env,
            target=action.target,
            phase=decision.memory.phase if decision else "",
            reason=said,
            result=word,
            purpose=action.purpose,
            version=action.release.version,
            digest=action.release.digest,
            revision=outcome.revision or "",
            rollout=action.rollout,
        )


def _said(cycle: Cycle, target: TargetName, decision: Decision) -> Said:
    live = cycle.seen.sights.get(target)
    running = live.running if isinstance(live, Live) and decision.memory.phase in _MOVING else None
    return (
        decision.row,
        decision.move,
        decision.memory.phase,
        decision.wanted,
        decision.ended,
        tuple((blocker.gate, _uncounted(blocker.why)) for blocker in decision.blockers),
        _uncounted(decision.reason),
        running,
    )


def _uncounted(text: str) -> str:
    return _COUNTS.sub("#", text)


def _is_bad(cycle: Cycle, target: TargetName, decision: Decision) -> bool:
    """Whether a person may have to look: we are blind, it is held, or a rollout did not go well."""
    return (
        isinstance(cycle.seen.sights.get(target), Unseen)
        or decision.row[1] in _BLIND
        or any(blocker.gate in _HOLDING for blocker in decision.blockers)
        or decision.ended.startswith(_BAD_ENDS)
        or decision.memory.phase in {Phase.STALLED, Phase.ROLLING_BACK}
        or "WOULD ROLL BACK" in decision.reason
    )


def _facts(live: Sight | None, decision: Decision, status: TargetStatus | None) -> dict[str, object]:
    rollout = decision.memory.rollout
    found: dict[str, object | None] = {
        "before": decision.row[0],
        "signal": decision.row[1],
        "move": decision.move,
        "wanted": status.wanted if status else None,
        "live": status.live if status else None,
        "digest": decision.wanted,
        "rollout": rollout.number if rollout else None,
        "ended": decision.ended,
        "blockers": [_blocker(blocker) for blocker in decision.blockers],
        "running": live.running if isinstance(live, Live) else None,
        "desired": live.desired if isinstance(live, Live) else None,
        "again": decision.again,
    }
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def _blocker(blocker: Blocker) -> dict[str, object]:
    times = {"since": blocker.since, "until": blocker.until}
    return {"gate": blocker.gate, "why": blocker.why, **{name: at for name, at in times.items() if at}}
