"""What a source asks of whoever compiles specs, and of what they are compiled under."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from controller.model.desired import Brake, Complaint, DesiredTarget, Load
from controller.model.names import EnvName, TargetName
from controller.model.orders import Pause
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
    def complaints(self) -> tuple[Complaint, ...]:
        """Everything that is wrong, in order."""
        ...

    @property
    def broken(self) -> Mapping[str, tuple[Complaint, ...]]:
        """What is wrong in each file, by its name in the snapshot."""
        ...


Compile: TypeAlias = Callable[[EnvName, Mapping[str, Snapshot]], Compiled]


class Rules(Protocol):
    """What specs are compiled under besides what they say: the operator's policy."""

    why: str

    def refresh(self) -> bool:
        """Read it again; says whether anything is otherwise than before. `why` says why it is not known."""
        ...
