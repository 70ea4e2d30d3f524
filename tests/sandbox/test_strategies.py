"""Blue/green, linear and canary deployments stage by stage, and the hooks that hold any deployment up."""

import pytest

from tests.sandbox.rig import BREAKER

LAMBDA = "arn:aws:lambda:eu-west-1:111122223333:function:check"
ROLE = "arn:aws:iam::111122223333:role/hook"
CONNECT = {"enabled": True, "namespace": "unifocus"}
BALANCER = {
    "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/blue/1",
    "containerName": "api",
    "containerPort": 80,
    "advancedConfiguration": {
        "alternateTargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/green/1",
        "productionListenerRule": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener-rule/app/x/1/2/3",
        "roleArn": ROLE,
    },
}
BLUE_GREEN = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 2}
BLUE_GREEN_STAGES = [
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
]


def pause(*stages, **timeout):
    hook = {"targetType": "PAUSE", "lifecycleStages": list(stages)}
    return {**hook, "timeoutConfiguration": timeout} if timeout else hook


def function(*stages):
    return {"hookTargetArn": LAMBDA, "roleArn": ROLE, "lifecycleStages": list(stages)}


@pytest.fixture
def connected(rig):
    """A service with Service Connect, so that ECS shifts its traffic, at rest again."""
    rig.ecs.update_service(cluster="prod", service="api", serviceConnectConfiguration=CONNECT)
    rig.until("SUCCESSFUL")
    return rig


def walked(rig, limit=2000):
    """Every stage that the current service deployment goes through, with how many seconds it took."""
    stages = {}
    for _ in range(limit):
        rig.tick()
        story = rig.story()
        if story["status"] != "IN_PROGRESS":
            return stages
        stages[story["lifecycleStage"]] = stages.get(story["lifecycleStage"], 0) + 1
    raise AssertionError(stages)


def until_stage(rig, stage, limit=300):
    for _ in range(limit):
        if rig.story().get("lifecycleStage") == stage:
            return rig.story()
        rig.tick()
    raise AssertionError(f"not {stage} but {rig.story()}")


def weights(story):
    (source,) = story["sourceServiceRevisions"]
    return tuple(one["requestedProductionTrafficWeight"] for one in (source, story["targetServiceRevision"]))


def running(rig):
    """Running tasks of PRIMARY, and of the others."""
    primary, *others = rig.service()["deployments"]
    return primary["runningCount"], sum(one["runningCount"] for one in others)


def test_blue_green_walks_through_every_stage_and_bakes_with_both_sets_of_tasks(connected):
    rig = connected
    rig.release("v1.2.3", deploymentConfiguration=BLUE_GREEN)
    assert "lifecycleStage" not in rig.story()
    stages = walked(rig)
    assert list(stages) == BLUE_GREEN_STAGES
    assert stages["BAKE_TIME"] == 120
    assert rig.story()["status"] == "SUCCESSFUL"
    assert "lifecycleStage" not in rig.story()
    assert weights(rig.story()) == (0.0, 100.0)
    (only,) = rig.service()["deployments"]
    assert (only["rolloutState"], only["runningCount"]) == ("COMPLETED", 2)


def test_blue_keeps_all_its_tasks_and_the_traffic_until_green_has_baked(connected):
    rig = connected
    rig.release("v1.2.3", deploymentConfiguration={**BLUE_GREEN, "maximumPercent": 100, "minimumHealthyPercent": 0})
    assert weights(until_stage(rig, "SCALE_UP")) == (100.0, 0.0)
    assert running(rig) == (0, 2)
    story = until_stage(rig, "TEST_TRAFFIC_SHIFT")
    assert story["targetServiceRevision"]["requestedTestTrafficWeight"] == 100.0
    assert (weights(story), running(rig)) == ((100.0, 0.0), (2, 2))
    assert weights(until_stage(rig, "BAKE_TIME")) == (0.0, 100.0)
    assert running(rig) == (2, 2)
    assert rig.service()["deployments"][1]["desiredCount"] == 2
    rig.until("SUCCESSFUL")
    assert running(rig) == (2, 0)


