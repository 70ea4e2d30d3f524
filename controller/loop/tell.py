"""Tell every watcher about a turn; one that raises is counted, and harms nobody else."""

from controller.model.cycle import Cycle
from controller.ports import Gauges, World


def tell(cycle: Cycle, world: World, gauges: Gauges) -> None:
    """Hand the cycle to each watcher in turn."""
    for watcher in world.watchers:
        try:
            watcher(cycle)
        except Exception as error:  # noqa: BLE001  watching is never a reason to stop converging
            gauges.watcher_failed(name_of(watcher), error)


def name_of(watcher: object) -> str:
    """Name a watcher for counting."""
    return getattr(watcher, "__qualname__", None) or type(watcher).__name__
