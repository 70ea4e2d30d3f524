"""What was good in an environment, as the store remembers it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from controller.errors import TrueupError
from controller.model.images import digests_in
from controller.model.names import TargetName
from controller.model.orders import Orders, Stopped, TargetOrders
from controller.model.questions import Answer, Proof, Proven, ProvenIn, Question, Unanswered
from controller.model.record import Memory
from controller.model.release import Kept
from controller.model.rollout import Purpose
from controller.model.story import OF_SETTINGS, Entry, Event
from controller.ports import Store

_FEW: Final = 100
_MANY: Final = 1000
"""How many rows of the journal are read: few, and many only if these do not reach back far enough."""
_LEAVES: Final = frozenset({Event.OPENED, Event.DRIFT, Event.FIGHT})


class Ledger:
    """Answers `ProvenIn` from the store that this controller has; never raises."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all."""
        return {question: self._one(question) for question in questions}

    def _one(self, question: Question) -> Answer:
        if not isinstance(question, ProvenIn):
            return Unanswered(why="the ledger knows only what was good")
        try:
            return self._proven(question)
        except TrueupError as error:
            return Unanswered(why=str(error))

    def _proven(self, question: ProvenIn) -> Answer:
        if question.env not in self._store.environments():
            return Unanswered(why=f"this store remembers no environment {question.env!r}")
        record = self._store.load(question.env)
        memory = record.targets.get(question.target)
        if memory is None:
            return Unanswered(why=f"this store remembers no target {question.target!r} in {question.env}")
        wanted = frozenset(question.images)
        failures = [one for one in memory.quarantine.values() if wanted <= set(one.images)]
        failed = max(failures, key=lambda one: one.since, default=None)
        goods = [kept for kept in memory.goods if wanted <= set(digests_in(kept.release.manifest).values())]
        stopped = _stopped(record.orders, question.target)
        proofs = tuple(replace(one, stopped=stopped) for one in self._proofs(question, memory, goods))
        if failed is not None:  # only what was good after that counts: going back voids what came before
            proofs = tuple(proof for proof in proofs if proof.since > failed.since)
        return Proven(proofs=proofs, failed=failed.why if failed is not None and not proofs else "")

    def _proofs(self, question: ProvenIn, memory: Memory, goods: Sequence[Kept]) -> Iterator[Proof]:
        """Give the time for which each ran there once it was good, and, of what runs there now, up to now."""
        begun = [(kept, kept.since) for kept in goods if kept.since is not None]
        rows = self._back_to(min(since for _, since in begun), question) if begun else ()
        for kept, since in begun:
            version, breaks = kept.release.version, _breaks(rows, since)
            current = memory.current if memory.current and memory.current.digest == kept.digest else None
            if breaks or current is None:
                left = min(map(_began, breaks), default=since)
                yield Proof(version=version, since=since, until=max(left, since))
            if current is not None and not _is_left(memory, current):
                again = max([since, current.since or since, *(row.at for row in breaks)])
                yield Proof(version=version, since=again)

    def _back_to(self, since: datetime, question: ProvenIn) -> Sequence[Entry]:
        """Give the newest rows, back to that time if so many reach so far."""
        few = self._rows(question, _FEW)
        return self._rows(question, _MANY) if len(few) == _FEW and few[0].at >= since else few

    def _rows(self, question: ProvenIn, most: int) -> Sequence[Entry]:
        return self._store.journal(env=question.env, target=question.target, limit=most)


def _breaks(rows: Sequence[Entry], since: datetime) -> Sequence[Entry]:
    """Give the rows that tell of something else that ran there since then: a rollout, or a change by hand.

    What nobody can tell any more counts as a break: a proof is never longer than it is known to be.
    """
    told = [row for row in rows if row.at >= since and _tells_of_another(row)]
    lost = len(rows) == _MANY and rows[0].at >= since
    return [replace(rows[0], at=since), rows[0], *told] if lost else told


def _is_left(memory: Memory, current: Kept) -> bool:
    """Whether something else runs there than what should, or may: a rollout was opened since that came back."""
    rollout, drift, back = memory.rollout, memory.drift, current.since
    if rollout is not None and rollout.purpose is not Purpose.RESTART and (back is None or rollout.opened >= back):
        return True
    return drift is not None and not drift.settings


def _tells_of_another(row: Entry) -> bool:
    """Whether something else ran: what is restarted is the same, and settings are no content."""
    same = row.data.get("purpose") == Purpose.RESTART or bool(row.data.get(OF_SETTINGS))
    return row.event in _LEAVES and not same


def _began(row: Entry) -> datetime:
    """Say when what a row tells of began: a drift did before it was seen."""
    since = None if row.event is Event.OPENED else row.data.get("since")
    return min(row.at, datetime.fromisoformat(since)) if since else row.at


def _stopped(orders: Orders, target: TargetName) -> tuple[Stopped, ...]:
    """Give every pause by order that is known, of the target and of all of its environment."""
    mine = orders.targets.get(target, TargetOrders())
    holding = (Stopped(at=one.at, until=one.until) for one in (orders.pause, mine.pause) if one and one.at)
    return (*orders.stopped, *mine.stopped, *holding)
