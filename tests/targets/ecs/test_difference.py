"""What is sent of a service: only what differs, and nothing of it that is not ours."""

import pytest

from controller.model.manifest import Echoed, Manifest
from controller.model.names import DeploymentId, Revision
from controller.model.observation import Live
from controller.shaping import Native
from controller.targets.ecs.difference import differing_fields, differing_settings, echo_of
from controller.targets.ecs.manifest import live_manifest, live_settings
from controller.targets.ecs.spec import shape

SERVICE = {
    "platformVersion": "LATEST",
    "networkConfiguration": {
        "awsvpcConfiguration": {"subnets": ["a", "b"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}
    },
    "loadBalancers": [{"targetGroupArn": "t", "containerName": "api", "containerPort": 80}],
    "deploymentConfiguration": {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "bakeTimeInMinutes": 0,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True, "resetOnHealthyTask": True},
    },
    "healthCheckGracePeriodSeconds": 0,
    "desiredCount": 2,
}


def live(**changes):
    service = {**SERVICE, **changes}
    return Live(
        manifest=live_manifest({"taskDefinition.family": "api"}, service),
        settings=live_settings(service),
        shape="",
        revision=Revision("r"),
        deployment=DeploymentId("d"),
        desired=2,
        running=2,
        asof=1,
    )


def never():
    raise AssertionError("nothing has to be read for this")


def there():
    return SERVICE


def network(*subnets, **more):
    return {"networkConfiguration": {"awsvpcConfiguration": {"subnets": list(subnets), **more}}}


@pytest.mark.parametrize(
    "declared",
    [
        {},
        network("b", "a"),
        network("a", "b", securityGroups=["sg-1"]),
        {"platformVersion": "LATEST", "volumeConfigurations": []},
        {"loadBalancers": SERVICE["loadBalancers"]},
        {"loadBalancers": None},
        {"serviceConnectConfiguration": {"enabled": False}},
    ],
)
def test_what_is_so_already_is_not_sent(declared):
    assert differing_fields(declared, live(), never) == {}


@pytest.mark.parametrize(
    ("declared", "sent"),
    [
        (network("a"), network("a", securityGroups=["sg-1"])),
        (network("a", "b", securityGroups=["sg-2"]), network("a", "b", securityGroups=["sg-2"])),
        (
            network("a", "b", assignPublicIp="ENABLED"),
            network("a", "b", assignPublicIp="ENABLED", securityGroups=["sg-1"]),
        ),
        ({"loadBalancers": []}, {"loadBalancers": []}),
        ({"platformVersion": "1.3.0", **network("a", "b")}, {"platformVersion": "1.3.0"}),
    ],
)
def test_what_differs_is_sent_with_what_is_not_declared_kept(declared, sent):
    assert differing_fields(declared, live(), there) == sent


def test_without_a_look_everything_declared_is_sent():
    assert differing_fields(network("a", "b", securityGroups=["sg-1"]), None, there) == network(
        "a", "b", securityGroups=["sg-1"]
    )


def settings(**declared):
    container = {"name": "api", "image": "x"}
    shaped = shape(Native(definition={"family": "api", "containerDefinitions": [container]}, service=declared))
    assert shaped.faults == ()
    return shaped.settings


def test_settings_that_are_so_already_are_not_sent():
    declared = settings(
        healthCheckGracePeriodSeconds=0,
        deploymentConfiguration={
            "maximumPercent": 200,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
    )
    assert differing_settings(declared, live(), never) == {}


def test_of_the_deployment_configuration_only_declared_members_are_sent_each_whole():
    declared = settings(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    assert differing_settings(declared, live(), there) == {
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": False, "resetOnHealthyTask": True}
        }
    }


def test_only_the_settings_that_differ_are_sent():
    declared = settings(healthCheckGracePeriodSeconds=30, desiredCount=2, propagateTags="NONE")
    assert differing_settings(declared, live(), never) == {"healthCheckGracePeriodSeconds": 30}


def test_another_image_is_no_echo_of_what_was_asked_for():
    container = "taskDefinition.containerDefinitions[api]"
    asked = Manifest.of({f"{container}.image": "api@sha256:1", f"{container}.cpu": 1}, ("taskDefinition",))
    answered = Manifest.of({f"{container}.image": "api:moved", f"{container}.cpu": 2})
    assert echo_of(answered, asked) == (Echoed(path=f"{container}.cpu", live=2, wanted=1),)
