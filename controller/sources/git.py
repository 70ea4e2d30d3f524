"""A git branch as a source: asked with one `ls-remote`, fetched when it moved, read by object id."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from controller.model.names import Commit
from controller.sources.address import read_address, read_branch, read_path
from controller.sources.auth import Credentials, permit
from controller.sources.changes import read_changes
from controller.sources.command import Ended, Git
from controller.sources.failure import explain
from controller.sources.limits import Limits
from controller.sources.mirror import Mirror
from controller.sources.objects import is_oid
from controller.sources.patience import Patience
from controller.sources.permit import Permit
from controller.sources.reading import read_snapshot
from controller.sources.signing import read_signatures
from controller.sources.snapshot import Change, Head, NoSnapshot, Reason, Signature, Snapshot

T = TypeVar("T")

_KEPT = 8
_ANCESTRIES = 1000
_RENEW_AFTER = timedelta(minutes=5)
_FINAL = frozenset({Reason.REFUSED, Reason.PATH_GONE, Reason.EMPTY})


class GitMirror:
    """One branch of one repository, mirrored in `cache`; several environments share it.

    One git command runs at a time; `poll` belongs on a thread, as it may take as long as the limits say. Readers of
    a commit that was read before never wait for it. Raises AddressError for an address, branch or path not taken.
    """

    def __init__(
        self,
        url: str,
        branch: str,
        path: str,
        *,
        cache: Path,
        credentials: Credentials | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._address = read_address(url)
        self._branch = read_branch(branch)
        self._path = read_path(path)
        self._credentials = credentials or Credentials()
        self._limits = limits or Limits()
        cache = cache.absolute()
        self._git = Git(cache=cache, scheme=self._address.scheme, limits=self._limits)
        self._mirror = Mirror(
            address=self._address, branch=self._branch, cache=cache, git=self._git, limits=self._limits
        )
        self._one = threading.Lock()
        self._polls = 0
        self._asking = Patience()
        self._fetching = Patience()
        self._renewed_at: datetime | None = None
        self._last: Head | NoSnapshot | None = None
        self._good: Head | None = None
        self._read: OrderedDict[Commit, Snapshot | NoSnapshot] = OrderedDict()
        self._ancestry: dict[tuple[Commit, Commit], bool] = {}
        self._guard = threading.Lock()

    @property
    def last(self) -> Head | NoSnapshot | None:
        """What the newest poll found; None before the first."""
        return self._last

    @property
    def good(self) -> Head | None:
        """The newest head ever seen by this process; its age says how long the source has been away."""
        return self._good

    def poll(self, now: datetime) -> Head | NoSnapshot:
        """Ask the server once where the branch stands, and fetch if it moved.

        Polls that come while one is under way share its answer. A server that failed is left alone for as long as
        Patience says, and the failure is given again.
        """
        waiting_for = self._polls
        with self._one:
            if self._polls != waiting_for and self._last is not None:
                return self._last
            self._last = self._poll(now)
            if isinstance(self._last, Head):
                self._good = self._last
            self._polls += 1
            return self._last

    def _poll(self, now: datetime) -> Head | NoSnapshot:
        granted = permit(self._credentials, self._address)
        if isinstance(granted, NoSnapshot):
            return granted
        early = self._asking.still(now, granted)
        if early is not None:
            return early
        try:
            unready = self._mirror.open()
            if unready is not None:
                return unready
            announced = self._announced(granted)
            self._asking = self._asking.after(announced, now, granted)
            if isinstance(announced, NoSnapshot):
                return announced
            commit = self._bring(announced, granted, now)
        except OSError as problem:
            return _unusable(problem)
        return commit if isinstance(commit, NoSnapshot) else Head(commit=commit, seen_at=now)

    def _bring(self, announced: Commit, granted: Permit, now: datetime) -> Commit | NoSnapshot:
        """Make sure that a commit is in the mirror; a damaged mirror is cloned again, at most every 5 min."""
        renew = self._mirror.suspect and (self._renewed_at is None or now - self._renewed_at >= _RENEW_AFTER)
        if self._mirror.has(announced) and not renew:
            return announced
        early = self._fetching.still(now, announced)
        if early is not None:
            return early
        if renew:
            self._renewed_at = now
        commit = self._mirror.fetch(announced, granted, renew=renew)
        self._fetching = self._fetching.after(commit, now, announced)
        return commit

    def _announced(self, granted: Permit) -> Commit | NoSnapshot:
        """Ask where the branch stands; no such branch and no branch at all are different answers."""
        ref = f"refs/heads/{self._branch}"
        done = self._git.run("ls-remote", "--end-of-options", self._address.url, ref, permit=granted)
        if not done.well:
            return explain(done, f"asking for {self._branch}", granted.secrets)
        for line in done.out.decode("utf-8", "replace").splitlines():
            oid, _, name = line.partition("\t")
            if name == ref and is_oid(oid):
                return Commit(oid)
        done = self._git.run("ls-remote", "--heads", "--end-of-options", self._address.url, permit=granted)
        if done.well and not done.out:
            return NoSnapshot(reason=Reason.EMPTY, why="the repository is empty: it has no branches")
        if done.well or done.ended is Ended.BIG:
            return NoSnapshot(reason=Reason.BRANCH_GONE, why=f"the repository has no branch {self._branch}")
        return explain(done, "asking for branches", granted.secrets)

    def snapshot(self, commit: Commit) -> Snapshot | NoSnapshot:
        """Read one commit that is in the mirror; the server is not asked.

        The newest few are kept, so that asking again costs nothing, and an unchanged file is not read again.
        """
        known = self._kept(commit)
        if known is not None:
            return known
        if not is_oid(commit):
            return NoSnapshot(reason=Reason.COMMIT_GONE, why="a commit is named by its whole id")
        with self._one:
            known = self._kept(commit)
            if known is not None:
                return known
            try:
                unready = self._mirror.open()
                if unready is not None:
                    return unready
                found = read_snapshot(
                    self._git, self._mirror.folder, commit, self._path, self._blobs(), self._limits
                )
            except OSError as problem:
                return _unusable(problem)
            if isinstance(found, NoSnapshot):
                found = self._suspected(commit, found)
            if isinstance(found, Snapshot) or found.reason in _FINAL:
                self._keep(commit, found)
            return found

    def _suspected(self, commit: Commit, found: NoSnapshot) -> NoSnapshot:
        """Tell a head that was here and is not any more from a commit that never was."""
        if found.reason is Reason.COMMIT_GONE and self._mirror.has(commit):
            found = NoSnapshot(reason=Reason.CORRUPT, why=f"commit {commit[:12]} was in the mirror and is missing")
        self._mirror.suspect = self._mirror.suspect or found.reason is Reason.CORRUPT
        return found

    def _kept(self, commit: Commit) -> Snapshot | NoSnapshot | None:
        with self._guard:
            known = self._read.get(commit)
            if known is not None:
                self._read.move_to_end(commit)
            return known

    def _blobs(self) -> Mapping[str, bytes]:
        """Give what was read of files so far, by oid."""
        with self._guard:
            snapshots = [known for known in self._read.values() if isinstance(known, Snapshot)]
        return {known.oids[name]: content for known in snapshots for name, content in known.files.items()}

    def _keep(self, commit: Commit, found: Snapshot | NoSnapshot) -> None:
        with self._guard:
            self._read[commit] = found
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)

    def descends(self, commit: Commit, from_: Commit) -> bool | None:
        """Say whether `commit` is `from_` or has it among its ancestors; None when one is not in the mirror."""
        if not (is_oid(commit) and is_oid(from_)):
            return None
        pair = (commit, from_)
        with self._one:
            if pair in self._ancestry:
                return self._ancestry[pair]
            try:
                if self._mirror.open() is not None:
                    return None
                done = self._git.run("merge-base", "--is-ancestor", from_, commit, at=self._mirror.folder)
            except OSError:
                return None
            if done.ended is not Ended.ITSELF or done.code not in {0, 1}:
                return None
            if len(self._ancestry) >= _ANCESTRIES:
                self._ancestry.clear()
            self._ancestry[pair] = done.code == 0
            return self._ancestry[pair]

    def signatures(
        self, commits: Sequence[Commit], since: Commit | None, keys: Permit, known: dict[Commit, Signature]
    ) -> tuple[Signature, ...] | NoSnapshot:
        """Read the signatures of some commits, or of all that they have and `since` has not, newest first.

        What is in `known` is not asked again, and what is asked is put there.
        """
        return self._of_mirror(lambda at: read_signatures(self._git, at, commits, since, keys, known))

    def changes(self, commit: Commit, since: Commit | None) -> tuple[Change, ...] | NoSnapshot:
        """Read who changed what in all commits that this one has and `since` has not, children before parents."""
        return self._of_mirror(lambda at: read_changes(self._git, at, commit, since, self._path))

    def _of_mirror(self, read: Callable[[Path], tuple[T, ...] | NoSnapshot]) -> tuple[T, ...] | NoSnapshot:
        with self._one:
            try:
                return self._mirror.open() or read(self._mirror.folder)
            except OSError as problem:
                return _unusable(problem)

    def close(self) -> None:
        """Kill the git command under way, start no other, and let another process have the mirror."""
        self._git.stop()
        with self._one:
            self._mirror.close()


def _unusable(problem: OSError) -> NoSnapshot:
    why = f"git or its cache cannot be used: {problem.strerror or problem}"
    return NoSnapshot(reason=Reason.UNAVAILABLE, why=why)
