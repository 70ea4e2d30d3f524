"""What a release brought, as its notes tell it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.model.application import AppCommit
from controller.model.rollout_record import RolloutRecord


class Group(StrEnum):
    """The parts of the notes, in their order."""

    BREAKING = "Breaking"
    FEATURES = "Features"
    FIXES = "Fixes"
    OTHERS = "Others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: a commit, or a pull request with all its commits."""

    group: Group
    title: str
    scope: str = ""
    request: int = 0
    commit: str = ""
    author: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """The commits between what ran before and what runs now, newest first; with `back` those that were taken out.

    `more` says that there are still more of them; `unknown` why none can be told.
    """

    commits: tuple[AppCommit, ...] = ()
    back: bool = False
    more: bool = False
    unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """All that the notes of one release are written from."""

    record: RolloutRecord
    brought: Brought
