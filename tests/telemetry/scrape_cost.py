"""What a scrape of many targets costs: `python -m tests.telemetry.scrape_cost [TARGETS]`; not a timed test."""

import sys
import time
from dataclasses import dataclass
from statistics import median

from controller.model.rollout import Phase
from controller.telemetry.metrics import Metrics
from tests.telemetry.cycles import NOW, cycle, decision, desired, status

ROUNDS = 7
MOVED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One way of scraping: CPU of the whole process in milliseconds, and bytes on the wire."""

    what: str
    milliseconds: float
    size: int


def told(number, *, moving, running=4):
    phase = Phase.ROLLING if moving else Phase.IDLE
    return status(
        f"unifocus-service-{number:05d}",
        phase=phase,
        running=running,
        synced=not moving,
        rollout_since=NOW if moving else None,
        live=f"v1.2.{number % 5}",
    )


def turn(statuses):
    names = [one.target for one in statuses]
    return cycle({name: decision() for name in names}, desired=desired(*names), status=tuple(statuses))


def fleet(targets):
    """Make metrics of so many targets, every tenth of which is rolling."""
    metrics = Metrics(version="0.1.0")
    metrics.watch(turn([told(number, moving=number % 10 == 0) for number in range(targets)]))
    return metrics


def spent(work):
    began = time.process_time()
    size = work()
    return (time.process_time() - began) * 1000, size


def cost(what, work, before=lambda: None):
    rounds = []
    for _ in range(ROUNDS):
        before()
        rounds.append(spent(work))
    return Cost(what=what, milliseconds=median(each for each, _ in rounds), size=rounds[-1][1])


def measure(targets):
    metrics = fleet(targets)
    running = iter(range(1_000_000))

    def packed():
        return len(metrics.scrape("", "gzip")[0])

    def move():
        moved = [told(number, moving=True, running=next(running) % 4) for number in range(min(MOVED, targets))]
        metrics._table.show(moved)

    def forget():
        metrics._table._touch()

    return [
        cost("gzip, nothing compressed before", packed, forget),
        cost(f"gzip, {MOVED} targets moved since the last", packed, move),
        cost("gzip, nothing changed since the last", packed),
        cost("plain text", lambda: len(metrics.scrape()[0])),
    ]


def main():
    targets = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    series = fleet(targets).scrape()[0].count(b'target="')
    print(f"{targets} targets, {series} series, median of {ROUNDS}")  # noqa: T201 - a table is what it is for
    for found in measure(targets):
        print(f"{found.what:45} {found.milliseconds:7.1f} ms CPU  {found.size / 1e6:7.2f} MB")  # noqa: T201


if __name__ == "__main__":
    main()
