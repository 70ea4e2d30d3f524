"""What moto lacks of alarms: DescribeAlarmHistory, with the changes of state that it remembers, as CloudWatch does.

And PutCompositeAlarm: the rule is kept and shown, and the state is what SetAlarmState says.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Protocol

from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

_MOST = 100
_OPERATION, _PUT = "describe_alarm_history", "put_composite_alarm"
_KIND = "StateUpdate"
_METRIC, _COMPOSITE = "MetricAlarm", "CompositeAlarm"


class _Alarm(Protocol):
    """What moto knows of an alarm; `history` holds (kind, reason, data, state, since) of each state it left."""

    name: str
    rule: str | None
    history: Sequence[tuple[str, str, str, str, datetime]]
    state_reason: str
    state_value: str
    state_updated_timestamp: datetime


class _Backend(Protocol):
    alarms: dict[str, _Alarm]


class _Request(Protocol):
    """How moto's operations read their parameters and reach what they know."""

    cloudwatch_backend: _Backend

    def _get_param(self, name: str) -> Any: ...  # noqa: ANN401 - a parameter is of any type


def install() -> Callable[[], None]:
    """Teach moto the operations; answers how to undo it."""
    setattr(CloudWatchResponse, _OPERATION, _describe_alarm_history)
    # moto's own way to put an alarm takes a rule too; it is only not reached by this name.
    setattr(CloudWatchResponse, _PUT, CloudWatchResponse.put_metric_alarm)

    def undo() -> None:
        delattr(CloudWatchResponse, _OPERATION)
        delattr(CloudWatchResponse, _PUT)

    return undo


def _describe_alarm_history(request: _Request) -> object:
    ask = request._get_param  # noqa: SLF001 - moto has no other name for it
    start, end = _aware(ask("StartDate")), _aware(ask("EndDate"))
    changes = [
        (at, change)
        for name, alarm in request.cloudwatch_backend.alarms.items()
        for at, change in _changes(alarm)
        if ask("AlarmName") in {None, name}
        and _type(alarm) in (ask("AlarmTypes") or [_METRIC])
        and ask("HistoryItemType") in {None, _KIND}
        and (start is None or at >= start)
        and (end is None or at <= end)
    ]
    changes.sort(key=lambda change: change[0], reverse=ask("ScanBy") != "TimestampAscending")
    first = int(ask("NextToken") or 0)
    last = first + min(ask("MaxRecords") or _MOST, _MOST)
    more = {"NextToken": str(last)} if last < len(changes) else {}
    return ActionResult({"AlarmHistoryItems": [change for _, change in changes[first:last]], **more})


def _changes(alarm: _Alarm) -> list[tuple[datetime, dict[str, object]]]:
    """Give every change of state of one alarm, with its time."""
    states = [(reason, value, at) for _, reason, _, value, at in alarm.history]
    states.append((alarm.state_reason, alarm.state_value, alarm.state_updated_timestamp))
    return [
        (at.replace(tzinfo=UTC), _item(alarm, (before, was), (after, why), at.replace(tzinfo=UTC)))
        for (was, before, _), (why, after, at) in pairwise(states)
        if before != after
    ]


def _type(alarm: _Alarm) -> str:
    return _COMPOSITE if alarm.rule else _METRIC


def _item(alarm: _Alarm, old: tuple[str, str], new: tuple[str, str], at: datetime) -> dict[str, object]:
    states = {
        key: {"stateValue": value, "stateReason": reason}
        for key, (value, reason) in (("oldState", old), ("newState", new))
    }
    return {
        "AlarmName": alarm.name,
        "AlarmType": _type(alarm),
        "Timestamp": at,
        "HistoryItemType": _KIND,
        "HistorySummary": f"Alarm updated from {old[0]} to {new[0]}",
        "HistoryData": json.dumps({"version": "1.0", **states}),
    }


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
