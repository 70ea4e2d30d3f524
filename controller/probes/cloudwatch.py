"""CloudWatch answers in which state alarms are: metric alarms and composite ones, by name or by prefix."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from controller.errors import TrueupError
from controller.model.questions import Alarm, Alarms, AlarmsOf, AlarmState, Answer, Question, Unanswered

# CloudWatch API Reference, DescribeAlarms: at most 100 names, at most 100 alarms a page.
AT_ONCE: Final = 100
_PAGES: Final = 50
KINDS: Final = ("MetricAlarm", "CompositeAlarm")
_LISTS: Final = ("MetricAlarms", "CompositeAlarms")
Client: TypeAlias = Any  # the SDK makes the classes of its clients at run time
Where: TypeAlias = tuple[str, str, str | None]


class CloudWatchAlarms:
    """Answers `AlarmsOf`; `client` gives a CloudWatch client for an account, a region and a role.

    It may raise a TrueupError, and then nothing that was asked of that account is answered.
    """

    def __init__(self, client: Callable[[str, str, str | None], Client]) -> None:
        self._client = client

    def answer(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """Answer them all, each alarm read once; one that cannot be answered gets Unanswered."""
        answers: dict[Question, Answer] = {}
        by_place: defaultdict[Where, list[AlarmsOf]] = defaultdict(list)
        for question in questions:
            if isinstance(question, AlarmsOf):
                by_place[question.account, question.region, question.role].append(question)
            else:
                answers[question] = Unanswered(why=f"CloudWatch knows nothing of {type(question).__name__}")
        for where, asked in by_place.items():
            answers.update(self._answer(where, asked))
        return answers

    def _answer(self, where: Where, asked: Sequence[AlarmsOf]) -> Mapping[Question, Answer]:
        try:
            client = self._client(*where)
        except TrueupError as error:
            return dict.fromkeys(asked, Unanswered(why=str(error)))
        named = _each_once(name for question in asked for name in question.names)
        read: dict[str, Alarm] = {}
        failed: dict[str, str] = {}
        for start in range(0, len(named), AT_ONCE):
            names = named[start : start + AT_ONCE]
            try:
                read |= {alarm.name: alarm for alarm in _read(client, AlarmNames=names)}
            except Exception as error:  # noqa: BLE001 - a question that failed in any way is not answered
                failed |= dict.fromkeys(names, in_words(error))
        by_prefix = {
            prefix: _prefixed(client, prefix) for prefix in _each_once(question.prefix for question in asked)
        }
        return {question: _told(question, read, failed, by_prefix) for question in asked}


def _told(
    question: AlarmsOf,
    read: Mapping[str, Alarm],
    failed: Mapping[str, str],
    by_prefix: Mapping[str, Sequence[Alarm] | Unanswered],
) -> Alarms | Unanswered:
    why = next((failed[name] for name in question.names if name in failed), None)
    if why is not None:
        return Unanswered(why=why)
    found = {name: read[name] for name in question.names if name in read}
    if question.prefix:
        matched = by_prefix[question.prefix]
        if isinstance(matched, Unanswered):
            return matched
        found |= {alarm.name: alarm for alarm in matched}
    return Alarms(alarms=tuple(alarm for _, alarm in sorted(found.items())))


def _prefixed(client: Client, prefix: str) -> Sequence[Alarm] | Unanswered:
    try:
        return tuple(_read(client, AlarmNamePrefix=prefix))
    except Exception as error:  # noqa: BLE001 - as above
        return Unanswered(why=in_words(error))


def _read(client: Client, **asked: object) -> Iterator[Alarm]:
    """Read every page; raises what the SDK raises, and LookupError if there is no end to them."""
    endless = LookupError(f"more than {_PAGES * AT_ONCE} alarms match {asked}")
    for answer in pages(client.describe_alarms, _PAGES, endless, AlarmTypes=list(KINDS), **asked):
        yield from (_alarm(one) for kind in _LISTS for one in answer.get(kind, ()))


def pages(
    call: Callable[..., Mapping[str, Any]], most: int, endless: Exception, **asked: object
) -> Iterator[Mapping[str, Any]]:
    """Read every page of an answer of CloudWatch's; raises `endless` if there are more than so many."""
    more: dict[str, object] = {}
    for _ in range(most):
        answer = call(MaxRecords=AT_ONCE, **asked, **more)
        yield answer
        token = answer.get("NextToken")
        if not token:
            return
        more = {"NextToken": token}
    raise endless


def _alarm(read: Mapping[str, Any]) -> Alarm:
    # A newer API says when the state changed; the update is also of other things, but never earlier.
    changed = read.get("StateTransitionedTimestamp") or read.get("StateUpdatedTimestamp")
    return Alarm(name=read["AlarmName"], state=AlarmState(read["StateValue"]), since=instant(changed))


def instant(value: object) -> datetime | None:
    """Read an instant as the protocol carries it: seconds since the epoch or ISO 8601; if need be it is UTC."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return None


def _each_once(items: Iterable[str]) -> list[str]:
    return [item for item in dict.fromkeys(items) if item]


def in_words(error: Exception) -> str:
    """Say why CloudWatch gave no answer."""
    return str(error) if isinstance(error, TrueupError) else f"CloudWatch did not tell: {error}"
