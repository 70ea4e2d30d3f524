"""A plain folder as a source: its content's digest is the commit, and no history goes backwards."""

import errno
import hashlib
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from controller.model.names import Commit
from controller.sources.failure import redact
from controller.sources.limits import Limits
from controller.sources.listing import read_name
from controller.sources.objects import Entry, hash_object
from controller.sources.permit import Permit
from controller.sources.reading import RefusedError, judge
from controller.sources.snapshot import Change, Head, NoSnapshot, Reason, Signature, Snapshot

_KEPT = 8
_TRIES = 5
_DIGITS = 64
_DEEPEST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file as it stood when the folder was walked; two equal ones have the same content."""

    file: Path
    facts: tuple[int, ...]
    size: int
    odd: str = ""

    @property
    def changed_at(self) -> int:
        """When it was last written, in nanoseconds since 1970."""
        return self.facts[0]


class FolderSource:
    """Everything under one folder. Names that begin with a dot (git's own, editors') are no part of it.

    Symbolic links are not followed; the folder itself may be one. What was read is kept in memory only: after a
    restart, older content is gone. Every method may be called from any thread.
    """

    def __init__(self, folder: Path, *, limits: Limits | None = None) -> None:
        self._folder = folder
        self._limits = limits or Limits()
        self._one = threading.Lock()
        self._guard = threading.Lock()
        self._read: OrderedDict[Commit, Snapshot] = OrderedDict()
        self._last: Head | NoSnapshot | None = None
        self._good: Head | None = None

    @property
    def last(self) -> Head | NoSnapshot | None:
        """What the newest poll found; None before the first."""
        return self._last

    @property
    def good(self) -> Head | None:
        """The newest head ever seen by this process."""
        return self._good

    def poll(self, now: datetime) -> Head | NoSnapshot:
        """Read the folder once, whole, and again while it changes under our hands.

        Contents are compared, not times: a file system's clock ticks too coarsely to tell two quick writes apart.
        """
        with self._one:
            found = self._look()
            if isinstance(found, NoSnapshot):
                self._last = found
                return found
            with self._guard:
                self._read.setdefault(found.commit, found)
                self._read.move_to_end(found.commit)
                while len(self._read) > _KEPT:
                    self._read.popitem(last=False)
            self._last = self._good = Head(commit=found.commit, seen_at=now)
            return self._last

    def _look(self) -> Snapshot | NoSnapshot:
        try:
            for _ in range(_TRIES):
                before = _walk(self._folder, self._limits)
                listed = judge({name: _entry(name, found) for name, found in before.items()}, self._limits)
                contents = {name: _read_file(before[name], self._limits) for name in listed.entries}
                if _walk(self._folder, self._limits) == before:
                    return self._snapshot(before, contents, listed.rejected)
        except FileNotFoundError:
            return self._gone()
        except OSError as problem:
            name = redact(str(self._folder))
            denied = problem.errno in {errno.EACCES, errno.EPERM}
            reason = Reason.DENIED if denied else Reason.UNAVAILABLE
            return NoSnapshot(reason=reason, why=f"{name} cannot be read: {problem.strerror or problem}")
        except RefusedError as problem:
            return problem.answer
        return NoSnapshot(reason=Reason.UNAVAILABLE, why=f"{redact(str(self._folder))} changes while it is read")

    def _gone(self) -> NoSnapshot:
        name = redact(str(self._folder))
        if self._folder.exists():
            return NoSnapshot(reason=Reason.UNAVAILABLE, why=f"{name} changes while it is read")
        return NoSnapshot(reason=Reason.PATH_GONE, why=f"there is no folder {name}")

    def _snapshot(
        self, found: Mapping[str, Found], contents: Mapping[str, bytes], rejected: Mapping[str, str]
    ) -> Snapshot | NoSnapshot:
        if not found:
            return NoSnapshot(reason=Reason.EMPTY, why=f"the folder {redact(str(self._folder))} is empty")
        oids = {name: hash_object("blob", content, _DIGITS) for name, content in contents.items()}
        stands = sorted(oids.items()) + sorted(rejected.items())
        newest = max(one.changed_at for one in found.values())
        return Snapshot(
            commit=Commit(hashlib.sha256(repr(stands).encode()).hexdigest()),
            committed_at=datetime.fromtimestamp(newest // 1_000_000_000, UTC),
            author="",
            subject="",
            path=str(self._folder),
            files=MappingProxyType(dict(contents)),
            oids=MappingProxyType(oids),
            rejected=MappingProxyType(dict(rejected)),
        )

    def snapshot(self, commit: Commit) -> Snapshot | NoSnapshot:
        """Give one of the newest few contents that this process read."""
        with self._guard:
            known = self._read.get(commit)
        if known is None:
            return NoSnapshot(reason=Reason.COMMIT_GONE, why=f"content {commit[:12]} is not kept any more")
        return known

    def descends(self, commit: Commit, from_: Commit) -> bool | None:  # noqa: ARG002 - the same question as to git
        """Say yes: a folder has no history that could be rewritten."""
        return True

    def signatures(
        self,
        commits: Sequence[Commit],  # noqa: ARG002 - the same question as to git
        since: Commit | None,  # noqa: ARG002
        keys: Permit,  # noqa: ARG002
        known: dict[Commit, Signature],  # noqa: ARG002
    ) -> tuple[Signature, ...] | NoSnapshot:
        """Say that nobody signs a folder."""
        return NoSnapshot(reason=Reason.UNVERIFIED, why="a folder has no commits, and nobody signs it")

    def changes(self, commit: Commit, since: Commit | None) -> tuple[Change, ...] | NoSnapshot:  # noqa: ARG002
        """Say that nobody knows who wrote a folder."""
        return NoSnapshot(reason=Reason.UNAVAILABLE, why="a folder has no commits that say who wrote it")

    def close(self) -> None:
        """Do nothing: nothing is held."""


def _walk(folder: Path, limits: Limits) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for one in _below(folder, _DEEPEST):
        found[read_name(os.fsencode(one.file.relative_to(folder)))] = one
        if len(found) > limits.files:
            why = f"there are more than {limits.files} files in the folder"
            raise RefusedError(NoSnapshot(reason=Reason.REFUSED, why=why))
    return found


def _below(folder: Path, depth: int) -> Iterator[Found]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            facts = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(facts.st_mode) and depth > 0:
                yield from _below(Path(entry.path), depth - 1)
            else:
                yield _found(Path(entry.path), facts)


def _found(file: Path, facts: os.stat_result) -> Found:
    odd = ""
    if stat.S_ISLNK(facts.st_mode):
        odd = "it is a symbolic link"
    elif not stat.S_ISREG(facts.st_mode):
        odd = "it is not a plain file"
    same = (facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino, facts.st_size, facts.st_mode)
    return Found(file=file, facts=same, size=facts.st_size, odd=odd)


def _entry(name: str, found: Found) -> Entry:
    return Entry(name=name, oid="", size=found.size, odd=found.odd)


def _read_file(found: Found, limits: Limits) -> bytes:
    """Read one file, and never wait for a pipe that took its place."""
    number = os.open(found.file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(number, "rb") as opened:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise FileNotFoundError(errno.ENOENT, "it was replaced while it was read")
        return opened.read(limits.file_bytes + 1)
