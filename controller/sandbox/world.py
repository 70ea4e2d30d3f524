"""The nouns of the embedded ECS. They change under the world's lock and hold no behaviour but small questions."""

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from controller.sandbox.clock import Clock
from controller.sandbox.images import Course, Image
from controller.sandbox.lifecycle import Lifecycle
from controller.sandbox.native import Native, part, text, texts
from controller.sandbox.pace import Pace
from controller.sandbox.registry import Pulled, Registry


@dataclass(slots=True, kw_only=True)
class Definition:
    """One revision of a task definition; `body` is as AWS answers it."""

    arn: str
    family: str
    revision: int
    body: dict[str, object]
    images: tuple[Image, ...]
    tags: dict[str, str]

    @property
    def active(self) -> bool:
        """Whether new deployments may use it."""
        return self.body.get("status") == "ACTIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A service revision: what a deployment froze, images too. Its number is the N of `ecs-svc/N`."""

    number: str
    arn: str
    definition: Definition
    settings: Native
    created: float
    pulled: Mapping[str, Pulled] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Task:
    """One task; instants in seconds of the epoch, None while they have not happened."""

    arn: str
    definition: Definition
    settings: Native
    group: str
    started_by: str
    course: Course
    created: float
    running_due: float
    pulled: Mapping[str, Pulled] = field(default_factory=dict)
    running_at: float | None = None
    healthy: bool = False
    unhealthy: bool = False
    stopping_at: float | None = None
    stopped_due: float | None = None
    stopped_at: float | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    exit_code: int | None = None
    exit_reason: str | None = None

    @property
    def live(self) -> bool:
        """Neither stopped nor told to stop."""
        return self.stopping_at is None

    @property
    def up(self) -> bool:
        """Counts as running."""
        return self.live and self.running_at is not None

    @property
    def failing(self) -> bool:
        """Ended, or is ending, by its own fault."""
        return self.stop_code in {"EssentialContainerExited", "TaskFailedToStart"} or self.unhealthy


