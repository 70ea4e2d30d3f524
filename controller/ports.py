"""What the loop needs from the world, and nothing about how it is met."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from controller.model.application import AppHistory, Application, Carried
from controller.model.cycle import Cycle
from controller.model.decision import Action
from controller.model.desired import Accepted, DesiredTarget, Reading
from controller.model.hooks import TaskAt, TaskSight
from controller.model.images import ImageAnswer, ImageAt, Missing, Unreachable
from controller.model.lookups import LookupAnswer, LookupAt
from controller.model.names import Commit, DeploymentId, EnvName, TargetName, TaskId
from controller.model.observation import Sight
from controller.model.orders import Orders
from controller.model.outbox import Outbox
from controller.model.outcome import Outcome
from controller.model.paths import Paths
from controller.model.place import Place
from controller.model.questions import Answer, Question
from controller.model.record import Memory, Record
from controller.model.status import TargetStatus
from controller.model.story import Entry, Link
from controller.model.ways import Exists, KeptAt

NOTHING_ELSE: Final[Mapping[TargetName, str]] = MappingProxyType({})
"""No version is wanted instead of a spec's."""


class Source(Protocol):
    """Where specs come from."""

    def poll(self) -> None:
        """Ask once whether there is something new; failing is remembered and told by `read`."""
        ...

    def environments(self) -> frozenset[EnvName]:
        """Name the environments of the newest commit; empty while nothing could be read."""
        ...

    def read(
        self, env: EnvName, accepted: Accepted | None, instead: Mapping[TargetName, str] = NOTHING_ELSE
    ) -> Reading:
        """Read one environment at the newest commit that is `accepted` or its descendant.

        `instead` are versions that targets want instead of the spec's; of these `said` is what the spec wants.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAt:
    """What to look at, and how closely.

    `moving`: read the platform's own account of its deployments too. `ours` is the deployment that an open rollout
    made or took. `proven` is when it was first seen done: abnormal task exits after that are counted. `owns`
    are the paths that somebody compares: what takes a call of its own is read only if it is among them.
    """

    target: TargetName
    place: Place
    moving: bool = False
    ours: DeploymentId | None = None
    proven: datetime | None = None
    owns: Paths = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """What the spec says of one target, with what was seen and is remembered of it, to be completed."""

    target: TargetName
    want: DesiredTarget
    sight: Sight
    memory: Memory | None


class Target(Protocol):
    """A kind of thing that runs releases."""

    def complete(self, wanted: Sequence[Unfinished], now: datetime) -> Mapping[TargetName, DesiredTarget]:
        """Fill in what a spec leaves to the world: digests of tags, values kept elsewhere, what is below ours.

        Reads only, and never raises for one that fails: that one comes back with `unread` saying why.
        """
        ...

    def look(self, wanted: Sequence[LookAt]) -> Mapping[TargetName, Sight]:
        """Look at all of them, in as few calls as the platform allows; never raises for one that fails."""
        ...

    def follow(self, tasks: Sequence[TaskAt]) -> Mapping[TaskId, TaskSight]:
        """Look for one-off tasks, in as few calls as the platform allows; never raises for one that fails."""
        ...

    def evidence(self, place: Place, deployment: DeploymentId) -> tuple[str, ...]:
        """Gather why a deployment fails, in lines of at most 64 KB together; reads only, and never raises."""
        ...

    def tokens(self, places: Sequence[Place]) -> Mapping[str, int]:
        """Count the changing calls in hand, by `Place.quota`, and perhaps those of tasks by `Place.task_quota`."""
        ...

    def exists(self, asked: Sequence[KeptAt]) -> Mapping[KeptAt, Exists]:
        """Say of releases that ran whether they could run again; reads only, never raises for one that fails."""
        ...

    def act(self, action: Action, check: Callable[[], None]) -> Outcome:
        """Carry out one action; `check` raises Refusal just before the send if it may no longer be sent."""
        ...


class Registries(Protocol):
    """Where images are kept."""

    def find(self, asked: Sequence[ImageAt]) -> Mapping[ImageAt, ImageAnswer]:
        """Ask for them all; one that cannot be asked for gets Unreachable, never an exception."""
        ...

    def tags(self, image: ImageAt) -> tuple[str, ...] | Missing | Unreachable:
        """Name every tag of the repository that an image is in."""
        ...


class Applications(Protocol):
    """What applications are built from. What cannot be read is Unreachable, never an exception."""

    def tags(self, application: Application) -> Mapping[str, Commit] | Unreachable:
        """Give every tag with the commit that it stands for; the server is asked at most once an interval."""
        ...

    def between(self, application: Application, after: Commit, upto: Commit, most: int) -> AppHistory | Unreachable:
        """Give the commits that `upto` has and `after` has not, at most `most` of them."""
        ...

    def is_on_branch(self, application: Application, commit: Commit) -> bool | Unreachable:
        """Whether the branch, as it stands now, has a commit."""
        ...

    def patches(self, application: Application, commits: Sequence[Commit]) -> Mapping[Commit, str] | Unreachable:
        """Name what each commit changes: equal names are equal changes. One that changes nothing has no name."""
        ...

    def carried(self, application: Application, commit: Commit, since: Commit) -> Carried | Unreachable:
        """Say whether what `commit` brought since another is on the branch, under whatever name."""
        ...


class Lookups(Protocol):
    """Where values are kept that a spec only names."""

    def find(self, asked: Sequence[LookupAt]) -> Mapping[LookupAt, LookupAnswer]:
        """Look them all up, in few calls; one that fails gets Unreachable, never an exception."""
        ...


class Probe(Protocol):
    """The code that answers one kind of question."""

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all; one that cannot be answered gets Unanswered, never an exception."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who holds an environment: `stamp` is new at every write, `epoch` at every change of owner."""

    owner: str
    epoch: int
    stamp: str
    seconds: float


