"""Whom the operator knows, read anew whenever something waits for them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from controller.errors import TrueupError
from controller.model.people import People
from controller.model.questions import Answer, Question, Unanswered

UNKNOWN: Final = "nobody is known: --people (TRUEUP_PEOPLE) names no people.yaml"


class WhoIsWhoProbe:
    """Answers who is who; without a file to `read`, and with one that is wrong, nobody is known."""

    def __init__(self, read: Callable[[], People] | None) -> None:
        self._read = read

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Read once for all that ask."""
        return dict.fromkeys(questions, self._now())

    def _now(self) -> Answer:
        if self._read is None:
            return Unanswered(why=UNKNOWN)
        try:
            return self._read()
        except TrueupError as error:
            first, *more = str(error).splitlines()
            return Unanswered(why=f"nobody is known: {first}{f' (and {len(more)} more)' if more else ''}")
