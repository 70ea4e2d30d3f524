"""What people said to what waits, as the gates ask for it, and that no word of theirs counts for two rollouts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from controller.model.consent import Approvals, ApprovalsOf, Opened, OpenedIn, Ticks, TicksOf
from controller.model.desired import Desired, Reading
from controller.model.gate import Gate
from controller.model.names import Commit, TargetName
from controller.model.orders import Approval, TargetOrders, Tick
from controller.model.questions import Answer, Candidate, Question
from controller.model.record import APPROVED, Memory, Record
from controller.model.release import Release
from controller.model.reviews import Reviews, review_number
from controller.plan.authorship import parts_of, wrote
from controller.plan.look import Look
from controller.plan.whole import orders_of

APPROVAL: Final = "approval"
"""The kind of the gate that people open."""
KEPT: Final = (ApprovalsOf, TicksOf, OpenedIn)
"""The questions whose answers are in the record."""


def remembered(
    asked: Iterable[Question], desired: Reading, record: Record, answers: Mapping[Question, Answer]
) -> Mapping[Question, Answer]:
    """Answer the questions to which the answers are in the record, with who wrote it from what was answered."""
    known = ((question, _remembered(question, desired, record, answers)) for question in asked)
    return {question: answer for question, answer in known if answer is not None}


def _remembered(
    question: Question, desired: Reading, record: Record, answers: Mapping[Question, Answer]
) -> Answer | None:
    match question:
        case ApprovalsOf():
            return _approvals(question.candidate, desired, record, answers)
        case TicksOf():
            return _ticks(question.candidate, record)
        case OpenedIn():
            return Opened(opening=record.orders.opening)
        case _:
            return None


def _approvals(
    candidate: Candidate, desired: Reading, record: Record, answers: Mapping[Question, Answer]
) -> Approvals:
    """Give what was said to a candidate: to its whole group, if it is in one, by the name of that."""
    authors, unknown = wrote(candidate, desired, record, answers)
    return Approvals(
        given=orders_of(record, candidate.target, candidate.whole).approvals,
        used=_used(candidate, record),
        authors=authors,
        unknown=unknown,
        requesters=tuple(
            dict.fromkeys(by for name, _ in parts_of(candidate) for by in _requesters(name, desired, record) if by)
        ),
    )


def _ticks(candidate: Candidate, record: Record) -> Ticks:
    given = orders_of(record, candidate.target, candidate.whole).ticks
    return Ticks(given=given, used=_used(candidate, record))


def _used(candidate: Candidate, record: Record) -> frozenset[int]:
    memories = (record.targets.get(name) for name, _ in parts_of(candidate))
    return frozenset(number for memory in memories if memory for number in memory.approved)


def _requesters(name: TargetName, desired: Reading, record: Record) -> Iterator[str]:
    """Name who asked to try again what failed, and for the hotfix that waits."""
    memory, orders = record.targets.get(name), record.orders.targets.get(name, TargetOrders())
    if orders.retry and memory is not None and memory.next is not None and memory.next.again:
        yield orders.retry.by
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    if orders.hotfixes and want is not None and want.said is not None:
        yield orders.hotfixes[-1].by


def first_wanted(memory: Memory, release: Release) -> Commit | None:
    """Give the first commit at which a release that waits was wanted: what came after it did not bring it."""
    waiting = memory.next.release if memory.next else None
    return waiting.commit if waiting is not None and waiting.digest == release.digest else release.commit


def reviews_in(gates: Iterable[Gate], candidate: Candidate, answers: Mapping[Question, Answer]) -> tuple[int, ...]:
    """Give the number of every yes of the git host that these gates were told."""
    # Other gates may have to unpack images to know what they ask, and this is done at every look.
    asking = (gate for gate in gates if gate.kind == APPROVAL)
    told = (answers.get(question) for gate in asking for question in gate.asks(candidate))
    found = (one for answer in told if isinstance(answer, Reviews) for one in answer.reviews)
    return tuple(review_number(one) for one in found if one.yes)


def use_up(memory: Memory, look: Look) -> Memory:
    """Note that the approvals of what is wanted, and the ticks for it, have opened a rollout."""
    yes: Iterator[Approval | Tick] = (one for one in look.orders.approvals if one.yes)
    said = (*yes, *look.orders.ticks)
    bound = look.wish.bound if look.wish else None
    mine = (one.number for one in said if one.digest == bound)
    used = (*mine, *look.reviews)
    new = tuple(number for number in used if number not in memory.approved)
    return replace(memory, approved=(*memory.approved, *new)[-APPROVED:]) if new else memory
