"""What people asked for; commands write these, the loop only reads them. Every order has a number."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.model.hotfix import Hotfix
from controller.model.names import Commit, Digest, EnvName, TargetName
from controller.model.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A person's stop, from its own time, with a reason and perhaps an end; armed keeps the rollback."""

    reason: str
    at: datetime | None = None
    until: datetime | None = None
    armed: bool = False
    by: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """From when until when a pause held; without an end it still does."""

    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A person's word that nothing new starts in an environment; what is under way and going back are let go on."""

    reason: str
    at: datetime
    until: datetime | None = None
    by: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A person's choice of another release, until the spec asks for something else than it did then."""

    number: int
    release: Release
    spec: Digest | None
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """A person's wish to go back, perhaps to one version (or one digest)."""

    number: int
    to: str | None = None
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A person's order that is done once: retry, restart, recover, forget, accept-history."""

    number: int
    reason: str = ""
    by: str = ""
    commit: Commit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A person's order that what one target remembers becomes another's: its file was renamed."""

    number: int
    env: EnvName
    target: TargetName
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A person's yes or no to what waits for one: a pause of the platform's own in the rollout of a version.

    `stage` is where it stood when the person was asked; a yes counts there, and nowhere else.
    """

    number: int
    version: str
    yes: bool
    stage: str = ""
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """A verdict from outside on an image or a release, by its digest."""

    number: int
    check: str
    digest: Digest
    passed: bool
    at: datetime | None = None
    by: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person's yes or no to what waits for its gate, bound to the digest of just that.

    `by` is a name of people.yaml, `groups` are those the person was in just then, `via` is how they were known.
    """

    number: int
    version: str
    digest: Digest
    by: str
    at: datetime
    yes: bool = True
    groups: tuple[str, ...] = ()
    comment: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A person's word that one item of a checklist is done for just this content, or with `undo` that it is not.

    `by`, `groups` and `via` are as an approval's.
    """

    number: int
    item: str
    version: str
    digest: Digest
    by: str
    at: datetime
    undo: bool = False
    groups: tuple[str, ...] = ()
    comment: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A person's word that the windows of an environment are open, with a reason, from then until its end.

    `by`, `groups` and `via` are as an approval's.
    """

    reason: str
    at: datetime
    until: datetime
    by: str
    groups: tuple[str, ...] = ()
    via: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it counts now."""
        return self.at <= now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOrders:
    """Every standing order for one target; numbers tell a new one from a served one.

    `attested` are the newest verdicts from outside, one a check and digest; `approvals` the newest answers to what
    waits for its gate, one a person and digest; `ticks` the newest words on items of checklists, one an item,
    person and digest. `stopped` are the newest pauses that are over. Of
    `hotfixes`, the newest last, only that one may stand; the others are kept for their reviews.
    """

    pause: Pause | None = None
    pin: Pin | None = None
    retry: Request | None = None
    restart: Request | None = None
    rollback: Rollback | None = None
    recover: Request | None = None
    forget: Request | None = None
    moved: Moved | None = None
    answer: Answer | None = None
    attested: tuple[Attested, ...] = ()
    approvals: tuple[Approval, ...] = ()
    ticks: tuple[Tick, ...] = ()
    stopped: tuple[Stopped, ...] = ()
    hotfixes: tuple[Hotfix, ...] = ()

    def hotfix(self, now: datetime) -> Hotfix | None:
        """Find the hotfix that stands."""
        return next((one for one in self.hotfixes[-1:] if one.stands(now)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """Every standing order for one environment; `confirmed` are changes that may be made although they are many.

    `stopped` are the newest pauses of all of it that are over.
    """

    pause: Pause | None = None
    freeze: Freeze | None = None
    opening: Opening | None = None
    stopped: tuple[Stopped, ...] = ()
    accept: Request | None = None
    recover: Request | None = None
    confirmed: Mapping[TargetName, Digest] = field(default_factory=dict)
    targets: Mapping[TargetName, TargetOrders] = field(default_factory=dict)
