"""A clone of a repository on this machine, read at any of its revisions by object id; nothing in it is changed.

What is not committed is not seen: no file of the working tree is read. Every git command is given the clone's git
folder by name, so that git looks for no other, and none of the commands used here runs a hook, a filter or a merge
driver. No protocol is spoken: a partial clone does not fetch what it lacks.
"""

import re
from pathlib import Path
from typing import Final

from controller.errors import PlatformError, SpecError
from controller.model.names import Commit
from controller.sources.address import read_path
from controller.sources.command import Done, Ended, Git
from controller.sources.failure import explain
from controller.sources.limits import Limits
from controller.sources.objects import is_oid
from controller.sources.reading import read_snapshot
from controller.sources.snapshot import NoSnapshot, Reason, Snapshot

# What people and CI write: names of branches and tags, ids, and steps from them (gitrevisions(7)).
_REVISION: Final = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_./@+=~^{}-]{0,249}")
_LONGEST_POINTER: Final = 4096
_NO_ANCESTOR: Final = 1


class Clone:
    """A clone; `path` is the folder of specs in it. Raises SpecError if there is no clone at `folder`."""

    def __init__(self, folder: Path, path: str, *, limits: Limits | None = None) -> None:
        self._path = read_path(path)
        self._limits = limits or Limits()
        try:
            found = git_folder(folder)
        except OSError as problem:
            raise SpecError(f"{folder} cannot be read: {problem.strerror or problem}") from problem
        if found is None:
            raise SpecError(f"{folder} is not a clone of a git repository: --base and --head read one; give --repo")
        self._folder = found.absolute()
        self._git = Git(cache=self._folder, scheme=None, limits=self._limits)

    def commit(self, revision: str) -> Commit:
        """Find the commit that a revision names; raises SpecError if there is none, PlatformError if git fails."""
        if not _REVISION.fullmatch(revision) or ".." in revision:
            raise SpecError(
                f"{revision!r} is not a revision; write a branch, a tag or a commit, such as origin/main"
            )
        done = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        found = done.out.decode("ascii", "replace").strip()
        if done.well and is_oid(found):
            return Commit(found)
        if _is_silent(done):
            raise SpecError(
                f"this clone has no revision {revision!r}; fetch it, or name another with --base, --head"
            )
        raise PlatformError(explain(done, f"looking for {revision}").why)

    def fork(self, base: Commit, head: Commit) -> Commit:
        """Find where `head` left `base`: the newest commit that both have; raises SpecError if there is none."""
        done = self._run("merge-base", base, head)
        found = done.out.decode("ascii", "replace").strip()
        if done.well and is_oid(found):
            return Commit(found)
        if done.code == _NO_ANCESTOR and _is_silent(done):
            raise SpecError(f"{base[:12]} and {head[:12]} have no common history here{self._if_shallow()}")
        raise PlatformError(explain(done, f"looking for the common history of {base[:12]} and {head[:12]}").why)

    def snapshot(self, commit: Commit) -> Snapshot | None:
        """Read the specs at a commit; None if there are none. Raises PlatformError if they cannot be read."""
        try:
            found = read_snapshot(self._git, self._folder, commit, self._path, {}, self._limits)
        except OSError as problem:
            raise _unusable(problem) from problem
        if isinstance(found, Snapshot):
            return found
        if found.reason in {Reason.PATH_GONE, Reason.EMPTY}:
            return None
        raise PlatformError(_why(found, commit))

    def _run(self, *words: str) -> Done:
        try:
            return self._git.run(*words, at=self._folder)
        except OSError as problem:
            raise _unusable(problem) from problem

    def _if_shallow(self) -> str:
        done = self._run("rev-parse", "--is-shallow-repository")
        shallow = done.well and done.out.strip() == b"true"
        return ", for the clone is shallow; fetch all of it (actions/checkout: fetch-depth: 0)" if shallow else ""


def git_folder(folder: Path) -> Path | None:
    """Find the folder that git keeps of a clone, of a linked worktree, or of a bare repository; None if none is.

    A worktree has a file `.git` that points there (gitrepository-layout(5)). Raises OSError.
    """
    dot = folder / ".git"
    if dot.is_dir():
        return dot
    if dot.is_file():
        with dot.open("rb") as opened:
            word, _, rest = opened.read(_LONGEST_POINTER).decode("utf-8", "replace").partition(":")
        there = folder / rest.strip()
        return there if word == "gitdir" and there.is_dir() else None
    return folder if (folder / "HEAD").is_file() and (folder / "objects").is_dir() else None


def _is_silent(done: Done) -> bool:
    """Say whether git ended by itself and found nothing wrong; it hints that a graft file, even none, is old."""
    lines = (line for line in done.err.splitlines() if line.strip() and not line.startswith("hint:"))
    return done.ended is Ended.ITSELF and not any(lines)


def _unusable(problem: OSError) -> PlatformError:
    return PlatformError(f"git cannot be used: {problem.strerror or problem}")


def _why(found: NoSnapshot, commit: Commit) -> str:
    if found.reason is Reason.CORRUPT:
        return f"objects of {commit[:12]} are missing or damaged; is it a partial clone? fetch without --filter"
    return found.why
