"""Who wrote what waits: asked of the source, and noted with it, as git may move on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from controller.model.consent import ApprovalsOf, Authors, AuthorsOf
from controller.model.desired import Desired, Reading
from controller.model.names import Digest, TargetName
from controller.model.observation import Observation
from controller.model.questions import Answer, Candidate, Question, Unanswered
from controller.model.record import Memory, Record


def authorship(asked: Iterable[Question], desired: Reading, record: Record) -> frozenset[AuthorsOf]:
    """Ask who wrote each candidate that waits for people, unless it is remembered with what waits."""
    return frozenset(_unknown_authors(asked, desired, record))


def _unknown_authors(asked: Iterable[Question], desired: Reading, record: Record) -> Iterator[AuthorsOf]:
    for question in asked:
        if isinstance(question, ApprovalsOf):
            for name, digest in _changing(question.candidate, record):
                memory = record.targets.get(name)
                asks = _written(desired, memory, name)
                if asks is not None and _noted(memory, digest) is None:
                    yield asks


def parts_of(candidate: Candidate) -> tuple[tuple[TargetName, Digest], ...]:
    """Name every target that goes with a candidate, itself among them, and what each of them is to run."""
    return candidate.whole.contents if candidate.whole else ((candidate.target, candidate.digest),)


def wrote(
    candidate: Candidate, desired: Reading, record: Record, answers: Mapping[Question, Answer]
) -> tuple[Authors, str]:
    """Give all who wrote a candidate, or any that goes with it, and why that is not wholly known."""
    found, why = Authors(emails=()), ""
    for name, digest in _changing(candidate, record):
        memory = record.targets.get(name)
        known = _noted(memory, digest)
        authors, unknown = (known, "") if known else _told(answers.get(_written(desired, memory, name)))
        found, why = found.and_also(authors), why or unknown
    return found, why


def _changing(candidate: Candidate, record: Record) -> Iterator[tuple[TargetName, Digest]]:
    """Leave out the members of its group that run already what they are to run: nobody wrote that for it."""
    for name, digest in parts_of(candidate):
        memory = record.targets.get(name)
        current = memory.current if memory else None
        if name == candidate.target or current is None or current.digest != digest:
            yield name, digest


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


def _noted(memory: Memory | None, digest: Digest) -> Authors | None:
    """Give who wrote a release, as it was noted when it began to wait."""
    waits = memory.next if memory else None
    return waits.authors if waits and waits.release.digest == digest else None


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
