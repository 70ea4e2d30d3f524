"""The one place that asks what time it is; for a rehearsal, time can run faster."""

import math
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from controller.errors import SpecError

FASTEST: Final = 10_000.0
_EXAMPLE: Final = "write START*SPEED, such as now*60 or 2026-01-31T09:00:00Z*60"
# RFC 3339 §5.6, where the offset may not be left out: a time without one is a guess.
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_SPEED: Final = re.compile(r"\d{1,9}(\.\d{1,9})?(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
# A rehearsal may last this long in real time before the year 9999 ends for it.
_HORIZON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When simulated time equals real time (None: when the clock is made), and how many times faster it runs."""

    start: datetime | None = None
    speed: float = 1.0


def parse(text: str) -> Pace:
    """Read START*SPEED, the form of TRUEUP_CLOCK; raise SpecError, with an example, for anything else."""
    start, star, speed = text.strip().partition("*")
    if not star:
        raise SpecError(f"clock {text!r}: there is no speed; {_EXAMPLE}")
    return Pace(start=_start(start.strip(), text), speed=_speed(speed.strip(), text))


def _start(start: str, text: str) -> datetime | None:
    if start == "now":
        return None
    if not _INSTANT.fullmatch(start):
        raise SpecError(f"clock {text!r}: {start!r} is neither 'now' nor an instant with its offset; {_EXAMPLE}")
    try:
        return datetime.fromisoformat(start.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SpecError(f"clock {text!r}: {start!r} is no instant ({error}); {_EXAMPLE}") from error


def _speed(speed: str, text: str) -> float:
    found = float(speed) if _SPEED.fullmatch(speed) else math.nan
    if not 0 < found <= FASTEST:
        raise SpecError(f"clock {text!r}: {speed!r} is not a speed above 0 and up to {FASTEST:.0f}; {_EXAMPLE}")
    return found


class Clock:
    """Time as this process counts it.

    With a pace, `now`, `elapsed` and `wait` are scaled: simulated = START + (real - START) * SPEED. Two processes
    that are given the same START and SPEED agree about the time. `real` is never scaled.
    """

    def __init__(self, pace: Pace | None = None) -> None:
        """Start counting; raise SpecError if simulated time would run past what can be written."""
        self._speed = pace.speed if pace else 1.0
        self._start = (pace.start if pace else None) or datetime.now(UTC)
        try:
            self._scaled(datetime.now(UTC) + _HORIZON)
            self._scaled(datetime.now(UTC))
        except OverflowError as error:
            at = f"{self._start:%Y-%m-%dT%H:%M:%SZ}*{self._speed:g}"
            raise SpecError(f"clock {at}: that fast, and counted from there, it leaves the calendar") from error

    @property
    def speed(self) -> float:
        """How many simulated seconds pass in a real one."""
        return self._speed

    def now(self) -> datetime:
        """Give the (simulated) time of day in UTC; it follows the system's clock, jumps included."""
        return self._scaled(datetime.now(UTC))

    def elapsed(self) -> float:
        """Count (simulated) seconds that never go back, for durations only."""
        return self.real() * self._speed

    def real(self) -> float:
        """Count real seconds that never go back, for sockets, git, leases and the watchdog.

        Where the system can tell, the time that the machine slept is counted: a lease runs out while we sleep.
        """
        return _ticks()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for the event, at most so many (simulated) seconds; whether it was set."""
        return event.wait(min(max(0.0, seconds / self._speed), threading.TIMEOUT_MAX))

    def _scaled(self, real: datetime) -> datetime:
        return self._start + (real - self._start) * self._speed


def _ticker() -> Callable[[], float]:
    boottime: int | None = getattr(time, "CLOCK_BOOTTIME", None)  # Linux only
    return time.monotonic if boottime is None else lambda: time.clock_gettime(boottime)


_ticks: Final = _ticker()
