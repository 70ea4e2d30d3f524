"""What can be asked of the world; a question is a value, so that it is asked once a turn."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from controller.model.application import Application
from controller.model.images import digests_in
from controller.model.manifest import Manifest
from controller.model.names import DeploymentId, Digest, EnvName, TargetName
from controller.model.orders import Approval
from controller.model.place import Place
from controller.model.release import Release

Question: TypeAlias = Hashable
Answer: TypeAlias = object


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The release that wants to pass, or that is being watched; its `manifest` does not count in comparing."""

    env: EnvName
    target: TargetName
    place: Place
    version: str
    digest: Digest
    manifest: Manifest | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, env: EnvName, target: TargetName, place: Place, release: Release) -> "Candidate":
        """Name a release of a target."""
        return cls(
            env=env,
            target=target,
            place=place,
            version=release.version,
            digest=release.digest,
            manifest=release.manifest,
        )

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


@dataclass(frozen=True, slots=True)
class WhoIsWho:
    """Whom does the operator know? The answer is People."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsOf:
    """What did people say to this candidate?"""

    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """Every yes and no that is kept for a target, of other content too.

    `used` are the numbers of those that a rollout was opened with. `author` is who wrote the commit that the wish
    stands in, as git gives it; `requester` who asked to try again what failed, or for the hotfix, if that waits.
    """

    given: tuple[Approval, ...] = ()
    used: frozenset[int] = frozenset()
    author: str = ""
    requester: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenIn:
    """When was a release good in this environment that ran all of these images, given by their digests?"""

    env: EnvName
    target: TargetName
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One release that was good there with these images: since when, and until it was left, None if it was not."""

    version: str
    since: datetime
    until: datetime | None = None


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
