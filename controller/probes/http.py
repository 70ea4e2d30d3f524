"""URLs answer for themselves: one request each, bounded in time and size."""

from collections.abc import Mapping, Sequence
from typing import Final

from controller.errors import TrueupError
from controller.model.questions import Answer, Fetched, HttpAnswer, HttpSilence, Question, Unanswered
from controller.probes.fetch import NoAnswerError, Visit, fetch
from controller.probes.together import Patience, ask_together

_REDIRECTS: Final = 3


class HttpProbe:
    """Answers `Fetched`. Each request has a connection of its own, so that the whole way is tried; never raises."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all, each distinct one once and eight at a time."""
        return ask_together(questions, self._ask, self._patience)

    def _ask(self, question: Question) -> Answer:
        if not isinstance(question, Fetched):
            return Unanswered(why=f"no URL is a {type(question).__name__}")
        visit = Visit(
            url=question.url,
            method=question.method,
            seconds=question.timeout.total_seconds(),
            redirects=_REDIRECTS if question.follow else 0,
            content=question.content,
        )
        try:
            told = fetch(visit, self._patience.elapsed)
        except NoAnswerError as error:
            return HttpSilence(why=str(error))
        except TrueupError as error:
            return Unanswered(why=str(error))
        text = told.body.decode("utf-8", errors="replace")
        return HttpAnswer(status=told.status, seconds=told.seconds, text=text, is_cut=told.is_cut)