class Store(Outbox, Protocol):
    """Where memory lives. Saving over something newer raises Conflict; not being able to, PlatformError."""

    def load(self, env: EnvName) -> Record:
        """Recall one environment, with the orders that people left for it."""
        ...

    def save(self, before: Record, after: Record, env: EnvName, entries: Sequence[Entry] = ()) -> Record:
        """Save what differs and append the entries, all or nothing; gives the record as it now stands.

        Conditional on every item that differs, on this environment's lease if one is held here, and on the
        pauses and pins that `before` was read with.
        """
        ...

    def environments(self) -> frozenset[EnvName]:
        """Name every environment that is remembered."""
        ...

    def lease(self, env: EnvName) -> Lease | None:
        """Read who holds an environment."""
        ...

    def hold(self, env: EnvName, lease: Lease, over: Lease | None) -> bool:
        """Write the lease if the stored one is still `over`; False if it is not."""
        ...

    def release(self, env: EnvName, lease: Lease) -> None:
        """Give the lease up if it is still this one."""
        ...

    def show(self, statuses: Sequence[TargetStatus]) -> None:
        """Keep the newest status of each target, for commands to read; a view, never read by the loop."""
        ...

    def withdraw(self, env: EnvName, known: Collection[TargetName]) -> None:
        """Take away the statuses of an environment's targets that are not among the known ones."""
        ...

    def shown(self) -> Sequence[TargetStatus]:
        """Give the newest status of every target, in order of environment and target."""
        ...

    def orders(self, env: EnvName) -> Orders:
        """Read what people asked for."""
        ...

    def order(self, env: EnvName, change: Callable[[Orders, int], Orders], entry: Entry) -> Orders:
        """Write what a person asks for: `change` is given the orders as they are and a fresh number.

        Tried again when somebody else wrote meanwhile; the entry is journaled in the same transaction.
        """
        ...

    def journal(
        self, *, env: EnvName | None = None, target: TargetName | None = None, after: int = 0, limit: int = 100
    ) -> Sequence[Entry]:
        """Read rows of the journal, newest last; with `after` 0 the newest `limit` of them."""
        ...

    def links(self, *, after: int = 0) -> Iterator[Link]:
        """Read every row beyond `after` as a link of the chain, in order of number, a few at a time.

        What others append meanwhile is read too. Raises Refusal if an older trueup wrote them: they have no chain.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The outside, as one value. `targets` and `probes` are keyed by kind and by type of question.

    `versioned` gives what a target that follows versions comes to at one of them.
    """

    now: Callable[[], datetime]
    elapsed: Callable[[], float]
    source: Source
    store: Store
    targets: Mapping[str, Target]
    probes: Mapping[type, Probe] = field(default_factory=dict)
    applications: Applications | None = None
    registries: Registries | None = None
    versioned: Callable[[DesiredTarget, str], DesiredTarget] = lambda want, _version: want
    watchers: tuple[Callable[[Cycle], None], ...] = ()


class Pulse(Protocol):
    """What health is judged by; the loop tells it, the probes of the platform ask it."""

    def beat(self) -> None: ...
    def turn_started(self, env: EnvName) -> None: ...
    def turn_finished(self, env: EnvName) -> None: ...
    def store_ok(self, *, ok: bool) -> None: ...
    def source_ok(self, *, ok: bool) -> None: ...
    def environments(self, names: frozenset[EnvName]) -> None: ...
    def lease(self, env: EnvName, *, held: bool) -> None: ...


class Gauges(Protocol):
    """What the loop counts that is not in a Cycle."""

    def queue(self, depth: int) -> None: ...
    def lease(self, env: EnvName, *, held: bool) -> None: ...
    def turn_failed(self, env: EnvName, error: Exception) -> None: ...
    def environments(self, names: frozenset[EnvName]) -> None: ...
    def places(self, places: frozenset[Place]) -> None: ...
    def loop_failed(self, error: Exception) -> None: ...
    def watcher_failed(self, watcher: str, error: Exception) -> None: ...
    def store_failed(self, error: Exception) -> None: ...
