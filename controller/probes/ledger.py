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
from controller.model.rollout import MOVING
from controller.model.story import Event
from controller.ports import Store

_ROWS: Final = 1000


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
        for kept in goods:
            if kept.since is not None:
                yield Proof(
                    version=kept.release.version, since=kept.since, until=self._left(question, memory, kept)
                )

    def _left(self, question: ProvenIn, memory: Memory, kept: Kept) -> datetime | None:
        """Say when it was left for something else; None if it still is what should run there.

        What nobody can tell any more counts as left at once: a proof is never longer than it is known to be.
        """
        rollout = memory.rollout if memory.phase in MOVING else None
        if memory.current is not None and memory.current.digest == kept.digest:
            return rollout.opened if rollout is not None and rollout.release.digest != kept.digest else None
        rows = self._store.journal(env=question.env, target=question.target, limit=_ROWS)
        later = (row.at for row in rows if row.event is Event.OPENED and kept.since and row.at >= kept.since)
        return next(later, kept.since)


def _stopped(orders: Orders, target: TargetName) -> tuple[Stopped, ...]:
    """Give every pause by order that is known, of the target and of all of its environment."""
    mine = orders.targets.get(target, TargetOrders())
    holding = (Stopped(at=one.at, until=one.until) for one in (orders.pause, mine.pause) if one and one.at)
    return (*orders.stopped, *mine.stopped, *holding)
