"""Questions to many hosts at once: none waits for another, and nobody waits for ever."""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from controller.model.questions import Answer, Unanswered

_HANDS: Final = 8
_GLANCE: Final = 0.1
Q = TypeVar("Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long all answers of a turn are waited for, in real seconds as `elapsed` counts them; `stop` ends it."""

    elapsed: Callable[[], float]
    stop: threading.Event = field(default_factory=threading.Event)
    seconds: float = 15.0


def ask_together(asked: Sequence[Q], ask: Callable[[Q], Answer], patience: Patience) -> Mapping[Q, Answer]:
    """Ask each distinct question once, eight at a time; what is not answered in time gets Unanswered.

    `ask` has to end by itself. What it raises is an Unanswered that names the kind of the error alone: the words of
    an error may hold a whole URL.
    """
    distinct = list(dict.fromkeys(asked))
    answers: dict[Q, Answer] = {}
    waiting: queue.SimpleQueue[Q] = queue.SimpleQueue()
    answered = threading.Semaphore(0)
    over = threading.Event()
    for one in distinct:
        waiting.put(one)

    def work() -> None:
        while not over.is_set():
            try:
                one = waiting.get_nowait()
            except queue.Empty:
                return
            answers[one] = _answer(ask, one)
            answered.release()

    for _ in range(min(_HANDS, len(distinct))):
        # They end with the process: one that still waits for a name to be resolved keeps nobody.
        threading.Thread(target=work, name="probe", daemon=True).start()
    why = _wait(answered, len(distinct), patience)
    over.set()
    told = dict(answers)
    return {one: told.get(one) or Unanswered(why=why) for one in distinct}


def _answer(ask: Callable[[Q], Answer], one: Q) -> Answer:
    try:
        return ask(one)
    except Exception as error:  # noqa: BLE001 - a question that failed in any way is not answered
        return Unanswered(why=f"it could not be asked: {type(error).__name__}")


def _wait(answered: threading.Semaphore, count: int, patience: Patience) -> str:
    """Wait for so many answers; gives why those that are missing are."""
    ends = patience.elapsed() + patience.seconds
    left = count
    while left and not patience.stop.is_set() and patience.elapsed() < ends:
        left -= answered.acquire(timeout=_GLANCE)
    return "trueup is stopping" if patience.stop.is_set() else f"not answered in {patience.seconds:g}s"
