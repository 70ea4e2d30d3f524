"""When a rule of a window holds: days and hours of a week, or days of the calendar, in a zone of time.

Where clocks are turned forward, an hour is left out: what begins or ends in it does so when it is over. Where they
are turned back, one is there twice: what is meant begins with the first, and ends with the first too, or with the
second if it denies (PEP 495 calls them fold 0 and 1).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from controller.errors import SpecError

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY: Final = "|".join(_DAYS)
_RULE: Final = re.compile(
    rf"(?P<days>daily|(?:{_DAY})(?:-(?:{_DAY}))?(?:,(?:{_DAY})(?:-(?:{_DAY}))?)*"
    r"|\d{4}-\d{2}-\d{2}(?:\.\.\d{4}-\d{2}-\d{2})?)"
    r"(?: (?P<start>\d{2}:\d{2})-(?P<end>\d{2}:\d{2}))?"
)
_HOUR: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
DAY_PATTERN: Final = _DATE.pattern
PATTERN: Final = _RULE.pattern.replace("?P<days>", "?:").replace("?P<start>", "?:").replace("?P<end>", "?:")
WANTED: Final = "days and hours such as Mon-Thu 09:00-16:00, daily 22:00-02:00 or 2026-12-24..2027-01-02"
_DAY_LONG: Final = timedelta(days=1)
_LONGEST: Final = timedelta(days=3660)


Span: TypeAlias = tuple[datetime, datetime]
"""When something begins, and when it ends, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Days, of each week or of the calendar, and the hours of each; `end` not after `start` is on the next day."""

    weekdays: frozenset[int] = frozenset()
    first: date | None = None
    last: date | None = None
    start: time = time(0)
    end: time = time(0)

    def spans(self, around: date, days: int, zone: ZoneInfo, *, denies: bool) -> Iterator[Span]:
        """Give every time for which it holds, in UTC, that begins from the day before `around` on."""
        for ahead in range(-1, days):
            day = around + timedelta(days=ahead)
            if self._is_on(day):
                until = day if self.end > self.start else day + _DAY_LONG
                begins = _instant(day, self.start, zone, last=False)
                ends = _instant(until, self.end, zone, last=denies)
                if begins < ends:
                    yield begins, ends

    def _is_on(self, day: date) -> bool:
        if self.first is None or self.last is None:
            return day.weekday() in self.weekdays
        return self.first <= day <= self.last


def explain_rule(text: str) -> str:
    """Say what is wrong with a rule; nothing if it is one."""
    hit = _RULE.fullmatch(text)
    if not hit:
        return f"is not {WANTED}"
    for hour in (hit["start"], hit["end"]):
        if hour and not _HOUR.fullmatch(hour):
            return f"has an hour that no day has, {hour}"
    if hit["start"] and hit["start"] == hit["end"]:
        return "begins when it ends"
    first, _, last = hit["days"].partition("..")
    if not first[0].isdigit():
        return ""
    wrong = explain_day(first) or explain_day(last or first)
    if wrong:
        return wrong
    if (last or first) < first:
        return "ends before it begins"
    return "is longer than ten years" if last and _day(last) - _day(first) > _LONGEST else ""


def read_rule(text: str) -> Rule:
    """Read a rule. Raises SpecError for what is none."""
    hit, wrong = _RULE.fullmatch(text), explain_rule(text)
    if wrong or not hit:
        raise SpecError(f"{text[:60]!r} {wrong}")
    start, end = (_time(hit[part] or "00:00") for part in ("start", "end"))
    days = hit["days"]
    if days[0].isdigit():
        first, _, last = days.partition("..")
        return Rule(first=_day(first), last=_day(last or first), start=start, end=end)
    parts = ("Mon-Sun",) if days == "daily" else days.split(",")
    return Rule(weekdays=frozenset(day for part in parts for day in _weekdays(part)), start=start, end=end)


def explain_day(text: str) -> str:
    """Say what is wrong with a day of the calendar; nothing if it is one."""
    try:
        _day(text)
    except ValueError:
        return "is not a day such as 2026-12-24"
    return ""


def read_day(text: str) -> date:
    """Read a day of the calendar. Raises SpecError for what is none."""
    wrong = explain_day(text)
    if wrong:
        raise SpecError(f"{text[:60]!r} {wrong}")
    return _day(text)


def explain_zone(name: str) -> str:
    """Say what is wrong with the name of a zone of time; nothing if there is one."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return "is not a zone of time such as Europe/Berlin"
    return ""


def read_zone(name: str) -> ZoneInfo:
    """Find a zone of time by its name in the IANA database. Raises SpecError for one that is not in it."""
    wrong = explain_zone(name)
    if wrong:
        raise SpecError(f"{name[:60]!r} {wrong}")
    return ZoneInfo(name)


def _day(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _weekdays(part: str) -> Iterator[int]:
    first, _, last = part.partition("-")
    begin, end = _DAYS.index(first), _DAYS.index(last or first)
    yield from (day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))


def _time(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)


def _instant(day: date, at: time, zone: ZoneInfo, *, last: bool) -> datetime:
    """Give the moment at which a wall clock shows this, or the first after it if it never does."""
    local = datetime.combine(day, at, zone)
    early, late = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if early > late:  # left out: fold 0 is read by the clock before it was turned, and so lies after
        return _after_gap(late, early, zone)
    return late if last else early


def _after_gap(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Find the moment at which the clock was turned forward, between these two."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
