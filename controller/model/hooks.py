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


def _title(when: When, name: str) -> str:
    return f"{when.value} hook {name}"


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

    @property
    def title(self) -> str:
        """What it is called where people read of it."""
        return _title(self.when, self.name)


class RunState(StrEnum):
    """Where a one-off task stands, as far as we know."""

    BEGUN = "begun"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken by the platform"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One hook of one release that was started, once, whatever happened since.

    `at` is when the intent was last written, `tries` how often; `sent` is what is known of that: None, nothing.
    `task` is the platform's name for it once known. `stopped` is when it was told to stop, because it took too
    long. `code` is the exit code of the container that it is about, `lines` are the last that it logged. BROKEN is
    one that never ran, through no fault of its own: `attempt` counts those before it. UNKNOWN is one of which
    nobody can tell how it ended. `images` is the release that it ran with, if not its own.
    """

    id: TaskId
    digest: Digest
    hook: str
    when: When
    at: datetime
    timeout: timedelta
    shape: Packed = NOTHING
    retry: int = 0
    attempt: int = 0
    tries: int = 1
    state: RunState = RunState.BEGUN
    sent: bool | None = None
    task: str = ""
    revision: Revision | None = None
    stopped: datetime | None = None
    ended: datetime | None = None
    code: int | None = None
    why: str = ""
    lines: tuple[str, ...] = ()
    images: Digest | None = None

    @property
    def title(self) -> str:
        """What it is called where people read of it."""
        return _title(self.when, self.hook)

    @property
    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.state not in {RunState.BEGUN, RunState.RUNNING}

    @property
    def is_out(self) -> bool:
        """Whether it runs, or may: of one that was surely not sent nothing is to be waited for."""
        return not self.over and not (self.state is RunState.BEGUN and self.sent is False)

    def is_of(self, hook: Hook, digest: Digest, retry: int, images: Digest | None) -> bool:
        """Whether it is of this hook of this release, with the images of another one if some are named."""
        mine = (self.hook, self.when, self.digest, self.retry, self.images)
        return mine == (hook.name, hook.when, digest, retry, images)


def task_id(
    claim: ClaimKey, release: Digest, hook: Hook, retry: int, attempt: int, images: Digest | None = None
) -> TaskId:
    """Name a one-off task by what it is for: the same however often it is asked for."""
    said = "\n".join((claim, release, hook.when, hook.name, str(retry), str(attempt), images or ""))
    return TaskId(hashlib.sha256(said.encode()).hexdigest()[:_ID_LENGTH])


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAt:
    """A one-off task to look for: by its own id, and the platform's name once known; `shape` is the hook's."""

    id: TaskId
    place: Place
    task: str = ""
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
