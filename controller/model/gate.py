"""A gate, or a guard, asks questions and judges the answers; it never looks for itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from controller.model.questions import Answer, Candidate, Question


@dataclass(frozen=True, slots=True)
class Open:
    """Go ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """Not now, and here is why; `rings` names what rings, so that an old ring is told from a new one."""

    why: str
    rings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """It could not be found out: never a yes, never a reason to go back."""

    why: str


Verdict: TypeAlias = Open | Shut | Unsure
NotOpen: TypeAlias = Shut | Unsure


class Gate(Protocol):
    """A condition that a candidate has to meet; `kind` is its name in the spec."""

    @property
    def kind(self) -> str:
        """The gate's key in the table of kinds."""
        ...

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """List what must be known to judge."""
        ...

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Decide from the answers alone."""
        ...
