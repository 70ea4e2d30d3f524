"""Numbers that ECS would refuse, or that are a slip of the hand, are refused before any call."""

import pytest

from controller.shaping import Native
from controller.targets.ecs.spec import shape

DEFINITION = {"family": "api", "containerDefinitions": [{"name": "api", "image": "x:1"}]}


def faults(service, definition=DEFINITION, images=None):
    shaped = shape(Native(definition=definition, service=service, images=images or {}))
    return {".".join(map(str, fault.path)): fault.what for fault in shaped.faults}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("desiredCount", -1, "-1 is not between 0 and 5000"),
        ("desiredCount", 5001, "5001 is not between 0 and 5000"),
        ("desiredCount", "-3", "-3 is not between 0 and 5000"),
        ("desiredCount", "9" * 40, f"{'9' * 40} is not between 0 and 5000"),
        ("healthCheckGracePeriodSeconds", -1, "-1 is not between 0 and 2147483647"),
        ("healthCheckGracePeriodSeconds", 2**31, "2147483648 is not between 0 and 2147483647"),
    ],
)
def test_a_number_out_of_bounds_is_refused_however_it_is_written(field, value, says):
    assert faults({field: value}) == {f"serviceDefinition.{field}": says}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("minimumHealthyPercent", -1, "-1 is not between 0 and 100"),
        ("minimumHealthyPercent", 101, "101 is not between 0 and 100"),
        ("maximumPercent", -200, "-200 is not between 100 and 1000"),
        ("maximumPercent", "99", "99 is not between 100 and 1000"),
        ("maximumPercent", 20_000, "20000 is not between 100 and 1000"),
    ],
)
def test_a_percent_out_of_bounds_is_refused(field, value, says):
    found = faults({"deploymentConfiguration": {field: value}})
    assert found == {f"serviceDefinition.deploymentConfiguration.{field}": says}


@pytest.mark.parametrize(
    "service",
    [
        {"desiredCount": 0},
        {"desiredCount": "5000"},
        {"healthCheckGracePeriodSeconds": 2**31 - 1},
        {"deploymentConfiguration": {"minimumHealthyPercent": 0, "maximumPercent": 100}},
        {"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 1000}},
    ],
)
def test_the_bounds_themselves_are_taken(service):
    assert faults(service) == {}


def test_percents_that_let_no_deployment_end_are_refused_as_text_too():
    stuck = {"deploymentConfiguration": {"maximumPercent": "100", "minimumHealthyPercent": "100"}}
    (what,) = faults(stuck).values()
    assert what == "100 with minimumHealthyPercent 100 lets no task start or stop: no deployment could end"


def test_what_is_no_number_is_said_once():
    assert faults({"desiredCount": True}) == {"serviceDefinition.desiredCount": "is True, not a whole number"}


def test_only_commands_that_there_are_are_recommended():
    (what,) = faults({"forceNewDeployment": True}).values()
    assert what == "is set by trueup itself; leave it out: `trueup retry` uses it"


def test_an_image_for_a_task_without_containers_is_told_that_there_are_none():
    found = faults({}, {"family": "api", "containerDefinitions": []}, {"api": "x:1"})
    assert found["images.api"] == "there is no container 'api'; there is none at all"
