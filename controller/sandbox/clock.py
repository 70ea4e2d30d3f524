"""The sandbox's own time: simulated = START + (real - START) * SPEED, and stamps that never repeat."""

import math
import time
from datetime import UTC, datetime


def rfc3339(seconds: float) -> str:
    """Give an instant as RFC 3339 in UTC, to the millisecond."""
    stamp = datetime.fromtimestamp(seconds, tz=UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(written: str) -> float:
    """Give the seconds of the epoch of an RFC 3339 instant; ValueError if it has no zone or is none."""
    stamp = datetime.fromisoformat(written)
    if stamp.tzinfo is None:
        raise ValueError(f"{written!r} has no time zone; write it like 2026-01-31T09:00:00Z")
    return stamp.timestamp()


class Clock:
    """Simulated time. `speed` is simulated seconds a real second; 0 stands still until `advance`."""

    def __init__(self, start: float | None = None, speed: float = 1.0) -> None:
        """Begin at `start`, the real instant (seconds of the epoch) at which both times are equal; default now.

        ValueError: a speed that is negative or no number.
        """
        if not math.isfinite(speed) or speed < 0:
            raise ValueError(f"speed {speed} is not a number of simulated seconds a real second")
        real = time.time()
        self.start = math.floor((real if start is None else start) * 1000) / 1000
        self.speed = speed
        self._origin = time.monotonic() - (real - self.start)
        self._advanced = 0.0
        self._last = 0.0

    def now(self) -> float:
        """Give the simulated instant, in seconds of the epoch."""
        if self.speed == 0:
            return self.start + self._advanced
        return self.start + (time.monotonic() - self._origin) * self.speed

    def advance(self, seconds: float) -> None:
        """Move a clock that stands still; ValueError for one that runs, or backwards."""
        if self.speed != 0 or seconds < 0:
            raise ValueError("only a clock with speed 0 is moved by hand, and only forward")
        self._advanced += seconds

    def stamp(self) -> float:
        """Give an instant for a record: to the millisecond, and later than every stamp before."""
        self._last = round(max(self.now(), self._last + 0.001), 3)
        return self._last

    def setting(self) -> str:
        """START*SPEED: what TRUEUP_CLOCK has to say for a controller to live in the same time."""
        return f"{rfc3339(self.start)}*{self.speed:g}"