def test_a_headless_service_goes_through_the_stages_without_weights(rig):
    rig.release("v1.2.3", deploymentConfiguration=BLUE_GREEN)
    story = until_stage(rig, "BAKE_TIME")
    assert "requestedProductionTrafficWeight" not in story["targetServiceRevision"]
    rig.until("SUCCESSFUL")


def test_linear_shifts_step_by_step_and_waits_between(connected):
    rig = connected
    steps = {"stepPercent": 40.0, "stepBakeTimeInMinutes": 1}
    rig.release("v1.2.3", deploymentConfiguration={"strategy": "LINEAR", "linearConfiguration": steps})
    seen = []
    while (story := rig.story())["status"] != "SUCCESSFUL":
        if story.get("lifecycleStage") == "PRODUCTION_TRAFFIC_SHIFT":
            seen.append(weights(story)[1])
        rig.tick()
    assert sorted(set(seen)) == [40.0, 80.0, 100.0]
    assert (seen.count(40.0), seen.count(80.0), seen.count(100.0)) == (60, 60, 1)


def test_canary_shifts_a_little_waits_and_shifts_the_rest(connected):
    rig = connected
    steps = {"canaryPercent": 12.5, "canaryBakeTimeInMinutes": 3}
    rig.release("v1.2.3", deploymentConfiguration={"strategy": "CANARY", "canaryConfiguration": steps})
    assert weights(until_stage(rig, "PRODUCTION_TRAFFIC_SHIFT")) == (87.5, 12.5)
    rig.tick(179)
    assert weights(rig.story()) == (87.5, 12.5)
    assert weights(until_stage(rig, "POST_PRODUCTION_TRAFFIC_SHIFT")) == (0.0, 100.0)
    rig.until("SUCCESSFUL")


def test_a_green_that_crashes_is_given_up_and_blue_never_lost_a_task(connected):
    rig = connected
    before = rig.service()["deployments"][0]["id"]
    rig.release("crash", deploymentConfiguration={**BREAKER, **BLUE_GREEN})
    while rig.story()["status"] != "ROLLBACK_SUCCESSFUL":
        blue = next(one for one in rig.service()["deployments"] if one["id"] == before)
        assert blue["runningCount"] == 2
        rig.tick()
    assert rig.runs() == "v1.2.2"


def test_an_alarm_in_the_bake_of_blue_green_takes_it_back_at_once(connected):
    rig = connected
    cloudwatch = rig.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="api-5xx", MetricName="5xx", Namespace="unifocus", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    alarms = {"alarmNames": ["api-5xx"], "enable": True, "rollback": True}
    rig.release("v1.2.3", deploymentConfiguration={**BLUE_GREEN, "alarms": alarms})
    until_stage(rig, "BAKE_TIME")
    cloudwatch.set_alarm_state(AlarmName="api-5xx", StateValue="ALARM", StateReason="test")
    rig.tick()
    assert (rig.story()["status"], weights(rig.story())) == ("ROLLBACK_IN_PROGRESS", (100.0, 0.0))
    assert rig.runs() == "v1.2.2"
    assert rig.until("ROLLBACK_SUCCESSFUL") <= 30