@dataclass(slots=True, kw_only=True)
class Deployment:
    """One entry of a service's `deployments`."""

    revision: Revision
    status: str
    desired: int
    created: float
    updated: float
    rollout_state: str
    rollout_reason: str
    failed: int = 0
    tasks: list[Task] = field(default_factory=list)
    launch_after: float = 0.0
    steady_since: float | None = None

    @property
    def id(self) -> str:
        """`ecs-svc/N`."""
        return f"ecs-svc/{self.revision.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A service revision with its task counts at one moment."""

    arn: str
    requested: int
    running: int
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Why, when and to what a service deployment went back."""

    reason: str
    started: float
    revision_arn: str


@dataclass(slots=True, kw_only=True)
class ServiceDeployment:
    """The whole story of one deployment, kept after the deployment itself is gone."""

    arn: str
    target: Deployment
    sources: tuple[Counted, ...]
    settings: Native
    created: float
    updated: float
    threshold: int
    alarm_names: tuple[str, ...]
    breaker: str
    alarms: str
    status: str = "PENDING"
    reason: str | None = None
    started: float | None = None
    finished: float | None = None
    stopped: float | None = None
    failures: int = 0
    rollback: Rollback | None = None
    ringing: tuple[str, ...] = ()
    final: Counted | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)


@dataclass(slots=True, kw_only=True)
class Service:
    """A service; `settings` are the native fields of CreateService and UpdateService that are kept as they came."""

    arn: str
    name: str
    cluster: "Cluster"
    settings: dict[str, object]
    desired: int
    tags: dict[str, str]
    created: float
    token: str = ""
    status: str = "ACTIVE"
    deployments: list[Deployment] = field(default_factory=list)
    history: list[ServiceDeployment] = field(default_factory=list)
    events: list[dict[str, object]] = field(default_factory=list)
    good: Deployment | None = None
    last_said: dict[str, float] = field(default_factory=dict)
    moving: bool = True
    changes: int = 0

    @property
    def primary(self) -> Deployment:
        """The deployment that the service is being brought to, or runs."""
        return self.deployments[0]

    @property
    def current(self) -> ServiceDeployment | None:
        """The newest service deployment."""
        return self.history[-1] if self.history else None

    @property
    def fargate(self) -> bool:
        """Runs on Fargate, by launch type or by capacity provider."""
        strategy = self.settings.get("capacityProviderStrategy")
        if isinstance(strategy, list) and strategy:
            return any("FARGATE" in str(item) for item in strategy)
        return text(self.settings, "launchType") == "FARGATE"


@dataclass(slots=True, kw_only=True)
class Cluster:
    """A cluster."""

    arn: str
    name: str
    tags: dict[str, str]
    native: dict[str, object]
    status: str = "ACTIVE"


@dataclass(slots=True, kw_only=True)
class Region:
    """What one account has in one region."""

    account: str
    name: str
    clusters: dict[str, Cluster] = field(default_factory=dict)
    families: dict[str, dict[int, Definition]] = field(default_factory=dict)
    services: dict[tuple[str, str], Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)

    def arn(self, rest: str) -> str:
        """Give an ARN of ECS here."""
        return f"arn:aws:ecs:{self.name}:{self.account}:{rest}"


@dataclass(slots=True, kw_only=True)
class Trouble:
    """What is wrong with the platform just now; it `fills_in` fields of containers that nobody knows yet."""

    no_capacity: bool = False
    no_capacity_for: frozenset[str] = frozenset()
    unpullable: frozenset[str] = frozenset()
    crashing: frozenset[str] = frozenset()
    failing_hooks: frozenset[str] = frozenset()
    rollback_makes_new_deployment: bool = False
    fills_in: Native = field(default_factory=dict)
    adds_groups: tuple[str, ...] = ()

    def starves(self, service: Service) -> bool:
        """No task of this service can be placed."""
        return self.no_capacity or service.name in self.no_capacity_for


Ringing = Callable[[str, str, Sequence[str]], list[str]]


def no_alarms(_account: str, _region: str, _names: Sequence[str]) -> list[str]:
    """Nothing rings."""
    return []


@dataclass(slots=True, kw_only=True)
class World:
    """Everything. Whoever reads or changes it holds `lock`."""

    clock: Clock
    pace: Pace = field(default_factory=Pace)
    ringing: Ringing = no_alarms
    trouble: Trouble = field(default_factory=Trouble)
    regions: dict[tuple[str, str], Region] = field(default_factory=dict)
    registry: Registry = field(default_factory=Registry)
    at: float | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - ids, not secrets

    def now(self) -> float:
        """Give the instant that the world has come to: while it catches up with the clock, that of the step."""
        return self.clock.now() if self.at is None else self.at

    def stamp(self) -> float:
        """Give an instant for a record; no two are equal."""
        return self.clock.stamp(self.at)

    def region(self, account: str, name: str) -> Region:
        """Find what this account has in this region; empty the first time."""
        return self.regions.setdefault((account, name), Region(account=account, name=name))

    def hexadecimal(self, length: int) -> str:
        """Give a fresh identifier of hexadecimal digits."""
        return f"{self.chance.getrandbits(4 * length):0{length}x}"

    def digits(self) -> str:
        """Give a fresh number of 19 digits, as ECS numbers service revisions."""
        return str(self.chance.randrange(10**18, 10**19))

    def services(self) -> list[tuple[Region, Service]]:
        """Every service there is, with where it is."""
        return [(region, service) for region in self.regions.values() for service in region.services.values()]


def alarm_names(settings: Native) -> list[str]:
    """Give the alarms that ECS watches for a service with these settings; none unless enabled."""
    alarms = part(part(settings, "deploymentConfiguration"), "alarms")
    return texts(alarms, "alarmNames") if alarms.get("enable") is True else []
