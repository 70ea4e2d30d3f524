"""Stale reads: services as they were some simulated seconds, or some changes, ago."""

import copy
from collections import deque
from dataclasses import dataclass, field

from controller.sandbox.world import Service, World

_KEPT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far behind reads are: by simulated seconds, or by changes of the service."""

    seconds: float = 0.0
    changes: int = 0


@dataclass(frozen=True, slots=True)
class _Copy:
    at: float
    service: Service


@dataclass(slots=True)
class Past:
    """Copies of every service at each of its changes, kept only while reads lag."""

    lag: Lag | None = None
    since: float = 0.0
    copies: dict[str, deque[_Copy]] = field(default_factory=dict)

    def set(self, lag: Lag | None, world: World) -> None:
        """Begin to lag, from what is true now; or stop."""
        self.lag = lag
        self.since = world.stamp()
        self.copies = {}
        self.record(world)

    def record(self, world: World) -> None:
        """Copy what changed since the last record."""
        if self.lag is None:
            return
        now = world.now()
        for _, service in world.services():
            kept = self.copies.setdefault(service.arn, deque(maxlen=_KEPT))
            if not kept or kept[-1].service.changes != service.changes:
                kept.append(_Copy(now, _copy(service)))

    def seen(self, service: Service, now: float) -> Service | None:
        """Give the service as a read at `now` shows it; None if that is before it was made."""
        lag, kept = self.lag, self.copies.get(service.arn)
        if lag is None or not kept:
            return service
        if lag.changes:
            return kept[max(0, len(kept) - 1 - lag.changes)].service
        old = [one for one in kept if one.at <= now - lag.seconds]
        if old:
            return old[-1].service
        # Copies begin when the lag was switched on; a service made later was not there before.
        return None if service.created > self.since else kept[0].service


def _copy(service: Service) -> Service:
    """Give a copy that shares what never changes: the cluster and the task definitions."""
    shared: dict[int, object] = {id(service.cluster): service.cluster}
    for deployment in service.deployments:
        shared[id(deployment.revision)] = deployment.revision
        shared |= {id(task.definition): task.definition for task in deployment.tasks}
    if service.good is not None:
        shared[id(service.good.revision)] = service.good.revision
    for story in service.history:
        shared[id(story.target.revision)] = story.target.revision
        shared |= {id(task.definition): task.definition for task in story.target.tasks}
    return copy.deepcopy(service, shared)
