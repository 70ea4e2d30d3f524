"""Git's answers about trees, blobs and commits, read by object id, and every object hashed again."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from controller.errors import PlatformError
from controller.sources.failure import redact
from controller.sources.listing import read_name

_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PLAIN = frozenset({"100644", "100755"})
_WHAT = {"120000": "it is a symbolic link", "160000": "it is a submodule"}
_PERSON = re.compile(rb"(.*) (\d{1,20}) [+-]\d{4}")
_LATEST = 253402300799  # 9999-12-31T23:59:59Z, the last second that datetime knows
_SHA1 = 40
_ODD = "the commit is not written as git writes one"


class CorruptError(PlatformError):
    """An object is missing, or is not what its id says; never a sign that a file is absent."""


def is_oid(text: str) -> bool:
    """Say whether a text is a whole object id, of either of git's two formats."""
    return _OID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file as a tree lists it; `odd` says why its kind is not taken, empty for a plain file."""

    name: str
    oid: str
    size: int
    odd: str


def read_listing(listing: bytes) -> Iterator[Entry]:
    """Read the output of `ls-tree -r -z -l`. Raises CorruptError."""
    for line in listing.split(b"\0")[:-1]:
        facts, tab, raw = line.partition(b"\t")
        fields = facts.decode("ascii", "replace").split()
        if not tab or len(fields) != 4 or not is_oid(fields[2]):  # noqa: PLR2004 - mode, type, oid, size
            raise CorruptError("git listed a tree in a form that cannot be read")
        mode, _, oid, size = fields
        odd = "" if mode in _PLAIN else _WHAT.get(mode, f"it has the mode {mode}, not that of a plain file")
        yield Entry(name=read_name(raw), oid=oid, size=int(size) if size.isdecimal() else 0, odd=odd)


def read_objects(answer: bytes, asked: Mapping[str, str]) -> Mapping[str, bytes]:
    """Read the output of `cat-file --batch`; `asked` is oid to type, in the order asked. Raises CorruptError."""
    found: dict[str, bytes] = {}
    at = 0
    for oid, kind in asked.items():
        end = answer.find(b"\n", at)
        header = answer[at : max(at, end)].decode("ascii", "replace").split()
        if header[:2] == [oid, "missing"]:
            raise CorruptError(f"object {oid} is missing from the mirror")
        if end < 0 or len(header) != 3 or header[:2] != [oid, kind] or not header[2].isdecimal():  # noqa: PLR2004 - oid, type, size
            raise CorruptError(f"object {oid} is not the {kind} that it should be")
        start, size = end + 1, int(header[2])
        content = answer[start : start + size]
        if hash_object(kind, content, len(oid)) != oid:
            raise CorruptError(f"object {oid} does not match its id")
        found[oid] = content
        at = start + size + 1
    return found


def hash_object(kind: str, content: bytes, digits: int) -> str:
    """Compute git's id of an object: the hash of its type, its size and its content."""
    header = f"{kind} {len(content)}\0".encode()
    if digits == _SHA1:
        return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
    return hashlib.sha256(header + content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitText:
    """What a commit object says of itself, made safe to show; all of it is its author's word."""

    tree: str
    parents: tuple[str, ...]
    committed_at: datetime
    author: str
    subject: str


def read_commit(content: bytes) -> CommitText:
    """Read a commit object. Raises CorruptError."""
    fields, message = read_fields(content)
    author = _PERSON.fullmatch(fields.get(b"author", [b""])[0])
    trees = [tree.decode("ascii", "replace") for tree in fields.get(b"tree", [])]
    if author is None or len(trees) != 1 or not is_oid(trees[0]):
        raise CorruptError(_ODD)
    return CommitText(
        tree=trees[0],
        parents=tuple(parent.decode("ascii", "replace") for parent in fields.get(b"parent", [])),
        committed_at=committed_at(fields),
        author=_show(author[1]),
        subject=_show(message.lstrip(b"\n").partition(b"\n")[0]),
    )


def read_fields(content: bytes) -> tuple[Mapping[bytes, list[bytes]], bytes]:
    """Part the fields of a commit object, each as often as it stands there, from its message."""
    head, _, message = content.partition(b"\n\n")
    fields: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        word, _, rest = line.partition(b" ")
        fields.setdefault(word, []).append(rest)
    return fields, message


def committed_at(fields: Mapping[bytes, list[bytes]]) -> datetime:
    """Give the committer's time. Raises CorruptError."""
    committer = _PERSON.fullmatch(fields.get(b"committer", [b""])[0])
    if committer is None:
        raise CorruptError(_ODD)
    return datetime.fromtimestamp(min(int(committer[2]), _LATEST), UTC)


def _show(text: bytes) -> str:
    return redact(text.decode("utf-8", "replace"))
