"""Whether what a version brought is on the branch of its application."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from controller.model.application import Application, Carried, Carry
from controller.model.images import Unreachable
from controller.model.names import Commit
from controller.model.questions import Answer, OnBranch, Question, Unanswered
from controller.ports import Applications

_AGAIN: Final = 300.0  # seconds: branches move by people, and a reminder may be late
_KEPT: Final = 200


class Branches:
    """Answers `OnBranch` from the repositories of applications; each question once in five minutes."""

    def __init__(self, applications: Applications, elapsed: Callable[[], float]) -> None:
        self._applications = applications
        self._elapsed = elapsed
        self._known: dict[OnBranch, tuple[float, Answer]] = {}

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all; never raises for one that cannot be read."""
        return {one: self._one(one) for one in questions}

    def _one(self, question: Question) -> Answer:
        if not isinstance(question, OnBranch):
            return Unanswered(why="only what is on a branch is known here")
        until, known = self._known.get(question, (0.0, None))
        if known is not None and self._elapsed() < until:
            return known
        answer = self._ask(question)
        self._known.pop(question, None)
        self._known[question] = (self._elapsed() + _AGAIN, answer)
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        return answer

    def _ask(self, question: OnBranch) -> Answer:
        tags = self._applications.tags(question.application)
        if isinstance(tags, Unreachable):
            return Unanswered(why=tags.why)
        commit, since = tags.get(question.version), tags.get(question.since)
        if commit is None:
            return Unanswered(why=f"the repository has no tag {question.version}")
        found = self._since(question.application, commit, since)
        return Unanswered(why=found.why) if isinstance(found, Unreachable) else found

    def _since(self, application: Application, commit: Commit, since: Commit | None) -> Carried | Unreachable:
        """Without a tag of what it was made from only the commit itself can be looked for."""
        if since is not None:
            return self._applications.carried(application, commit, since)
        there = self._applications.is_on_branch(application, commit)
        if isinstance(there, Unreachable):
            return there
        return Carried(how=Carry.ITSELF if there else Carry.MISSING)
