"""Where a deployment stands: the nine states of ECS, and the table for when there is only the list."""

import pytest

from controller.model.observation import State
from controller.targets.ecs.verdict import asof, listed_state, primary_of, tell, vanished_state


def told(status, **more):
    return tell(
        {
            "serviceDeploymentArn": "arn:aws:ecs:eu-west-1:1:service-deployment/prod/api/x",
            "status": status,
            "createdAt": 100.5,
            "targetServiceRevision": {"arn": "arn:aws:ecs:eu-west-1:1:service-revision/prod/api/77"},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("status", "state", "ended"),
    [
        ("PENDING", State.MOVING, False),
        ("IN_PROGRESS", State.MOVING, False),
        ("SUCCESSFUL", State.SUCCESSFUL, True),
        ("STOP_REQUESTED", State.MOVING, False),
        ("STOPPED", State.STOPPED, True),
        ("ROLLBACK_REQUESTED", State.RETURNING, False),
        ("ROLLBACK_IN_PROGRESS", State.RETURNING, False),
        ("ROLLBACK_SUCCESSFUL", State.RETURNED, True),
        ("ROLLBACK_FAILED", State.FAILED, True),
        ("SOMETHING_NEW", State.MOVING, False),
    ],
)
def test_nine_states_are_six(status, state, ended):
    found = told(status)
    assert (found.state, found.ended, found.id, found.born) == (state, ended, "ecs-svc/77", 100_500_000)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"deploymentCircuitBreaker": {"status": "TRIGGERED"}}, "circuit breaker"),
        ({"alarms": {"status": "TRIGGERED", "triggeredAlarmNames": ["api-5xx"]}}, "alarm; api-5xx"),
        (
            {"statusReason": "stopped: an alarm was detected", "alarms": {"status": "TRIGGERED"}},
            "stopped: an alarm was detected",
        ),
    ],
)
def test_stopped_by_breaker_or_alarm_is_failed_and_says_why(fields, why):
    found = told("STOPPED", **fields)
    assert (found.state, found.why) == (State.FAILED, why)


def test_stopped_with_a_breaker_that_only_watched_is_stopped():
    assert told("STOPPED", deploymentCircuitBreaker={"status": "MONITORING_COMPLETE"}).state is State.STOPPED


def test_what_ecs_goes_back_to_is_named():
    rollback = {
        "reason": "the breaker",
        "serviceRevisionArn": "arn:aws:ecs:eu-west-1:1:service-revision/prod/api/5",
    }
    found = told("ROLLBACK_IN_PROGRESS", rollback=rollback)
    assert (found.back_to, found.why) == ("ecs-svc/5", "the breaker")


def test_a_brief_names_its_revision_in_another_field():
    brief = {
        "status": "SUCCESSFUL",
        "targetServiceRevisionArn": "arn:aws:ecs:eu-west-1:1:service-revision/prod/api/9",
    }
    assert tell(brief).id == "ecs-svc/9"


def one(born, rollout, status="ACTIVE", identity="x", reason=""):
    return {
        "id": f"ecs-svc/{identity}",
        "status": status,
        "createdAt": born,
        "rolloutState": rollout,
        "rolloutStateReason": reason,
    }


def primary(born, rollout="COMPLETED", reason=""):
    return one(born, rollout, status="PRIMARY", identity="p", reason=reason)


BACK = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/p."


@pytest.mark.parametrize(
    ("listed", "there", "state"),
    [
        (primary(2, "IN_PROGRESS"), primary(2, "IN_PROGRESS"), State.MOVING),
        (primary(2), primary(2), State.SUCCESSFUL),
        (primary(2, "FAILED"), primary(2, "FAILED"), State.FAILED),
        (one(2, "FAILED"), primary(1, "IN_PROGRESS", BACK), State.RETURNING),
        (one(2, "IN_PROGRESS"), primary(1, "IN_PROGRESS", BACK), State.RETURNING),
        (one(2, "IN_PROGRESS"), primary(1, "IN_PROGRESS"), State.RETURNING),
        (one(2, "FAILED"), primary(1), State.RETURNED),
        (one(2, "FAILED"), primary(3, "IN_PROGRESS", BACK), State.RETURNING),
        (one(2, "FAILED"), primary(3, "IN_PROGRESS"), State.FAILED),
        (one(2, "IN_PROGRESS"), primary(3, "IN_PROGRESS"), State.STOPPED),
        (one(2, "COMPLETED"), primary(3, "IN_PROGRESS"), State.SUCCESSFUL),
    ],
)
def test_the_list_alone_tells_where_a_deployment_stands(listed, there, state):
    assert listed_state(listed, there, alone=False) is state


