"""What the loop is told of turns in which an earlier process died, and who hears of it."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from controller.errors import PlatformError
from controller.loop.crashes import LOUD, Crashes
from controller.model.names import EnvName
from controller.stores.marks import FileMarks, NoMarks, open_marks
from controller.stores.open import path_of
from controller.telemetry.logs import logger
from controller.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashReporter:
    """Counts and logs them: a warning at first, an error when it is no chance any more."""

    metrics: Metrics

    def crashed(self, env: EnvName, crashes: int, wait: float) -> None:
        """Count the turn that never ended as one that failed, and say how long its environment waits."""
        self.metrics.crashed(env, crashes)
        self.metrics.turn_failed(env)
        say = logger().error if crashes >= LOUD else logger().warning
        say("trueup died in a turn", environment=env, crashes=crashes, waits=f"{wait:g}s")

    def tried(self, env: EnvName, crashes: int) -> None:
        """Name it just before the turn that may be the end."""
        logger().error("a turn begins in which trueup died before", environment=env, crashes=crashes)

    def survived(self, env: EnvName) -> None:
        """Say that what happened before is forgotten."""
        self.metrics.crashed(env, 0)
        logger().info("a turn ended in which trueup had died before", environment=env)


def crashes_of(store: str, metrics: Metrics, real: Callable[[], float], ending: ExitStack) -> Crashes:
    """Read what the last process on this store left, and mark what this one does, until `ending`."""
    path = path_of(store)
    marks: FileMarks | NoMarks = NoMarks()
    try:
        if path is not None:
            marks = open_marks(path)
            ending.callback(marks.close)
    except PlatformError as error:  # as on a full disk; all else goes on
        logger().warning("an environment in whose turns trueup dies will not be noticed", error=str(error))
    return Crashes(marks, CrashReporter(metrics=metrics), real)
