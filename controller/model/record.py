"""What we remember about an environment between turns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from controller.model.consent import Authors
from controller.model.desired import Accepted
from controller.model.group import Group
from controller.model.hooks import Run
from controller.model.hotfix import Lane
from controller.model.lookups import Looked
from controller.model.manifest import Echo, Manifest, shows
from controller.model.names import ClaimKey, DeploymentId, Digest, EnvName, Revision, TargetName
from controller.model.orders import Orders
from controller.model.paths import Paths
from controller.model.place import Place
from controller.model.questions import Changer
from controller.model.release import Kept, Release
from controller.model.rollout import Phase, Rollout
from controller.model.track import Followed

GOODS: Final = 10
RUNS: Final = 40
REVISIONS: Final = 20
APPROVED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """A wish that waits; `again` marks one that a person asked to retry, by the order `retry`.

    `authors` are all who wrote it, counted from what ran when it was first wished for; None until that is known.
    They stay with it whatever becomes of git.
    """

    release: Release
    since: datetime
    again: bool = False
    retry: int = 0
    authors: Authors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Something else runs, or, with `settings`, the settings are not as declared, and somebody changed that.

    `since` is when a look first showed it: healing is counted from there. `made` is when the foreign deployment
    was made, by the platform's clock. `who` made it is asked from time to time, `asked` last, until it is known.
    """

    digest: Digest
    since: datetime
    settings: bool = False
    deployment: DeploymentId | None = None
    made: datetime | None = None
    who: Changer | None = None
    asked: datetime | None = None

    @property
    def began(self) -> datetime:
        """When it began, as well as is known."""
        return self.made or self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A release that failed here: when, why, and what the platform said of it.

    With `core`, what is the spec's own in it failed, whatever it is laid over. `asked` names what the spec said of
    it: the same words failed, whatever their tags stand for now. `images` are the digests that it ran. With
    `together` another member of its group failed: it is barred in just that release of the group.
    """

    digest: Digest
    version: str
    owns: Paths
    since: datetime
    why: str
    evidence: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    echo: Echo = ()
    core: Digest | None = None
    asked: Digest | None = None
    together: Digest | None = None

    def is_in(self, release: Release) -> bool:
        """Whether what failed is in this release: all of it, what is the spec's own, or what the spec said."""
        if release.digest == self.digest:
            return True
        if release.core is not None:
            return release.core == self.core
        return release.asked is not None and release.asked == self.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The settings that we last sent or found as declared: when, how often sent, and why they were not taken.

    `seen` says that a look once showed them as declared: if they differ after that, somebody changed them.
    """

    digest: Digest
    at: datetime
    tries: int = 1
    why: str = ""
    seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What we remember about one target; `current` is what should run at rest.

    `owner` and `group` are as the spec last said. `revisions` are the newest that we registered, by digest.
    `unknown` is an outcome that reading cannot settle: it holds until a person closes it. `heard` numbers are the
    last orders that were served. `healed` is the last drift that was healed, `fight` since when somebody has
    changed back what was healed too often. `looked` are the values that the newest commit had looked up: what
    changed since must not deploy without a commit. `runs` are the newest one-off tasks that were started for
    releases here, oldest first. `queued` is since when it waits for nothing but room for another rollout in its
    environment. `approved` are the numbers of the newest approvals and ticks that rollouts were opened with: none
    counts twice. `followed` is the newest version that was followed here, and what its tag stood for. `shut` says
    since when what blocks does, by its gate, where that is not known otherwise. `lane` is what the newest hotfix
    came to; `shouted` is the number of the last one of which it was told that nobody reviewed it in time.
    """

    place: Place | None = None
    owner: str = ""
    group: Group | None = None
    phase: Phase = Phase.IDLE
    current: Kept | None = None
    goods: tuple[Kept, ...] = ()
    found: Kept | None = None
    quarantine: Mapping[Digest, Quarantined] = field(default_factory=dict)
    rollout: Rollout | None = None
    rollouts: int = 0
    next: Next | None = None
    drift: Drift | None = None
    heals: tuple[datetime, ...] = ()
    healed: Drift | None = None
    fight: datetime | None = None
    applied: Applied | None = None
    revisions: tuple[tuple[Digest, Revision], ...] = ()
    seen: bool = False
    identity: str = ""
    watermark: int = 0
    halted: datetime | None = None
    unknown: str = ""
    retried: int = 0
    restarted: int = 0
    ordered: int = 0
    unpinned: int = 0
    recovered: int = 0
    looked: Looked | None = None
    runs: tuple[Run, ...] = ()
    answered: int = 0
    approved: tuple[int, ...] = ()
    queued: datetime | None = None
    followed: Followed | None = None
    lane: Lane | None = None
    shouted: int = 0
    shut: tuple[tuple[str, datetime], ...] = ()

    @property
    def labels(self) -> tuple[object, ...]:
        """What equality passes over: what its releases are called, and since when what was kept counts."""
        rollout = self.rollout
        kept = (self.current, self.found, *self.goods, rollout.back if rollout else None)
        called = tuple(one.release.version if one else "" for one in (self.next, rollout))
        return (*called, *((one.release.version, one.since) if one else None for one in kept))

    @property
    def releases(self) -> tuple[Release, ...]:
        """Every release in it, what is nearest to being wanted first."""
        kept = (self.current, *self.goods, self.found, self.rollout.back if self.rollout else None)
        begun = (self.next, self.rollout)
        return (*(one.release for one in begun if one), *(one.release for one in kept if one))

    def is_good(self, digest: Digest | None) -> bool:
        """Whether this release survived its bake here."""
        return any(kept.digest == digest for kept in self.goods)

    @property
    def known(self) -> tuple[Kept, ...]:
        """Every release that we may go back to, best first: the goods, then what was found, if it is another."""
        found = (self.found,) if self.found is not None and not self.is_good(self.found.digest) else ()
        return (*self.goods, *found)

    def is_known(self, digest: Digest | None) -> bool:
        """Whether this release is one we may go back to."""
        return self.is_good(digest) or (self.found is not None and self.found.digest == digest)

    def bars(self, release: Release) -> Quarantined | None:
        """Find what failed here and is in this release."""
        whole = self.quarantine.get(release.digest)
        return whole or next((one for one in self.quarantine.values() if one.is_in(release)), None)

    def way_back(self, live: Manifest) -> Kept | None:
        """Find the release we may go back to that a live manifest shows."""
        found = (self.found,) if self.found else ()
        return next((kept for kept in (*self.goods, *found) if kept.release.runs_in(live)), None)

    def barred_in(self, live: Manifest) -> Quarantined | None:
        """Find the quarantined release that a live manifest shows, by either name of its images."""
        names = ((), live.echo) if live.echo else ((),)
        return next(
            (
                q
                for q in self.quarantine.values()
                if any(shows(live, q.digest, q.owns, (*q.echo, *also)) for also in names)
            ),
            None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Which target owns a claim."""

    env: EnvName
    target: TargetName

    def __str__(self) -> str:
        return f"{self.env}/{self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All memories of one environment and the orders they live under.

    `claims` are the owners of every claim in the store, whatever their environment. `version` is what guards
    saving: it changes whenever anything in this record does, and means nothing else.
    """

    version: str = ""
    accepted: Accepted | None = None
    heard_accept: int = 0
    orders: Orders = field(default_factory=Orders)
    targets: Mapping[TargetName, Memory] = field(default_factory=dict)
    claims: Mapping[ClaimKey, Owner] = field(default_factory=dict)
    rollbacks: tuple[datetime, ...] = ()
