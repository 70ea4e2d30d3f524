"""CloudWatch answers which alarms rang meanwhile: their history, kept for a while even of alarms that are gone."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from controller.errors import PlatformError
from controller.model.questions import Alarm, AlarmHistory, AlarmState, Answer, Question, RangBetween, Unanswered
from controller.probes.cloudwatch import AT_ONCE, KINDS, Client, Where, in_words, instant, pages

# CloudWatch API Reference, DescribeAlarmHistory: one kind of alarms a call, at most 100 changes a page. "CloudWatch
# keeps it for 30 days" now, and said two weeks before.
_PAGES: Final = 20
_KEPT: Final = timedelta(days=14)
Native: TypeAlias = Mapping[str, Any]


class AlarmHistories:
    """Answers `RangBetween`; `client` gives a CloudWatch client for an account, a region and a role.

    It may raise a TrueupError, and then nothing that was asked of that account is answered. What is longer ago than
    CloudWatch remembers is not answered either.
    """

    def __init__(self, client: Callable[[str, str, str | None], Client], now: Callable[[], datetime]) -> None:
        self._client, self._now = client, now

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all; the history of a place is read once, from the earliest instant that is asked for."""
        answers: dict[Question, Answer] = {}
        by_place: defaultdict[Where, list[RangBetween]] = defaultdict(list)
        oldest = self._now() - _KEPT
        for question in questions:
            if not isinstance(question, RangBetween):
                answers[question] = Unanswered(why=f"CloudWatch knows nothing of {type(question).__name__}")
            elif question.after < oldest:
                answers[question] = Unanswered(why=f"CloudWatch remembers no more than {_KEPT.days} days")
            else:
                by_place[question.account, question.region, question.role].append(question)
        for where, asked in by_place.items():
            answers.update(self._answer(where, asked))
        return answers

    def _answer(self, where: Where, asked: Sequence[RangBetween]) -> Mapping[Question, Answer]:
        try:
            client, first = self._client(*where), min(question.after for question in asked)
            changes = sorted(
                (change for kind in KINDS for change in _read(client, kind, first)),
                key=lambda change: change[0],
            )
        except Exception as error:  # noqa: BLE001 - a question that failed in any way is not answered
            return dict.fromkeys(asked, Unanswered(why=in_words(error)))
        return {question: _told(question, changes) for question in asked}


def _told(question: RangBetween, changes: Sequence[tuple[datetime, Alarm]]) -> AlarmHistory:
    seen: dict[tuple[str, AlarmState], Alarm] = {}
    for at, alarm in changes:
        is_meant = alarm.name in question.names or (question.prefix and alarm.name.startswith(question.prefix))
        if is_meant and question.after <= at and (question.before is None or at <= question.before):
            seen.setdefault((alarm.name, alarm.state), alarm)
    return AlarmHistory(changes=tuple(seen.values()))


def _read(client: Client, kind: str, first: datetime) -> Iterator[tuple[datetime, Alarm]]:
    """Read every page; raises what the SDK raises, and PlatformError if there is no end to them."""
    often = _PAGES * AT_ONCE
    endless = PlatformError(f"alarms changed more than {often} times since {first:%Y-%m-%dT%H:%M:%SZ}")
    asked = {
        "AlarmTypes": [kind],
        "HistoryItemType": "StateUpdate",
        "StartDate": first,
        "ScanBy": "TimestampAscending",
    }
    for answer in pages(client.describe_alarm_history, _PAGES, endless, **asked):
        yield from (_change(one) for one in answer.get("AlarmHistoryItems", ()))


def _change(one: Native) -> tuple[datetime, Alarm]:
    """Read one change; raises PlatformError if it does not say into which state, so that none is passed over."""
    try:
        state = AlarmState(json.loads(one["HistoryData"])["newState"]["stateValue"])
        at = instant(one["Timestamp"])
    except (LookupError, TypeError, ValueError) as error:
        raise PlatformError("CloudWatch tells of a change that can not be read") from error
    if at is None:
        raise PlatformError("CloudWatch tells of a change without its time")
    return at, Alarm(name=one["AlarmName"], state=state, since=at)
