"""Who signed the tags of applications."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from controller.model.consent import SignatureOf, Unsigned
from controller.model.images import Unreachable
from controller.model.questions import Answer, Question, Unanswered
from controller.model.trust import Signed
from controller.sources.applications import GitApplications
from controller.sources.command import Git
from controller.sources.snapshot import NoSnapshot
from controller.sources.trust import Trust


class TagProbe:
    """Answers who signed a tag; each is read and checked anew as long as somebody asks."""

    def __init__(self, applications: GitApplications, trust: Trust) -> None:
        self._applications = applications
        self._trust = trust

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all; one that cannot be answered gets Unanswered, never an exception."""
        return {one: self._signer(one) for one in questions if isinstance(one, SignatureOf)}

    def _signer(self, asked: SignatureOf) -> Answer:
        def question(git: Git, folder: Path, oid: str) -> Signed | Unsigned:
            found = self._trust.tag(git, folder, asked.tag, oid)
            return Unsigned(why=found.why) if isinstance(found, NoSnapshot) else found[1]

        answer = self._applications.of_tag(asked.application, asked.tag, question)
        return Unanswered(why=answer.why) if isinstance(answer, Unreachable) else answer
