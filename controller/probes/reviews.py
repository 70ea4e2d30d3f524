"""GitHub says who reviewed the pull request that brought a commit, and who let its runs into an environment.

A review is of what its commit holds. So the pull request is looked for that touched one of the files last that a
target is made of, up to the commit that is asked about; and it is the one only if each of these files was in its
last commit just what it is in that. Only a pull request that was merged into the branch of the specs counts, and of
it only the last word of each reviewer on its last commit ("Pull request reviews"). Who lets a run into an
environment is told by "Get the review history for a workflow run", of runs of just that commit; GitHub does not say
when, so that the run's beginning stands for it.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeVar

from controller.errors import TrueupError
from controller.model.questions import Answer, Question, Unanswered
from controller.model.reviews import Review, Reviews, ReviewsOf, RunApprovalsOf
from controller.probes.github import GitHub, Json, NoSuchThing, number_at, text_at
from controller.probes.together import Patience, ask_together

_FRESH: Final = 20.0
_KEPT: Final = 256
_WHEN: Final = "since, or when that was merged"
T = TypeVar("T")
_WORDS: Final = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request that was merged: its last commit before that, who opened it, and who wrote its commits."""

    number: int
    head: str
    login: str
    writers: frozenset[str] = frozenset()
    authors: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"pull request #{self.number}"


@dataclass(slots=True)
class _Heard:
    at: float
    answer: Answer


@dataclass(slots=True)
class ReviewsProbe:
    """Answers `ReviewsOf` and `RunApprovalsOf`; without a `github`, nobody can. Never raises.

    An answer is given again for twenty seconds, so that several targets cost no more than one. `branch` is that of
    the specs.
    """

    github: GitHub | None
    branch: str
    patience: Patience
    _heard: dict[Question, _Heard] = field(default_factory=dict)
    _pulls: dict[Question, Pull] = field(default_factory=dict)
    _busy: set[Question] = field(default_factory=set)
    _one: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all, each distinct one once; what comes too late is told at a later turn, while it is new."""
        return ask_together(questions, self._fresh, self.patience)

    def _fresh(self, question: Question) -> Answer:
        with self._one:
            known = self._heard.get(question)
            if known is not None and self.patience.elapsed() - known.at < _FRESH:
                return known.answer
            if question in self._busy:
                return Unanswered(why="GitHub is slow to answer")
            self._busy.add(question)
        try:
            answer = self._asked(question)
        finally:
            with self._one:
                self._busy.discard(question)
        with self._one:
            self._heard[question] = _Heard(self.patience.elapsed(), answer)
            _forget(self._heard)
        return answer

    def _asked(self, question: Question) -> Answer:
        if self.github is None:
            return Unanswered(why="--repo names no repository at GitHub, and --github-repository does not either")
        try:
            match question:
                case ReviewsOf():
                    return self._reviews(self.github, question)
                case RunApprovalsOf():
                    return _run_approvals(self.github, question)
                case _:
                    return Unanswered(why=f"no review is a {type(question).__name__}")
        except TrueupError as error:
            return Unanswered(why=str(error))
        except (TypeError, ValueError, AttributeError):
            return Unanswered(why="GitHub answers what cannot be read")

    def _reviews(self, github: GitHub, asked: ReviewsOf) -> Answer:
        pull = self._pulls.get(asked) or self._found(github, asked)
        if not isinstance(pull, Pull):
            return Reviews(why=pull)
        with self._one:
            self._pulls[asked] = pull
            _forget(self._pulls)
        reviews = tuple(_last_words(github, pull))
        return Reviews(reviews=reviews, of=str(pull), why=f"reviews of {pull} count", authors=pull.authors)

    def _found(self, github: GitHub, asked: ReviewsOf) -> Pull | str:
        """Find the pull request that brought what the files say, or say why there is none."""
        whys: list[str] = []
        for commit in _touching(github, asked):
            pull = merged(github, commit, self.branch)
            other = _differing(github, pull, asked) if pull else ""
            if pull and not other:
                return _with_authors(github, pull)
            without = f"commit {commit[:12]} came by no pull request"
            whys.append(f"{other} is not as reviewed in {pull}: it changed {_WHEN}" if pull else without)
        unlisted = f"no commit up to {asked.commit[:12]} brought {asked.files[0]}, as GitHub lists them"
        return "; ".join(dict.fromkeys(whys)) or unlisted


def _touching(github: GitHub, asked: ReviewsOf) -> tuple[str, ...]:
    """List the commits that touched each of the files last."""
    touched: dict[str, None] = {}
    for file in asked.files:
        listed = github.newest("commits", sha=asked.commit, path=file)
        touched |= dict.fromkeys(text_at(one, "sha") for one in listed)
    return tuple(filter(None, touched))


def _differing(github: GitHub, pull: Pull, asked: ReviewsOf) -> str:
    """Name a file that is something else at the commit than in the last commit of a pull request; or nothing."""
    pairs = ((file, _blob(github, file, pull.head), _blob(github, file, asked.commit)) for file in asked.files)
    return next((file for file, then, now in pairs if then != now or not now), "")


def _blob(github: GitHub, file: str, commit: str) -> str:
    """Give git's own name of what a file holds at a commit; empty if it is not there."""
    try:
        return text_at(github.one(f"contents/{file}", ref=commit), "sha")
    except NoSuchThing:
        return ""


