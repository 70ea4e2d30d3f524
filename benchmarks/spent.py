"""Time that work in this process takes, by the wall and of CPU: others may load the machine."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field


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


def spend(times: int, *work: Callable[[], object], at_once: int = 1) -> list[Spent]:
    """Run each of them so many times, in turns of `at_once` runs, the first of them to get warm and not counted."""
    spent = [Spent() for _ in work]
    for _ in range(times // at_once):
        for one, kept in zip(work, spent, strict=True):
            one()
            for _ in range(at_once):
                watch = Watch()
                one()
                watch.lap(kept)
    return spent
