"""The alarms guard: nothing that watches this release is ringing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final, Literal

from controller.errors import SpecError
from controller.model.gate import Guard, Open, Shut, Unsure, Verdict
from controller.model.questions import (
    Alarm,
    AlarmHistory,
    AlarmsOf,
    AlarmState,
    Answer,
    Candidate,
    Question,
    RangBetween,
    Unanswered,
)
from controller.model.questions import Alarms as Answered

_APART: Final = timedelta(seconds=30)
"""How far our clock and CloudWatch's may be apart, as doctor allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms(Guard):
    """CloudWatch alarms that have to be quiet: those that are named, and those with a prefix.

    A name counts always, what has the prefix only if no pattern in `exclude` matches it. Raises SpecError when it
    would watch nothing.
    """

    account: str
    region: str
    role: str | None = None
    names: tuple[str, ...] = field(
        default=(), metadata={"about": "The alarms' names. Each has to exist.", "floor": "all of"}
    )
    prefix: str = field(
        default="",
        metadata={"about": "What the alarms' names begin with. One at least has to.", "floor": "beginning of"},
    )
    exclude: tuple[str, ...] = field(
        default=(),
        metadata={
            "about": "Patterns (* and ?) of names that do not count although they have the prefix.",
            "floor": "none but",
        },
    )
    no_data: Literal["ok", "unsure"] = field(
        default="unsure",
        metadata={
            "about": "What no data means: ok, the alarm is quiet; unsure, nobody knows, and the bake waits.",
            "floor": ("ok", "unsure"),
        },
    )

    def __post_init__(self) -> None:
        if not (self.names or self.prefix):
            raise SpecError("watches nothing: give names, or a prefix")
        if self.exclude and not self.prefix:
            raise SpecError("excludes from nothing: exclude goes with a prefix")

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "alarms"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask for the alarms by name, and by prefix."""
        del candidate
        return (self._question,)

    @property
    def _question(self) -> AlarmsOf:
        return AlarmsOf(
            account=self.account, region=self.region, role=self.role, names=self.names, prefix=self.prefix
        )

    def judge(self, candidate: Candidate, answers: Mapping[Question, Answer], now: datetime) -> Verdict:
        """Shut while any of them rings; unsure while one cannot be heard."""
        del candidate, now
        answer = answers.get(self._question)
        if isinstance(answer, Unanswered):
            return Unsure(why=f"alarms unreadable: {answer.why}")
        if not isinstance(answer, Answered):
            return Unsure(why="alarms unreadable: not asked")
        heard = [alarm for alarm in answer.alarms if self._counts(alarm.name)]
        ringing = frozenset(alarm.name for alarm in heard if alarm.state is AlarmState.ALARM)
        if ringing:
            return Shut(why=f"ringing: {', '.join(sorted(ringing))}", rings=ringing)
        return self._doubt(heard, len(answer.alarms)) or Open()

    def asks_gap(self, candidate: Candidate, after: datetime) -> Iterable[Question]:
        """Ask which of them changed since."""
        del candidate
        return (self._question_since(after),)

    def judge_gap(self, candidate: Candidate, answers: Mapping[Question, Answer], after: datetime) -> bool:
        """Whether none of them rang, nor fell silent where that is not healthy, as their history says."""
        del candidate
        answer = answers.get(self._question_since(after))
        if not isinstance(answer, AlarmHistory):
            return False
        states = {change.state for change in answer.changes if self._counts(change.name)}
        return states <= ({AlarmState.OK, AlarmState.NO_DATA} if self.no_data == "ok" else {AlarmState.OK})

    def _question_since(self, after: datetime) -> RangBetween:
        return RangBetween(
            account=self.account,
            region=self.region,
            role=self.role,
            after=after - _APART,
            names=self.names,
            prefix=self.prefix,
        )

    def _doubt(self, heard: list[Alarm], found: int) -> Unsure | None:
        names = {alarm.name for alarm in heard}
        missing = [name for name in self.names if name not in names]
        if missing:
            return Unsure(why=f"no such alarm: {', '.join(missing)}")
        if self.prefix and not any(name.startswith(self.prefix) for name in names):
            excluded = ", or every one is excluded" if found > len(heard) else ""
            return Unsure(why=f"no alarm has the prefix {self.prefix}{excluded}")
        silent = sorted(alarm.name for alarm in heard if alarm.state is AlarmState.NO_DATA)
        if silent and self.no_data != "ok":
            return Unsure(why=f"no data: {', '.join(silent)}")
        return None

    def _counts(self, name: str) -> bool:
        if name in self.names:
            return True
        return not any(fnmatchcase(name, pattern) for pattern in self.exclude)
