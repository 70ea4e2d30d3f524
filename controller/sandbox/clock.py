"""The sandbox's own time: simulated = START + (real - START) * SPEED, and stamps that never repeat."""

import math
import time
from datetime import UTC, datetime

FASTEST = 10_000.0  # what the controller's clock takes


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

        ValueError: a speed that is negative, no number, or faster than a controller can follow.
        """
        if not math.isfinite(speed) or not 0 <= speed <= FASTEST:
            raise ValueError(
                f"speed {speed} is not a number of simulated seconds a real second, 0 to {FASTEST:.0f}"
            )
        self.start = math.floor((time.time() if start is None else start) * 1000) / 1000
        self.speed = speed
        self._advanced = 0.0
        self._latest = -math.inf
        self._last = -math.inf

    def now(self) -> float:
        """Give the simulated instant, in seconds of the epoch; it never goes back.

        It follows the system's clock, as the controller's does: two processes agree by START and SPEED alone.
        """
        if self.speed == 0:
            return self.start + self._advanced
        self._latest = max(self._latest, self.start + (time.time() - self.start) * self.speed)
        return self._latest

    def advance(self, seconds: float) -> None:
        """Move a clock that stands still; ValueError for one that runs, or backwards."""
        if self.speed != 0 or seconds < 0:
            raise ValueError("only a clock with speed 0 is moved by hand, and only forward")
        self._advanced += seconds

    def stamp(self, at: float | None = None) -> float:
        """Give an instant for a record, of now or of `at`: to the millisecond, later than every stamp before."""
        self._last = round(max(self.now() if at is None else at, self._last + 0.001), 3)
        return self._last

    def setting(self) -> str | None:
        """Say what TRUEUP_CLOCK has to be for a controller to live in the same time; None at speed 0."""
        if self.speed == 0:
            return None
        speed = int(self.speed) if self.speed == int(self.speed) else round(self.speed, 9)
        return f"{rfc3339(self.start)}*{speed}"
