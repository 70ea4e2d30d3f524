"""A rollout is one attempt to bring one target to one release, under the terms it was opened with."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from controller.model.gate import Gate
from controller.model.group import Part
from controller.model.hooks import Hook
from controller.model.names import DeploymentId, Digest, Revision
from controller.model.release import Kept, Release, Settings


class Phase(StrEnum):
    """Where a target stands."""

    IDLE = "idle"
    PENDING = "pending"
    PREPARING = "preparing"
    ROLLING = "rolling"
    BAKING = "baking"
    ROLLING_BACK = "rolling_back"
    STALLED = "stalled"


MOVING: Final = frozenset({Phase.PREPARING, Phase.ROLLING, Phase.BAKING, Phase.ROLLING_BACK})
"""The phases in which a rollout is under way."""


class Purpose(StrEnum):
    """Why a release is to run."""

    FORWARD = "forward"
    HEAL = "heal"
    BACK = "back"
    SETTINGS = "settings"
    RESTART = "restart"


class Result(StrEnum):
    """What is known of a call."""

    UNKNOWN = "no answer"
    SENT = "accepted"
    STALE = "refused as stale"
    UNSENT = "not accepted, not the content's fault"
    REFUSED = "refused for what it asks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a rollout is opened under, and keeps whatever the spec says later.

    `unsure` is how long a bake may stand still for want of answers before it waits for a person. `progress` is how
    long fewer tasks than desired may run during the bake, `stuck` how long a rollout may get no further. Without
    `rollback_safe` a failing release waits for its owner instead of going back. With `incident` alarms that ring
    already keep nothing shut: only what rings anew counts. With `observe` nothing is ever called, only said.
    """

    guards: tuple[Gate, ...] = ()
    bake: timedelta = timedelta(minutes=10)
    deadline: timedelta = timedelta(minutes=30)
    progress: timedelta = timedelta(minutes=5)
    back_deadline: timedelta = timedelta(minutes=30)
    back_calls: int = 5
    settle: timedelta = timedelta(seconds=60)
    look_every: timedelta = timedelta(seconds=30)
    unsure: timedelta = timedelta(hours=6)
    stuck: timedelta = timedelta(minutes=10)
    hooks: tuple[Hook, ...] = ()
    rollback_safe: bool = True
    incident: str = ""
    observe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What a call means to replace."""

    deployment: DeploymentId
    revision: Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Our last changing call, written down before it is made.

    `after` is when the youngest deployment known then was born: what the call makes is younger.
    """

    digest: Digest
    expect: Expect | None
    after: int
    at: datetime
    force: bool = False
    result: Result = Result.UNKNOWN
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a rollout remembers of one of its guards: good and bad answers in a row, and since when it is bad.

    They are counted no further than they matter. `shut` says that it counted as shut at the last look, `why` in
    which words.
    """

    passes: int = 0
    failures: int = 0
    bad_since: datetime | None = None
    shut: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """A pause of the platform's own that we ended, because a person said so: `sent` is None until that is known.

    One hook may pause a deployment at several stages, and at each step of a shift: `stage` and `until` tell which.
    """

    pause: str
    deployment: DeploymentId
    at: datetime
    stage: str = ""
    until: datetime | None = None
    by: str = ""
    sent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """An attempt; `back` is set once it is going back, and then that is its goal.

    `opened` never changes; `since` is where the deadline is counted from, `done` when the platform was first seen
    to have finished. `rang` are the alarms that rang when it was opened and have not been quiet since; `heard` is
    what is remembered of each guard, in their order. `reached` is how far the platform had got at `moved`. `left`
    is the deployment that it goes back from, `retry` the order by which it was tried again. `way` names how it
    began, `cause` why it failed, in one word. `part` is what it has a part in, if its target is in a group; `stops`
    says that its group stopped with it and waits for a person, instead of going back. `hotfix` is the order by
    which it may have skipped what was shut, and `skipped` says what that was, by its kind.
    """

    number: int
    release: Release
    terms: Terms
    purpose: Purpose
    opened: datetime
    since: datetime
    settings: Settings | None = None
    way: str = ""
    deployment: DeploymentId | None = None
    revision: Revision | None = None
    call: Call | None = None
    tries: int = 0
    back: Kept | None = None
    barred: frozenset[Digest] = frozenset()
    baked: timedelta = timedelta()
    done: datetime | None = None
    well_at: datetime | None = None
    short_since: datetime | None = None
    unsure_since: datetime | None = None
    rang: frozenset[str] = frozenset()
    heard: tuple[Heard, ...] = ()
    reached: int = 0
    moved: datetime | None = None
    continued: Continued | None = None
    left: DeploymentId | None = None
    retry: int = 0
    part: Part | None = None
    stops: bool = False
    hotfix: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    cause: str = ""
    evidence: tuple[str, ...] = field(default=())

    @property
    def goal(self) -> Release:
        """What is to run in the end."""
        return self.back.release if self.back else self.release
