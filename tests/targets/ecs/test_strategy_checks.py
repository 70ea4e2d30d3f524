"""A strategy that lacks what it needs, and a hook that ECS would not take, are refused before any call."""

from datetime import timedelta

import pytest

from controller.shaping import Native
from controller.targets.ecs.spec import shape

CONTAINER = {"name": "api", "image": "x:1", "memory": 64, "portMappings": [{"containerPort": 80}]}
DEFINITION = {"family": "api", "containerDefinitions": [CONTAINER]}
LAMBDA = "arn:aws:lambda:eu-west-1:111122223333:function:check"
ROLE = "arn:aws:iam::111122223333:role/hook"
FUNCTION = {"hookTargetArn": LAMBDA, "roleArn": ROLE, "lifecycleStages": ["TEST_TRAFFIC_SHIFT"]}
PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}
BALANCER = {"targetGroupArn": "arn:x:targetgroup/blue", "containerName": "api", "containerPort": 80}
SECOND = {"alternateTargetGroupArn": "arn:x:targetgroup/green", "productionListenerRule": "arn:x", "roleArn": ROLE}


def faults(configured, create=False, **service):
    declared = {"deploymentConfiguration": configured, **service}
    shaped = shape(Native(definition=DEFINITION, service=declared, create=create))
    return {
        ".".join(map(str, fault.path)).removeprefix("serviceDefinition."): fault.what for fault in shaped.faults
    }


@pytest.mark.parametrize(
    ("configured", "path", "says"),
    [
        ({"strategy": "BLUE_GREEN"}, "bakeTimeInMinutes", "with BLUE_GREEN, say how long both sets of tasks run"),
        ({"bakeTimeInMinutes": 1441}, "bakeTimeInMinutes", "1441 is not between 0 and 1440"),
        (
            {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5, "linearConfiguration": {"stepPercent": 10}},
            "linearConfiguration",
            "goes with strategy LINEAR, and this one is BLUE_GREEN",
        ),
        (
            {"strategy": "ROLLING", "canaryConfiguration": {"canaryPercent": 10}},
            "canaryConfiguration",
            "goes with strategy CANARY, and this one is ROLLING",
        ),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.9}},
            "linearConfiguration.stepPercent",
            "2.9 is not a multiple of 0.1 between 3.0 and 100",
        ),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": "33.33"}},
            "linearConfiguration.stepPercent",
            "33.33 is not a multiple of 0.1 between 3.0 and 100",
        ),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepBakeTimeInMinutes": 1441}},
            "linearConfiguration.stepBakeTimeInMinutes",
            "1441 is not between 0 and 1440",
        ),
        (
            {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0}},
            "canaryConfiguration.canaryPercent",
            "0 is not a multiple of 0.1 between 0.1 and 100",
        ),
        (
            {"lifecycleHooks": [{**PAUSE, "lifecycleStages": ["PRE_SCALE_UP", "TEST_TRAFFIC_SHIFT"]}]},
            "lifecycleHooks.0.lifecycleStages.1",
            "a PAUSE can not be at TEST_TRAFFIC_SHIFT, only before or after it",
        ),
        (
            {"lifecycleHooks": [FUNCTION, {**PAUSE, "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"]}]},
            "lifecycleHooks.1.lifecycleStages.0",
            "a PAUSE can not be at PRODUCTION_TRAFFIC_SHIFT, only before or after it",
        ),
        ({"lifecycleHooks": [{"targetType": "PAUSE"}]}, "lifecycleHooks.0.lifecycleStages", "is missing"),
        (
            {"lifecycleHooks": [{**PAUSE, "hookTargetArn": LAMBDA}]},
            "lifecycleHooks.0.hookTargetArn",
            "a PAUSE waits for a person",
        ),
        (
            {"lifecycleHooks": [{"lifecycleStages": ["PRE_SCALE_UP"], "hookTargetArn": LAMBDA}]},
            "lifecycleHooks.0.roleArn",
            "a hook is a function called by a role",
        ),
        (
            {"lifecycleHooks": [{**PAUSE, "timeoutConfiguration": {"timeoutInMinutes": 0}}]},
            "lifecycleHooks.0.timeoutConfiguration.timeoutInMinutes",
            "0 is not between 1 and 20160",
        ),
        (
            {"lifecycleHooks": [{**PAUSE, "timeoutConfiguration": {"timeoutInMinutes": "20161"}}]},
            "lifecycleHooks.0.timeoutConfiguration.timeoutInMinutes",
            "20161 is not between 1 and 20160",
        ),
    ],
)
def test_what_a_strategy_or_a_hook_lacks_is_said_where_it_is(configured, path, says):
    found = faults(configured)
    assert list(found) == [f"deploymentConfiguration.{path}"]
    assert says in found[f"deploymentConfiguration.{path}"]


