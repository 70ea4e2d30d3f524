"""Hooks: one-off tasks that belong to a release's rollout, and what became of each that was started."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from controller.model.names import ClaimKey, Digest, Revision, TaskId
from controller.model.packed import NOTHING, Packed
from controller.model.place import Place

_ID_LENGTH: Final = 32
"""RunTask's client token and `startedBy` take at most 36 characters (ECS API Reference)."""


class When(StrEnum):
    """At what point of a rollout a hook belongs."""

    BEFORE = "before"
    AFTER = "after"
    ON_ROLLBACK = "onRollback"


class Image(StrEnum):
    """Which release's images a hook on rollback runs: what is gone back from, or what is gone back to."""

    NEW = "new"
    OLD = "old"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A one-off task, as the spec declares it; `shape` is canonical JSON that only the kind of target reads.

    With `check` nothing is started: it is a verdict from outside that is waited for, under this name.
    """

    name: str
    when: When
    timeout: timedelta = timedelta(minutes=10)
    image: Image = Image.NEW
    shape: Packed = NOTHING
    check: str = ""


class RunState(StrEnum):
    """Where a one-off task stands, as far as we know."""

    BEGUN = "begun"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One hook of one release that was started, once, whatever happened since.

    `at` is when the intent was written, `tries` how often it was sent; `task` is the platform's name for it once
    known. `stop` says that it took too long and is being stopped. `code` is the exit code of the container that it
    is about, `lines` are the last that it logged. UNKNOWN is one that ended while nobody could see how.
    """

    id: TaskId
    digest: Digest
    hook: str
    when: When
    at: datetime
    timeout: timedelta
    retry: int = 0
    tries: int = 1
    state: RunState = RunState.BEGUN
    sent: bool | None = None
    task: str = ""
    revision: Revision | None = None
    stop: bool = False
    ended: datetime | None = None
    code: int | None = None
    why: str = ""
    lines: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.state in {RunState.PASSED, RunState.FAILED, RunState.UNKNOWN}


def task_id(claim: ClaimKey, release: Digest, hook: Hook, retry: int) -> TaskId:
    """Name a one-off task by what it is for: the same for every attempt to start it."""
    said = "\n".join((claim, release, hook.when, hook.name, str(retry)))
    return TaskId(hashlib.sha256(said.encode()).hexdigest()[:_ID_LENGTH])


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAt:
    """A one-off task to look for: by its own id, and by the platform's name if that is known."""

    id: TaskId
    place: Place
    task: str = ""
    hook: str = ""
    shape: Packed = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRuns:
    """It is there, and has not ended."""

    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnded:
    """It ended: with this code, None if it never ran; `ground` if the platform is to blame for that."""

    task: str
    code: int | None
    why: str = ""
    ground: bool = False
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskAbsent:
    """The platform knows of no such task: it never was, or ended too long ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUnseen:
    """We could not look."""

    why: str


TaskSight: TypeAlias = TaskRuns | TaskEnded | TaskAbsent | TaskUnseen
