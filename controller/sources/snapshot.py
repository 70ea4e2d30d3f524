"""What a source gives: everything under the specs path at one commit, or one sentence that says why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from controller.model.names import Commit
from controller.sources.permit import Permit


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
    UNVERIFIED = "CommitUnverified"


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


class State(StrEnum):
    """What git says of a signature; the values are its own letters."""

    GOOD = "G"
    BAD = "B"
    UNTRUSTED = "U"
    SIGNATURE_EXPIRED = "X"
    KEY_EXPIRED = "Y"
    KEY_REVOKED = "R"
    KEY_UNKNOWN = "E"
    NONE = "N"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What git says of one commit or tag. `author` is the email that it gives, its own word.

    `form` says of one that could not be checked how it is signed; empty if it is not signed at all.
    """

    name: str
    state: State
    key: str = ""
    primary: str = ""
    author: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One commit: the emails of who wrote it and of co-authors that it names, and of who committed it.

    All that is its own word. `files` are those that it changed below the path; of a merge, only those that merging
    alone would have left otherwise. `renamed` gives for a new name the old one. Of a merge of more than two nobody
    knows what it changed: it is `opaque`.
    """

    commit: Commit
    emails: tuple[str, ...]
    committer: str
    files: frozenset[str]
    renamed: Mapping[str, str] = field(default_factory=dict)
    opaque: bool = False


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

    def signatures(
        self, commits: Sequence[Commit], since: Commit | None, keys: Permit, known: dict[Commit, Signature]
    ) -> tuple[Signature, ...] | NoSnapshot:
        """Read the signatures of some commits, or of all that they have and `since` has not, newest first.

        What is in `known` is not asked again, and what is asked is put there.
        """
        ...

    def changes(self, commit: Commit, since: Commit | None) -> tuple[Change, ...] | NoSnapshot:
        """Read who changed what in all commits that this one has and `since` has not, children before parents."""
        ...

    def close(self) -> None:
        """Stop what is under way and let go of the cache."""
        ...