def test_alarms_are_watched_for_the_bake_time_of_a_rolling_deployment(rig):
    rig.client("cloudwatch").put_metric_alarm(
        AlarmName="api-5xx", MetricName="5xx", Namespace="unifocus", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    alarms = {"alarmNames": ["api-5xx"], "enable": True, "rollback": True}
    rig.release("v1.2.3", deploymentConfiguration={"bakeTimeInMinutes": 5, "alarms": alarms})
    stages = walked(rig)
    assert list(stages) == ["SCALE_UP", "BAKE_TIME"]
    assert 298 <= stages["BAKE_TIME"] <= 300
    assert rig.story()["status"] == "SUCCESSFUL"


def test_what_is_left_of_a_superseded_deployment_is_cleared_away_first(connected):
    rig = connected
    rig.release("v1.2.3", deploymentConfiguration=BLUE_GREEN)
    until_stage(rig, "BAKE_TIME")
    rig.release("v1.2.4")
    assert len(rig.story()["sourceServiceRevisions"]) == 2
    stages = walked(rig)
    assert list(stages) == ["RECONCILE_SERVICE", *BLUE_GREEN_STAGES]
    assert rig.runs() == "v1.2.4"
    (only,) = rig.service()["deployments"]
    assert only["runningCount"] == 2


def test_a_pause_holds_the_deployment_until_somebody_lets_it_go_on(connected):
    rig = connected
    hooks = [pause("POST_TEST_TRAFFIC_SHIFT", timeoutInMinutes=10, action="ROLLBACK")]
    arn = rig.release("v1.2.3", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": hooks})[
        "currentServiceDeployment"
    ]
    story = until_stage(rig, "POST_TEST_TRAFFIC_SHIFT")
    (hook,) = story["lifecycleHookDetails"]
    assert (hook["targetType"], hook["status"], hook["timeoutAction"]) == ("PAUSE", "AWAITING_ACTION", "ROLLBACK")
    assert "targetArn" not in hook
    assert hook["expiresAt"].timestamp() == pytest.approx(rig.sandbox.clock.now() + 600)
    rig.tick(300)
    story = rig.story()
    assert (story["status"], story["lifecycleStage"]) == ("IN_PROGRESS", "POST_TEST_TRAFFIC_SHIFT")
    answer = rig.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"], action="CONTINUE")
    assert answer["serviceDeploymentArn"] == arn
    assert rig.story()["lifecycleHookDetails"][0]["status"] == "SUCCEEDED"
    rig.until("SUCCESSFUL")
    assert rig.runs() == "v1.2.3"


def test_a_pause_can_be_answered_with_no(connected):
    rig = connected
    hooks = [pause("PRE_PRODUCTION_TRAFFIC_SHIFT")]
    arn = rig.release("v1.2.3", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": hooks})[
        "currentServiceDeployment"
    ]
    (hook,) = until_stage(rig, "PRE_PRODUCTION_TRAFFIC_SHIFT")["lifecycleHookDetails"]
    rig.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"], action="ROLLBACK")
    assert rig.statuses() == ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]
    assert rig.runs() == "v1.2.2"