@pytest.mark.parametrize(
    "configured",
    [
        {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0},
        {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": "30", "maximumPercent": 100, "minimumHealthyPercent": 100},
        {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 33.3, "stepBakeTimeInMinutes": 0}},
        {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": "0.1", "canaryBakeTimeInMinutes": 1440}},
        {"linearConfiguration": {"stepPercent": 10}},
        {"lifecycleHooks": [FUNCTION, {**PAUSE, "timeoutConfiguration": {"timeoutInMinutes": 20160}}]},
    ],
)
def test_what_has_all_that_it_needs_is_taken(configured):
    assert faults(configured) == {}


@pytest.mark.parametrize("strategy", ["LINEAR", "CANARY"])
def test_without_traffic_to_shift_there_are_no_steps(strategy):
    says = f"{strategy} needs a load balancer or Service Connect, by which ECS shifts traffic; there is neither"
    none = {"loadBalancers": [], "serviceConnectConfiguration": {"enabled": False}}
    assert faults({"strategy": strategy}, **none) == {"deploymentConfiguration.strategy": says}
    new = {"desiredCount": 1, "launchType": "EC2"}
    assert faults({"strategy": strategy}, create=True, **new) == {"deploymentConfiguration.strategy": says}
    # What is absent is not the spec's: the service may well have a load balancer.
    assert faults({"strategy": strategy}) == {}
    assert faults({"strategy": strategy}, create=True, **new, serviceConnectConfiguration={"enabled": True}) == {}
    balanced = {"loadBalancers": [{**BALANCER, "advancedConfiguration": SECOND}]}
    assert faults({"strategy": strategy}, create=True, **new, **balanced) == {}


@pytest.mark.parametrize("strategy", ["BLUE_GREEN", "LINEAR", "CANARY"])
def test_a_load_balancer_needs_a_second_target_group(strategy):
    found = faults({"strategy": strategy, "bakeTimeInMinutes": 5}, loadBalancers=[BALANCER])
    (path,) = found
    assert path == "loadBalancers.0.advancedConfiguration.alternateTargetGroupArn"
    assert found[path] == f"is missing: {strategy} shifts traffic to a second target group"
    assert faults({"strategy": "ROLLING"}, loadBalancers=[BALANCER]) == {}


@pytest.mark.parametrize(
    ("desired", "low", "high", "stuck"),
    [(3, 100, 125, True), (4, 100, 125, False), (1, 51, 199, True), (1, 50, 199, True), (2, 50, 100, False)],
)
def test_percents_that_leave_no_room_for_so_many_tasks_are_refused(desired, low, high, stuck):
    configured = {"minimumHealthyPercent": low, "maximumPercent": high}
    found = faults(configured, desiredCount=desired)
    says = f"{high} with minimumHealthyPercent {low} lets none of {desired} tasks start or stop"
    assert found == (
        {"deploymentConfiguration.maximumPercent": f"{says}: no deployment could end"} if stuck else {}
    )
    assert faults(configured) == {}
    assert faults({**configured, "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1}, desiredCount=desired) == {}


@pytest.mark.parametrize(
    ("controller", "why"), [("CODE_DEPLOY", "its deployments are CodeDeploy's"), ("EXTERNAL", "another tool's")]
)
def test_other_deployment_controllers_are_refused_with_the_reason(controller, why):
    found = faults({}, deploymentController={"type": controller})
    (path,) = found
    assert path == "deploymentController.type"
    assert found[path].startswith(f"{controller} is not driven by trueup; only ECS is")
    assert why in found[path]


@pytest.mark.parametrize(
    ("configured", "minutes"),
    [
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 60}, 60),
        (
            {
                "strategy": "LINEAR",
                "bakeTimeInMinutes": 5,
                "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 10},
            },
            35,
        ),
        (
            {
                "strategy": "CANARY",
                "bakeTimeInMinutes": "5",
                "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 30},
            },
            35,
        ),
    ],
)
def test_what_takes_ecs_longer_than_the_deadline_is_refused(configured, minutes):
    def said(deadline):
        declared = {"deploymentConfiguration": configured}
        shaped = shape(Native(definition=DEFINITION, service=declared, deadline=deadline))
        return [fault.what for fault in shaped.faults]

    assert said(timedelta(minutes=minutes + 1)) == said(None) == []
    (why,) = said(timedelta(minutes=minutes))
    assert why.startswith(f"ECS waits {minutes}m in all with it, and rollout.deadline is {minutes}m")
