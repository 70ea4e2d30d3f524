"""What people said to what waits, as the gates ask for it, who wrote it, and that no word counts twice."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from controller.model.desired import Desired, Reading
from controller.model.names import TargetName
from controller.model.observation import Observation
from controller.model.orders import Approval, TargetOrders, Tick
from controller.model.questions import (
    Answer,
    Approvals,
    ApprovalsOf,
    Authors,
    AuthorsOf,
    Candidate,
    Opened,
    OpenedIn,
    Question,
    Ticks,
    TicksOf,
    Unanswered,
)
from controller.model.record import APPROVED, Memory, Record
from controller.plan.look import Look

KEPT: Final = (ApprovalsOf, TicksOf, OpenedIn)
"""The questions whose answers are in the record."""


def authorship(asked: Iterable[Question], desired: Reading, record: Record) -> frozenset[AuthorsOf]:
    """Ask who wrote each candidate that waits for people, unless it is remembered with what waits."""
    return frozenset(_unknown_authors(asked, desired, record))


def _unknown_authors(asked: Iterable[Question], desired: Reading, record: Record) -> Iterator[AuthorsOf]:
    for question in asked:
        if isinstance(question, ApprovalsOf):
            candidate = question.candidate
            memory = record.targets.get(candidate.target)
            wrote = _written(desired, memory, candidate.target)
            if wrote is not None and _noted(memory, candidate) is None:
                yield wrote


def _written(desired: Reading, memory: Memory | None, name: TargetName) -> AuthorsOf | None:
    """Ask for all that was written after what runs at rest, up to what is wanted; None if nothing is.

    What is tried again may run already: then it is counted from what was good before.
    """
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    if want is None or not isinstance(desired, Desired):
        return None
    kept = (memory.current, *memory.known) if memory else ()
    ran = next((one for one in kept if one is not None and one.digest != want.release.digest), None)
    return AuthorsOf(
        env=desired.env,
        target=name,
        commit=want.release.commit or desired.commit,
        since=ran.release.commit if ran else None,
        application=want.application,
        version=want.release.version if want.application else "",
        ran=ran.release.version if ran and want.application else "",
    )


def _noted(memory: Memory | None, candidate: Candidate) -> Authors | None:
    """Give who wrote a candidate, as it was noted when it began to wait."""
    waits = memory.next if memory else None
    return waits.authors if waits and waits.release.digest == candidate.digest else None


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
            return _ticks(question.candidate.target, record)
        case OpenedIn():
            return Opened(opening=record.orders.opening)
        case _:
            return None


def _approvals(
    candidate: Candidate, desired: Reading, record: Record, answers: Mapping[Question, Answer]
) -> Approvals:
    name = candidate.target
    orders, memory = record.orders.targets.get(name, TargetOrders()), record.targets.get(name)
    tried_again = memory is not None and memory.next is not None and memory.next.again
    authors, unknown = _noted(memory, candidate), ""
    if authors is None:
        authors, unknown = _told(answers.get(_written(desired, memory, name)))
    return Approvals(
        given=orders.approvals,
        used=frozenset(memory.approved) if memory else frozenset(),
        authors=authors,
        unknown=unknown,
        requester=orders.retry.by if orders.retry and tried_again else "",
    )


def _told(answer: Answer) -> tuple[Authors, str]:
    """Give who wrote it, or why that is not known."""
    if isinstance(answer, Authors):
        return answer, ""
    return Authors(emails=()), answer.why if isinstance(answer, Unanswered) else "nobody was asked"


def note_authors(
    memory: Memory, before: Memory | None, desired: Reading, name: TargetName, seen: Observation
) -> Memory:
    """Note who wrote what waits, once that is known: git may move on, and what is asked for may not."""
    waits, want = memory.next, desired.targets.get(name) if isinstance(desired, Desired) else None
    if waits is None or waits.authors is not None or want is None or want.release.digest != waits.release.digest:
        return memory
    answer = seen.answers.get(_written(desired, before, name))
    return replace(memory, next=replace(waits, authors=answer)) if isinstance(answer, Authors) else memory


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
