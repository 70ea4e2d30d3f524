"""Who changed which files between two commits: all that git's log says of it, asked for once."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from controller.model.names import Commit
from controller.sources.command import Git
from controller.sources.failure import explain, redact
from controller.sources.listing import read_name
from controller.sources.snapshot import Change, NoSnapshot, Reason

_TRAILERS: Final = "%(trailers:key=Co-authored-by,valueonly=true,unfold=true,separator=%x02)"
_FORMAT: Final = f"%x01%H%x00%P%x00%ae%x00%ce%x00{_TRAILERS}"
# Git puts a warning before the next commit where it left out what a merge of more than two changed.
_HEAD: Final = re.compile(rb"(?:diff: warning: [^\x01]*)?\n?\x01([0-9a-f]{40}|[0-9a-f]{64})")
_TWO: Final = 2
_STATUS: Final = re.compile(rb"\n?([A-Z]+)(\d*)")


def read_changes(
    git: Git, folder: Path, commit: Commit, since: Commit | None, path: str
) -> tuple[Change, ...] | NoSnapshot:
    """Read every commit that `commit` has and `since` has not, children first; without it, all there are.

    Side branches are walked as well: what was merged was written by somebody. What a merge changed itself is told
    by merging again: an old branch that is merged "as ours" takes back what others wrote, and is as one of its
    parents. Of a whole history that would take long; there it is what is as in no parent. Raises OSError.
    """
    merges = "--remerge-diff" if since else "-c"
    words = ["log", "-z", "--topo-order", "--full-history", merges, "-M", "--name-status"]
    words += [f"--format=tformat:{_FORMAT}", commit, *((f"^{since}",) if since else ())]
    done = git.run(*words, "--", *((path,) if path else ()), at=folder)
    if not done.well:
        return explain(done, f"asking who wrote what up to {commit[:12]}")
    try:
        return tuple(_changes(iter(done.out.split(b"\0")[:-1]), f"{path}/" if path else ""))
    except ValueError:
        return NoSnapshot(reason=Reason.CORRUPT, why="git told of changes in a form that cannot be read")


def _changes(fields: Iterator[bytes], below: str) -> Iterator[Change]:
    """Read field by field: which one is a name is told by what stands before it, never by how it looks.

    Raises ValueError.
    """
    word = next(fields, None)
    while word is not None:
        hit = _HEAD.fullmatch(word)
        if hit is None:
            raise ValueError(word)
        parents, author, committer, trailers = (_text(next(fields, b"")) for _ in range(4))
        files: set[str] = set()
        renamed: dict[str, str] = {}
        word = _next(fields)
        while word is not None and (status := _STATUS.fullmatch(word)):
            name = _name(fields, below)
            if status[2] and status[1] == b"R":
                renamed[(new := _name(fields, below))] = name
                files.add(new)
            files.add(name)
            word = _next(fields)
        others = (_email(trailer) for trailer in trailers.split("\x02") if trailer.strip())
        emails = tuple(dict.fromkeys(redact(email) for email in (author, *others)))
        yield Change(
            commit=Commit(_text(hit[1])),
            emails=emails,
            committer=redact(committer),
            files=frozenset(files),
            renamed=renamed,
            opaque=len(parents.split()) > _TWO,
        )


def _next(fields: Iterator[bytes]) -> bytes | None:
    """Give the next word; git puts an empty one before what it says of a merge."""
    return next((word for word in fields if word), None)


def _name(fields: Iterator[bytes], below: str) -> str:
    raw = next(fields, None)
    if raw is None:
        raise ValueError("a status without a name")
    return read_name(raw).removeprefix(below)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _email(trailer: str) -> str:
    """Take the email out of a trailer; one without any stands for somebody whom nobody knows."""
    _, found, rest = trailer.rpartition("<")
    return rest.partition(">")[0].strip() if found else trailer.strip()
