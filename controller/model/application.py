"""What an application is built from: its repository, the commits in it, and what became of them on its branch."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from controller.model.names import Commit

MAIN: Final = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The repository that images are built from, and the branch that everything ends up on."""

    repository: str
    branch: str = MAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCommit:
    """One commit of an application; all but `commit` and `parents` is its author's word.

    `at` is the committer's time. Texts hold no control character but the line breaks of `body`, which is cut at
    8,192 characters.
    """

    commit: Commit
    parents: tuple[Commit, ...]
    author: str
    email: str
    at: datetime
    subject: str
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppHistory:
    """The commits that one commit has and another has not, newest first; not `complete`: there are more."""

    commits: tuple[AppCommit, ...]
    complete: bool = True


class Carry(StrEnum):
    """How a commit got onto a branch."""

    ITSELF = "itself"
    PATCHES = "patches"
    SQUASHED = "squashed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Whether what a commit brought is on the branch; `missing` are those of its commits that nobody brought there.

    `ITSELF`: the branch has the commit. `PATCHES`: it has each change of it, as other commits (cherry-picked).
    `SQUASHED`: it has all of them as one commit.
    """

    how: Carry
    missing: tuple[Commit, ...] = ()

    @property
    def there(self) -> bool:
        """Whether it is there in any way."""
        return self.how is not Carry.MISSING
