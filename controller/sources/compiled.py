"""What the source needs of an environment that was compiled; who compiles it is handed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from controller.model.desired import Accepted, Brake, Complaint, Desired, DesiredTarget, Load
from controller.model.names import Commit, EnvName, TargetName
from controller.model.orders import Pause
from controller.model.trust import Verify
from controller.sources.snapshot import Snapshot


class Compiled(Protocol):
    """An environment as its files say it; the targets of a file in `broken` are missing."""

    @property
    def targets(self) -> Mapping[TargetName, DesiredTarget]:
        """What should run."""
        ...

    @property
    def brake(self) -> Brake:
        """How many automatic rollbacks may start."""
        ...

    @property
    def load(self) -> Load:
        """How much may change at once."""
        ...

    @property
    def pause(self) -> Pause | None:
        """A pause of the whole environment."""
        ...

    @property
    def verify(self) -> Verify:
        """What has to be signed."""
        ...

    @property
    def complaints(self) -> tuple[Complaint, ...]:
        """Everything that is wrong, in order."""
        ...

    @property
    def broken(self) -> Mapping[str, tuple[Complaint, ...]]:
        """What is wrong in each file, by its name in the snapshot."""
        ...

    def files_of(self, target: TargetName) -> frozenset[str]:
        """Name the files that a target is made of, as in the snapshot."""
        ...


Instead: TypeAlias = Mapping[TargetName, str]
Compile: TypeAlias = Callable[[EnvName, Mapping[str, Snapshot], Instead], Compiled]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How an environment is asked for: from which commit on, and which versions are wanted instead of its own."""

    accepted: Accepted | None
    instead: Instead


def desired_of(
    env: EnvName,
    snapshot: Snapshot,
    compiled: Compiled,
    broken: Mapping[str, Commit],
    complaints: tuple[Complaint, ...],
) -> Desired:
    """Give what an environment asks for at a commit."""
    return Desired(
        env=env,
        commit=snapshot.commit,
        targets=compiled.targets,
        committed_at=snapshot.committed_at,
        author=snapshot.author,
        brake=compiled.brake,
        load=compiled.load,
        pause=compiled.pause,
        complaints=complaints,
        broken=broken,
        verify=compiled.verify,
    )


class Rules(Protocol):
    """What specs are compiled under besides what they say: the operator's policy."""

    why: str

    def refresh(self) -> bool:
        """Read it again; says whether anything is otherwise than before. `why` says why it is not known."""
        ...
