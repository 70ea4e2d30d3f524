"""The backup gate: the database can be brought back to how it was not long ago."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from controller.model.backups import DATABASE, Backups, BackupsOf
from controller.model.backups import Backup as Found
from controller.model.gate import Open, Shut, Unsure, Verdict
from controller.model.hooks import Hook, When
from controller.model.instants import instant
from controller.model.packed import Packed
from controller.model.questions import Answer, Candidate, Question, Unanswered
from controller.plan.calls import in_words

_AHEAD: Final = timedelta(minutes=5)
"""How far RDS's clock may be ahead of ours."""
# "DBInstanceIdentifier" and "DBClusterIdentifier" (RDS API Reference): no two hyphens in a row, none at the end.
_DATABASE: Final = (r"[A-Za-z](?:-?[A-Za-z0-9]){0,62}", "the name of an RDS instance or cluster")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup of the database that is young enough: a snapshot, or the point in time that it can be restored to.

    `account`, `region` and `role` are the target's own.
    """

    account: str
    region: str
    role: str | None = None
    database: str = field(
        metadata={
            "about": "The RDS instance, or the Aurora or Multi-AZ cluster, by its name.",
            "like": _DATABASE,
            "floor": "same",
        }
    )
    max_age: timedelta = field(
        default=timedelta(hours=24),
        metadata={
            "about": "How old the newest backup may be. 24h if absent.",
            "between": ("5m", "30d"),
            "floor": "most",
        },
    )

    take: bool = field(
        default=False,
        metadata={
            "about": "Whether a snapshot is made for each release before it starts; `maxAge` does not count then.",
            "floor": "kept",
        },
    )
    timeout: timedelta = field(
        default=timedelta(hours=2),
        metadata={
            "about": "How long a snapshot that is made may take before that is said. 2h if absent.",
            "between": ("1m", "12h"),
        },
    )

    @property
    def hook(self) -> Hook | None:
        """What makes a snapshot of the database, if one is to be made; no spec can call a hook so."""
        name, shape = f"snapshot of {self.database.lower()}", f'{{"{DATABASE}":"{self.database.lower()}"}}'
        made = Hook(name=name, when=When.BEFORE, timeout=self.timeout, shape=Packed.of(shape))
        return made if self.take else None

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "backup"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask for the backups of the database."""
        del candidate
        return (self._question,)

    @property
    def _question(self) -> BackupsOf:
        return BackupsOf(account=self.account, region=self.region, role=self.role, database=self.database.lower())

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Open if the newest backup that is there is young enough, or one is to be made, and says which that is."""
        del candidate
        answer = answers.get(self._question)
        if isinstance(answer, Unanswered):
            return Unsure(why=answer.why)
        if not isinstance(answer, Backups):
            return Unsure(why=f"the backups of {self.database} were not asked for")
        if not answer.of:
            where = f"{self.region} of account {self.account}"
            return Shut(why=f"there is neither an RDS instance nor a cluster {self.database} in {where}")
        if self.take:
            return Open(why=f"a snapshot of {answer.of} is made for it first")
        newest = max(answer.found, key=lambda one: one.at, default=None)
        if newest is None:
            return Shut(why=f"there is no backup of {answer.of}{_more(answer)}")
        return self._weighed(newest, answer, now)

    def _weighed(self, newest: Found, answer: Backups, now: datetime) -> Verdict:
        age, named = now - newest.at, f"{newest.what} of {instant(newest.at)}"
        if age < -_AHEAD:
            return Unsure(why=f"{named} is from the future: compare the clocks")
        if age < self.max_age:
            return Open(why=f"{answer.of}: {named}, young enough", until=newest.at + self.max_age)
        old = f"{in_words(age)} old, and may be {in_words(self.max_age)}"
        return Shut(why=f"the newest backup of {answer.of} is {named}: {old}{_more(answer)}")


def _more(answer: Backups) -> str:
    """Say what does not count, and when a new one is made."""
    window = (f"one is made each day at {answer.window} UTC",) if answer.window else ()
    return "".join(f"; {one}" for one in (*answer.passed_over, *window))
