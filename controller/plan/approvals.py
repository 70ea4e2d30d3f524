"""What people said to what waits, as the gates ask for it, and that no approval counts for two rollouts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from controller.model.desired import Desired, Reading
from controller.model.gate import Gate
from controller.model.names import Commit, TargetName
from controller.model.orders import TargetOrders
from controller.model.questions import Answer, Approvals, ApprovalsOf, Candidate, Question
from controller.model.record import APPROVED, Memory, Record
from controller.model.release import Release
from controller.model.reviews import Reviews, review_number
from controller.plan.look import Look

APPROVAL: Final = "approval"
"""The kind of the gate that people open."""


def remembered(asked: Iterable[Question], desired: Reading, record: Record) -> Mapping[Question, Answer]:
    """Answer the questions to which the answers are in the record and in what was read."""
    return {
        question: _approvals(question.candidate.target, desired, record)
        for question in asked
        if isinstance(question, ApprovalsOf)
    }


def _approvals(name: TargetName, desired: Reading, record: Record) -> Approvals:
    orders, memory = record.orders.targets.get(name, TargetOrders()), record.targets.get(name)
    tried_again = memory is not None and memory.next is not None and memory.next.again
    return Approvals(
        given=orders.approvals,
        used=frozenset(memory.approved) if memory else frozenset(),
        author=desired.author if isinstance(desired, Desired) else "",
        requester=orders.retry.by if orders.retry and tried_again else "",
    )


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
    """Note that the approvals of what is wanted have opened a rollout."""
    wish = look.wish
    given = tuple(one.number for one in look.orders.approvals if wish and one.yes and one.digest == wish.digest)
    used = (*given, *look.reviews)
    new = tuple(number for number in used if number not in memory.approved)
    return replace(memory, approved=(*memory.approved, *new)[-APPROVED:]) if new else memory
