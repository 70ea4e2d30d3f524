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
from controller.loop.agenda import A_TURN
from controller.loop.reconcile import read as read_spec
from controller.loop.reconcile import reconcile
from controller.model.desired import Desired
from controller.model.names import EnvName, TargetName
from controller.model.rollout import Phase
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
                "clock": "now*60",  # AWS's quotas are not what is measured; a look a minute is
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

    def begin(self) -> None:
        """Read git, and turn until everything is at rest."""
        self._built.source.poll()
        if not any(self.look()["quiet"] for _ in range(_PATIENCE)):
            raise RuntimeError("it does not come to rest")

    def look(self) -> dict[str, float]:
        """Look at every target once, in turns as large as the runner's."""
        world = self._built.world
        desired = read_spec(_ENV, world.store.load(_ENV), world)
        if not isinstance(desired, Desired):
            raise TypeError(f"the specs cannot be read: {desired.why}")
        names = sorted(desired.targets)
        turns = [self._turn(frozenset(names[start : start + A_TURN])) for start in range(0, len(names), A_TURN)]
        return {"quiet": all(turns), "targets": len(names)}

    def _turn(self, due: frozenset[TargetName]) -> bool:
        """Make one turn as the runner does; gives whether all of it is at rest and nothing was written."""
        world = self._built.world
        cycle = reconcile(_ENV, due, world)
        world.store.show(cycle.status)
        for watcher in world.watchers:
            watcher(cycle)
        rests = all(one.memory.phase is Phase.IDLE for one in cycle.plan.decisions.values())
        return rests and all(one.seen for one in cycle.status) and cycle.after is cycle.before

    def decide(self) -> dict[str, float]:
        """Decide one turn over every target again and again: the function alone."""
        cycle = reconcile(_ENV, None, self._built.world)
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