def merged(github: GitHub, commit: str, branch: str) -> Pull | None:
    """Find the pull request that brought a commit to a branch: the last that was merged with it."""
    found = [
        (text_at(one, "merged_at"), one)
        for one in github.many(f"commits/{commit}/pulls")
        if text_at(one, "merged_at") and text_at(one, "base", "ref") == branch
    ]
    if not found:
        return None
    _, pull = max(found, key=lambda pair: pair[0])
    return Pull(
        number=number_at(pull, "number"), head=text_at(pull, "head", "sha"), login=text_at(pull, "user", "login")
    )


def _with_authors(github: GitHub, pull: Pull) -> Pull:
    """Find who wrote the commits of a pull request: whoever opened it need not have."""
    commits = list(github.many(f"pulls/{pull.number}/commits"))
    logins = {text_at(one, who, "login").casefold() for one in commits for who in ("author", "committer")}
    emails = dict.fromkeys(text_at(one, "commit", "author", "email") for one in commits)
    return replace(pull, writers=frozenset({*logins, pull.login.casefold()}), authors=tuple(filter(None, emails)))


def _last_words(github: GitHub, pull: Pull) -> Iterator[Review]:
    """Give what each reviewer said last, if that is a yes to the last commit, or a no; comments are neither."""
    last: dict[str, Json] = {}
    for one in github.many(f"pulls/{pull.number}/reviews"):
        if text_at(one, "state") in _WORDS:
            last[text_at(one, "user", "login").casefold()] = one
    for one in last.values():
        login, state = text_at(one, "user", "login"), text_at(one, "state")
        is_yes = state == "APPROVED" and text_at(one, "commit_id") == pull.head
        mine = login.casefold() in pull.writers
        if login and not mine and (is_yes or state == "CHANGES_REQUESTED"):
            yield Review(number=number_at(one, "id"), login=login, yes=is_yes, at=_instant(one, "submitted_at"))


def _run_approvals(github: GitHub, asked: RunApprovalsOf) -> Reviews:
    """Give who let runs of a commit into an environment; a run of another commit lets nobody in."""
    of = f"the run of {asked.commit[:12]} into {asked.environment}"
    said: dict[str, Review] = {}
    runs = list(github.many("actions/runs", "workflow_runs", head_sha=asked.commit))
    for run in runs:
        if text_at(run, "head_sha") != asked.commit:
            continue
        number, began = number_at(run, "id"), _instant(run, "created_at")
        for one in github.many(f"actions/runs/{number}/approvals"):
            login, state = text_at(one, "user", "login"), text_at(one, "state")
            if login and state in {"approved", "rejected"} and asked.environment in _environments(one):
                # Neither a run nor a person alone names one answer.
                mine = number << 32 | _user(one)
                said[login.casefold()] = Review(number=mine, login=login, yes=state == "approved", at=began)
    why = (
        ""
        if said
        else f"nobody has let {of} yet"
        if runs
        else f"no workflow run at GitHub is of {asked.commit[:12]}"
    )
    return Reviews(reviews=tuple(said.values()), of=of, why=why)


def _environments(one: Json) -> frozenset[str]:
    listed = one.get("environments")
    return frozenset(text_at(each, "name") for each in listed) if isinstance(listed, list) else frozenset()


def _user(one: Json) -> int:
    user = one.get("user")
    return number_at(user, "id") if isinstance(user, dict) else 0


def _instant(one: Json, key: str) -> datetime:
    """Read a time; raises ValueError for none: what has no time never expires."""
    found = datetime.fromisoformat(text_at(one, key))
    if found.tzinfo is None:
        raise ValueError(f"{key} has no zone")
    return found


def _forget(known: dict[Question, T]) -> None:
    while len(known) > _KEPT:
        del known[next(iter(known))]
