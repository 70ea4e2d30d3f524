"""What people said to what waits, as the gates ask for it, and that no word of theirs counts for two rollouts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from controller.model.desired import Desired, Reading
from controller.model.names import TargetName
from controller.model.orders import Approval, TargetOrders, Tick
from controller.model.questions import Answer, Approvals, ApprovalsOf, Opened, OpenedIn, Question, Ticks, TicksOf
from controller.model.record import APPROVED, Memory, Record
from controller.plan.look import Look


def remembered(asked: Iterable[Question], desired: Reading, record: Record) -> Mapping[Question, Answer]:
    """Answer the questions to which the answers are in the record and in what was read."""
    known = ((question, _remembered(question, desired, record)) for question in asked)
    return {question: answer for question, answer in known if answer is not None}


def _remembered(question: Question, desired: Reading, record: Record) -> Answer | None:
    match question:
        case ApprovalsOf():
            return _approvals(question.candidate.target, desired, record)
        case TicksOf():
            return _ticks(question.candidate.target, record)
        case OpenedIn():
            return Opened(opening=record.orders.opening)
        case _:
            return None


def _approvals(name: TargetName, desired: Reading, record: Record) -> Approvals:
    orders, memory = record.orders.targets.get(name, TargetOrders()), record.targets.get(name)
    tried_again = memory is not None and memory.next is not None and memory.next.again
    return Approvals(
        given=orders.approvals,
        used=frozenset(memory.approved) if memory else frozenset(),
        author=desired.author if isinstance(desired, Desired) else "",
        requester=orders.retry.by if orders.retry and tried_again else "",
    )


def _ticks(name: TargetName, record: Record) -> Ticks:
    orders, memory = record.orders.targets.get(name, TargetOrders()), record.targets.get(name)
    return Ticks(given=orders.ticks, used=frozenset(memory.approved) if memory else frozenset())


def use_up(memory: Memory, look: Look) -> Memory:
    """Note that the approvals of what is wanted, and the ticks for it, have opened a rollout."""
    yes: Iterator[Approval | Tick] = (one for one in look.orders.approvals if one.yes)
    said = (*yes, *look.orders.ticks)
    used = tuple(one.number for one in said if look.wish and one.digest == look.wish.digest)
    new = tuple(number for number in used if number not in memory.approved)
    return replace(memory, approved=(*memory.approved, *new)[-APPROVED:]) if new else memory
