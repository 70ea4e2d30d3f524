"""What can be asked of the git host: who reviewed what a commit brought, who let its runs in, what checks said."""

from dataclasses import dataclass
from datetime import datetime

from controller.model.names import Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewsOf:
    """Who reviewed the pull request that brought what these files say at a commit? Named from the top, with `/`."""

    commit: Commit
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunApprovalsOf:
    """Who let the workflow runs of just this commit into a deployment environment of the git host's?"""

    commit: Commit
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A yes or no as the git host has it, by a login there; `number` is its own and no other's."""

    number: int
    login: str
    yes: bool
    at: datetime


def review_number(one: Review) -> int:
    """Give a review a number among approvals: below zero, where no order is."""
    return -one.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """The last word of each login that counts there. `of` names what they are of, `why` says why there is none.

    `authors` are the emails of all who wrote commits of it.
    """

    reviews: tuple[Review, ...] = ()
    of: str = ""
    why: str = ""
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOf:
    """Which pull request brought this commit, who reviewed it, and what did its checks say?"""

    commit: Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A commit as the git host knows it; `checks` are `name: result`. All texts are somebody else's words."""

    pull: str = ""
    url: str = ""
    author: str = ""
    reviewers: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
