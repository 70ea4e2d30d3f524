"""A hotfix: people's word that one version may skip some of what is asked of others, and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from controller.model.names import Digest

EMERGENCY: Final = "emergency"
"""The group of people.yaml whose people may ask for a hotfix, and agree to one."""
HOTFIX: Final = "hotfix"
"""The gate that is shut until the people are there whom a hotfix needs."""
SKIPPED: Final = frozenset({"promoted", "window", "notBefore", "freeze"})
"""The gates that a hotfix does not wait for; all others stay."""
LASTS: Final = timedelta(hours=24)
"""How long after it was asked for a hotfix may still skip anything; after that it is asked for again."""
REVIEWED: Final = timedelta(hours=24)
"""Within which time another person has to look at what one person did alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconded:
    """Another person's yes to a hotfix, for the content that was shown; with broken glass, their review."""

    by: str
    at: datetime
    digest: Digest
    groups: tuple[str, ...] = ()
    via: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A person's no to a hotfix before it began, which ends it."""

    by: str
    at: datetime
    reason: str = ""
    groups: tuple[str, ...] = ()
    via: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotfix:
    """A person's wish for one version instead of the spec's, which may skip what SKIPPED names.

    `by` is a name of people.yaml if one was needed, `groups` are those the person was in then, `via` is how they
    were known. With `incident` alarms that ring already keep nothing shut. With `broke_glass` one was enough, and
    another reviews it. `ended` is when a person took it back, or `refused` it.
    """

    number: int
    version: str
    by: str
    at: datetime
    reason: str = ""
    until: datetime | None = None
    incident: str = ""
    broke_glass: bool = False
    groups: tuple[str, ...] = ()
    via: str = ""
    second: Seconded | None = None
    ended: datetime | None = None
    refused: Refused | None = None

    def stands(self, now: datetime) -> bool:
        """Whether it still says what is wanted."""
        return self.ended is None and (self.until is None or now < self.until)

    @property
    def review_due(self) -> datetime | None:
        """By when another person has to review it, be it with a no; None if nobody has to any more."""
        no = self.refused
        was_seen = self.second is not None or (no is not None and no.by != self.by and EMERGENCY in no.groups)
        return self.at + REVIEWED if self.broke_glass and not was_seen else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What a hotfix came to at its target: what the spec itself said then, and the content that it is for.

    That is the first that was known of its version. `over` says that it has ended: by time, by a person's word, or
    because the spec says something else by now. `since` is the version that its application is compared with;
    `merged` says that what it brought was seen on the application's branch.
    """

    number: int
    version: str
    spec: Digest
    digest: Digest | None = None
    over: bool = False
    since: str = ""
    merged: bool = False
