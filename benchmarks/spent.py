"""Time that work in this process takes, by the wall and of CPU: others may load the machine."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_WARM: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds of each run."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """The median by the wall."""
        return statistics.median(self.wall)

    @property
    def middle_cpu(self) -> float:
        """The median of CPU."""
        return statistics.median(self.cpu)


class Watch:
    """A stopwatch that adds up each part of a run."""

    def __init__(self) -> None:
        self._at = (time.perf_counter(), time.process_time())

    def lap(self, into: Spent) -> None:
        """Keep what it took since the last lap."""
        now = (time.perf_counter(), time.process_time())
        into.wall.append(now[0] - self._at[0])
        into.cpu.append(now[1] - self._at[1])
        self._at = (time.perf_counter(), time.process_time())


def spend(times: int, *work: Callable[[], object]) -> list[Spent]:
    """Run each of them in turn, so many times, after some runs that are not counted."""
    spent = [Spent() for _ in work]
    warm = min(_WARM, times)
    for turn in range(warm + times):
        for one, kept in zip(work, spent, strict=True):
            watch = Watch()
            one()
            if turn >= warm:
                watch.lap(kept)
    return spent
