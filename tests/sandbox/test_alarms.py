"""Alarms that ECS watches during a deployment: made OK, rung with SetAlarmState."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from controller.sandbox.server import Sandbox
from tests.sandbox.rig import BREAKER, NETWORK, Rig, a_seed

ALARM = "unifocus-prod-api-5xx"
WATCHED = {**BREAKER, "alarms": {"alarmNames": [ALARM], "enable": True, "rollback": True}}


@pytest.fixture
def rig():
    with Sandbox(speed=0) as sandbox:
        settings = {"deploymentConfiguration": WATCHED, "networkConfiguration": NETWORK}
        sandbox.seed([a_seed(service_definition=settings, alarm_names=("unifocus-prod-api-latency",))])
        rig = Rig(sandbox)
        yield rig
        rig.close()


def ring(rig: Rig, state: str = "ALARM") -> None:
    rig.client("cloudwatch").set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="rehearsal")


def test_seeded_alarms_are_there_and_ok(rig):
    alarms = rig.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms} == {
        ALARM: "OK",
        "unifocus-prod-api-latency": "OK",
    }


def test_an_alarm_that_rings_during_a_deployment_takes_it_back(rig):
    rig.release("v1.2.3")
    rig.tick(20)
    ring(rig)
    assert rig.statuses()[-2:] == ["ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]
    story = rig.story()
    assert (story["alarms"]["status"], story["alarms"]["triggeredAlarmNames"]) == ("TRIGGERED", [ALARM])
    assert story["deploymentCircuitBreaker"]["status"] == "MONITORING_COMPLETE"
    assert rig.runs() == "v1.2.2"


def test_alarms_are_watched_for_a_while_after_all_tasks_are_replaced(rig):
    rig.release("v1.2.3")
    rig.tick(60)
    (only,) = rig.service()["deployments"]
    assert (only["rolloutState"], only["runningCount"]) == ("IN_PROGRESS", 2)
    ring(rig)
    rig.tick(1)
    assert rig.story()["status"] == "ROLLBACK_IN_PROGRESS"
    rig.until("ROLLBACK_SUCCESSFUL")
    assert (rig.runs(), rig.service()["runningCount"]) == ("v1.2.2", 2)


def test_a_quiet_deployment_succeeds_after_its_bake_time(rig):
    longer = {**WATCHED, "bakeTimeInMinutes": 5}
    rig.release("v1.2.3", deploymentConfiguration=longer)
    assert rig.until("SUCCESSFUL", limit=600) > 300
    assert rig.story()["alarms"]["status"] == "MONITORING_COMPLETE"


def test_an_alarm_that_already_rings_turns_the_watching_off_for_that_deployment(rig):
    ring(rig)
    rig.release("v1.2.3")
    assert rig.story()["alarms"]["status"] == "DISABLED"
    rig.until("SUCCESSFUL")
    ring(rig, "OK")
    rig.release("v1.2.4")
    assert rig.story()["alarms"]["status"] == "MONITORING"


def test_an_alarm_without_rollback_stops_the_deployment(rig):
    alarms = {"alarmNames": [ALARM], "enable": True, "rollback": False}
    rig.release("v1.2.3", deploymentConfiguration={"alarms": alarms})
    rig.tick(20)
    ring(rig)
    assert rig.statuses()[-2:] == ["STOP_REQUESTED", "STOPPED"]
    assert rig.story()["alarms"]["status"] == "TRIGGERED"


def test_alarms_live_in_simulated_time(rig):
    rig.tick(5000)
    ring(rig)
    alarm = rig.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"][0]
    assert alarm["StateUpdatedTimestamp"].timestamp() == pytest.approx(rig.sandbox.clock.now(), abs=0.01)


def test_the_history_of_an_alarm_tells_every_change_of_state(rig):
    cloudwatch = rig.client("cloudwatch")
    began = datetime.fromtimestamp(rig.sandbox.clock.now(), tz=UTC)
    for state in ("ALARM", "ALARM", "INSUFFICIENT_DATA", "OK"):
        rig.tick(60)
        ring(rig, state)
    items = cloudwatch.describe_alarm_history(AlarmName=ALARM, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    summaries = [item["HistorySummary"].removeprefix("Alarm updated from ") for item in items]
    assert summaries == ["INSUFFICIENT_DATA to OK", "ALARM to INSUFFICIENT_DATA", "OK to ALARM"]
    assert [(item["Timestamp"] - began).total_seconds() for item in items] == pytest.approx(
        [240, 180, 60], abs=0.01
    )
    assert json.loads(items[0]["HistoryData"])["newState"]["stateValue"] == "OK"
    late = cloudwatch.describe_alarm_history(StartDate=began + timedelta(seconds=200), ScanBy="TimestampAscending")
    assert [item["HistorySummary"] for item in late["AlarmHistoryItems"]] == [
        "Alarm updated from INSUFFICIENT_DATA to OK"
    ]
    pages = list(cloudwatch.get_paginator("describe_alarm_history").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["AlarmHistoryItems"]) for page in pages] == [2, 1]
    assert cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"] == []


def test_beginning_again_silences_the_alarms(rig):
    ring(rig)
    rig.ask("reset", {"world": True})
    alarms = rig.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
    assert alarms[0]["StateValue"] == "OK"