@pytest.mark.parametrize(("action", "ends"), [("ROLLBACK", "ROLLBACK_SUCCESSFUL"), ("CONTINUE", "SUCCESSFUL")])
def test_a_pause_that_nobody_answers_ends_by_its_timeout(connected, action, ends):
    rig = connected
    hooks = [pause("POST_SCALE_UP", timeoutInMinutes=2, action=action)]
    rig.release("v1.2.3", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": hooks})
    until_stage(rig, "POST_SCALE_UP")
    rig.tick(119)
    assert rig.story()["lifecycleHookDetails"][0]["status"] == "AWAITING_ACTION"
    rig.tick(2)
    assert rig.story()["lifecycleHookDetails"][0]["status"] == "TIMED_OUT"
    rig.until(ends)


def test_a_person_stops_a_deployment_that_is_paused(connected):
    rig = connected
    hooks = [pause("POST_SCALE_UP")]
    arn = rig.release("v1.2.3", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": hooks})[
        "currentServiceDeployment"
    ]
    until_stage(rig, "POST_SCALE_UP")
    rig.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    assert rig.statuses()[-1] == "ROLLBACK_SUCCESSFUL"


def test_a_rolling_deployment_pauses_before_it_starts_a_task_and_after_it_replaced_all(rig):
    hooks = [pause("PRE_SCALE_UP"), pause("POST_SCALE_UP")]
    arn = rig.release("v1.2.3", deploymentConfiguration={"lifecycleHooks": hooks})["currentServiceDeployment"]
    until_stage(rig, "PRE_SCALE_UP")
    rig.tick(60)
    assert running(rig) == (0, 2)
    for place, stage in enumerate(("PRE_SCALE_UP", "POST_SCALE_UP")):
        story = until_stage(rig, stage)
        assert story["lifecycleHookDetails"][place]["status"] == "AWAITING_ACTION"
        rig.ecs.continue_service_deployment(
            serviceDeploymentArn=arn, hookId=story["lifecycleHookDetails"][place]["hookId"]
        )
    rig.until("SUCCESSFUL")
    assert running(rig) == (2, 0)


def test_a_function_passes_at_once_and_both_hooks_of_a_stage_have_to(connected):
    rig = connected
    hooks = [function("POST_SCALE_UP"), pause("POST_SCALE_UP")]
    rig.release("v1.2.3", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": hooks})
    story = until_stage(rig, "POST_SCALE_UP")
    assert [(one["targetType"], one["status"]) for one in story["lifecycleHookDetails"]] == [
        ("AWS_LAMBDA", "SUCCEEDED"),
        ("PAUSE", "AWAITING_ACTION"),
    ]
    assert story["lifecycleHookDetails"][0]["targetArn"] == LAMBDA
    rig.tick(30)
    assert rig.story()["lifecycleStage"] == "POST_SCALE_UP"


@pytest.mark.parametrize("name", [LAMBDA, "check", "*"])
def test_a_function_that_is_made_to_fail_takes_the_deployment_back(connected, name):
    rig = connected
    rig.sandbox.set_faults({"failingHooks": [name]})
    rig.release("v1.2.3", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": [function("POST_SCALE_UP")]})
    rig.until("ROLLBACK_SUCCESSFUL")
    story = rig.story()
    assert story["lifecycleHookDetails"][0]["status"] == "FAILED"
    assert "the lifecycle hook" in story["statusReason"]
    assert rig.ask("faults")["failingHooks"] == [name]


def test_only_what_waits_can_be_continued(connected):
    rig = connected
    arn = rig.release("v1.2.3", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": [pause("PRE_SCALE_UP")]})[
        "currentServiceDeployment"
    ]
    (hook,) = until_stage(rig, "PRE_SCALE_UP")["lifecycleHookDetails"]
    go_on = {"serviceDeploymentArn": arn, "hookId": hook["hookId"]}
    with pytest.raises(rig.ecs.exceptions.ServiceDeploymentNotFoundException):
        rig.ecs.continue_service_deployment(**{**go_on, "serviceDeploymentArn": arn[:-1] + "x"})
    with pytest.raises(rig.ecs.exceptions.InvalidParameterException, match="no lifecycle hook"):
        rig.ecs.continue_service_deployment(**{**go_on, "hookId": "ecs-pause-x"})
    rig.ecs.continue_service_deployment(**go_on)
    with pytest.raises(rig.ecs.exceptions.InvalidParameterException, match="SUCCEEDED"):
        rig.ecs.continue_service_deployment(**go_on)


def test_stopping_knows_what_has_ended_and_what_never_was(rig):
    arn = rig.story()["serviceDeploymentArn"]
    with pytest.raises(rig.ecs.exceptions.ConflictException, match="SUCCESSFUL"):
        rig.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    with pytest.raises(rig.ecs.exceptions.ServiceDeploymentNotFoundException):
        rig.ecs.stop_service_deployment(serviceDeploymentArn=arn[:-1] + "x", stopType="ROLLBACK")
    with pytest.raises(rig.ecs.exceptions.InvalidParameterException, match="ROLLBACK"):
        rig.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ABORT")


@pytest.mark.parametrize(
    ("configured", "says"),
    [
        ({"strategy": "BLUE_GREEN"}, "bakeTimeInMinutes is required"),
        ({"bakeTimeInMinutes": 1441}, "between 0 and 1440"),
        ({"bakeTimeInMinutes": -1}, "between 0 and 1440"),
        ({"strategy": "LINEAR"}, "needs a load balancer or Service Connect"),
        ({"strategy": "CANARY"}, "needs a load balancer or Service Connect"),
        ({"linearConfiguration": {"stepPercent": 10.0}}, "only valid with the LINEAR"),
        ({"canaryConfiguration": {"canaryPercent": 10.0}}, "only valid with the CANARY"),
        ({"lifecycleHooks": [{"targetType": "PAUSE"}]}, "lifecycleStages is required"),
        ({"lifecycleHooks": [pause("TEST_TRAFFIC_SHIFT")]}, "at TEST_TRAFFIC_SHIFT"),
        ({"lifecycleHooks": [pause("PRE_SCALE_UP", timeoutInMinutes=20161)]}, "between 1 and 20160"),
        ({"lifecycleHooks": [pause("PRODUCTION_TRAFFIC_SHIFT")]}, "at PRODUCTION_TRAFFIC_SHIFT"),
        ({"lifecycleHooks": [{**pause("PRE_SCALE_UP"), "hookTargetArn": LAMBDA}]}, "not applicable"),
        ({"lifecycleHooks": [{"lifecycleStages": ["PRE_SCALE_UP"], "roleArn": ROLE}]}, "hookTargetArn and roleArn"),
        ({"lifecycleHooks": [{"lifecycleStages": ["SCALE_UP"], "hookTargetArn": LAMBDA}]}, "can not be 'SCALE_UP'"),
    ],
)
def test_a_strategy_that_lacks_what_it_needs_is_refused_and_nothing_changes(rig, configured, says):
    before = rig.service()["deploymentConfiguration"]
    with pytest.raises(rig.ecs.exceptions.InvalidParameterException, match=says):
        rig.ecs.update_service(cluster="prod", service="api", deploymentConfiguration=configured)
    assert rig.service()["deploymentConfiguration"] == before


@pytest.mark.parametrize(
    ("strategy", "steps", "says"),
    [
        ("LINEAR", {"stepPercent": 2.9}, "between 3.0 and 100.0"),
        ("LINEAR", {"stepPercent": 3.05}, "multiple of 0.1"),
        ("LINEAR", {"stepBakeTimeInMinutes": 1441}, "between 0 and 1440"),
        ("CANARY", {"canaryPercent": 0.0}, "between 0.1 and 100.0"),
        ("CANARY", {"canaryBakeTimeInMinutes": -1}, "between 0 and 1440"),
    ],
)
def test_the_steps_of_a_shift_have_bounds(connected, strategy, steps, says):
    configured = {"strategy": strategy, f"{strategy.lower()}Configuration": steps}
    with pytest.raises(connected.ecs.exceptions.InvalidParameterException, match=says):
        connected.ecs.update_service(cluster="prod", service="api", deploymentConfiguration=configured)


def test_a_load_balancer_needs_a_second_target_group_to_shift_to(rig):
    lacking = {key: value for key, value in BALANCER.items() if key != "advancedConfiguration"}
    wanted = {"cluster": "prod", "service": "api", "deploymentConfiguration": BLUE_GREEN}
    with pytest.raises(rig.ecs.exceptions.InvalidParameterException, match="advancedConfiguration is required"):
        rig.ecs.update_service(**wanted, loadBalancers=[lacking])
    rig.ecs.update_service(**wanted, loadBalancers=[BALANCER])
    until_stage(rig, "BAKE_TIME")
    assert weights(rig.story()) == (0.0, 100.0)


def test_a_service_can_leave_a_strategy_without_naming_its_steps(connected):
    rig = connected
    steps = {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 0}}
    rig.ecs.update_service(cluster="prod", service="api", deploymentConfiguration=steps)
    kept = rig.ecs.update_service(cluster="prod", service="api", deploymentConfiguration={"strategy": "ROLLING"})[
        "service"
    ]["deploymentConfiguration"]
    assert (kept["strategy"], "linearConfiguration" in kept) == ("ROLLING", False)
