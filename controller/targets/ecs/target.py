"""The ECS kind as the loop sees it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from controller.model.decision import Action, Ensure
from controller.model.desired import DesiredTarget
from controller.model.hooks import TaskAt, TaskSight, TaskUnseen
from controller.model.names import TargetName, TaskId
from controller.model.observation import Sight
from controller.model.outcome import NotSent, Outcome
from controller.model.place import Place
from controller.ports import LookAt, Lookups, Registries, Unfinished
from controller.targets.ecs.bases import Bases
from controller.targets.ecs.buckets import REGISTER, UPDATE
from controller.targets.ecs.client import Clients
from controller.targets.ecs.complete import Completing
from controller.targets.ecs.definitions import Definitions
from controller.targets.ecs.ensure import Ensuring
from controller.targets.ecs.look import Looking


class EcsTarget:
    """ECS services, looked at and brought to releases; meets controller.ports.Target.

    Without `registries` images run as they are written.
    """

    def __init__(
        self, clients: Clients, registries: Registries | None = None, lookups: Lookups | None = None
    ) -> None:
        self._clients = clients
        definitions = Definitions()
        self._looking = Looking(clients, definitions, by_digest=registries is not None)
        self._completing = Completing(clients, Bases(definitions, clients.elapsed), registries, lookups)
        self._ensuring = Ensuring(clients, definitions, self._looking)

    def look(self, wanted: Sequence[LookAt]) -> Mapping[TargetName, Sight]:
        """Look at all of them, in as few calls as AWS allows."""
        return self._looking.look(wanted)

    def complete(self, wanted: Sequence[Unfinished], now: datetime) -> Mapping[TargetName, DesiredTarget]:
        """Fill in digests, values kept elsewhere, and what is below ours."""
        return self._completing.complete(wanted, now)

    def tokens(self, places: Sequence[Place]) -> Mapping[str, int]:
        """Count the pairs of a registration and an update that are in hand, by account and region."""
        left = self._clients.buckets.left
        return {
            place.quota: min(left(place.account, place.region, budget) for budget in (REGISTER, UPDATE))
            for place in places
        }

    def follow(self, tasks: Sequence[TaskAt]) -> Mapping[TaskId, TaskSight]:
        """Look for one-off tasks."""
        return {one.id: TaskUnseen(why="one-off tasks are not read yet") for one in tasks}

    def act(self, action: Action, check: Callable[[], None]) -> Outcome:
        """Carry out one action."""
        if not isinstance(action, Ensure):
            return NotSent(action=action, why="one-off tasks are not started yet")
        return self._ensuring.act(action, check)