@pytest.mark.parametrize(
    ("running", "alone", "state"), [(2, True, State.SUCCESSFUL), (1, True, State.MOVING), (2, False, State.MOVING)]
)
def test_without_a_rollout_state_only_counts_tell(running, alone, state):
    counted = {"id": "ecs-svc/p", "status": "PRIMARY", "desiredCount": 2, "runningCount": running}
    assert listed_state(counted, counted, alone=alone) is state


@pytest.mark.parametrize(
    ("born", "before", "state"),
    [
        (1, frozenset(), State.RETURNED),
        (3, frozenset(), State.STOPPED),
        (3, frozenset({"ecs-svc/p"}), State.RETURNED),
    ],
)
def test_one_that_is_no_longer_listed_was_rolled_back_if_an_older_one_runs(born, before, state):
    assert vanished_state(2_000_000, primary(born), before) is state


def test_asof_does_not_fall_when_a_failed_deployment_is_gone():
    back = {**primary(1), "updatedAt": 30.0}
    failed = {**one(20, "FAILED"), "updatedAt": 45.0}
    with_it, without = {"deployments": [back, failed]}, {"deployments": [back]}
    assert asof(with_it) == asof(without) == 30_000_000
    assert primary_of(with_it) == back
    assert primary_of({"deployments": []}) is None


def way(*stages):
    """Where a deployment is at each of these stages, with the share of the traffic that it has by then."""
    places = []
    for stage, share in stages:
        target = {"arn": "a/9"} if share is None else {"arn": "a/9", "requestedProductionTrafficWeight": share}
        places.append(told("IN_PROGRESS", lifecycleStage=stage, targetServiceRevision=target).place)
    return places


STEPS = [("PRE_PRODUCTION_TRAFFIC_SHIFT", 0.0), ("PRODUCTION_TRAFFIC_SHIFT", 0.1)]
STEPS += [("POST_PRODUCTION_TRAFFIC_SHIFT", 0.1), ("PRE_PRODUCTION_TRAFFIC_SHIFT", 0.1)]
STEPS += [("PRODUCTION_TRAFFIC_SHIFT", 100.0), ("POST_PRODUCTION_TRAFFIC_SHIFT", 100.0), ("BAKE_TIME", 100.0)]


@pytest.mark.parametrize(
    "stages",
    [
        STEPS,
        [("RECONCILE_SERVICE", None), ("PRE_SCALE_UP", None), ("SCALE_UP", None), ("POST_SCALE_UP", None)],
        [("POST_TEST_TRAFFIC_SHIFT", None), ("PRE_PRODUCTION_TRAFFIC_SHIFT", None)],
        [("PRODUCTION_TRAFFIC_SHIFT", None), ("POST_PRODUCTION_TRAFFIC_SHIFT", None), ("BAKE_TIME", None)],
        [("BAKE_TIME", 100.0), ("CLEAN_UP", 100.0)],
    ],
)
def test_later_stages_are_further_on_even_where_they_come_again(stages):
    assert way(*stages) == sorted(way(*stages))
    assert way(*stages)[0] < way(*stages)[-1]


def test_a_stage_that_nobody_knows_is_neither_the_first_nor_the_last():
    assert way(("TEA_TIME", None)) == way(("SCALE_UP", None))
    assert told("PENDING").place < way(("PRE_SCALE_UP", None))[0]


@pytest.mark.parametrize(
    ("sources", "source"),
    [([], None), ([{"arn": "x/5"}], "ecs-svc/5"), ([{"arn": "x/5"}, {"arn": "x/6"}], None)],
)
def test_only_a_single_source_is_named(sources, source):
    assert told("IN_PROGRESS", sourceServiceRevisions=sources).source == source


@pytest.mark.parametrize(
    ("status", "hook", "waits"),
    [
        ("IN_PROGRESS", {"status": "AWAITING_ACTION", "targetType": "PAUSE"}, True),
        ("IN_PROGRESS", {"status": "AWAITING_ACTION", "targetType": "SOMETHING_NEW"}, True),
        ("IN_PROGRESS", {"status": "IN_PROGRESS", "targetType": "AWS_LAMBDA"}, False),
        ("IN_PROGRESS", {"status": "AWAITING_ACTION", "targetType": "AWS_LAMBDA"}, False),
        ("IN_PROGRESS", {"status": "SUCCEEDED", "targetType": "PAUSE"}, False),
        ("IN_PROGRESS", {"status": "TIMED_OUT", "targetType": "PAUSE"}, False),
        ("ROLLBACK_REQUESTED", {"status": "AWAITING_ACTION", "targetType": "PAUSE"}, False),
        ("STOP_REQUESTED", {"status": "AWAITING_ACTION", "targetType": "PAUSE"}, False),
    ],
)
def test_only_a_pause_of_a_deployment_in_progress_waits(status, hook, waits):
    found = told(status, lifecycleHookDetails=[{"hookId": "h", **hook}]).awaits
    assert (found is not None) is waits
    assert found is None or (found.pause, found.until, found.then) == ("h", None, "rollback")
