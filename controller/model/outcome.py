"""What came of an action."""

from dataclasses import dataclass
from typing import TypeAlias

from controller.model.decision import Ensure
from controller.model.manifest import Echo
from controller.model.names import DeploymentId, Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The platform accepted it, and named the deployment; `asof` is the change that its answer knows of.

    `echo` is what it answered otherwise than it was asked, without that being a change of anybody's.
    """

    action: Ensure
    deployment: DeploymentId
    revision: Revision
    asof: int
    echo: Echo = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """What we expected to replace was no longer there; nothing was sent."""

    action: Ensure
    why: str = "what was to be replaced is no longer there"
    revision: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """The platform would not take it now, whatever it asked for; or we did not send it."""

    action: Ensure
    why: str
    revision: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The platform will never take what it asks for."""

    action: Ensure
    why: str
    revision: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """No answer came; only reading can tell."""

    action: Ensure
    why: str
    revision: Revision | None = None


Outcome: TypeAlias = Sent | Stale | NotSent | Refused | Lost
