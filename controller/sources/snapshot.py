"""What a source gives: everything under the specs path at one commit, or one sentence that says why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from controller.model.names import Commit


class Reason(StrEnum):
    """Why there is no snapshot; the values are stable words for machines."""

    UNAVAILABLE = "SourceUnavailable"
    DENIED = "SourceDenied"
    EMPTY = "SourceEmpty"
    BRANCH_GONE = "BranchGone"
    PATH_GONE = "PathGone"
    COMMIT_GONE = "CommitGone"
    CORRUPT = "SourceCorrupt"
    REFUSED = "SourceRefused"
    REWRITTEN = "HistoryRewritten"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSnapshot:
    """Nothing was read. It never means that there is nothing: who is told this holds still.

    `why` is one sentence for people, without secrets and without control characters.
    """

    reason: Reason
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The commit that the source stood at when it was last asked with success."""

    commit: Commit
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything under `path` at one commit, read whole.

    `files` and `oids` are keyed by the name below `path`, with `/` between folders; equal oids mean equal bytes, so
    what is made of a file can be kept by its oid. `rejected` names what is there but may not be read, with the
    reason: such a name is not absent. `committed_at`, `author` and `subject` were written by whoever made the
    commit: they are for showing, never for ordering or trust.
    """

    commit: Commit
    committed_at: datetime
    author: str
    subject: str
    path: str
    files: Mapping[str, bytes]
    oids: Mapping[str, str]
    rejected: Mapping[str, str] = field(default_factory=dict)

    def shown(self, name: str) -> str:
        """Give a file's name as people know it: from the top of the repository."""
        return f"{self.path}/{name}" if self.path else name


class Snapshots(Protocol):
    """What git and folder have in common. Every method may be called from any thread."""

    @property
    def last(self) -> Head | NoSnapshot | None:
        """What the newest poll found; None before the first."""
        ...

    @property
    def good(self) -> Head | None:
        """The newest head ever seen by this process; its age says how long the source has been away."""
        ...

    def poll(self, now: datetime) -> Head | NoSnapshot:
        """Ask the source once where it stands, and bring what is new here."""
        ...

    def snapshot(self, commit: Commit) -> Snapshot | NoSnapshot:
        """Read one commit that is already here; the source itself is not asked."""
        ...

    def descends(self, commit: Commit, from_: Commit) -> bool | None:
        """Say whether `commit` is `from_` or has it among its ancestors; None when that cannot be known here."""
        ...

    def close(self) -> None:
        """Stop what is under way and let go of the cache."""
        ...
