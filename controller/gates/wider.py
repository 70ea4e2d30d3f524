"""Whether one window is ever open while another is shut: as windows are compared with a policy's floor."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from controller.gates.hours import Rule, Span

_DAY: Final = timedelta(days=1)
_AROUND: Final = 8
"""How many days are compared before and after one that differs from others: a week, and a night."""
_ANY: Final = date(2028, 1, 12)
"""A day like others, of a year whose clocks stand for those of all years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a window is open: while a rule allows, or always without one, and none denies."""

    allows: tuple[Rule, ...]
    denies: tuple[Rule, ...]
    zone: ZoneInfo

    def spans(self, around: date, days: int) -> tuple[list[Span], list[Span]]:
        """Give the times that rules allow, and those that they deny, that begin from the day before `around` on."""
        allowed = [span for rule in self.allows for span in rule.spans(around, days, self.zone, denies=False)]
        denied = [span for rule in self.denies for span in rule.spans(around, days, self.zone, denies=True)]
        return allowed, denied

    def dated(self) -> Iterator[tuple[date, date]]:
        """Give the first and the last day of each rule that is one of the calendar."""
        for rule in (*self.allows, *self.denies):
            if rule.first is not None and rule.last is not None:
                yield rule.first, rule.last


def first_beyond(mine: Hours, floor: Hours) -> datetime | None:
    """Find a moment, in UTC, at which the first is open and the second is shut; both are of one zone of time.

    Compared are a plain week, and one around each day on which rules begin or end or clocks are turned: between
    those, every week is like the one before it.
    """
    dated = [*mine.dated(), *floor.dated()]
    edges = {day for days in dated for day in days}
    years = {_ANY.year} | {year for first, last in dated for year in range(first.year, last.year + 1)}
    turned = {day for year in years for day in _turns(year, mine.zone)}
    found = (_first(begin, days, mine, floor) for begin, days in _around({_ANY} | edges | turned))
    return next((moment for moment in found if moment is not None), None)


def _around(days: Iterable[date]) -> Iterator[tuple[date, int]]:
    """Give the stretches of days that lie around these: the first of each, and how many."""
    stretch: list[date] = []
    for day in sorted(days):
        if stretch and day - stretch[-1] > 2 * _AROUND * _DAY:
            yield _stretched(stretch)
            stretch = []
        stretch.append(day)
    yield _stretched(stretch)


def _stretched(days: Sequence[date]) -> tuple[date, int]:
    return days[0] - _AROUND * _DAY, (days[-1] - days[0]) // _DAY + 2 * _AROUND + 1


def _turns(year: int, zone: ZoneInfo) -> Iterator[date]:
    """Give the days of a year after which clocks show another time than before."""
    day, last = date(year, 1, 1), date(year, 12, 31)
    offset = datetime.combine(day, time(), zone).utcoffset()
    while day <= last:
        after = datetime.combine(day + _DAY, time(), zone).utcoffset()
        if after != offset:
            yield day
        day, offset = day + _DAY, after


def _first(begin: date, days: int, mine: Hours, floor: Hours) -> datetime | None:
    ours, theirs = (_Opened(*hours.spans(begin, days), is_always=not hours.allows) for hours in (mine, floor))
    low, high = (datetime.combine(begin + days * at * _DAY, time(), mine.zone) for at in (0, 1))
    # Only there can the one open, or the other shut.
    moments = {low, *ours.opens, *theirs.shuts}
    inside = sorted(moment for moment in moments if low <= moment < high)
    return next((at.astimezone(UTC) for at in inside if ours.is_open(at) and not theirs.is_open(at)), None)


class _Opened:
    """The times of some days, made so that one moment is found quickly among many."""

    def __init__(self, allowed: Sequence[Span], denied: Sequence[Span], *, is_always: bool) -> None:
        self._is_always = is_always
        self._allowed, self._denied = _joined(allowed), _joined(denied)
        self.opens = [begins for begins, _ in allowed] + [ends for _, ends in denied]
        self.shuts = [ends for _, ends in allowed] + [begins for begins, _ in denied]

    def is_open(self, at: datetime) -> bool:
        return (self._is_always or _holds(self._allowed, at)) and not _holds(self._denied, at)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Bring times into order, as one where they touch."""
    whole: list[Span] = []
    for begins, ends in sorted(spans):
        if whole and begins <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], ends))
        else:
            whole.append((begins, ends))
    return whole


def _holds(spans: Sequence[Span], at: datetime) -> bool:
    index = bisect_right(spans, at, key=lambda span: span[0]) - 1
    return index >= 0 and at < spans[index][1]
