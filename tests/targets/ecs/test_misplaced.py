"""Look-ups stand only where a text is wanted that somebody else keeps; elsewhere it is said before any call."""

import pytest

from controller.model.lookups import Lookup, fill_native, find_lookups
from controller.shaping import Native
from controller.targets.ecs.manifest import read_shape
from controller.targets.ecs.spec import shape
from tests.sandbox.rig import definition

SSM = Lookup(kind="ssm", name="/prod/thing")
STATE = Lookup(kind="tfstate", name="role")
HERE = SSM.marked
NAME = "a look-up cannot stand for a name that the parts of a task know each other by"
GIVES = "a look-up gives text, and this is {}: write it here, or as ${{name}} with a value"


def of(changes=None, container=None, service=None, state=""):
    whole = definition("v1.2.3", **(changes or {}))
    whole["containerDefinitions"] = [{**whole["containerDefinitions"][0], **(container or {})}]
    return shape(
        Native(definition=whole, service=service or {}, account="111122223333", region="eu-west-1", state=state)
    )


def said(shaped):
    return {".".join(map(str, fault.path)): fault.what for fault in shaped.faults}


IN = "taskDefinition.containerDefinitions.0"


@pytest.mark.parametrize(
    ("given", "where", "what"),
    [
        ({"changes": {"family": HERE}}, "taskDefinition.family", NAME),
        ({"changes": {"cpu": HERE}}, "taskDefinition.cpu", GIVES.format("a number")),
        ({"changes": {"memory": HERE}}, "taskDefinition.memory", GIVES.format("a number")),
        ({"changes": {"networkMode": HERE}}, "taskDefinition.networkMode", GIVES.format("a word of AWS's own")),
        (
            {"changes": {"requiresCompatibilities": [HERE]}},
            "taskDefinition.requiresCompatibilities.0",
            GIVES.format("a word of AWS's own"),
        ),
        ({"changes": {"volumes": HERE}}, "taskDefinition.volumes", GIVES.format("a list")),
        ({"changes": {"runtimePlatform": HERE}}, "taskDefinition.runtimePlatform", GIVES.format("a map")),
        ({"container": {"name": HERE}}, f"{IN}.name", NAME),
        (
            {"container": {"image": HERE}},
            f"{IN}.image",
            "a look-up cannot name an image: what runs is said by git alone",
        ),
        ({"container": {"memory": HERE}}, f"{IN}.memory", GIVES.format("a whole number")),
        ({"container": {"essential": HERE}}, f"{IN}.essential", GIVES.format("true or false")),
        ({"container": {"environment": [{"name": HERE, "value": "x"}]}}, f"{IN}.environment.0.name", NAME),
        (
            {"service": {"desiredCount": HERE}},
            "serviceDefinition.desiredCount",
            GIVES.format("a whole number"),
        ),
        (
            {"service": {"loadBalancers": [{"containerName": HERE, "containerPort": 80, "targetGroupArn": "t"}]}},
            "serviceDefinition.loadBalancers.0.containerName",
            NAME,
        ),
        (
            {"changes": {"taskRoleArn": STATE.marked}},
            "taskDefinition.taskRoleArn",
            "needs terraformState, here or in the environment: s3://bucket/key or file:name.tfstate",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value and " " not in value else "",
)
def test_a_look_up_that_is_misplaced_is_the_only_thing_said_of_its_place(given, where, what):
    told = said(of(**given))
    assert told[where] == what
    assert not any("\0" in sentence for sentence in told.values())


def test_texts_that_others_keep_may_be_looked_up():
    wanted = {
        "changes": {"taskRoleArn": STATE.marked, "executionRoleArn": f"role/{HERE}"},
        "container": {
            "environment": [{"name": "BUCKET", "value": f"s3://{HERE}/x"}],
            "secrets": [{"name": "KEY", "valueFrom": HERE}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": HERE, "name": HERE}},
            "dockerLabels": {"image": HERE},
            "command": ["run", HERE],
        },
        "service": {
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": [HERE], "securityGroups": [HERE]}},
            "serviceConnectConfiguration": {"enabled": True, "namespace": HERE},
        },
    }
    shaped = of(**wanted, state="s3://states/prod")
    assert said(shaped) == {}
    assert find_lookups(read_shape(shaped.shape)) == {SSM, STATE}


def test_a_role_is_completed_only_once_it_is_known():
    shaped = of({"taskRoleArn": HERE, "executionRoleArn": "exec"})
    before, service = read_shape(shaped.shape)
    assert before["taskRoleArn"] == HERE
    assert before["executionRoleArn"] == "arn:aws:iam::111122223333:role/exec"
    for value in ("task", "arn:aws:iam::111122223333:role/task"):
        filled = fill_native(before, {SSM: value})
        again = shape(Native(definition=filled, service=service, account="111122223333", region="eu-west-1"))
        assert read_shape(again.shape)[0]["taskRoleArn"] == "arn:aws:iam::111122223333:role/task"


def test_a_secret_that_a_look_up_brought_in_is_found_when_it_is_asked_again():
    shaped = of(container={"environment": [{"name": "TOKEN", "value": HERE}]})
    filled = fill_native(read_shape(shaped.shape)[0], {SSM: "AKIA" + "A" * 16})
    told = said(shape(Native(definition=filled)))
    assert list(told) == [f"{IN}.environment.0.value"]
    assert told[f"{IN}.environment.0.value"].startswith("'TOKEN' is an AWS access key: keep it in a secret")
