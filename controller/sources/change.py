"""A change of files on a branch of a remote: fetched into a clone of our own, committed by plumbing, and pushed.

Nothing is checked out, so that no hook, filter or merge driver of anybody's runs here, and no clone of a person's
is touched. A push names the commit that the branch has to stand at (git-push(1), --force-with-lease with a value):
who came in between is never overwritten.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.errors import AccessError, Conflict, PlatformError, Refusal, SpecError, TrueupError
from controller.model.names import Commit
from controller.sources.address import read_address, read_branch, read_path
from controller.sources.auth import Credentials, Permit, permit
from controller.sources.command import Done, Ended, Git
from controller.sources.failure import explain, redact
from controller.sources.limits import Limits
from controller.sources.objects import is_oid
from controller.sources.reading import read_snapshot
from controller.sources.snapshot import NoSnapshot, Reason, Snapshot

_SHA256: Final = 64
_REFS: Final = "refs/trueup"
_MOST_COMMITS: Final = 50
# What `git push --porcelain` says of a branch that does not stand where it was: by git, or by the server.
_MOVED: Final = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|incorrect old value|failed to update"
)
_CHECKED_OUT: Final = "currently checked out"
_REJECTED: Final = re.compile(r"^!\t[^\t]*\t(\[[^]]*\] ?(?:\(.*\))?)", re.MULTILINE)
_ROLES: Final = ("AUTHOR", "COMMITTER")
_NO_PERMIT: Final = Permit()
_UNSAFE: Final = re.compile(r"[<>\n\r\x00-\x1f\x7f]+")


class Moved(Conflict):
    """Somebody else pushed first: what was made does not fit any more, and nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who a commit is by, as git writes it."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the branch of the specs stands, and, if it is there, the branch on which a change is proposed.

    `own` says that the commits on that branch alone all carry the trailer that was asked for.
    """

    base: Commit
    proposed: Commit | None = None
    on_base: bool = False
    own: bool = True


class Workshop:
    """A bare clone in an empty `folder`, which the caller removes; `path` is the folder of the specs.

    Raises AddressError for an address, branch or path that is not taken. Methods raise AccessError where we are not
    let in, PlatformError where git or the server fail, SpecError where there is no such branch.
    """

    def __init__(
        self,
        url: str,
        branch: str,
        path: str,
        *,
        folder: Path,
        credentials: Credentials,
        limits: Limits | None = None,
    ) -> None:
        self._address = read_address(url)
        self._branch = read_branch(branch)
        self._path = read_path(path)
        self._limits = limits or Limits()
        self._folder = folder / "change.git"
        self._index = str(folder / "index")
        self._git = Git(cache=folder, scheme=self._address.scheme, limits=self._limits)
        granted = permit(credentials, self._address)
        if isinstance(granted, NoSnapshot):
            raise AccessError(granted.why)
        self._permit = granted

    def fetch(self, proposed: str = "", trailer: str = "") -> Standing:
        """Bring the branch of the specs here, and the branch of that name if the server has it."""
        there = self._announced(*filter(None, (self._branch, read_branch(proposed) if proposed else "")))
        if self._branch not in there:
            raise SpecError(f"the repository has no branch {self._branch}")
        if not self._folder.exists():
            kind = "sha256" if len(there[self._branch]) == _SHA256 else "sha1"
            self._do("init", "--bare", "--quiet", "--template=", f"--object-format={kind}", str(self._folder))
        for name in there:
            self._fetch(name)
        base, tip = self._ref(self._branch), self._ref(proposed) if proposed in there else None
        if tip is None or proposed == self._branch:
            return Standing(base=base)
        parents = self._do("rev-list", "--parents", "--max-count=1", tip).split()[1:]
        return Standing(base=base, proposed=tip, on_base=parents == [base], own=self._is_own(base, tip, trailer))

    def snapshot(self, commit: Commit) -> Snapshot:
        """Read the specs at a commit that was fetched."""
        found = read_snapshot(self._git, self._folder, commit, self._path, {}, self._limits)
        if isinstance(found, NoSnapshot):
            raise _error(found)
        return found

    def commit(self, parent: Commit, files: Mapping[str, bytes], author: Author, message: str) -> Commit:
        """Make a commit that changes files which are there, by their names from the top of the repository."""
        lines: list[bytes] = []
        for name, content in files.items():
            listed = self._do("ls-tree", "-z", "--full-tree", parent, "--", name)
            mode = listed.split(" ", 1)[0]
            if not listed:
                raise SpecError(f"there is no {name} at {parent[:12]}")
            oid = self._do("hash-object", "-w", "--stdin", feed=content).strip()
            lines.append(f"{mode} {oid}\t".encode() + name.encode() + b"\0")
        staged = Permit(environment=(("GIT_INDEX_FILE", self._index),))
        self._do("read-tree", parent, permit=staged)
        self._do("update-index", "-z", "--index-info", feed=b"".join(lines), permit=staged)
        tree = self._do("write-tree", permit=staged).strip()
        who = {"NAME": _UNSAFE.sub(" ", author.name).strip(), "EMAIL": _UNSAFE.sub("", author.email)}
        by = Permit(
            environment=tuple((f"GIT_{as_}_{k}", v) for as_ in ("AUTHOR", "COMMITTER") for k, v in who.items())
        )
        made = self._do("commit-tree", "-p", parent, "-F", "-", tree, feed=message.encode(), permit=by).strip()
        return Commit(made)

    def push(self, commit: Commit, branch: str, over: Commit | None) -> None:
        """Let a branch of the server stand at a commit, if it still stands at `over`; None: if it is not there.

        Raises Moved if it does not, Refusal if the server does not take it.
        """
        ref = f"refs/heads/{read_branch(branch)}"
        lease = f"--force-with-lease={ref}:{over or ''}"
        words = ("push", "--porcelain", "--no-verify", "--no-recurse-submodules", lease, "--end-of-options")
        done = self._run(*words, self._address.url, f"{commit}:{ref}", permit=self._permit)
        if done.well:
            return
        hit = _REJECTED.search(done.out.decode("utf-8", "replace"))
        if hit is None or done.ended is not Ended.ITSELF:
            raise _error(explain(done, f"pushing to {branch}", self._permit.secrets))
        said = redact(f"{hit[1]} {_remote(done.err)}", self._permit.secrets)
        if _MOVED.search(hit[1]):
            raise Moved(f"{branch} moved while this was made: {said}")
        hint = "; name the repository that it was cloned from with --repo" if _CHECKED_OUT in said else ""
        raise Refusal(f"the server does not take it on {branch}: {said}{hint}")

    def _announced(self, *branches: str) -> Mapping[str, Commit]:
        refs = {f"refs/heads/{name}": name for name in branches}
        done = self._run("ls-remote", "--end-of-options", self._address.url, *refs, permit=self._permit)
        if not done.well:
            raise _error(explain(done, f"asking for {' and '.join(branches)}", self._permit.secrets))
        lines = (line.partition("\t") for line in done.out.decode("utf-8", "replace").splitlines())
        return {refs[name]: Commit(oid) for oid, _, name in lines if name in refs and is_oid(oid)}

    def _fetch(self, branch: str) -> None:
        words = ("fetch", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--end-of-options")
        # Forced into refs of our own alone: the clone is thrown away, and the newest is what counts.
        self._do(
            *words,
            self._address.url,
            f"+refs/heads/{branch}:{_REFS}/{branch}",
            permit=self._permit,
            wait=self._limits.clone_wait,
        )

    def _ref(self, branch: str) -> Commit:
        return Commit(self._do("rev-parse", "--verify", "--end-of-options", f"{_REFS}/{branch}^{{commit}}").strip())

    def _is_own(self, base: Commit, tip: Commit, trailer: str) -> bool:
        """Whether all that a branch adds was made here, by the trailer that every such commit has."""
        key, _, value = trailer.partition(": ")
        form = f"--format=by %(trailers:key={key},valueonly,separator=%x2C)"
        words = ("rev-list", "--no-commit-header", f"--max-count={_MOST_COMMITS}", form, tip, f"^{base}")
        said = self._do(*words).splitlines()
        return len(said) < _MOST_COMMITS and all(line == f"by {value}" for line in said)

    def _do(self, *words: str, feed: bytes = b"", permit: Permit = _NO_PERMIT, wait: float | None = None) -> str:
        """Run what has to succeed, and give what it says."""
        done = self._run(*words, feed=feed, permit=permit, wait=wait)
        if not done.well:
            raise _error(explain(done, f"git {words[0]}", self._permit.secrets))
        return done.out.decode("utf-8", "replace")

    def _run(self, *words: str, permit: Permit, feed: bytes = b"", wait: float | None = None) -> Done:
        at = self._folder if self._folder.exists() else None
        try:
            return self._git.run(*words, at=at, feed=feed, permit=permit, wait=wait)
        except OSError as problem:
            raise PlatformError(f"git cannot be used: {problem.strerror or problem}") from problem


def _remote(err: str) -> str:
    """Give what the server itself said of a refusal: its last word that is more than a frame."""
    lines = (line.removeprefix("remote:").strip() for line in err.splitlines() if line.startswith("remote:"))
    return " ".join([line for line in lines if line][:3])


def _error(found: NoSnapshot) -> TrueupError:
    if found.reason is Reason.DENIED:
        return AccessError(found.why)
    if found.reason in {Reason.PATH_GONE, Reason.EMPTY, Reason.BRANCH_GONE}:
        return SpecError(found.why)
    return PlatformError(found.why)
