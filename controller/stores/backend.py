"""What the stores need of whatever keeps their items: reads, and one conditional write of several at once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

ABSENT: Final = ""
"""The etag of an item that is not there."""


class Key(NamedTuple):
    """The address of an item: the part of the store that it belongs to, and its name there."""

    part: str
    name: str

    def __str__(self) -> str:
        return f"{self.part}: {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item as it was read; no two writes, of whatever item, give it the same etag."""

    etag: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Put a body (None: delete) if the item still has the expected etag (None: whatever it has)."""

    key: Key
    body: str | None
    expect: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Write nothing here, but refuse the whole commit unless the item still has this etag."""

    key: Key
    expect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the journal; `number` is given when it is written, counting from 1 without gaps.

    So are `previous`, the chain at the row before it, and `chain`: see stores/chain.py.
    """

    env: str
    target: str | None
    body: str
    number: int = 0
    previous: str = ""
    chain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What a commit came to: the etag of all that it put, and each touched part's revision before and after.

    Both are told so that whoever knew the part as it was before knows it as it is now, without reading.
    """

    etag: str
    parts: Mapping[str, tuple[str, str]]


class Backend(Protocol):
    """Items in parts, each with an etag; all that can be asked can be said in conditional writes of DynamoDB too.

    Everything raises PlatformError when it cannot be done; then nothing was written, unless the very end of a
    commit failed: who gets one reads again before relying on either.
    """

    def get(self, part: str, names: Collection[str]) -> Mapping[str, Item]:
        """Read these items of one part, as they are at one moment; what is not there is left out."""
        ...

    def etags(self, part: str) -> Mapping[str, str]:
        """Name every item of one part, with its etag, in order of name."""
        ...

    def revisions(self, parts: Sequence[str]) -> tuple[str, ...]:
        """Tell for each part a text that is new whenever an item in it was put or deleted; cheap."""
        ...

    def commit(
        self, writes: Sequence[Write], *, checks: Sequence[Check] = (), rows: Sequence[Row] = ()
    ) -> Committed:
        """Write and append everything, or raise Conflict and write nothing."""
        ...

    def journal(self, *, env: str | None, target: str | None, after: int, limit: int) -> Sequence[Row]:
        """Read rows in order of number: the first `limit` beyond `after`, or with 0 the newest `limit`."""
        ...

    def chain(self, *, after: int, limit: int) -> Sequence[Row]:
        """Read rows with their chain, in order of number: the first `limit` beyond `after`.

        Raises Refusal if they are not chained yet.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def conditions(writes: Sequence[Write], checks: Sequence[Check]) -> Iterator[tuple[Key, str]]:
    """List what has to be so for a commit to happen; raise ValueError if an item is written twice in it."""
    if len({write.key for write in writes}) != len(writes):
        raise ValueError("one commit writes an item twice, and which of the two holds is anybody's guess")
    yield from ((check.key, check.expect) for check in checks)
    yield from ((write.key, write.expect) for write in writes if write.expect is not None)


def changed_meanwhile(key: Key) -> str:
    """Say which item was not as expected, in the text of a Conflict."""
    return f"somebody else changed {key} meanwhile; look again"
