"""trueup's own objects, put together as `trueup run` does, in a process that makes a turn when it is told to.

A turn is what the runner makes of it: read, recall, observe, decide, act, remember, show, tell. Git is polled once,
at the start, so that a look is compared with a look.
"""

import argparse
import statistics
import time

from benchmarks.fleet import ENVIRONMENT
from benchmarks.process import obey
from controller.app.memory import open_store
from controller.app.world import build, clock_of
from controller.loop.reconcile import reconcile
from controller.model.cycle import Cycle
from controller.model.names import EnvName
from controller.options import read
from controller.plan.decide import decide
from controller.telemetry.decisions import LogDecisions
from controller.telemetry.logs import logger, set_up
from controller.telemetry.metrics import Metrics

_ENV = EnvName(ENVIRONMENT)
_REPEATS = 15
_PATIENCE = 60


class Inside:
    """A world, and the newest turn."""

    def __init__(self, repo: str, endpoint: str, folder: str) -> None:
        options = read(
            {
                "repo": repo,
                "endpoint_url": endpoint,
                "store": f"sqlite:///{folder}/trueup.db",
                "cache": f"{folder}/cache",
                "clock": "now*600",  # so that AWS's quotas are not what is measured
                "log": "json",
            }
        )
        clock = clock_of(options)
        set_up(form="json", level="warning", now=clock.now, secrets=())
        self._metrics = Metrics(version="0")
        watchers = (LogDecisions(logger()), self._metrics.watch)
        self._built = build(
            options, open_store(options.store), clock, on_call=self._metrics.aws_call, watchers=watchers
        )
        self._last: Cycle | None = None

    def begin(self) -> None:
        """Read git, and turn until everything is at rest."""
        self._built.source.poll()
        if not any(self.look()["quiet"] for _ in range(_PATIENCE)):
            raise RuntimeError("it does not come to rest")

    def look(self) -> dict[str, float]:
        """Make one turn over every target."""
        world = self._built.world
        cycle = self._last = reconcile(_ENV, None, world)
        world.store.show(cycle.status)
        for watcher in world.watchers:
            watcher(cycle)
        phases = {decision.memory.phase.value for decision in cycle.plan.decisions.values()}
        unseen = sum(not status.seen for status in cycle.status)
        quiet = phases == {"idle"} and not unseen and not cycle.outcomes and cycle.after is cycle.before
        return {"quiet": quiet, "targets": len(cycle.plan.decisions), "unseen": unseen}

    def decide(self) -> dict[str, float]:
        """Decide the newest turn again and again: the function alone."""
        assert self._last is not None
        cycle = self._last
        spent: list[float] = []
        for _ in range(_REPEATS):
            began = time.process_time()
            decide(cycle.desired, cycle.seen, cycle.before, cycle.now)
            spent.append(time.process_time() - began)
        return {"each": statistics.median(spent), "targets": len(cycle.plan.decisions)}


def main() -> None:
    parser = argparse.ArgumentParser(description="trueup's own objects, told what to do on stdin")
    parser.add_argument("--repo", required=True)
    parser.add_argument("--endpoint-url", required=True)
    parser.add_argument("--folder", required=True)
    options = parser.parse_args()
    inside = Inside(options.repo, options.endpoint_url, options.folder)
    obey(inside.begin, {"look": inside.look, "decide": inside.decide})


if __name__ == "__main__":
    main()
