"""To what a database could be brought back: what is asked, and what can be answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

DATABASE: Final = "snapshotOf"
"""Where the shape of a hook names the database of which it makes a snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupsOf:
    """To what could this RDS instance, or cluster, be brought back?"""

    account: str
    region: str
    role: str | None
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One thing that a database can be brought back to, in words, and the moment of which it is."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Backups:
    """The newest of each sort that there is of a database, newest first.

    `of` says what the database is, `the instance unifocus-prod`; empty, there is none of that name. `passed_over`
    are newer ones that do not count, each with the reason. `window` is when a new one is made by itself each day,
    in UTC, as AWS writes it: 01:37-02:07.
    """

    of: str = ""
    found: tuple[Backup, ...] = ()
    passed_over: tuple[str, ...] = ()
    window: str = ""
