"""One table: what was measured, beside what, and whether the goal is met."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

COLUMNS: Final = ("measure", "floor", "peer", "trueup", "ratio", "goal", "met")
_NONE: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `compared` is what the goal is about; it is met if that is at most `goal`.

    A row without a goal is for information. `floor`, `peer` and `trueup` are text, with their units.
    """

    measure: str
    trueup: str
    floor: str = _NONE
    peer: str = _NONE
    ratio: str = _NONE
    compared: float | None = None
    goal: float | None = None
    wanted: str = _NONE

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.compared is None or self.goal is None:
            return None
        return self.compared <= self.goal

    def cells(self) -> tuple[str, ...]:
        """Give the cells, as text."""
        met = {True: "yes", False: "NO", None: _NONE}[self.met]
        return (self.measure, self.floor, self.peer, self.trueup, self.ratio, self.wanted, met)


def exponent(smaller: tuple[int, float], larger: tuple[int, float]) -> float:
    """Give the power of the count that a cost grows with: 1 is as fast as the count, 2 as fast as its square."""
    return math.log(larger[1] / smaller[1]) / math.log(larger[0] / smaller[0])


def percentile(found: Sequence[float], part: float) -> float:
    """Give the smallest value that at least this part of all values does not exceed (nearest rank)."""
    ranked = sorted(found)
    return ranked[max(0, math.ceil(part * len(ranked)) - 1)]


def markdown(rows: Sequence[Row]) -> str:
    """Write the table in markdown, its columns aligned so that it reads well as text too."""
    lines = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(COLUMNS))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(cells, widths) for cells in (lines[0], rule, *lines[1:]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
