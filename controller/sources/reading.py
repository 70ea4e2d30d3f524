"""One commit of a mirror read whole: the tree listed, every file judged, every object fetched by id and hashed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from controller.errors import Refusal
from controller.model.names import Commit
from controller.sources.command import Done, Ended, Git
from controller.sources.failure import explain
from controller.sources.limits import Limits
from controller.sources.listing import reject_names
from controller.sources.objects import CorruptError, Entry, hash_object, read_commit, read_listing, read_objects
from controller.sources.snapshot import NoSnapshot, Reason, Snapshot

_LONGEST_COMMIT = 1024 * 1024
_LONGEST_HEADER = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The plain files under the path, by name below it, and the names that are there but may not be read."""

    entries: Mapping[str, Entry]
    rejected: Mapping[str, str]


class RefusedError(Refusal):
    """The commit cannot be read as a whole; carries what to say."""

    def __init__(self, answer: NoSnapshot) -> None:
        super().__init__(answer.why)
        self.answer = answer


def read_snapshot(
    git: Git, folder: Path, commit: Commit, path: str, blobs: Mapping[str, bytes], limits: Limits
) -> Snapshot | NoSnapshot:
    """Read everything under `path` at `commit`; `blobs` holds what was read before, by oid.

    Two processes, whatever the number of files; files keep the bytes that git stores: no filter, no attribute, no
    replacement applies. Raises OSError when git cannot be started.
    """
    try:
        listed = _list(git, folder, commit, path, limits)
        oids = {name: entry.oid for name, entry in listed.entries.items()}
        missing = {entry.oid: entry.size for entry in listed.entries.values() if entry.oid not in blobs}
        found = _fetch_objects(git, folder, commit, missing)
        text = read_commit(found[commit])
    except CorruptError as problem:
        return NoSnapshot(reason=Reason.CORRUPT, why=f"the mirror is damaged at {commit[:12]}: {problem}")
    except RefusedError as problem:
        return problem.answer
    if not oids and not listed.rejected:
        return _nothing(path, is_empty=text.tree == hash_object("tree", b"", len(commit)))
    return Snapshot(
        commit=commit,
        committed_at=text.committed_at,
        author=text.author,
        subject=text.subject,
        path=path,
        files=MappingProxyType({name: blobs[oid] if oid in blobs else found[oid] for name, oid in oids.items()}),
        oids=MappingProxyType(oids),
        rejected=MappingProxyType(dict(listed.rejected)),
    )


def _nothing(path: str, *, is_empty: bool) -> NoSnapshot:
    if is_empty:
        return NoSnapshot(reason=Reason.EMPTY, why="the repository is empty: its newest commit holds no files")
    return NoSnapshot(reason=Reason.PATH_GONE, why=f"the repository has no folder {path}")


def _list(git: Git, folder: Path, commit: Commit, path: str, limits: Limits) -> Listed:
    if not folder.exists():
        raise RefusedError(NoSnapshot(reason=Reason.COMMIT_GONE, why="nothing was fetched yet"))
    below = ("--", path) if path else ()
    done = git.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit, *below, at=folder)
    if not done.well:
        raise _unlisted(git, folder, commit, done)
    entries = list(read_listing(done.out))
    for entry in entries:
        if entry.name == path:
            raise RefusedError(_refused(f"{path} is not a folder{f': {entry.odd}' if entry.odd else ''}"))
    inside = {entry.name.removeprefix(f"{path}/") if path else entry.name: entry for entry in entries}
    return judge(inside, limits)


def judge(inside: Mapping[str, Entry], limits: Limits) -> Listed:
    """Part what may be read from what may not. Raises RefusedError when all of it together is too much."""
    if len(inside) > limits.files:
        raise RefusedError(_refused(f"there are {len(inside)} files under the path, and {limits.files} are taken"))
    rejected = dict(reject_names(inside, limits))
    for name, entry in inside.items():
        if entry.odd:
            rejected.setdefault(name, entry.odd)
        elif entry.size > limits.file_bytes:
            rejected.setdefault(name, f"it has {entry.size} bytes, and {limits.file_bytes} are taken")
    entries = {name: entry for name, entry in inside.items() if name not in rejected}
    if sum(entry.size for entry in entries.values()) > limits.total_bytes:
        raise RefusedError(_refused(f"the files under the path have more than {limits.total_bytes} bytes together"))
    return Listed(entries=entries, rejected=rejected)


def _refused(why: str) -> NoSnapshot:
    return NoSnapshot(reason=Reason.REFUSED, why=why)


def _unlisted(git: Git, folder: Path, commit: Commit, done: Done) -> Exception:
    """Tell a commit that was never here from one that is damaged, and both from a git that was stopped."""
    if done.ended is not Ended.ITSELF:
        return RefusedError(explain(done, f"listing {commit[:12]}"))
    there = git.run("cat-file", "-e", commit, at=folder)
    if there.code == 1 and not there.err:
        return RefusedError(NoSnapshot(reason=Reason.COMMIT_GONE, why=f"commit {commit[:12]} is not in the mirror"))
    return CorruptError("git cannot list its tree")


def _fetch_objects(git: Git, folder: Path, commit: Commit, blobs: Mapping[str, int]) -> Mapping[str, bytes]:
    asked = {commit: "commit", **dict.fromkeys(blobs, "blob")}
    most = _LONGEST_COMMIT + sum(blobs.values()) + len(asked) * _LONGEST_HEADER
    done = git.run("cat-file", "--batch", at=folder, feed=_lines(asked), most=most)
    if done.ended is not Ended.ITSELF:
        raise RefusedError(explain(done, f"reading {commit[:12]}"))
    if not done.well:
        raise CorruptError("git cannot read an object of it")
    return read_objects(done.out, asked)


def _lines(words: Iterable[str]) -> bytes:
    return "".join(f"{word}\n" for word in words).encode("ascii")
