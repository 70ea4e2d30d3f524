"""The alarms guard: nothing that watches this release is ringing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from controller.model.gate import Open, Shut, Unsure, Verdict
from controller.model.questions import Alarm, AlarmsOf, AlarmState, Answer, Candidate, Question, Unanswered
from controller.model.questions import Alarms as Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """Wants every alarm that is named, or that has the prefix, to be quiet.

    `exclude` holds shell patterns of names that do not count. `no_data: ok` says that silence is healthy.
    """

    account: str
    region: str
    role: str | None = None
    names: tuple[str, ...] = ()
    prefix: str = ""
    exclude: tuple[str, ...] = ()
    no_data: Literal["ok", "unsure"] = "unsure"

    @property
    def kind(self) -> str:
        """Its key in the table of kinds."""
        return "alarms"

    def asks(self, candidate: Candidate) -> Iterable[Question]:
        """Ask for the alarms by name, or by prefix."""
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
        heard = [alarm for alarm in answer.alarms if not self._is_excluded(alarm.name)]
        ringing = frozenset(alarm.name for alarm in heard if alarm.state is AlarmState.ALARM)
        if ringing:
            return Shut(why=f"ringing: {', '.join(sorted(ringing))}", rings=ringing)
        return self._doubt(heard) or Open()

    def _doubt(self, heard: list[Alarm]) -> Unsure | None:
        found = {alarm.name for alarm in heard}
        missing = [name for name in self.names if name not in found and not self._is_excluded(name)]
        if missing:
            return Unsure(why=f"no such alarm: {', '.join(missing)}")
        if not heard:
            return Unsure(why=f"no alarm has the prefix {self.prefix}")
        silent = [alarm.name for alarm in heard if alarm.state is AlarmState.NO_DATA]
        if silent and self.no_data != "ok":
            return Unsure(why=f"no data: {', '.join(silent)}")
        return None

    def _is_excluded(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self.exclude)
