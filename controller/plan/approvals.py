"""What people said to what waits, as the gates ask for it, and that no approval counts for two rollouts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from controller.model.desired import Desired, Reading
from controller.model.names import TargetName
from controller.model.orders import TargetOrders
from controller.model.questions import Answer, Approvals, ApprovalsOf, Candidate, Question
from controller.model.record import APPROVED, Memory, Record
from controller.plan.look import Look
from controller.plan.whole import orders_of


def remembered(asked: Iterable[Question], desired: Reading, record: Record) -> Mapping[Question, Answer]:
    """Answer the questions to which the answers are in the record and in what was read."""
    return {
        question: _approvals(question.candidate, desired, record)
        for question in asked
        if isinstance(question, ApprovalsOf)
    }


def _approvals(candidate: Candidate, desired: Reading, record: Record) -> Approvals:
    """Give what was said to a candidate: to its whole group, if it is in one, by the name of that."""
    whole = candidate.whole
    names = [name for name, _ in whole.contents] if whole else [candidate.target]
    memories = [record.targets[name] for name in names if name in record.targets]
    return Approvals(
        given=orders_of(record, candidate.target, whole).approvals,
        used=frozenset(number for memory in memories for number in memory.approved),
        author=desired.author if isinstance(desired, Desired) else "",
        requester=next((by for name in names if (by := _requester(name, record))), ""),
    )


def _requester(name: TargetName, record: Record) -> str:
    memory, orders = record.targets.get(name), record.orders.targets.get(name, TargetOrders())
    tried_again = memory is not None and memory.next is not None and memory.next.again
    return orders.retry.by if orders.retry and tried_again else ""


def use_up(memory: Memory, look: Look) -> Memory:
    """Note that the approvals of what is wanted have opened a rollout."""
    wish = look.wish
    bound = (wish.whole.digest if wish.whole else wish.digest) if wish else None
    used = tuple(one.number for one in look.orders.approvals if one.yes and one.digest == bound)
    new = tuple(number for number in used if number not in memory.approved)
    return replace(memory, approved=(*memory.approved, *new)[-APPROVED:]) if new else memory
