"""What is ignored is never sent: the parameters of the calls that reach the sandbox, and the walk behind them."""

import json

import pytest

from controller.model.names import TargetName
from controller.model.outcome import Sent
from controller.model.packed import Packed
from controller.model.release import Release, Settings
from controller.model.rollout import Purpose
from controller.shaping import Native
from controller.targets.ecs.manifest import read_shape, release_manifest, settings_manifest
from controller.targets.ecs.spared import GONE, spared
from controller.targets.ecs.spec import shape
from tests.targets.ecs.rig import allow, definition

TAGS = [{"key": "team", "value": "payments"}, {"key": "cost", "value": "7"}]
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}}
OTHER = {"awsvpcConfiguration": {"subnets": ["subnet-b"], "securityGroups": ["sg-b"]}}
AWSVPC = "service.networkConfiguration.awsvpcConfiguration"
BREAKER = "deploymentCircuitBreaker"
NEW = {"desiredCount": 2, "launchType": "FARGATE", "networkConfiguration": NETWORK, "tags": TAGS}


class Wanted:
    """What a spec wants of a service, with what it ignores."""

    def __init__(self, ground, service, ignore, version="v1.2.2", name="api", **more):
        self.ground, self.name = ground, name
        family = "unifocus-prod-api" if name == "api" else name
        native = Native(definition=definition(version, family=family), service=service, ignore=ignore, **more)
        shaped = shape(native)
        assert shaped.faults == ()
        manifest = release_manifest(*read_shape(shaped.shape), passed=shaped.ignore)
        self.release = Release(version=version, manifest=manifest, shape=Packed.of(shaped.shape))
        self.settings = shaped.settings
        if shaped.settings:
            text = shaped.settings.shape
            kept = settings_manifest(json.loads(text), shaped.ignore)
            self.settings = Settings(manifest=kept, shape=text)
        self.owns = (*manifest.owns, *(self.settings.manifest.owns if self.settings else ()))

    def act(self, **more):
        live = self.ground.look(owns=self.owns)
        place, target = self.ground.place(self.name), TargetName(self.name)
        given = {"settings": self.settings, "place": place, "target": target, **more}
        sent = self.ground.target.act(self.ground.action(self.release, live, **given), allow)
        assert isinstance(sent, Sent), sent

    def sent(self, **more):
        """The fields in the one UpdateService that is made."""
        before = len(self.ground.sandbox_calls("UpdateService"))
        self.act(**more)
        (asked,) = self.ground.sandbox_calls("UpdateService")[before:]
        return {name: asked[name] for name in sorted(set(asked) - {"cluster", "service", "taskDefinition"})}


def by_hand(ground, **fields):
    ground.aws.ecs.update_service(cluster="prod", service="api", **fields)
    ground.tick(120)


# --- fields and settings


@pytest.mark.parametrize("purpose", [Purpose.FORWARD, Purpose.SETTINGS])
@pytest.mark.parametrize("path", ["$.service.desiredCount", "$..desiredCount"])
def test_a_count_that_is_ignored_is_not_sent_with_what_is_sent(ground, purpose, path):
    by_hand(ground, desiredCount=10)
    wanted = Wanted(ground, {"desiredCount": 2, "healthCheckGracePeriodSeconds": 30}, (path,), "v1.2.3")
    assert wanted.sent(purpose=purpose) == {"healthCheckGracePeriodSeconds": 30}
    assert ground.look().desired == 10


def test_where_only_what_is_ignored_differs_there_is_no_call(ground):
    by_hand(ground, desiredCount=10)
    Wanted(ground, {"desiredCount": 2}, ("$.service.desiredCount",)).act(purpose=Purpose.SETTINGS)
    assert [asked.get("desiredCount") for asked in ground.sandbox_calls("UpdateService")] == [10]


def test_a_leaf_that_is_ignored_takes_its_live_value_where_its_field_is_sent(ground):
    by_hand(ground, deploymentConfiguration={BREAKER: {"enable": True, "rollback": False}, "maximumPercent": 150})
    breaker = {"enable": True, "rollback": True}
    wanted = {"deploymentConfiguration": {BREAKER: breaker, "maximumPercent": 200, "minimumHealthyPercent": 50}}
    ignore = (
        f"$.service.deploymentConfiguration.{BREAKER}.rollback",
        "service.deploymentConfiguration.maximumPercent",
    )
    sent = Wanted(ground, wanted, ignore).sent(purpose=Purpose.SETTINGS)["deploymentConfiguration"]
    assert (sent["maximumPercent"], sent["minimumHealthyPercent"]) == (150, 50)
    assert (sent[BREAKER]["enable"], sent[BREAKER]["rollback"]) == (True, False)


