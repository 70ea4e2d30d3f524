"""What a wall clock shows, minute by minute: windows are judged by reading it, and by no arithmetic of zones."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from controller.gates.window import Window

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AROUND = 3
"""How many days before and after the day in question a clock is read."""


@dataclass(frozen=True)
class Hours:
    """Days of a week, or one day of the calendar, and the hours of each; an end not after the start is next day."""

    days: str
    start: str
    end: str

    @property
    def rule(self):
        """As a spec says it."""
        return f"{self.days} {self.start}-{self.end}"

    def is_on(self, day):
        return self.days in {"daily", f"{day:%a}", f"{day:%Y-%m-%d}"}


@dataclass(frozen=True)
class Season:
    """A zone of time, and a day of it on which something happens to its clocks or its calendar."""

    zone: str
    day: date

    @property
    def first(self):
        return datetime.combine(self.day, time(0), UTC) - AROUND * DAY

    @cache  # noqa: B019 - there are few of them
    def shown(self):
        """What the clock on the wall shows in each minute."""
        zone, minutes = ZoneInfo(self.zone), 2 * AROUND * DAY // MINUTE
        return [(self.first + one * MINUTE).astimezone(zone).replace(tzinfo=None) for one in range(minutes)]

    def minutes(self, hours, *, denies):
        """The minutes in which a rule holds: from the first that shows its start to the first that shows its end.

        One that denies holds to the last minute that shows less than its end.
        """
        shown, held = self.shown(), set()
        for day in {one.date() for one in shown if hours.is_on(one)}:
            begins = datetime.combine(day, time.fromisoformat(hours.start))
            until = day if hours.end > hours.start else day + DAY
            ends = datetime.combine(until, time.fromisoformat(hours.end))
            begun = next((at for at, one in enumerate(shown) if one >= begins), len(shown))
            over = next((at for at, one in enumerate(shown) if one >= ends), len(shown))
            if denies:
                over = max((at + 1 for at, one in enumerate(shown) if one < ends), default=0)
            held |= set(range(begun, over))
        return held


@dataclass(frozen=True)
class Times:
    """A window as its rules say it, and how long it has to stay open."""

    allow: tuple[Hours, ...] = ()
    deny: tuple[Hours, ...] = ()
    fits: timedelta = timedelta()

    def window(self, season, kind=Window):
        return kind(
            allow=tuple(one.rule for one in self.allow),
            deny=tuple(one.rule for one in self.deny),
            timezone=season.zone,
            fit="rollout+bake" if self.fits else "",
            deadline=self.fits / 3,
            bake=2 * self.fits / 3,
        )

    @cache  # noqa: B019 - there are few of them
    def open(self, season):
        """The minutes in which it is open and stays so for long enough."""
        every = set(range(len(season.shown())))
        allowed = set().union(*(season.minutes(one, denies=False) for one in self.allow)) if self.allow else every
        held = allowed - set().union(*(season.minutes(one, denies=True) for one in self.deny), set())
        longer = range(max(self.fits // MINUTE, 1))
        return {at for at in held if all(at + more in held for more in longer)}

    def is_open(self, season, now):
        """Whether it is open at this moment, as the clock on the wall shows; what has to fit begins in a minute."""
        at, rest = divmod(now - season.first, MINUTE)
        held = self.open(season)
        return at in held and (not self.fits or not rest or at + 1 in held)


SEASONS = (
    Season("Europe/Berlin", date(2030, 3, 31)),  # an hour is left out
    Season("Europe/Berlin", date(2030, 10, 27)),  # an hour is there twice
    Season("America/New_York", date(2030, 11, 3)),
    Season("Australia/Lord_Howe", date(2030, 10, 6)),  # half an hour is left out
    Season("Australia/Lord_Howe", date(2030, 4, 7)),  # half an hour is there twice
    Season("America/Santiago", date(2030, 9, 8)),  # the day begins at one
    Season("Pacific/Auckland", date(2030, 4, 7)),
    Season("Asia/Kathmandu", date(2032, 2, 29)),  # a leap day
    Season("Pacific/Kiritimati", date(2030, 12, 31)),  # a year ends
)
WINDOWS = (
    Times(allow=(Hours("daily", "01:30", "03:15"),)),
    Times(allow=(Hours("daily", "02:10", "02:50"), Hours("Sun", "22:00", "01:40"))),
    Times(allow=(Hours("daily", "00:00", "06:00"),), deny=(Hours("daily", "01:40", "02:20"),)),
    Times(deny=(Hours("Sun", "00:30", "02:30"), Hours("Sat", "23:00", "00:15"))),
    Times(allow=(Hours("daily", "23:30", "03:00"),), fits=90 * MINUTE),
    Times(
        allow=(
            Hours("2032-02-29", "00:00", "12:00"),
            Hours("2030-12-31", "23:00", "02:00"),
            Hours("Sun", "00:00", "04:00"),
        )
    ),
)
