"""The ECS kind as the loop sees it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from controller.model.decision import Action, Continue, Ensure, Start
from controller.model.desired import DesiredTarget
from controller.model.hooks import TaskAt, TaskSight
from controller.model.names import DeploymentId, TargetName, TaskId
from controller.model.observation import Sight
from controller.model.outcome import NotSent, Outcome
from controller.model.place import Place
from controller.model.ways import Exists, KeptAt
from controller.ports import LookAt, Lookups, Registries, Unfinished
from controller.targets.ecs.bases import Bases
from controller.targets.ecs.buckets import REGISTER, RUN, UPDATE
from controller.targets.ecs.client import Clients
from controller.targets.ecs.complete import Completing
from controller.targets.ecs.definitions import Definitions
from controller.targets.ecs.ensure import Ensuring
from controller.targets.ecs.evidence import Evidence
from controller.targets.ecs.following import Following
from controller.targets.ecs.hooks import Hooking
from controller.targets.ecs.loglines import Clean, LogLines
from controller.targets.ecs.look import Looking
from controller.targets.ecs.pauses import Continuing
from controller.targets.ecs.snapshots import Snapshots, database_of, is_snapshot
from controller.targets.ecs.ways import Existing


class EcsTarget:
    """ECS services, looked at and brought to releases; meets controller.ports.Target.

    Without `registries` images run as they are written; `polled` are the same, asked at most once an interval, for
    tags that are followed. `clean` brings a line that somebody else logged to what may
    be kept and shown: it is given the line, how long it may be, and the environment of its container.
    """

    def __init__(
        self,
        clients: Clients,
        registries: Registries | None = None,
        lookups: Lookups | None = None,
        *,
        polled: Registries | None = None,
        clean: Clean = lambda line, most, _environment: line[:most],
    ) -> None:
        self._clients = clients
        definitions = Definitions()
        self._looking = Looking(clients, definitions, by_digest=registries is not None)
        self._completing = Completing(clients, Bases(definitions, clients.elapsed), registries, lookups, polled)
        self._ensuring = Ensuring(clients, definitions, self._looking)
        lines = LogLines(clients, definitions, clean)
        self._evidence = Evidence(clients, self._looking, lines)
        self._following = Following(clients, lines)
        self._hooking = Hooking(clients, definitions, self._looking, self._following)
        self._snapshots = Snapshots(clients)
        self._continuing = Continuing(clients, self._looking)
        self._existing = Existing(clients, definitions, registries)

    def look(self, wanted: Sequence[LookAt]) -> Mapping[TargetName, Sight]:
        """Look at all of them, in as few calls as AWS allows."""
        return self._looking.look(wanted)

    def complete(self, wanted: Sequence[Unfinished], now: datetime) -> Mapping[TargetName, DesiredTarget]:
        """Fill in digests, values kept elsewhere, and what is below ours."""
        return self._completing.complete(wanted, now)

    def tokens(self, places: Sequence[Place]) -> Mapping[str, int]:
        """Count the pairs of a registration and an update that are in hand, and starts of tasks, by place."""
        left = self._clients.buckets.left
        counted: dict[str, int] = {}
        for place in {place.quota: place for place in places}.values():
            in_hand = {budget: left(place.account, place.region, budget) for budget in (REGISTER, UPDATE, RUN)}
            counted[place.quota] = min(in_hand[REGISTER], in_hand[UPDATE])
            counted[place.task_quota] = in_hand[RUN]
        return counted

    def follow(self, tasks: Sequence[TaskAt]) -> Mapping[TaskId, TaskSight]:
        """Look for one-off tasks, and for snapshots of databases."""
        made = [one for one in tasks if database_of(one.shape)]
        run = [one for one in tasks if not database_of(one.shape)]
        return {**self._following.follow(run), **self._snapshots.follow(made)}

    def evidence(self, place: Place, deployment: DeploymentId) -> tuple[str, ...]:
        """Gather why a deployment fails: its failed tasks, what they logged last, what the service said."""
        return self._evidence.of(place, deployment)

    def exists(self, asked: Sequence[KeptAt]) -> Mapping[KeptAt, Exists]:
        """Say what is left of releases that ran: their revisions and images."""
        return self._existing.exists(asked)

    def act(self, action: Action, check: Callable[[], None]) -> Outcome:
        """Carry out one action."""
        if isinstance(action, Ensure):
            return self._ensuring.act(action, check)
        if isinstance(action, Start):
            doer = self._snapshots if database_of(action.hook.shape) else self._hooking
            return doer.start(action, check)
        if isinstance(action, Continue):
            return self._continuing.act(action, check)
        if is_snapshot(action.task):
            return NotSent(action=action, why="what is being saved is not stopped; it is waited for")
        return self._hooking.stop(action, check)
