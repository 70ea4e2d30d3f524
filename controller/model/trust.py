"""What of the specs has to be signed, and by whom something was."""

from dataclasses import dataclass
from enum import StrEnum


class Commits(StrEnum):
    """Which commits of the specs have to be signed, the least strict first."""

    NONE = "none"
    HEAD = "head"
    RANGE = "range"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """What has to be signed by somebody whom the operator knows.

    `commits`: nothing, the commit that is read, or every one since the last that was accepted. `tags`: the tags of
    the application's repository that say what runs.
    """

    commits: Commits = Commits.NONE
    tags: bool = False

    def __bool__(self) -> bool:
        return self.tags or self.commits is not Commits.NONE

    def stricter(self, other: "Verify") -> "Verify":
        """Ask for all that either asks for."""
        order = list(Commits)
        return Verify(commits=max(self.commits, other.commits, key=order.index), tags=self.tags or other.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who signed a commit or a tag, and the fingerprint of the key.

    `by` is a name of people.yaml if `known`, else what the operator calls the key.
    """

    by: str
    key: str
    known: bool = False
