"""Ranges of versions, such as `>=1.2 <2`: what each of its words allows has to hold. Read strictly."""

import re
from dataclasses import dataclass
from typing import Final

from controller.model.version import Precedence, Version, precedence

_NUMBER: Final = r"(?:0|[1-9][0-9]{0,8})"
_WORD: Final = re.compile(
    rf"(?P<how>>=|<=|>|<|=|\^|~)v?(?P<numbers>{_NUMBER}(?:\.{_NUMBER}){{0,2}})(?P<rest>-[0-9A-Za-z.-]{{1,80}})?"
)
PATTERN: Final = r"(?:>=|<=|>|<|=|\^|~)v?[0-9][0-9A-Za-z.-]*(?: +(?:>=|<=|>|<|=|\^|~)v?[0-9][0-9A-Za-z.-]*)*"
"""What a range looks like, for editors; reading one is stricter."""
_PARTS: Final = 3
_WHOLE: Final = frozenset({">", "<=", "="})
_MOST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one word of a range allows: from `low` on, up to but without `high`; each with or without itself."""

    low: Precedence | None = None
    high: Precedence | None = None
    with_low: bool = True
    with_high: bool = False

    def has(self, rank: Precedence) -> bool:
        """Whether this is within."""
        above = self.low is None or rank > self.low or (self.with_low and rank == self.low)
        below = self.high is None or rank < self.high or (self.with_high and rank == self.high)
        return above and below


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A range. `candidates` are the releases of which it names what leads to them: 1.3.0 by `>=1.3.0-rc.1`."""

    text: str
    bounds: tuple[Bounds, ...]
    candidates: frozenset[tuple[int, int, int]]

    def has(self, version: Version) -> bool:
        """Whether a version is in it; what only leads to a release is, where the range names one of that release.

        Otherwise `<2` would let 2.0.0-rc.1 in, which is lower than 2.0.0.
        """
        if not version.is_numbered:
            return False
        rank = precedence(version.semver)
        if not rank[3] and rank[:3] not in self.candidates:
            return False
        return all(one.has(rank) for one in self.bounds)


def read_range(text: str) -> Range:
    """Read a range; raises ValueError, with the end of a sentence, for anything else."""
    words = text.split(" ")
    if not text.strip() or len(words) > _MOST or any(not word for word in words):
        raise ValueError(f"is not 1 to {_MOST} words such as >=1.2 <2, each after one space")
    bounds, candidates = [], set()
    for word in words:
        hit = _WORD.fullmatch(word)
        if hit is None:
            raise ValueError(f"has {word[:40]!r}, which is not one of >= > < <= = ^ ~ and a version: >=1.2, ^1.2.3")
        numbers = [int(number) for number in hit["numbers"].split(".")]
        if hit["how"] in _WHOLE and len(numbers) < _PARTS:
            raise ValueError(f"has {word!r}: after {hit['how']} write all three numbers")
        if hit["rest"] and len(numbers) < _PARTS:
            raise ValueError(f"has {word!r}: what leads to a release needs all three numbers of it")
        low = _rank(numbers, hit["rest"] or "")
        bounds.append(_bounds(hit["how"], low, numbers))
        if hit["rest"]:
            candidates.add(low[:3])
    found = Range(text=text, bounds=tuple(bounds), candidates=frozenset(candidates))
    _refuse_empty(found)
    return found


def _refuse_empty(found: Range) -> None:
    """Raise ValueError for a range in which there is nothing."""
    lows = [one.low for one in found.bounds if one.low is not None]
    highs = [one.high for one in found.bounds if one.high is not None]
    if lows and highs and max(lows) > min(highs):
        raise ValueError("has no version in it: its lower end is above its upper one")


def _bounds(how: str, low: Precedence, numbers: list[int]) -> Bounds:
    match how:
        case ">=":
            return Bounds(low=low)
        case ">":
            return Bounds(low=low, with_low=False)
        case "<":
            return Bounds(high=low)
        case "<=":
            return Bounds(high=low, with_high=True)
        case "=":
            return Bounds(low=low, high=low, with_high=True)
        case "^":
            return Bounds(low=low, high=_rank(_after_caret(numbers)))
        case _:
            at = min(len(numbers), 2) - 1
            return Bounds(low=low, high=_rank([*numbers[:at], numbers[at] + 1]))


def _after_caret(numbers: list[int]) -> list[int]:
    """Give the first version that may break what relies on these numbers: the first that is not 0 grows."""
    at = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
    return [*numbers[:at], numbers[at] + 1]


def _rank(numbers: list[int], rest: str = "") -> Precedence:
    whole = ".".join(str(number) for number in (*numbers, 0, 0)[:_PARTS])
    try:
        return precedence(f"{whole}{rest}")
    except ValueError:
        raise ValueError(f"has {whole}{rest}, which is no semantic version") from None