def test_security_groups_that_are_ignored_stay_where_the_network_is_replaced(ground):
    by_hand(ground, networkConfiguration=NETWORK)
    ignore = (f"{AWSVPC}.securityGroups",)
    assert Wanted(ground, {"networkConfiguration": {"awsvpcConfiguration": {**NETWORK["awsvpcConfiguration"]}}},
                  ignore, "v1.2.3").sent() == {}  # fmt: skip
    sent = Wanted(ground, {"networkConfiguration": OTHER}, ignore, "v1.2.4").sent()["networkConfiguration"]
    assert sent["awsvpcConfiguration"]["subnets"] == ["subnet-b"]
    assert sent["awsvpcConfiguration"]["securityGroups"] == ["sg-a"]


def test_one_group_that_is_ignored_stays_beside_those_that_are_declared(ground):
    groups = ["sg-a", "sg-of-an-incident"]
    by_hand(
        ground, networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": groups}}
    )
    wanted = Wanted(ground, {"networkConfiguration": OTHER}, (f"{AWSVPC}.securityGroups[sg-of-an-incident]",))
    sent = wanted.sent()["networkConfiguration"]["awsvpcConfiguration"]
    assert sent["securityGroups"] == ["sg-b", "sg-of-an-incident"]


def test_what_goes_back_sends_nothing_that_is_ignored_either(ground):
    by_hand(ground, networkConfiguration=NETWORK)
    wanted = Wanted(ground, {"networkConfiguration": OTHER}, ("$.service.networkConfiguration",), "v1.2.3")
    assert wanted.sent(purpose=Purpose.BACK) == {}


# --- tags


def test_a_tag_that_is_ignored_is_not_set(ground):
    wanted = Wanted(ground, {"tags": TAGS}, ("$.service.tags[?@.key=='cost']",))
    wanted.act(purpose=Purpose.SETTINGS)
    (asked,) = ground.sandbox_calls("TagResource")
    assert asked["tags"] == [{"key": "team", "value": "payments"}]
    wanted.act(purpose=Purpose.SETTINGS)
    assert len(ground.sandbox_calls("TagResource")) == 1


# --- creation


def test_a_service_that_is_created_gets_what_is_declared_as_there_is_nothing_yet(ground):
    ignore = ("$.service.desiredCount", "$.service.tags[?@.key=='cost']", f"{AWSVPC}.securityGroups")
    Wanted(ground, NEW, ignore, "v1.2.3", "new", create=True).act(expect=None)
    (asked,) = ground.sandbox_calls("CreateService")
    assert {name: asked[name] for name in NEW} == NEW


# --- the walk


BALANCERS = [
    {"targetGroupArn": "blue", "containerName": "api", "containerPort": 80},
    {"targetGroupArn": "green", "containerName": "api", "containerPort": 80},
]
GREEN = "service.loadBalancers[green/api/80]"
LOGGED = {"logDriver": "awslogs", "options": {"a": "1", "b": "2"}}


@pytest.mark.parametrize(
    ("name", "value", "there", "path", "sent"),
    [
        ("loadBalancers", BALANCERS[:1], BALANCERS, GREEN, BALANCERS),
        ("loadBalancers", BALANCERS, BALANCERS[:1], GREEN, BALANCERS[:1]),
        ("loadBalancers", BALANCERS[1:], [], GREEN, GONE),
        ("loadBalancers", [], [], GREEN, []),
        (
            "capacityProviderStrategy",
            [{"capacityProvider": "A", "weight": 1}, {"capacityProvider": "B", "weight": 1}],
            [{"capacityProvider": "B", "weight": 5, "base": 2}, {"capacityProvider": "A", "weight": 9}],
            "service.capacityProviderStrategy[B].weight",
            [{"capacityProvider": "A", "weight": 1}, {"capacityProvider": "B", "weight": 5}],
        ),
        (
            "capacityProviderStrategy",
            [{"capacityProvider": "A", "weight": 1}],
            [],
            "..capacityProvider",
            [{"capacityProvider": "A", "weight": 1}],
        ),
        (
            "serviceConnectConfiguration",
            {"enabled": True, "namespace": "n", "logConfiguration": LOGGED},
            {"enabled": True, "logConfiguration": {"options": {"a": "9", "c": "3"}}},
            "service.serviceConnectConfiguration.logConfiguration.options[a]",
            {
                "enabled": True,
                "namespace": "n",
                "logConfiguration": {"logDriver": "awslogs", "options": {"a": "9", "b": "2"}},
            },
        ),
        (
            "deploymentConfiguration",
            {"maximumPercent": 150},
            {},
            "service.deploymentConfiguration.maximumPercent",
            GONE,
        ),
        ("enableExecuteCommand", True, False, "service.desiredCount", True),
    ],
)
def test_what_is_ignored_is_as_it_is_there(name, value, there, path, sent):
    assert spared(name, value, there, (path,)) == sent
