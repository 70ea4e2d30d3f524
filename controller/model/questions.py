"""What can be asked of the world; a question is a value, so that it is asked once a turn."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from controller.model.application import Application
from controller.model.group import Whole
from controller.model.images import digests_in
from controller.model.manifest import Manifest
from controller.model.names import Commit, DeploymentId, Digest, EnvName, TargetName
from controller.model.orders import Stopped
from controller.model.place import Place
from controller.model.release import Release

Question: TypeAlias = Hashable
Answer: TypeAlias = object


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The release that wants to pass, or that is being watched; its `manifest` and `commit` are not compared.

    `whole` is the release of its group that it has a part in, if it has one.
    """

    env: EnvName
    target: TargetName
    place: Place
    version: str
    digest: Digest
    whole: Whole | None = None
    manifest: Manifest | None = field(default=None, compare=False, repr=False)
    commit: Commit | None = field(default=None, compare=False)

    @classmethod
    def of(
        cls,
        env: EnvName,
        target: TargetName,
        place: Place,
        release: Release,
        commit: Commit | None = None,
        whole: Whole | None = None,
    ) -> "Candidate":
        """Name a release of a target; `commit` is the first at which it was wanted, if it is not the release's."""
        return cls(
            env=env,
            target=target,
            place=place,
            version=release.version,
            digest=release.digest,
            whole=whole,
            manifest=release.manifest,
            commit=commit or release.commit,
        )

    @property
    def bound(self) -> Digest:
        """Name all that a person's yes to it is bound to: it goes with its whole group, or alone."""
        return self.whole.digest if self.whole else self.digest

    @property
    def images(self) -> Mapping[str, str]:
        """The digest of every image that it runs by digest, by container; unpacked each time."""
        return digests_in(self.manifest) if self.manifest is not None else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsOf:
    """In which state are the alarms with these names, or with this prefix?"""

    account: str
    region: str
    role: str | None
    names: tuple[str, ...] = ()
    prefix: str = ""


class AlarmState(StrEnum):
    """A CloudWatch alarm's state, in CloudWatch's words."""

    OK = "OK"
    ALARM = "ALARM"
    NO_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm as it was read."""

    name: str
    state: AlarmState
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """Every alarm that a question matched, in order of name."""

    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RangBetween:
    """Into which states did the alarms with these names, or with this prefix, go between these two instants?

    Without `before`, until the question is answered.
    """

    account: str
    region: str
    role: str | None
    after: datetime
    before: datetime | None = None
    names: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmHistory:
    """Every state that an alarm of the question went into meanwhile, once, with when it first did; oldest first."""

    changes: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What does this URL answer? `timeout` is for all of it; `content` says that its body is asked for too.

    With `follow` it is what the URL at the end of a few redirects answers.
    """

    url: str
    method: str
    timeout: timedelta
    content: bool = False
    follow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """The status, the seconds until it was there, and up to 64 KiB of the body; `is_cut` if there is more."""

    status: int
    seconds: float
    text: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSilence:
    """The host is there, and gave no answer: nobody listens, it broke off, or it took too long."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What does this query of PromQL come to now? Without a URL, at the Prometheus that the operator named."""

    query: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One series: its labels in order of name, and its value as Prometheus writes it, which may be NaN or +Inf."""

    labels: tuple[tuple[str, str], ...]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What a query came to, a scalar as one series without labels; `warning` if Prometheus says it is not all."""

    samples: tuple[Sample, ...]
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedBy:
    """Who changed this service between these two instants, or made this deployment of it?"""

    account: str
    region: str
    role: str | None
    cluster: str
    service: str
    after: datetime
    before: datetime
    deployment: DeploymentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changer:
    """Who made a change: the principal, by which call and when, and with what.

    `unknown` says why it will never be known (nobody may ask); then all else is empty.
    """

    by: str = ""
    call: str = ""
    at: datetime | None = None
    via: str = ""
    unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenIn:
    """When was a release good in this environment that ran all of these images, given by their digests?"""

    env: EnvName
    target: TargetName
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One release that was good there with these images: since when, and until it was left, None if it was not.

    `stopped` is when it was paused there meanwhile, as far as that is known.
    """

    version: str
    since: datetime
    until: datetime | None = None
    stopped: tuple[Stopped, ...] = ()

    def lasted(self, now: datetime) -> timedelta:
        """Say how long it was good up to now, without the time in which it was paused."""
        at, total = self.since, timedelta()
        ends = min(self.until or now, now)
        for one in sorted(self.stopped, key=lambda one: one.at):
            total += max(min(one.at, ends) - at, timedelta())
            at = max(at, min(one.until or ends, ends))
        return total + max(ends - at, timedelta())

    def is_stopped(self, now: datetime) -> bool:
        """Whether it is paused there now."""
        return any(one.at <= now and (one.until is None or now < one.until) for one in self.stopped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Every proof there is, newest first; `failed` says why there is none if it failed there."""

    proofs: tuple[Proof, ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBranch:
    """Is what one version of an application brought since another one on its branch? The answer is Carried."""

    application: Application
    version: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """The question was asked and could not be answered."""

    why: str
