"""What git asks for, or that git could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from controller.model.application import Application
from controller.model.gate import Gate
from controller.model.group import Group
from controller.model.lookups import Looked
from controller.model.manifest import Manifest
from controller.model.names import Commit, EnvName, TargetName
from controller.model.orders import Pause
from controller.model.packed import NOTHING, Packed
from controller.model.place import Place
from controller.model.release import Fixed, Release, Settings
from controller.model.rollout import Terms
from controller.model.track import Followed, Track
from controller.model.trust import Signed, Verify


class Supersede(StrEnum):
    """When a newer wish may replace a rollout."""

    ALWAYS = "always"
    WHEN_FAILING = "whenFailing"
    AFTER_BAKE = "afterBake"


class OnDrift(StrEnum):
    """What to do about drift."""

    HEAL = "heal"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Differences that are passed over under a path, why, and until when; `path` is a pattern of manifest paths."""

    path: str
    reason: str
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredTarget:
    """One thing that should run, and on what terms it may change; `file` is where the spec says so.

    `fixed` can not be changed where it is there already: while it differs, nothing is sent. `beside` is only
    compared: what differs of it is said.
    `draft` is what its kind still has to fill in before `release` is whole, in the kind's own words; `unread` says
    why that could not be done, `notes` what a person should know of it all the same. `looked` are the values that
    were looked up to fill it in. `needs` are the targets that come first. `breaking` says that a major step of the
    version was acknowledged. `application` is what its images are built from.
    `track` is what is followed instead of a version, `followed` which version that is just now; until it is known,
    `release` is the one of a version that stands in. The tags of `fresh` images are asked for again and again;
    `astray` says that a tag which is followed otherwise was moved. `group` is the group that it is a member of.
    `said` is the release of the spec itself where a hotfix wants another version of it, `unfit` why that cannot be.
    """

    place: Place
    release: Release
    owner: str = ""
    file: str = ""
    settings: Settings | None = None
    fixed: Fixed | None = None
    beside: Manifest | None = None
    gates: tuple[Gate, ...] = ()
    terms: Terms = field(default_factory=Terms)
    supersede: Supersede = Supersede.ALWAYS
    on_drift: OnDrift = OnDrift.HEAL
    heal_after: timedelta = timedelta(minutes=5)
    pause: Pause | None = None
    create: bool = False
    ignore: tuple[Ignored, ...] = ()
    draft: Packed = NOTHING
    unread: str = ""
    notes: tuple[str, ...] = ()
    looked: Looked | None = None
    needs: tuple[TargetName, ...] = ()
    breaking: bool = False
    application: Application | None = None
    track: Track | None = None
    fresh: frozenset[str] = frozenset()
    followed: Followed | None = None
    astray: str = ""
    group: Group | None = None
    said: Release | None = None
    unfit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much of an environment may change at once; None: as much as there is.

    `rollouts` may be under way, a bake not counted. A commit that would change more than `changes` targets, or
    `percent` of them, waits until a person confirms it.
    """

    rollouts: int | None = None
    changes: int | None = None
    percent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """How many automatic rollbacks an environment may start before it calls a person."""

    limit: int = 3
    window: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong in a spec, where, and what was probably meant; line and column count from 1."""

    path: str
    what: str
    line: int = 0
    column: int = 0
    where: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{place}: {self.where}: {self.what}" if self.where else f"{place}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Up to which commit an environment has gone, and where each broken file was last good.

    `verify` is what has to be signed of what follows, whatever that says. With `anywhere` a person said that what
    is read next need not follow this commit; if `only` names one, no other may be read then but what follows it.
    """

    commit: Commit
    broken: Mapping[str, Commit] = field(default_factory=dict)
    verify: Verify = field(default_factory=Verify)
    anywhere: bool = False
    only: Commit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """One environment at one commit; files that do not parse stand as they were when they last did.

    `verify` is what has to be signed of what follows it; `signed` is who signed this commit, if that was asked.
    """

    env: EnvName
    commit: Commit
    targets: Mapping[TargetName, DesiredTarget]
    committed_at: datetime | None = None
    author: str = ""
    brake: Brake = field(default_factory=Brake)
    load: Load = field(default_factory=Load)
    pause: Pause | None = None
    complaints: tuple[Complaint, ...] = ()
    broken: Mapping[str, Commit] = field(default_factory=dict)
    verify: Verify = field(default_factory=Verify)
    signed: Signed | None = None

    @property
    def accepted(self) -> Accepted:
        """What the environment has gone up to once this is acted on."""
        return Accepted(commit=self.commit, broken=self.broken, verify=self.verify)


GONE: Final = "EnvironmentGone"
"""The `reason` of an environment that the source was read for, and that is not in it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Git is away, or says nothing of use: nothing opens and nothing heals, what is in flight is finished.

    `reason` is a stable word for machines, `why` a sentence for people.
    """

    env: EnvName
    why: str
    reason: str = "SourceUnavailable"


Reading: TypeAlias = Desired | Unread
