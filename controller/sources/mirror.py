"""A bare mirror of one branch, perhaps with all tags, on disk: opened, fetched into, repaired, never checked out.

Every head ever fetched stays pinned. The branch is fetched, without force, to `refs/trueup/head/<n>`; when git
refuses because history was rewritten, the new history goes to a fresh `n`, and the old one keeps what it holds (the
newest hundred histories are kept). Tags are fetched to `refs/trueup/tag/<name>` and may move: what one stood for
before stays, as nothing is ever thrown away.
Read-only use needs no network: a mirror on disk serves a process that starts while git is away.

`git fetch` checks that all it brought is connected, and every object that is used is hashed again when it is read,
so the whole mirror is walked (`fsck --connectivity-only`) only when it is opened.
"""

import fcntl
import hashlib
import os
import shutil
from pathlib import Path

from controller.model.names import Commit
from controller.sources.address import Address
from controller.sources.auth import Permit
from controller.sources.command import Done, Ended, Git
from controller.sources.failure import explain
from controller.sources.heads import HEADS, drop_oldest, read_heads
from controller.sources.limits import Limits
from controller.sources.snapshot import NoSnapshot, Reason

_SLOTS = 8
_SHA256 = 64
_MANY_PACKS = 50
_TAGS = "+refs/tags/*:refs/trueup/tag/*"


