"""What can be asked of the world; a question is a value, so that it is asked once a turn."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from controller.model.names import DeploymentId, Digest, EnvName, TargetName
from controller.model.place import Place

Question: TypeAlias = Hashable
Answer: TypeAlias = object


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The release that wants to pass, or that is being watched."""

    env: EnvName
    target: TargetName
    place: Place
    version: str
    digest: Digest


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
class Unanswered:
    """The question was asked and could not be answered."""

    why: str
