"""The window gate: a release starts only at times that people chose."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal

from controller.errors import SpecError
from controller.gates.hours import (
    DAY_PATTERN,
    PATTERN,
    WANTED,
    Rule,
    explain_day,
    explain_rule,
    explain_zone,
    read_day,
    read_rule,
    read_zone,
)
from controller.gates.wider import Hours, first_beyond
from controller.gates.words import GROUP, outside, unknown
from controller.model.consent import Opened, OpenedIn, WhoIsWho
from controller.model.gate import Beyond, Open, Shut, Verdict
from controller.model.instants import instant
from controller.model.people import People
from controller.model.questions import Answer, Candidate, Question
from controller.plan.calls import in_words

_HOURS: Final = frozenset({"allow", "deny", "holidays"})
_DAY: Final = timedelta(days=1)
_AHEAD: Final = timedelta(days=16)
"""How far ahead a week's rules are looked through: two weeks, and what daylight saving may move."""
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_RULES: Final = MappingProxyType({"explain": explain_rule, "pattern": PATTERN, "alone": True})
_HOLIDAYS: Final = MappingProxyType({"explain": explain_day, "pattern": DAY_PATTERN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Times at which a release may start, and who may open it at others. Raises SpecError if it can never be met.

    Open while a rule of `allow` holds, or always without one, and none of `deny` does; `holidays` are whole days
    that deny. With `fit` it has to stay open as long as what is named may take. `deadline` and `bake` are the
    target's.
    """

    allow: tuple[str, ...] = field(
        default=(),
        metadata={"about": f"When it is open: {WANTED}. Always if absent.", **_RULES, "floor": "together"},
    )
    deny: tuple[str, ...] = field(
        default=(),
        metadata={"about": f"When it is shut all the same: {WANTED}.", **_RULES, "floor": "together"},
    )
    timezone: str = field(
        default="UTC",
        metadata={
            "about": "The zone of time, by its name in the IANA database: Europe/Berlin.",
            "explain": explain_zone,
            "pattern": r"[A-Za-z0-9_+/-]+",
            "floor": "together",
        },
    )
    holidays: tuple[str, ...] = field(
        default=(),
        metadata={
            "about": "Whole days on which it is shut, such as 2026-12-24.",
            **_HOLIDAYS,
            "floor": "together",
        },
    )
    override: tuple[str, ...] = field(
        default=(),
        metadata={
            "about": "Of which groups of people.yaml somebody may open it for a while, with `trueup windows open`.",
            "like": GROUP,
            "alone": True,
            "floor": "none but",
        },
    )
    fit: Literal["", "rollout", "rollout+bake"] = field(
        default="",
        metadata={
            "about": "What has to be over before it shuts: `rollout`, its deadline, or `rollout+bake`.",
            "floor": ("", "rollout", "rollout+bake"),
        },
    )
    deadline: timedelta = timedelta()
    bake: timedelta = timedelta()

    def __post_init__(self) -> None:
        if not (self.allow or self.deny or self.holidays):
            raise SpecError("is always open: give allow, deny or holidays")
        if self._next(_LONG_AGO) is None:
            fits = f" long enough for {self.fit}" if self.fit else ""
            raise SpecError(f"never opens{fits}")

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "window"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask whether a person opened it, if somebody may: the time is told."""
        return (OpenedIn(env=candidate.env), WhoIsWho()) if self.override else ()

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Open if it is, and stays so for long enough, or somebody who may opened it; else when it opens next."""
        verdict = self.at(now)
        if not self.override or not isinstance(verdict, Shut):
            return verdict
        opened, shut = answers.get(OpenedIn(env=candidate.env)), replace(verdict, groups=self.override)
        opening = opened.opening if isinstance(opened, Opened) else None
        if opening is None or not opening.holds(now):
            return shut
        people = answers.get(WhoIsWho())
        if not isinstance(people, People):
            return replace(shut, why=f"{shut.why}; {opening.by} opened it, but {unknown('who is who', people)}")
        if why := outside(opening.by, opening.groups, self.override, people):
            return replace(shut, why=f"{shut.why}; not counted: opened by {opening.by} ({why})")
        return Open(why=f"opened by {opening.by} until {instant(opening.until)}: {opening.reason}")

    def at(self, now: datetime) -> Verdict:
        """Say whether a release may start at this moment, and when one may next."""
        if self._fits(now):
            return Open()
        begins = self._next(now)
        if begins is None:
            return Shut(why="the window does not open any more")
        shown = f"{begins.astimezone(read_zone(self.timezone)):%a %Y-%m-%d %H:%M} {self.timezone}"
        ends = self.ends(now)
        left = (
            f"shuts in {in_words(ends - now)}, too soon for {self.fit} ({in_words(self._span)})"
            if ends
            else "is shut"
        )
        return Shut(why=f"the window {left}; it opens {shown}", until=begins)

    def ends(self, now: datetime) -> datetime | None:
        """Say when it shuts that is open at this moment; None if it is shut, or stays open for two weeks."""
        if not self._is_open(now):
            return None
        return next((at for at in self._shuttings(now, now + _AHEAD) if not self._is_open(at)), None)

    @property
    def _span(self) -> timedelta:
        spans = {"": timedelta(), "rollout": self.deadline, "rollout+bake": self.deadline + self.bake}
        return spans[self.fit]

    def _is_open(self, now: datetime) -> bool:
        allowed, denied = self._hours.spans(self._day(now), 2)
        is_allowed = not self.allow or any(begins <= now < ends for begins, ends in allowed)
        return is_allowed and not any(begins <= now < ends for begins, ends in denied)

    def _fits(self, now: datetime) -> bool:
        """Whether it is open, and stays so as long as it has to."""
        return self._is_open(now) and all(map(self._is_open, self._shuttings(now, now + self._span)))

    def _shuttings(self, after: datetime, before: datetime) -> Iterator[datetime]:
        """Give every moment between these two at which it may shut, in order."""
        allowed, denied = self._hours.spans(self._day(after), (before - after) // _DAY + 3)
        found = {ends for _, ends in allowed} | {begins for begins, _ in denied}
        yield from sorted(at for at in found if after < at < before)

    def _next(self, now: datetime) -> datetime | None:
        """Find the next moment at which a release may start: where a rule begins to allow, or ends to deny."""
        for day in self._days(self._day(now)):
            allowed, denied = self._hours.spans(day, 1)
            begun = {begins for begins, _ in allowed} | {ends for _, ends in denied}
            found = next((at for at in sorted(begun) if at > now and self._fits(at)), None)
            if found is not None:
                return found
        return None

    def _days(self, today: date) -> Iterator[date]:
        """Give the days on which it may open: those of two weeks, and of two weeks from each that a rule names."""
        edges = {day for days in self._hours.dated() for day in days if day > today}
        ahead = range(_AHEAD // _DAY)
        yield from sorted({edge + timedelta(days=days) for edge in (today, *edges) for days in ahead})

    def _denies(self) -> Iterator[Rule]:
        yield from map(read_rule, self.deny)
        for day in map(read_day, self.holidays):
            yield Rule(first=day, last=day)

    @property
    def _hours(self) -> Hours:
        allows, denies = tuple(map(read_rule, self.allow)), tuple(self._denies())
        return Hours(allows=allows, denies=denies, zone=read_zone(self.timezone))

    @classmethod
    def wrong_floor(cls, values: Mapping[str, object]) -> str:
        """Say why no window could be within these hours; empty if one could, or none are given."""
        if not _HOURS & values.keys():
            return "timezone goes with allow, deny or holidays" if "timezone" in values else ""
        try:
            _floor(values)
        except SpecError as error:
            return str(error)
        return ""

    def beyond(self, values: Mapping[str, object]) -> Beyond | None:
        """Find a moment at which it is open, and a window of these hours is shut; both have to be of one zone."""
        if not _HOURS & values.keys():
            return None
        floor = _floor(values)
        if self.timezone != floor.timezone:
            return Beyond(field="timezone", says=f"is {self.timezone}", asked=floor.timezone)
        moment = first_beyond(self._hours, floor._hours)  # noqa: SLF001 - another window
        if moment is None:
            return None
        shown = f"{moment.astimezone(read_zone(self.timezone)):%a %Y-%m-%d %H:%M}"
        less = ", ".join((*floor.deny, *floor.holidays))
        asked = f"{', '.join(floor.allow) or 'any time'}{f' but for {less}' if less else ''}"
        return Beyond(field="allow", says=f"is open on {shown}", asked=f"no more than {asked}")

    def _day(self, now: datetime) -> date:
        return now.astimezone(read_zone(self.timezone)).date()


def _floor(values: Mapping[str, object]) -> Window:
    """Make the window that a floor's values say. Raises SpecError if it never opens."""
    said: dict[str, Any] = {name: values[name] for name in (*_HOURS, "timezone") if name in values}
    return Window(**said)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBefore:
    """A moment before which a release does not start, as its target says."""

    at: datetime

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "notBefore"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask nothing: the time is told."""
        del candidate
        return ()

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Shut until then."""
        del answers
        if now >= self.at:
            return Open()
        return Shut(
            why=f"{candidate.version} is not to start before {instant(self.at)}",
            until=self.at,
        )
