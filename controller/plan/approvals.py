"""What people said to what waits, as the gates ask for it, and that no approval counts for two rollouts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from controller.model.desired import Desired, Reading
from controller.model.names import TargetName
from controller.model.orders import TargetOrders
from controller.model.questions import Answer, Approvals, ApprovalsOf, Question
from controller.model.record import APPROVED, Memory, Record
from controller.plan.look import Look


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
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    hotfix = next(iter(orders.hotfixes[-1:]), None) if want is not None and want.said is not None else None
    retried = orders.retry.by if orders.retry and tried_again else ""
    return Approvals(
        given=orders.approvals,
        used=frozenset(memory.approved) if memory else frozenset(),
        author=desired.author if isinstance(desired, Desired) else "",
        requester=retried or (hotfix.by if hotfix else ""),
    )


def use_up(memory: Memory, look: Look) -> Memory:
    """Note that the approvals of what is wanted have opened a rollout."""
    wish = look.wish
    used = tuple(one.number for one in look.orders.approvals if wish and one.yes and one.digest == wish.digest)
    new = tuple(number for number in used if number not in memory.approved)
    return replace(memory, approved=(*memory.approved, *new)[-APPROVED:]) if new else memory
