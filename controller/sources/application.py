"""The repository of one application: asked where it stands once an interval, fetched only when somebody must know.

What its tags stand for takes one `ls-remote` and nothing else. Commits are read in a bare mirror of the branch and
all tags, which is cloned when one is first asked for.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from controller.model.names import Commit
from controller.sources.address import Address
from controller.sources.auth import Credentials, Permit, permit
from controller.sources.command import Git
from controller.sources.commits import Commits, FailedError
from controller.sources.failure import explain
from controller.sources.limits import Limits
from controller.sources.mirror import Mirror
from controller.sources.objects import CorruptError, is_oid
from controller.sources.patience import Patience
from controller.sources.refs import Refs, read_refs
from controller.sources.snapshot import NoSnapshot, Reason

_ASKING = 20.0  # seconds: a turn waits for it
_RENEW_AFTER = timedelta(minutes=5)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How seldom a server is asked, in real seconds, and by which clocks that is counted."""

    interval: float
    now: Callable[[], datetime]
    elapsed: Callable[[], float]


class ApplicationMirror:
    """One branch of one application, with all tags. Every method may be called from any thread.

    A server that failed is left alone for as long as Patience says.
    """

    def __init__(
        self, address: Address, branch: str, *, cache: Path, credentials: Credentials, pace: Pace, limits: Limits
    ) -> None:
        self._address, self._branch = address, branch
        self._credentials, self._limits = credentials, limits
        self._interval, self._now, self._elapsed = pace.interval, pace.now, pace.elapsed
        self._cache = cache.absolute()
        # Two, so that a clone under way keeps nobody from asking what a tag stands for.
        self._asker = Git(cache=self._cache, scheme=address.scheme, limits=limits)
        self._git = Git(cache=self._cache, scheme=address.scheme, limits=limits)
        self._mirror = Mirror(
            address=address, branch=branch, cache=self._cache, git=self._git, limits=limits, tags=True
        )
        self._asking, self._reading = threading.Lock(), threading.Lock()
        self._asked_at = float("-inf")
        self._refs: Refs | NoSnapshot = NoSnapshot(reason=Reason.UNAVAILABLE, why="it was not asked yet")
        self._fetched: Refs | None = None
        self._patience, self._fetching = Patience(), Patience()
        self._renewed_at: datetime | None = None

    def refs(self) -> Refs | NoSnapshot:
        """Say where branches and tags stand; who comes while somebody asks is given the same answer."""
        with self._asking:
            if self._elapsed() - self._asked_at >= self._interval:
                self._refs = self._ask(self._now())
                self._asked_at = self._elapsed()
            return self._refs

    def read(self, wanted: Iterable[Commit], question: Callable[[Commits], T]) -> T | NoSnapshot:
        """Answer a question about commits, which are fetched first if they are not here."""
        return self._read(wanted, lambda commits, _head: question(commits), needs_head=False)

    def read_on_branch(self, wanted: Iterable[Commit], question: Callable[[Commits, Commit], T]) -> T | NoSnapshot:
        """Answer a question about commits and the branch as it stands now."""
        return self._read(wanted, question, needs_head=True)

    def close(self) -> None:
        """Kill what is under way, start nothing more, and let another process have the mirror."""
        self._asker.stop()
        self._git.stop()
        with self._reading:
            self._mirror.close()

    def _ask(self, now: datetime) -> Refs | NoSnapshot:
        granted = permit(self._credentials, self._address)
        if isinstance(granted, NoSnapshot):
            return granted
        early = self._patience.still(now, granted)
        if early is not None:
            return early
        try:
            self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            words = ("ls-remote", "--heads", "--tags", "--end-of-options", self._address.url)
            done = self._asker.run(*words, permit=granted, wait=min(_ASKING, self._limits.wait))
        except OSError as problem:
            return _unusable(problem)
        found = read_refs(done.out) if done.well else explain(done, "asking for tags", granted.secrets)
        self._patience = self._patience.after(found, now, granted)
        return found

    def _read(
        self, wanted: Iterable[Commit], question: Callable[[Commits, Commit], T], *, needs_head: bool
    ) -> T | NoSnapshot:
        asked = tuple(wanted)
        if not all(map(is_oid, asked)):
            return NoSnapshot(reason=Reason.COMMIT_GONE, why="a commit is named by its whole id")
        try:
            with self._reading:
                unready = self._mirror.open()
                return unready if unready is not None else self._answer(asked, question, needs_head=needs_head)
        except CorruptError as problem:
            self._mirror.suspect = True
            return NoSnapshot(reason=Reason.CORRUPT, why=f"the mirror is damaged: {problem}")
        except FailedError as problem:
            self._mirror.suspect |= problem.answer.reason is Reason.CORRUPT
            return problem.answer
        except OSError as problem:
            return _unusable(problem)

    def _answer(
        self, wanted: tuple[Commit, ...], question: Callable[[Commits, Commit], T], *, needs_head: bool
    ) -> T | NoSnapshot:
        commits = Commits(git=self._git, folder=self._mirror.folder)
        if not needs_head and not self._mirror.suspect and not commits.lacking(wanted):
            return question(commits, wanted[0])
        head = self._brought(commits, wanted)
        if isinstance(head, NoSnapshot):
            return head
        lacking = commits.lacking(wanted)
        if lacking:
            why = f"commit {lacking[0][:12]} is neither on {self._branch} nor under a tag of the repository"
            return NoSnapshot(reason=Reason.COMMIT_GONE, why=why)
        return question(commits, head)

    def _brought(self, commits: Commits, wanted: tuple[Commit, ...]) -> Commit | NoSnapshot:
        """Make sure that what the server has is here, and give the head of the branch."""
        refs, now = self.refs(), self._now()
        if isinstance(refs, NoSnapshot):
            return refs
        head = refs.branches.get(self._branch)
        if head is None:
            return NoSnapshot(reason=Reason.BRANCH_GONE, why=f"the repository has no branch {self._branch}")
        lacking = commits.lacking((head, *wanted))
        self._mirror.suspect |= refs == self._fetched and head in lacking
        renew = self._mirror.suspect and (self._renewed_at is None or now - self._renewed_at >= _RENEW_AFTER)
        known = refs == self._fetched or not lacking
        if known and not renew:
            return head
        granted = permit(self._credentials, self._address)
        if isinstance(granted, NoSnapshot):
            return granted
        return self._fetch(refs, head, granted, now, renew=renew)

    def _fetch(
        self, refs: Refs, head: Commit, granted: Permit, now: datetime, *, renew: bool
    ) -> Commit | NoSnapshot:
        early = self._fetching.still(now, refs)
        if early is not None:
            return early
        if renew:
            self._renewed_at = now
        found = self._mirror.fetch(head, granted, renew=renew)
        self._fetching = self._fetching.after(found, now, refs)
        if not isinstance(found, NoSnapshot):
            self._fetched = refs
        return found


def _unusable(problem: OSError) -> NoSnapshot:
    why = f"git or its cache cannot be used: {problem.strerror or problem}"
    return NoSnapshot(reason=Reason.UNAVAILABLE, why=why)
