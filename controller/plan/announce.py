"""Tell of drift in the journal: when it is first seen, who did it, that it is fought over, and how it ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from controller.model.decision import Decision
from controller.model.instants import instant
from controller.model.record import Drift, Memory
from controller.model.rollout import Purpose
from controller.model.story import OF_SETTINGS, Event
from controller.plan.calls import in_words
from controller.plan.transitions import Move

_OURS: Final = frozenset({Move.HEAL, Move.SET, Move.OPEN, Move.MEND, Move.TAKE, Move.TURN_BACK, Move.ADOPT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing to tell: which event, in which words, and what machines need of it."""

    event: Event
    text: str
    drift: Drift | None = None

    @property
    def data(self) -> dict[str, str]:
        """Give what machines need."""
        drift = self.drift
        if drift is None:
            return {}
        known = {"digest": drift.digest, "since": instant(drift.began), "deployment": drift.deployment or ""}
        who = {"by": drift.who.by, "call": drift.who.call, "via": drift.who.via} if drift.who else {}
        settings = {OF_SETTINGS: "true"} if drift.settings else {}
        return {name: value for name, value in {**known, **who, **settings}.items() if value}


def announce(before: Memory, decision: Decision, now: datetime) -> Iterator[Told]:
    """Tell what this decision made of drift; nothing if it is as it was."""
    after = decision.memory
    yield from _learnt(before, after)
    if after.fight is not None and before.fight is None:
        yield Told(event=Event.FIGHT, text=decision.reason, drift=after.drift)
    elif after.fight is None and _is_new(before.drift, after.drift):
        yield Told(event=Event.DRIFT, text=decision.reason, drift=after.drift)
    if before.fight is not None and after.fight is None:
        yield Told(event=Event.FIGHT, text="the fight is over: drift is healed again")
    yield from _ended(before, decision, now)


def _is_new(before: Drift | None, after: Drift | None) -> bool:
    return after is not None and (before is None or _name(before) != _name(after))


def _name(drift: Drift) -> tuple[str, datetime]:
    return drift.digest, drift.since


def _learnt(before: Memory, after: Memory) -> Iterator[Told]:
    """Tell who it was, once that is known; the change may have been healed by then."""
    known = {_name(drift) for drift in (before.drift, before.healed) if drift and drift.who}
    asked = {_name(drift) for drift in (before.drift, before.healed) if drift} - known
    for drift in (after.drift, after.healed):
        if drift is None or drift.who is None or not drift.who.by or _name(drift) not in asked:
            continue
        who = drift.who
        how = f"{who.call} with {who.via}" if who.via else who.call
        at = f" at {instant(who.at)}" if who.at else ""
        yield Told(event=Event.DRIFT, text=f"what drifted was changed by {who.by} ({how}{at})", drift=drift)


def _ended(before: Memory, decision: Decision, now: datetime) -> Iterator[Told]:
    after, move = decision.memory, Move(decision.move) if decision.move in _MOVES else None
    rollout, version = before.rollout, after.current.release.version if after.current else ""
    if rollout is not None and rollout.purpose is Purpose.HEAL and decision.ended == "good":
        yield Told(event=Event.DRIFT, text=f"healed: {version} runs again{_lasted(after, now)}", drift=after.healed)
    shown = after.applied is not None and after.applied.seen
    if shown and before.applied is not None and not before.applied.seen and _of_settings(after.healed, before):
        again = f"healed: the settings are as declared again{_lasted(after, now)}"
        yield Told(event=Event.DRIFT, text=again, drift=after.healed)
    if move is Move.SET and before.drift is not None and before.drift.settings and after.drift is None:
        yield Told(event=Event.DRIFT, text=decision.reason, drift=after.healed)
    elif move is Move.ACCEPT and before.drift is not None:
        yield Told(event=Event.DRIFT, text=f"{decision.reason}; it is not healed", drift=before.drift)
    elif before.drift is not None and after.drift is None and move is not None and move not in _OURS:
        text = f"it is over: somebody put it back{_since(before.drift, now)}"
        yield Told(event=Event.DRIFT, text=text, drift=before.drift)


_MOVES: Final = frozenset(move.value for move in Move)


def _of_settings(healed: Drift | None, before: Memory) -> bool:
    """Whether what shows again is what was healed last, and not settings that were declared anew."""
    last = before.heals[-1] if before.heals else None
    return healed is not None and healed.settings and before.applied is not None and before.applied.at == last


def _lasted(after: Memory, now: datetime) -> str:
    return _since(after.healed, now) if after.healed else ""


def _since(drift: Drift, now: datetime) -> str:
    return f", {in_words(now - drift.began)} after it was changed"
