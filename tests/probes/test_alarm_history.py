"""Which alarms rang meanwhile is read from their history: both kinds, every page, and none passed over."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from controller.errors import AccessError
from controller.gates.alarms import Alarms
from controller.model.gate import Open, Shut
from controller.model.names import Digest, EnvName, TargetName
from controller.model.questions import Alarm, AlarmHistory, AlarmState, Candidate, RangBetween, Unanswered
from controller.probes.alarm_history import AlarmHistories
from controller.probes.cloudwatch import CloudWatchAlarms
from tests.targets.ecs.rig import ACCOUNT, REGION, ROLE, Ground, new_ground

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
OK, ALARM, NO_DATA = AlarmState.OK, AlarmState.ALARM, AlarmState.NO_DATA


def rang_between(*names, prefix="", after=NOW - timedelta(hours=1), before=None, account=ACCOUNT):
    return RangBetween(
        account=account, region=REGION, role=ROLE, after=after, before=before, names=names, prefix=prefix
    )


def change(name, state, minutes_ago, kind="MetricAlarm", **more):
    data = json.dumps({"oldState": {"stateValue": "OK"}, "newState": {"stateValue": state}})
    at = NOW - timedelta(minutes=minutes_ago)
    return {"AlarmName": name, "AlarmType": kind, "Timestamp": at, "HistoryData": data, **more}


class History:
    """A CloudWatch that tells what changed, page by page and one kind at a time, and notes what it was asked."""

    def __init__(self, *changes, page=100, error=None):
        self.changes, self.page, self.error, self.asked = changes, page, error, []

    def describe_alarm_history(self, **asked):
        self.asked.append(asked)
        if self.error:
            raise self.error
        start = int(asked.get("NextToken", 0))
        chosen = [
            one
            for one in self.changes
            if one["AlarmType"] in asked["AlarmTypes"] and one["Timestamp"] >= asked["StartDate"]
        ]
        token = {"NextToken": str(start + self.page)} if len(chosen) > start + self.page else {}
        return {"AlarmHistoryItems": chosen[start : start + self.page], **token}


def ask(history, *questions):
    return AlarmHistories(lambda *_: history, lambda: NOW).answer(questions)


def told(answer):
    return [(one.name, one.state) for one in answer.changes]


def test_both_kinds_are_read_and_told_of_in_order_of_time_once_for_each_state():
    history = History(
        change("a", "ALARM", 30),
        change("a", "OK", 20),
        change("a", "ALARM", 10),
        change("sum", "ALARM", 25, "CompositeAlarm"),
    )
    question = rang_between("a", "sum")
    answer = ask(history, question)[question]
    assert told(answer) == [("a", ALARM), ("sum", ALARM), ("a", OK)]
    assert answer.changes[0] == Alarm(name="a", state=ALARM, since=NOW - timedelta(minutes=30))
    assert [asked["AlarmTypes"] for asked in history.asked] == [["MetricAlarm"], ["CompositeAlarm"]]
    assert {asked["HistoryItemType"] for asked in history.asked} == {"StateUpdate"}


def test_only_what_was_asked_for_and_only_between_the_instants_is_told():
    history = History(
        change("a", "ALARM", 40), change("api-1", "ALARM", 30), change("web", "ALARM", 20), change("a", "OK", 10)
    )
    since, until = NOW - timedelta(minutes=35), NOW - timedelta(minutes=15)
    one, two, three = (
        rang_between("a", prefix="api-", after=since),
        rang_between("a", prefix="api-", after=since, before=until),
        rang_between("web"),
    )
    answers = ask(history, one, two, three)
    assert [told(answers[question]) for question in (one, two, three)] == [
        [("api-1", ALARM), ("a", OK)],
        [("api-1", ALARM)],
        [("web", ALARM)],
    ]


def test_questions_of_one_place_share_one_reading_from_the_earliest_instant():
    history = History(*(change(f"a{index}", "ALARM", 30) for index in range(7)), page=3)
    early, late = rang_between("a0", after=NOW - timedelta(hours=2)), rang_between("a6")
    answers = ask(history, early, late)
    assert (told(answers[early]), told(answers[late])) == ([("a0", ALARM)], [("a6", ALARM)])
    assert len(history.asked) == 4
    assert {asked["StartDate"] for asked in history.asked} == {early.after}


def test_pages_without_end_are_not_followed_for_ever():
    class Endless:
        def describe_alarm_history(self, **_):
            return {"AlarmHistoryItems": [], "NextToken": "again"}

    question = rang_between("a")
    assert (
        ask(Endless(), question)[question].why == "alarms changed more than 2000 times since 2030-01-01T11:00:00Z"
    )


@pytest.mark.parametrize(
    "broken",
    [
        {"HistoryData": "{"},
        {"HistoryData": None},
        {"HistoryData": "{}"},
        {"Timestamp": None, "AlarmType": "MetricAlarm"},
    ],
)
def test_a_change_that_cannot_be_read_answers_nothing(broken):
    class Odd:
        def describe_alarm_history(self, **_):
            return {"AlarmHistoryItems": [{**change("a", "ALARM", 1), **broken}]}

    question = rang_between("a")
    assert "CloudWatch tells of a change" in ask(Odd(), question)[question].why


def test_a_state_that_nobody_knows_answers_nothing():
    question = rang_between("b")
    assert isinstance(ask(History(change("a", "PURPLE", 1)), question)[question], Unanswered)


def test_what_is_longer_ago_than_cloudwatch_remembers_is_not_answered():
    old, new = rang_between("a", after=NOW - timedelta(days=15)), rang_between("a")
    history = History()
    answers = ask(history, old, new)
    assert answers == {
        old: Unanswered(why="CloudWatch remembers no more than 14 days"),
        new: AlarmHistory(changes=()),
    }


def test_a_call_that_fails_leaves_its_questions_unanswered_and_no_others():
    good, bad = History(change("a", "ALARM", 1)), History(error=ConnectionError("it hung up"))
    here, there = rang_between("a"), rang_between("a", account="999988887777")
    answers = AlarmHistories(lambda account, *_: good if account == ACCOUNT else bad, lambda: NOW).answer(
        [here, there]
    )
    assert told(answers[here]) == [("a", ALARM)]
    assert answers[there] == Unanswered(why="CloudWatch did not tell: it hung up")


def test_no_access_and_a_question_of_another_kind_are_said():
    def denied(*_):
        raise AccessError("the credentials belong to another account")

    question = rang_between("a")
    answers = AlarmHistories(denied, lambda: NOW).answer([question, "what?"])
    assert answers[question].why == "the credentials belong to another account"
    assert "str" in answers["what?"].why


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with new_ground(monkeypatch, alarm_names=("api-5xx", "api-scale-in", "web-5xx")) as ground:
        cloudwatch = ground.aws.client("cloudwatch")
        for name in ("api-any", "api-scale-any"):
            cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="ALARM(api-5xx)")
        yield ground


def ring(ground, name, state="ALARM"):
    ground.tick(60)
    ground.aws.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


def watching(ground, **more):
    """What the guard says now, and whether it is certain of the time since an instant."""
    guard = Alarms(account=ACCOUNT, region=REGION, role=ROLE, **more)
    place = ground.place()
    candidate = Candidate(
        env=EnvName("prod"), target=TargetName("api"), place=place, version="v1.2.3", digest=Digest("d")
    )
    now = CloudWatchAlarms(ground.clients.cloudwatch)
    since = AlarmHistories(ground.clients.cloudwatch, ground.now)

    def verdict():
        return guard.judge(candidate, now.answer(list(guard.asks(candidate))), ground.now())

    def is_certain(after):
        return guard.judge_gap(candidate, since.answer(list(guard.asks_gap(candidate, after))), after)

    return verdict, is_certain


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"names": ("api-5xx", "web-5xx")}, "web-5xx"),
        ({"names": ("api-any",)}, "api-any"),
        ({"prefix": "api-", "exclude": ("*-scale-*",)}, "api-5xx"),
        ({"prefix": "api-", "exclude": ("*-scale-*",)}, "api-any"),
        ({"names": ("api-scale-any",), "prefix": "api-", "exclude": ("*-scale-*",)}, "api-scale-any"),
    ],
    ids=["metric-named", "composite-named", "metric-prefix", "composite-prefix", "composite-named-and-excluded"],
)
def test_an_alarm_of_either_kind_shuts_the_guard_and_is_remembered_when_it_is_quiet_again(ground, more, name):
    verdict, is_certain = watching(ground, **more)
    before = ground.now()
    assert (verdict(), is_certain(before)) == (Open(), True)
    ring(ground, name)
    shut = verdict()
    assert isinstance(shut, Shut) and shut.rings == {name}
    ring(ground, name, "OK")
    quiet = ground.now() + timedelta(seconds=60)
    ground.tick(120)
    assert verdict() == Open()
    assert (is_certain(before), is_certain(quiet)) == (False, True)


@pytest.mark.parametrize("name", ["api-scale-in", "api-scale-any", "web-5xx"])
def test_an_alarm_that_is_excluded_or_has_another_prefix_neither_shuts_it_nor_is_remembered(ground, name):
    verdict, is_certain = watching(ground, prefix="api-", exclude=("*-scale-*",))
    before = ground.now()
    ring(ground, name)
    assert (verdict(), is_certain(before)) == (Open(), True)


def test_the_history_is_read_within_its_budget_and_of_our_own_account_only(ground):
    probe = AlarmHistories(ground.clients.cloudwatch, ground.now)
    question = rang_between("api-5xx", after=ground.now(), account="999988887777")
    assert "belong to account" in probe.answer([question])[question].why
    mine = rang_between("api-5xx", after=ground.now())
    assert probe.answer([mine])[mine] == AlarmHistory(changes=())
    assert ground.made("DescribeAlarmHistory") == 2