class Mirror:
    """One process's own mirror of one branch; its caller lets only one thread in at a time.

    Each process that uses the same cache at the same time gets a mirror of its own, so nobody waits for anybody and
    what a dead process left behind can be swept.
    """

    def __init__(
        self, *, address: Address, branch: str, cache: Path, git: Git, limits: Limits, tags: bool = False
    ) -> None:
        self._address = address
        self._branch = branch
        self._tags = (_TAGS,) if tags else ()
        self._cache = cache
        self._git = git
        self._limits = limits
        self._held: int | None = None
        self._ready = False
        self._number = 0
        self._heads: dict[int, Commit] = {}
        self._tidies = True
        self.folder = cache
        self.suspect = False

    def open(self) -> NoSnapshot | None:
        """Take a mirror on disk, sweep what a crash left, and read its heads; None when it is ready."""
        if self._ready:
            return None
        if self._git.stopped:
            return NoSnapshot(reason=Reason.UNAVAILABLE, why="the source is closed")
        try:
            self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._take():
                return NoSnapshot(reason=Reason.UNAVAILABLE, why=f"{_SLOTS} processes use the cache already")
            self._recover()
            if self.folder.exists():
                self._sweep()
                self._read_heads()
                self._walk()
        except OSError as problem:
            self.close()
            return NoSnapshot(
                reason=Reason.UNAVAILABLE, why=f"the cache folder cannot be used: {problem.strerror or problem}"
            )
        self._ready = True
        return None

    def close(self) -> None:
        """Let another process have this mirror."""
        self._ready = False
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def has(self, commit: Commit) -> bool:
        """Say whether a commit is one of the heads that were fetched."""
        return commit in self._heads.values()

    def fetch(self, announced: Commit, permit: Permit, *, renew: bool = False) -> Commit | NoSnapshot:
        """Bring the branch here, and give its head, which may be newer than the one announced.

        With `renew` it is cloned again beside the old mirror, which stays until the new one is whole.
        """
        if renew or not self.folder.exists() or self._other_format(announced):
            return self._clone(announced, permit)
        done = self._fetch_into(self.folder, self._number, permit)
        if not done.well and "(non-fast-forward)" in done.err:
            self._number = max(self._heads, default=self._number) + 1
            done = self._fetch_into(self.folder, self._number, permit)
        if not done.well:
            self._sweep()
            failure = _not_landed(done, self._branch, permit)
            self.suspect = self.suspect or failure.reason is Reason.CORRUPT
            return failure
        self._read_heads()
        self._tidy()
        return self._heads.get(self._number) or _not_landed(done, self._branch, permit)

    def _fetch_into(self, folder: Path, number: int, permit: Permit, wait: float | None = None) -> Done:
        return self._git.run(
            "fetch",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-write-fetch-head",
            "--end-of-options",
            self._address.url,
            f"refs/heads/{self._branch}:{HEADS}/{number}",
            *self._tags,
            at=folder,
            permit=permit,
            wait=wait,
        )

    def _clone(self, announced: Commit, permit: Permit) -> Commit | NoSnapshot:
        fresh = self.folder.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        kind = "sha256" if len(announced) == _SHA256 else "sha1"
        done = self._git.run("init", "--bare", "--quiet", "--template=", f"--object-format={kind}", str(fresh))
        if done.well:
            done = self._fetch_into(fresh, 0, permit, wait=self._limits.clone_wait)
        landed = read_heads(fresh)[0].get(0) if done.well else None
        if landed is None:
            shutil.rmtree(fresh, ignore_errors=True)
            return _not_landed(done, self._branch, permit)
        old = self.folder.with_suffix(".old")
        if self.folder.exists():
            self.folder.rename(old)
        fresh.rename(self.folder)
        shutil.rmtree(old, ignore_errors=True)
        self.suspect, self._number = False, 0
        self._read_heads()
        return landed

    def _take(self) -> bool:
        """Lock the first mirror that no living process holds; the kernel gives the lock back when we die."""
        name = "\n".join((self._address.url, self._branch, *self._tags))
        key = hashlib.sha256(name.encode()).hexdigest()[:16]
        for slot in range(_SLOTS):
            self.folder = self._cache / f"{key}-{slot}.git"
            held = os.open(self.folder.with_suffix(".held"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(held)
            else:
                self._held = held
                return True
        return False

    def _recover(self) -> None:
        """Finish an exchange of mirrors that a crash cut in half."""
        old = self.folder.with_suffix(".old")
        if old.exists() and not self.folder.exists():
            old.rename(self.folder)
        for leftover in (old, self.folder.with_suffix(".new")):
            shutil.rmtree(leftover, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what a killed git leaves behind: locks that nobody holds, and halves of packs and objects."""
        for pattern in ("**/*.lock", "objects/pack/tmp_*", "objects/tmp_*", "objects/*/tmp_obj_*"):
            for stale in self.folder.glob(pattern):
                stale.unlink(missing_ok=True)

    def _read_heads(self) -> None:
        """Read our own refs; one that makes no sense puts the mirror under suspicion."""
        self._heads, sound = read_heads(self.folder)
        drop_oldest(self.folder, self._heads)
        self.suspect = self.suspect or not sound
        self._number = max(self._number, *self._heads, 0)

    def _walk(self) -> None:
        """Look for holes; that there was no time to look proves nothing."""
        done = self._git.run("fsck", "--connectivity-only", "--no-dangling", "--no-progress", at=self.folder)
        if not done.well and done.ended is Ended.ITSELF:
            self.suspect = True

    def _other_format(self, announced: Commit) -> bool:
        return any(len(head) != len(announced) for head in self._heads.values())

    def _untidy(self) -> bool:
        return len(list((self.folder / "objects" / "pack").glob("*.pack"))) > _MANY_PACKS

    def _tidy(self) -> None:
        """Join the packs of many fetches into one, with all that is pinned; given up where it does not help."""
        if not self._tidies or not self._untidy():
            return
        kept = ("--keep-unreachable",) if self._tags else ()
        words = ("repack", "-a", "-d", *kept, "--quiet")
        if not self._git.run(*words, at=self.folder, wait=self._limits.clone_wait).well:
            self._sweep()
        self._tidies = not self._untidy()


def _not_landed(done: Done, branch: str, permit: Permit) -> NoSnapshot:
    """Say why the branch is not here; a shallow clone is refused by a git that reports success."""
    return explain(done, f"fetching {branch}", permit.secrets)
