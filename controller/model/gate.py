"""A gate, or a guard, asks questions and judges the answers; it never looks for itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias, runtime_checkable

from controller.model.hooks import Hook
from controller.model.questions import Answer, Candidate, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Go ahead; `why` says what opened it, where that is worth keeping, and makes no two of them different.

    `until` is when it shuts by itself, if that is known; neither does that.
    """

    why: str = field(default="", compare=False)
    until: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """Not now, and here is why; `rings` names what rings, so that an old ring is told from a new one.

    `since` is since when it is, if the gate knows, `until` when it opens by itself, if that is known. `groups` are
    those whose people can open it, `items` what they have to tick one by one.
    """

    why: str
    rings: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    groups: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


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


@runtime_checkable
class Prepares(Protocol):
    """A gate that may have something done first, once all gates are open: as a hook before the rollout."""

    @property
    def hook(self) -> Hook | None:
        """What is done; None if nothing is."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """A guard that may find out afterwards whether it was open while nobody watched."""

    def asks_gap(self, candidate: Candidate, after: datetime) -> Iterable[Question]:
        """List what must be known to judge the time from `after` until the answer; nothing if it can not."""
        ...

    def judge_gap(self, candidate: Candidate, answers: Mapping[Question, Answer], after: datetime) -> bool:
        """Whether it is certain that it was open all that time; False if it is only likely, or not known."""
        ...


class OnShut(StrEnum):
    """What a guard that shuts does to the rollout that it watches."""

    WARN = "warn"
    HOLD = "hold"
    ROLLBACK = "rollback"


@runtime_checkable
class Bounded(Protocol):
    """A gate some of whose fields say something only together, so that they are compared with a floor together."""

    @classmethod
    def wrong_floor(cls, values: Mapping[str, object]) -> str:
        """Say why no spec could meet a floor of these values; empty if one could."""
        ...

    def beyond(self, values: Mapping[str, object]) -> "Beyond | None":
        """Say how it goes below a floor of these values; None if it does not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """How a gate goes below a floor: the field, what the gate says, and what the floor asks for."""

    field: str
    says: str
    asked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What every guard's dataclass has beside its own fields; how often and how long is counted by the rollout.

    A verdict counts as open after `passes` answers in a row that are, as shut after `failures` in a row that are
    and once they have lasted for `lasting`; until then it is unsure. What a spec may say of a field is said beside
    it, in the words of spec/fields.py. Most guards can not look back.
    """

    action: OnShut = field(
        default=OnShut.ROLLBACK,
        metadata={
            "about": "What to do when it shuts: warn (say so), hold (the bake stands still), rollback.",
            "floor": tuple(OnShut),
        },
    )
    shadow: bool = field(
        default=False,
        metadata={
            "about": "Only say what it would have done; the rollout does not heed it.",
            "floor": (True, False),
        },
    )
    passes: int = field(
        default=1,
        metadata={
            "about": "How many answers in a row have to be good. 1 if absent.",
            "between": (1, 100),
            "floor": "least",
        },
    )
    failures: int = field(
        default=1,
        metadata={
            "about": "How many answers in a row have to be bad before they count. 1 if absent.",
            "between": (1, 100),
            "floor": "most",
        },
    )
    lasting: timedelta = field(
        default=timedelta(),
        metadata={
            "about": "How long it has to be bad without a break before it counts. 0s if absent.",
            "key": "for",
            "between": ("0s", "1h"),
            "floor": "most",
        },
    )

    def asks_gap(self, candidate: Candidate, after: datetime) -> Iterable[Question]:
        """Ask nothing: what was not watched is not known."""
        del candidate, after
        return ()

    def judge_gap(self, candidate: Candidate, answers: Mapping[Question, Answer], after: datetime) -> bool:
        """Be certain of nothing that was not watched."""
        del candidate, answers, after
        return False
