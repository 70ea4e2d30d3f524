"""The gate of `verify: {tags: true}`: the application's tag that a release is called by is signed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.model.application import Application
from controller.model.consent import SignatureOf, Unsigned
from controller.model.gate import Open, Shut, Unsure, Verdict
from controller.model.questions import Answer, Candidate, Question, Unanswered
from controller.model.trust import Signed
from controller.model.version import LATEST


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTag:
    """Whether the tag of a release was signed by somebody whom the operator knows; `latest` is no tag of git's."""

    application: Application

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "signed"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask who signed it."""
        return () if candidate.version == LATEST else (self._question(candidate),)

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Open if somebody did whose signature counts."""
        del now
        if candidate.version == LATEST:
            return Open()
        answer = answers.get(self._question(candidate))
        if isinstance(answer, Signed):
            return Open()
        if isinstance(answer, Unsigned):
            return Shut(why=f"{answer.why}; verify: tags is asked for")
        return Unsure(why=answer.why if isinstance(answer, Unanswered) else "who signed the tag was not asked for")

    def _question(self, candidate: Candidate) -> SignatureOf:
        return SignatureOf(application=self.application, tag=candidate.version)
