"""The chain over all rows of the journal: whoever changes, takes or adds one must write all that follow anew.

It proves order and completeness, not honesty: who can write the store can chain it anew. A head that was kept
elsewhere tells.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from controller.model.story import ORIGIN, ChainHead, Link
from controller.stores.backend import Row

START: Final = ChainHead(number=0, chain=ORIGIN)
"""The head of a journal that has no rows."""

_LINE: Final = re.compile(
    r'(\{"number":([1-9][0-9]{0,17}),"env":.*),"previous":"([0-9a-f]{64})","chain":"([0-9a-f]{64})"\}', re.DOTALL
)


class Broken(Exception):
    """A row does not fit: its number, and what was expected of it, in a sentence."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number, self.why = number, why


def text_of(row: Row) -> str:
    """Write a row as the one text that is hashed: JSON without spaces, in ASCII, in this order of keys."""
    target = "null" if row.target is None else _quoted(row.target)
    return f'{{"number":{row.number},"env":{_quoted(row.env)},"target":{target},"row":{row.body}}}'


@lru_cache(maxsize=4096)
def _quoted(name: str) -> str:
    return json.dumps(name)


def chained(previous: str, text: str) -> str:
    """Give the chain at a row: SHA-256 over the chain before it, in hexadecimal digits, and its text."""
    return hashlib.sha256(f"{previous}{text}".encode(errors="surrogatepass")).hexdigest()


def linked(head: ChainHead, rows: Iterable[Row]) -> list[Row]:
    """Give new rows their numbers, and chain them to the head of those that are there."""
    numbered = (replace(row, number=number) for number, row in enumerate(rows, start=head.number + 1))
    return list(sealed(head.chain, numbered))


def sealed(previous: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Chain rows that have their numbers."""
    for row in rows:
        chain = chained(previous, text_of(row))
        yield replace(row, previous=previous, chain=chain)
        previous = chain


def link_of(row: Row) -> Link:
    """Give a row that was read as a link of the chain."""
    return Link(number=row.number, text=text_of(row), previous=row.previous, chain=row.chain)


def fitting(links: Iterable[Link], after: ChainHead = START) -> Iterator[Link]:
    """Give the links one by one as long as each fits what came before; raise Broken at the first that does not."""
    number, previous = after.number, after.chain
    for link in links:
        if link.number != number + 1:
            why = f"row {number + 1} was expected after row {number}, and row {link.number} came"
            raise Broken(link.number, why)
        if link.previous != previous:
            raise Broken(
                link.number,
                f"row {link.number} does not follow row {number}: it says that the chain before it is "
                f"{link.previous}, and {previous} was expected",
            )
        if chained(previous, link.text) != link.chain:
            raise Broken(
                link.number,
                f"row {link.number} was changed: its chain is {link.chain}, and what it says comes to "
                f"{chained(previous, link.text)}",
            )
        yield link
        number, previous = link.number, link.chain


def line_of(link: Link) -> str:
    """Write a link as a line of an export: its text, with both chains put in before the last brace."""
    if "\n" in link.text:
        raise Broken(link.number, f"row {link.number} is no JSON of ours: it has a line break in it")
    return f'{link.text[:-1]},"previous":"{link.previous}","chain":"{link.chain}"}}'


def read_line(line: str) -> Link | None:
    """Read a line of an export, to the letter; None if it is no link."""
    hit = _LINE.fullmatch(line)
    if hit is None:
        return None
    return Link(number=int(hit[2]), text=f"{hit[1]}}}", previous=hit[3], chain=hit[4])
