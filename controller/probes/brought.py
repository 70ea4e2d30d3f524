"""What GitHub knows of a commit, for the record: the pull request, who reviewed it, and what its checks said.

Nobody waits for it: it is asked on a thread of its own, and told once it is there.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from controller.errors import TrueupError
from controller.model.names import Commit
from controller.model.questions import Answer, Question, Unanswered
from controller.model.reviews import Brought, ChangeOf
from controller.probes.github import GitHub, number_at, text_at
from controller.probes.reviews import merged

_KEPT: Final = 256
_AGAIN: Final = 60.0
_LINGERS: Final = 1.0
_MOST: Final = 50
_LONGEST: Final = 200
_UNKNOWN: Final = Unanswered(why="no repository at GitHub is known")
_SOON: Final = Unanswered(why="GitHub is being asked")


class BroughtProbe:
    """Answers `ChangeOf` with what is known by now; never waits, never raises. `elapsed` counts real seconds.

    A commit is asked about again after a minute, as checks and reviews come later than it; `stop` ends that.
    """

    def __init__(
        self, github: GitHub | None, branch: str, elapsed: Callable[[], float], stop: threading.Event | None = None
    ) -> None:
        self._github, self._branch, self._elapsed = github, branch, elapsed
        self._stop = stop or threading.Event()
        self._known: dict[Commit, Answer] = {}
        self._asked: dict[Commit, float] = {}
        self._wanted: queue.SimpleQueue[Commit] = queue.SimpleQueue()
        self._one = threading.Lock()
        self._worker: threading.Thread | None = None

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Give what is known, and have asked what is not, or was known a minute ago."""
        return {question: self._told(question) for question in questions}

    def _told(self, question: Question) -> Answer:
        if self._github is None or not isinstance(question, ChangeOf):
            return _UNKNOWN
        commit = question.commit
        with self._one:
            if self._elapsed() - self._asked.get(commit, float("-inf")) >= _AGAIN:
                self._asked[commit] = self._elapsed()
                _forget(self._asked)
                self._wanted.put(commit)
                self._begin(self._github)
            return self._known.get(commit, _SOON)

    def _begin(self, github: GitHub) -> None:
        if self._worker is None or not self._worker.is_alive():
            # It ends with the process: what nobody waits for keeps nobody.
            self._worker = threading.Thread(target=self._work, args=(github,), name="brought", daemon=True)
            self._worker.start()

    def _work(self, github: GitHub) -> None:
        while not self._stop.is_set():
            try:
                commit = self._wanted.get(timeout=_LINGERS)
            except queue.Empty:
                return
            found = brought(github, commit, self._branch)
            with self._one:
                if isinstance(found, Brought) or commit not in self._known:
                    self._known[commit] = found
                _forget(self._known)


def brought(github: GitHub, commit: Commit, branch: str) -> Answer:
    """Ask GitHub for all of it; never raises."""
    try:
        pull = merged(github, commit, branch)
        checks = tuple(_checks(github, pull.head if pull else commit))[:_MOST]
        if pull is None:
            return Brought(checks=checks)
        one = github.one(f"pulls/{pull.number}")
        said = (
            f"{text_at(review, 'user', 'login')}: {text_at(review, 'state').lower().replace('_', ' ')}"
            for review in github.many(f"pulls/{pull.number}/reviews")
        )
        return Brought(
            pull=_plain(f"#{number_at(one, 'number')} {text_at(one, 'title')}"),
            url=_plain(text_at(one, "html_url")),
            author=pull.login,
            reviewers=tuple(dict.fromkeys(map(_plain, said)))[:_MOST],
            checks=checks,
        )
    except TrueupError as error:
        return Unanswered(why=str(error))
    except (TypeError, ValueError, AttributeError):
        return Unanswered(why="GitHub answers what cannot be read")


def _checks(github: GitHub, commit: str) -> Iterator[str]:
    """Give what ran for a commit: check runs, and the statuses of older tools."""
    for one in github.many(f"commits/{commit}/check-runs", "check_runs"):
        yield _plain(f"{text_at(one, 'name')}: {text_at(one, 'conclusion') or text_at(one, 'status')}")
    for one in github.many(f"commits/{commit}/status", "statuses"):
        yield _plain(f"{text_at(one, 'context')}: {text_at(one, 'state')}")


def _plain(text: str) -> str:
    """Keep others' words on one line, without what cannot be seen, and not too long."""
    return "".join(filter(str.isprintable, " ".join(text.split())))[:_LONGEST]


def _forget(known: "dict[Commit, Answer] | dict[Commit, float]") -> None:
    while len(known) > _KEPT:
        del known[next(iter(known))]
