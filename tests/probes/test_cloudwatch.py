"""Alarms are read in few calls, of both kinds, and what cannot be read is said."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from controller.errors import AccessError
from controller.model.questions import Alarm, Alarms, AlarmsOf, AlarmState, Unanswered
from controller.probes.cloudwatch import CloudWatchAlarms
from tests.targets.ecs.rig import ACCOUNT, REGION, ROLE, Ground, new_ground

NAMES = ("api-5xx", "api-latency", "web-5xx")


def alarms_of(*names, prefix="", account=ACCOUNT, role=ROLE):
    return AlarmsOf(account=account, region=REGION, role=role, names=names, prefix=prefix)


class Metrics:
    """A CloudWatch that answers from a list, page by page, and notes what it was asked."""

    def __init__(self, *alarms, page=100, error=None):
        self.alarms, self.page, self.error, self.asked = alarms, page, error, []

    def describe_alarms(self, **asked):
        self.asked.append(asked)
        if self.error:
            raise self.error
        start = int(asked.get("NextToken", 0))
        chosen = [
            alarm
            for alarm in self.alarms
            if alarm["AlarmName"] in asked.get("AlarmNames", [alarm["AlarmName"]])
            and alarm["AlarmName"].startswith(asked.get("AlarmNamePrefix", ""))
        ]
        shown, more = chosen[start : start + self.page], len(chosen) > start + self.page
        composite = [alarm for alarm in shown if "AlarmRule" in alarm]
        metric = [alarm for alarm in shown if "AlarmRule" not in alarm]
        token = {"NextToken": str(start + self.page)} if more else {}
        return {"MetricAlarms": metric, "CompositeAlarms": composite, **token}


def alarm(name, state="OK", **more):
    return {"AlarmName": name, "StateValue": state, "StateUpdatedTimestamp": "2030-01-01T00:00:00+00:00", **more}


def ask(metrics, *questions):
    return CloudWatchAlarms(lambda *_: metrics).answer(questions)


def test_metric_and_composite_alarms_are_answered_in_order_of_name():
    metrics = Metrics(alarm("b", "ALARM"), alarm("a", "INSUFFICIENT_DATA", AlarmRule="x"))
    question = alarms_of("b", "a", "gone")
    since = datetime(2030, 1, 1, tzinfo=UTC)
    assert ask(metrics, question)[question] == Alarms(
        alarms=(
            Alarm(name="a", state=AlarmState.NO_DATA, since=since),
            Alarm(name="b", state=AlarmState.ALARM, since=since),
        )
    )
    assert metrics.asked[0]["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"]


def test_questions_share_calls_and_names_go_a_hundred_at_a_time():
    names = [f"n{index:03}" for index in range(150)]
    metrics = Metrics(*(alarm(name) for name in names))
    one, two = alarms_of(*names[:100]), alarms_of(*names[50:])
    answers = ask(metrics, one, two)
    assert [len(asked["AlarmNames"]) for asked in metrics.asked] == [100, 50]
    assert [len(answers[question].alarms) for question in (one, two)] == [100, 100]


def test_a_prefix_is_read_to_its_last_page_and_only_once():
    metrics = Metrics(*(alarm(f"api-{index}") for index in range(7)), alarm("web"), page=3)
    one, two = alarms_of(prefix="api-"), alarms_of("web", prefix="api-")
    answers = ask(metrics, one, two)
    assert len(answers[one].alarms) == 7
    assert len(answers[two].alarms) == 8
    assert sum("AlarmNamePrefix" in asked for asked in metrics.asked) == 3


def test_pages_without_end_are_not_followed_for_ever():
    endless = SimpleNamespace(describe_alarms=lambda **_: {"MetricAlarms": [], "NextToken": "again"})
    question = alarms_of(prefix="api-")
    assert "more than" in ask(endless, question)[question].why


def test_when_the_state_changed_counts_more_than_when_it_was_updated():
    changed = alarm("a", StateTransitionedTimestamp=1_900_000_000.5)
    question = alarms_of("a")
    assert ask(Metrics(changed), question)[question].alarms[0].since == datetime.fromtimestamp(1_900_000_000.5, UTC)


@pytest.mark.parametrize("since", [datetime(2030, 1, 1), "2030-01-01T00:00:00", "2030-01-01T00:00:00Z"])  # noqa: DTZ001 - what an SDK may give
def test_an_instant_without_an_offset_is_utc(since):
    question = alarms_of("a")
    read = ask(Metrics(alarm("a", StateUpdatedTimestamp=since)), question)[question]
    assert read.alarms[0].since == datetime(2030, 1, 1, tzinfo=UTC)


def test_a_call_that_fails_leaves_its_questions_unanswered_and_no_others():
    good, bad = Metrics(alarm("a")), Metrics(error=ConnectionError("it hung up"))
    here, there = alarms_of("a"), alarms_of("a", account="999988887777")
    probe = CloudWatchAlarms(lambda account, *_: good if account == ACCOUNT else bad)
    answers = probe.answer([here, there])
    assert isinstance(answers[here], Alarms)
    assert answers[there] == Unanswered(why="CloudWatch did not tell: it hung up")


def test_a_state_that_nobody_knows_is_no_answer():
    question = alarms_of("a")
    assert isinstance(ask(Metrics(alarm("a", "PURPLE")), question)[question], Unanswered)


def test_no_access_is_said():
    def denied(*_):
        raise AccessError("the credentials belong to another account")

    question = alarms_of("a")
    answers = CloudWatchAlarms(denied).answer([question])
    assert answers == {question: Unanswered(why="the credentials belong to another account")}


def test_a_question_of_another_kind_is_not_answered():
    assert "str" in CloudWatchAlarms(lambda *_: None).answer(["what?"])["what?"].why


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with new_ground(monkeypatch, alarm_names=NAMES) as ground:
        yield ground


def test_real_alarms_ring_over_the_real_protocol(ground):
    probe = CloudWatchAlarms(ground.clients.cloudwatch)
    ground.tick(100)
    ground.aws.client("cloudwatch").set_alarm_state(AlarmName="api-5xx", StateValue="ALARM", StateReason="test")
    by_name, by_prefix = alarms_of("web-5xx", "api-5xx"), alarms_of(prefix="api-")
    answers = probe.answer([by_name, by_prefix])
    assert [(one.name, one.state) for one in answers[by_name].alarms] == [
        ("api-5xx", AlarmState.ALARM),
        ("web-5xx", AlarmState.OK),
    ]
    assert [one.name for one in answers[by_prefix].alarms] == ["api-5xx", "api-latency"]
    rang = answers[by_name].alarms[0].since
    assert abs((rang - ground.now()).total_seconds()) < 5
    assert ground.made("DescribeAlarms") == 2


def test_alarms_of_an_account_that_is_not_ours_are_not_read(ground):
    question = alarms_of("api-5xx", account="999988887777")
    answer = CloudWatchAlarms(ground.clients.cloudwatch).answer([question])[question]
    assert "belong to account" in answer.why
