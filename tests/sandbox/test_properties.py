"""Whatever is done to a service, ECS keeps its promises about it: bounds, counts, one PRIMARY, an end."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.sandbox.clock import Clock
from controller.sandbox.dispatch import Desk
from controller.sandbox.native import Refused
from controller.sandbox.scheduler import step
from controller.sandbox.seed import plant
from controller.sandbox.world import World
from tests.sandbox.rig import ACCOUNT, REGION, a_seed, definition

TAGS = ["v1", "v2", "v3-slow", "crash", "unhealthy", "pull-error"]
ENDED = {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}
PAUSE = {
    "targetType": "PAUSE",
    "lifecycleStages": ["PRE_SCALE_UP", "PRE_PRODUCTION_TRAFFIC_SHIFT"],
    "timeoutConfiguration": {"timeoutInMinutes": 1, "action": "CONTINUE"},
}
STRATEGIES = {
    "ROLLING": {},
    "BLUE_GREEN": {"bakeTimeInMinutes": 1},
    "LINEAR": {"linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 0}, "lifecycleHooks": [PAUSE]},
    "CANARY": {"canaryConfiguration": {"canaryPercent": 20.0, "canaryBakeTimeInMinutes": 1}},
}

acts = st.one_of(
    st.tuples(st.just("release"), st.sampled_from(TAGS)),
    st.tuples(st.just("wait"), st.integers(1, 60)),
    st.tuples(st.just("scale"), st.integers(0, 6)),
    st.tuples(st.just("force"), st.none()),
    st.tuples(st.just("stop"), st.none()),
    st.tuples(st.just("kill"), st.integers(0, 20)),
    st.tuples(
        st.just("bounds"), st.sampled_from([(100, 200), (50, 150), (0, 100), (50, 100), (100, 150), (100, 125)])
    ),
    st.tuples(st.just("strategy"), st.sampled_from(sorted(STRATEGIES))),
    st.tuples(st.just("answer"), st.sampled_from(["CONTINUE", "ROLLBACK"])),
    st.tuples(st.just("breaker"), st.sampled_from([(True, True), (True, False), (False, False)])),
)


class Life:
    """One service and everything that is done to it, without a server."""

    def __init__(self) -> None:
        self.world = World(clock=Clock(1_800_000_000.0, 0))
        self.desk = Desk(world=self.world)
        plant(self.world, a_seed())
        (self.where,) = self.world.services()

    def call(self, operation, **asked):
        reply = self.desk.serve(operation, ACCOUNT, REGION, json.dumps({"cluster": "prod", **asked}).encode())
        return json.loads(reply.body) if reply.status == 200 else None

    def service(self):
        return self.call("DescribeServices", services=["api"])["services"][0]

    def stories(self):
        return self.call("ListServiceDeployments", service="api", maxResults=100)["serviceDeployments"]

    def update(self, **asked):
        return self.call("UpdateService", service="api", **asked)

    def wait(self, seconds):
        for _ in range(seconds):
            before = self.steadies()
            self.world.clock.advance(1.0)
            step(self.world, *self.where, self.world.clock.now())
            self.check(before)

    def steadies(self):
        return sum(task.healthy for one in self.where[1].deployments for task in one.tasks)

    def check(self, before):
        service, noun = self.service(), self.where[1]
        deployments = service["deployments"]
        assert [one["status"] for one in deployments] == ["PRIMARY", *["ACTIVE"] * (len(deployments) - 1)]
        assert service["runningCount"] == sum(one["runningCount"] for one in deployments)
        assert service["pendingCount"] == sum(one["pendingCount"] for one in deployments)
        assert service["taskDefinition"] == deployments[0]["taskDefinition"]
        configured = service["deploymentConfiguration"]
        low = -(-service["desiredCount"] * configured["minimumHealthyPercent"] // 100)
        # A step of the scheduler never takes healthy tasks below the minimum: what sinks below it was killed.
        assert self.steadies() >= min(low, before) or any(
            task.stop_code == "UserInitiated" for task in self.tasks()
        )
        stamps = [story["createdAt"] for story in self.stories()]
        assert stamps == sorted(set(stamps), reverse=True)
        assert sum(story["status"] not in {*ENDED, "STOP_REQUESTED"} for story in self.stories()) <= 1
        assert len(noun.events) <= 100

    def tasks(self):
        return list(self.where[0].tasks.values())

    def act(self, verb, value):
        match verb:
            case "release":
                arn = self.call("RegisterTaskDefinition", **definition(value))["taskDefinition"][
                    "taskDefinitionArn"
                ]
                self.update(taskDefinition=arn)
            case "wait":
                self.wait(value)
            case "scale":
                self.update(desiredCount=value)
            case "force":
                self.update(forceNewDeployment=True)
            case "stop":
                self.call("StopServiceDeployment", serviceDeploymentArn=self.service()["currentServiceDeployment"])
            case "kill":
                alive = [task for task in self.tasks() if task.live]
                if alive:
                    self.call("StopTask", task=alive[value % len(alive)].arn)
            case "bounds":
                low, high = value
                self.update(deploymentConfiguration={"minimumHealthyPercent": low, "maximumPercent": high})
            case "strategy":
                configured = {"strategy": value, "lifecycleHooks": [], **STRATEGIES[value]}
                self.update(
                    deploymentConfiguration=configured,
                    serviceConnectConfiguration={"enabled": True, "namespace": "unifocus"},
                )
            case "answer":
                arn = self.service()["currentServiceDeployment"]
                (story,) = self.call("DescribeServiceDeployments", serviceDeploymentArns=[arn])[
                    "serviceDeployments"
                ]
                for hook in story.get("lifecycleHookDetails", []):
                    self.call(
                        "ContinueServiceDeployment", serviceDeploymentArn=arn, hookId=hook["hookId"], action=value
                    )
            case "breaker":
                enable, rollback = value
                switch = {"enable": enable, "rollback": rollback}
                self.update(deploymentConfiguration={"deploymentCircuitBreaker": switch})
        self.wait(1)


@given(script=st.lists(acts, max_size=12))
def test_ecs_keeps_its_promises_whatever_is_done(script):
    life = Life()
    for verb, value in script:
        life.act(verb, value)
    life.wait(30)


@given(script=st.lists(acts, max_size=8))
def test_a_good_release_with_room_to_move_always_succeeds_in_the_end(script):
    life = Life()
    for verb, value in script:
        life.act(verb, value)
    life.act("strategy", "ROLLING")
    life.act("bounds", (50, 200))
    life.act("scale", 3)
    life.act("release", "v9")
    life.wait(150)
    assert life.stories()[0]["status"] == "SUCCESSFUL"
    assert all(story["status"] in ENDED for story in life.stories())
    service = life.service()
    assert (len(service["deployments"]), service["runningCount"], service["pendingCount"]) == (1, 3, 0)
    assert not life.where[1].moving


@settings(max_examples=50)  # each is a whole rollout with its stages
@given(script=st.lists(acts, max_size=8), strategy=st.sampled_from(["BLUE_GREEN", "LINEAR", "CANARY"]))
def test_whatever_came_before_traffic_is_shifted_to_a_good_release_in_the_end(script, strategy):
    life = Life()
    for verb, value in script:
        life.act(verb, value)
    life.act("strategy", strategy)
    life.act("scale", 2)
    life.act("release", "v9")
    life.wait(420)
    assert life.stories()[0]["status"] == "SUCCESSFUL"
    assert all(story["status"] in ENDED for story in life.stories())
    service = life.service()
    assert (len(service["deployments"]), service["runningCount"], service["pendingCount"]) == (1, 2, 0)
    assert not life.where[1].moving


@given(tag=st.sampled_from(["crash", "unhealthy", "pull-error"]), desired=st.integers(1, 8))
def test_a_bad_release_with_a_breaker_always_comes_back(tag, desired):
    life = Life()
    life.act("scale", desired)
    life.wait(60)
    before = life.service()["taskDefinition"]
    life.act("release", tag)
    life.wait(250)
    assert life.stories()[0]["status"] == "ROLLBACK_SUCCESSFUL"
    assert (life.service()["taskDefinition"], life.service()["runningCount"]) == (before, desired)


def test_refusals_carry_their_code_in_their_text():
    assert str(Refused("ClientException", "no")) == "ClientException: no"
