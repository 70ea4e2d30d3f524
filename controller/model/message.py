"""What people are told, and how far each notifier has come with telling it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from controller.model.decision import Blocker
from controller.model.names import EnvName, TargetName

DEAD: Final = 100
"""How many dead letters of a notifier are kept, the newest."""

THREADS: Final = 200
"""How many threads a notifier remembers, the newest."""


class Occasion(StrEnum):
    """When somebody wants to be told: a release is to start, it is under way, it ended, or a person is needed."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"
    NEEDED = "needed"
    NOTES = "notes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing that people are told, of one row of the journal.

    `id` is the same whenever this is made of the same row. `transition` says in one word what happened; `title` is
    a line, `text` may be several. `owners` are those whom it concerns. `blocked` is what `trueup why` lists.
    `target` is none for what concerns an environment as a whole, and the name of a group for what concerns all of
    that: then `attempt` names the one that it is about, and it is of no rollout in particular. Who asks for one of
    `told_with` too is told it by another message of the same moment.
    """

    id: str
    at: datetime
    row: int
    occasions: frozenset[Occasion]
    transition: str
    env: EnvName
    title: str
    text: str = ""
    target: TargetName | None = None
    owners: tuple[str, ...] = ()
    rollout: int = 0
    attempt: str = ""
    version: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    blocked: tuple[Blocker, ...] = ()
    told_with: frozenset[Occasion] = frozenset()

    @property
    def about(self) -> str:
        """Name what it is about."""
        return f"{self.env}/{self.target}" if self.target else self.env

    @property
    def thread(self) -> str:
        """Name what belongs together: the messages of one rollout, or attempt; empty for what belongs to none."""
        number = self.attempt or self.rollout
        return f"{self.about}/{number}" if self.target and number else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which messages go to a notifier: of these owners, environments and occasions; empty ones ask for any."""

    notifier: str
    occasions: frozenset[Occasion]
    owners: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()

    def takes(self, message: Message) -> bool:
        """Whether it asks for this message."""
        if not self.occasions & message.occasions:
            return False
        if self.environments and message.env not in self.environments:
            return False
        return not self.owners or not self.owners.isdisjoint(message.owners)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that was given up: of which row, when, after how many tries, and why."""

    id: str
    row: int
    at: datetime
    title: str
    tries: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for the next digest of one owner: since which row."""

    row: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far a notifier has come.

    `cursor` is the number of the last row that is dealt with. `sent`, `failed` and `died` count since it was first
    known; `tries` and `why` are of the message that is being tried. `threads` are the receiver's own names of the
    threads of rollouts. `waiting` are approvals by owner that no digest has told yet, `digested` when the last one
    was sent. `heard` is the number of the last order to send dead letters again.
    """

    cursor: int
    sent: int = 0
    failed: int = 0
    died: int = 0
    last: datetime | None = None
    tries: int = 0
    why: str = ""
    dead: tuple[DeadLetter, ...] = ()
    threads: Mapping[str, str] = field(default_factory=dict)
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    digested: Mapping[str, datetime] = field(default_factory=dict)
    heard: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A person's order to send dead letters of a notifier again: all, or those with these ids."""

    number: int = 0
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told to be needed of people in an environment, by target: words such as `approval:DIGEST`."""

    targets: Mapping[TargetName, tuple[str, ...]] = field(default_factory=dict)
