"""What came of an action."""

from dataclasses import dataclass
from typing import TypeAlias

from controller.model.decision import Action, Continue, Ensure, Start, Stop
from controller.model.manifest import Echo
from controller.model.names import DeploymentId, Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The platform accepted it, and named the deployment; `asof` is the change that its answer knows of.

    `echo` is what it answered otherwise than it was asked, without that being a change of anybody's. No deployment
    is named where the platform itself goes back to one that it had before.
    """

    action: Ensure
    deployment: DeploymentId | None
    revision: Revision
    asof: int
    echo: Echo = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The platform took a one-off task, or had taken it before, and this is its name for it."""

    action: Start
    task: str
    revision: Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The platform took it, or there was nothing left to do."""

    action: Stop | Continue
    revision: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """What we expected to replace was no longer there; nothing was sent."""

    action: Action
    why: str = "what was to be replaced is no longer there"
    revision: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """The platform would not take it now, whatever it asked for; or we did not send it."""

    action: Action
    why: str
    revision: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The platform will never take what it asks for."""

    action: Action
    why: str
    revision: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """No answer came; only reading can tell."""

    action: Action
    why: str
    revision: Revision | None = None


Outcome: TypeAlias = Sent | Started | Done | Stale | NotSent | Refused | Lost
Taken: TypeAlias = Sent | Started | Done
"""The platform took what was asked."""


def why_not(outcome: Outcome) -> str:
    """Say why the platform did not take it, or nothing."""
    return "" if isinstance(outcome, Sent | Started | Done) else outcome.why
