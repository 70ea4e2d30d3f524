"""What was there when we looked. Looking can fail; failing to look is a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from controller.model.hooks import TaskSight
from controller.model.manifest import Manifest
from controller.model.names import Commit, DeploymentId, Digest, Revision, TargetName, TaskId
from controller.model.packed import Packed
from controller.model.questions import Answer, Question


class State(StrEnum):
    """Where one deployment of the platform stands, its own nine words folded into six."""

    MOVING = "moving"
    SUCCESSFUL = "successful"
    RETURNING = "being rolled back by the platform"
    RETURNED = "rolled back by the platform"
    STOPPED = "stopped"
    FAILED = "failed"


class Blame(StrEnum):
    """Whose fault it is: the release's own, or the ground it stands on."""

    CONTENT = "content"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaits:
    """A pause of the platform's own in which a deployment waits for a yes or a no, and what it does without one.

    `pause` is the platform's name for it, `stage` where in the deployment it stands.
    """

    pause: str
    stage: str = ""
    until: datetime | None = None
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One attempt of the platform to replace what runs.

    `born` is its creation in microseconds since the epoch, by the platform's clock. `evidence` holds what the
    platform says of failed tasks: stop reasons, exit codes, newest first. `stage` is how far it is, in the
    platform's word, and `reached` in numbers: it only grows while the platform gets on. `source` is the deployment
    that it replaces, if that is told: there the platform can take it back to. `awaits` is the pause it stands in.
    `automatic` says that the platform made it, or took it up again, by itself, to go back.
    """

    id: DeploymentId
    born: int
    manifest: Manifest
    state: State
    revision: Revision | None = None
    blame: Blame | None = None
    why: str = ""
    by: str = "somebody"
    evidence: tuple[str, ...] = ()
    stage: str = ""
    reached: int = 0
    source: DeploymentId | None = None
    awaits: Awaits | None = None
    automatic: bool = False

    @property
    def broke(self) -> bool:
        """Whether the platform gave up on it."""
        return self.state in {State.RETURNING, State.RETURNED, State.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class OurTags:
    """What our own tags say on the running revision: proof that we were here before."""

    digest: Digest
    version: str = ""
    commit: Commit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The target exists.

    `asof` orders reads (microseconds since the epoch, by the platform's clock: the newest change that this read
    knows of), so that an older read is known for what it is. `identity` changes when the service is made anew.
    `told` says that the platform's own account of its deployments was read too, not only what is listed now.
    `settings` hold what is fixed as well. `beside` is what is only compared, if it was asked for; `unread` says why
    it could not be read. `notes` are what a person should know of what runs.
    """

    manifest: Manifest
    settings: Manifest
    shape: Packed
    revision: Revision
    deployment: DeploymentId
    desired: int
    running: int
    asof: int
    identity: str = ""
    exits: int = 0
    told: bool = False
    deployments: tuple[Deployment, ...] = ()
    tags: OurTags | None = None
    beside: Manifest | None = None
    unread: str = ""
    notes: tuple[str, ...] = ()

    @property
    def primary(self) -> Deployment | None:
        """The deployment that the platform calls PRIMARY."""
        return self.find(self.deployment)

    @property
    def complete(self) -> bool:
        """Whether the platform has finished, and something really runs."""
        done = self.primary is not None and self.primary.state is State.SUCCESSFUL
        return done and self.running >= max(1, self.desired)

    @property
    def moving(self) -> bool:
        """Whether the platform is still at work on what it calls PRIMARY."""
        return self.primary is not None and self.primary.state is State.MOVING

    @property
    def youngest(self) -> int:
        """When the newest deployment was made."""
        return max((made.born for made in self.deployments), default=0)

    def find(self, wanted: DeploymentId | None) -> Deployment | None:
        """Find a deployment by its id."""
        return next((made for made in self.deployments if made.id == wanted), None)


@dataclass(frozen=True, slots=True)
class Absent:
    """The target does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """We could not look."""

    why: str


Sight: TypeAlias = Live | Absent | Unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything one turn read from the world.

    `tokens` are the changing calls in hand, by quota; `tasks` the one-off tasks that are still waited for.
    """

    sights: Mapping[TargetName, Sight]
    answers: Mapping[Question, Answer] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)
    tasks: Mapping[TaskId, TaskSight] = field(default_factory=dict)
    at: datetime | None = None
