"""`audit`: walk the chain of a journal, in a store or in what was exported of it, and say where it does not fit."""

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controller.app.memory import open_store
from controller.errors import SpecError
from controller.model.story import ChainHead, Link
from controller.stores.chain import START, Broken, fitting, read_line

if TYPE_CHECKING:
    from controller.ports import Store

_CHAIN: Final = re.compile(r"[0-9a-f]{64}")
_LAST: Final = re.compile(
    r'\{"head":"([0-9a-f]{64})","number":(0|[1-9][0-9]{0,17}),"after":(0|[1-9][0-9]{0,17}),"at":"([0-9TZ:-]{20})"\}'
)
_SHOWN: Final = 60  # characters of a line that is not understood


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What came of walking a chain: how many rows fit, from which on, and the head at the last of them.

    `misfit` is the number of the first row that does not fit, None if it is no row that is wrong; `why` says what
    is, and is empty if nothing is.
    """

    where: str
    rows: int
    first: int
    number: int
    head: str
    misfit: int | None = None
    why: str = ""

    @property
    def fits(self) -> bool:
        """Whether nothing is wrong."""
        return not self.why


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLine:
    """The last line of an export: the head of what it holds, after which row it begins, and when it was written."""

    head: ChainHead
    after: int
    at: str

    def written(self) -> str:
        """Write it as a line."""
        told = {"head": self.head.chain, "number": self.head.number, "after": self.after, "at": self.at}
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def read(cls, line: str) -> "LastLine | None":
        """Read a line, to the letter; None if it is no head."""
        hit = _LAST.fullmatch(line)
        if hit is None:
            return None
        return cls(head=ChainHead(number=int(hit[2]), chain=hit[1]), after=int(hit[3]), at=hit[4])


def verify_store(url: str, head: str | None) -> Verified:
    """Walk the chain of a store; `head` is one that was kept elsewhere, and has to be in it.

    Raises Refusal if an older trueup wrote the store, and its rows have no chain yet.
    """
    known = _chain(head)
    with closing(open_store(url, must_exist=True)) as store:
        return _walk(url, store.links(), START, known)


def verify_file(path: Path, head: str | None) -> Verified:
    """Walk the chain of an export, whose last line must be the head of what is in it; no store is needed."""
    known = _chain(head)
    try:
        with path.open(encoding="ascii", newline="\n") as file:
            return _verify_lines(str(path), file, known)
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SpecError(f"{path} is no export: it is not ASCII") from error


def open_for_run(url: str) -> "Store":
    """Open the store for the one controller that runs on it: brought to the newest layout, its head in the log."""
    from controller.stores.open import upgrade_store
    from controller.telemetry.logs import logger

    chained = upgrade_store(url)
    if chained is not None:
        logger().info("the journal of an older version was chained", rows=chained, store=url)
    store = open_store(url)
    head = head_of(store)
    logger().info("the journal begins again after its head", number=head.number, head=head.chain)
    return store


def head_of(store: "Store") -> ChainHead:
    """Give the head of a journal as it is now."""
    newest = store.journal(limit=1)
    link = next(store.links(after=newest[-1].number - 1), None) if newest else None
    return ChainHead(number=link.number, chain=link.chain) if link else START


def _chain(head: str | None) -> str | None:
    if head is not None and not _CHAIN.fullmatch(head.lower()):
        raise SpecError(f"{head!r} is no head of a chain: it has 64 hexadecimal digits")
    return head.lower() if head is not None else None


def _walk(where: str, links: Iterable[Link], after: ChainHead, known: str | None) -> Verified:
    number, chain, rows = after.number, after.chain, 0
    found = known in {None, chain}
    misfit, why = None, ""
    try:
        for link in fitting(links, after):
            number, chain, rows = link.number, link.chain, rows + 1
            found = found or chain == known
    except Broken as broken:
        misfit, why = broken.number or None, broken.why
    if not why and not found:
        why = f"no row has the head {known}: rows were cut off at the end, or all were chained anew"
    return Verified(
        where=where, rows=rows, first=after.number + 1, number=number, head=chain, misfit=misfit, why=why
    )


def _verify_lines(where: str, lines: Iterable[str], known: str | None) -> Verified:
    """Walk lines as they come, the first of which says where the chain begins."""
    ends: list[LastLine] = []
    links = _links(lines, ends)
    first: tuple[Link, ...] = ()
    start, why = START, ""
    try:
        first = tuple(itertools.islice(links, 1))
    except Broken as broken:
        why = broken.why
    if first and first[0].number > 1:
        start = ChainHead(number=first[0].number - 1, chain=first[0].previous)
    elif ends and not first:
        start = ends[0].head
    done = _walk(where, itertools.chain(first, links), start, known)
    return replace(done, why=why or done.why or _unlike(done, ends))


def _links(lines: Iterable[str], ends: list[LastLine]) -> Iterator[Link]:
    """Read the rows of an export, and into `ends` its last line; raise Broken at a line that is neither."""
    for at, line in enumerate(lines, start=1):
        plain = line.removesuffix("\n")
        link, end = read_line(plain), LastLine.read(plain)
        if ends:
            raise Broken(0, f"line {at} comes after the head, which ends an export")
        if link is not None:
            yield link
        elif end is not None:
            ends.append(end)
        else:
            raise Broken(0, f"line {at} is neither a row nor a head: {plain[:_SHOWN]!r}")


def _unlike(done: Verified, ends: list[LastLine]) -> str:
    """Say in what the last line is not what was walked; empty if it is."""
    if not ends:
        return "it ends without a head: lines were cut off at the end"
    end = ends[0]
    if end.after != done.first - 1:
        return f"it should begin after row {end.after}, and begins after row {done.first - 1}"
    if (end.head.number, end.head.chain) != (done.number, done.head):
        return f"its head is at row {end.head.number} ({end.head.chain}), and that is not its last row"
    return ""
