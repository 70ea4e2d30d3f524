"""Whose fault it is that ECS cannot place a task: what an event says, and what the release asks for anew."""

import json

import pytest

from controller.errors import PlatformError
from controller.model.names import Revision
from controller.model.observation import Blame, State
from controller.model.packed import Packed
from controller.sandbox import events as sandbox_events
from controller.targets.ecs.definitions import Definition
from controller.targets.ecs.placing import unplaced
from tests.targets.ecs.rig import definition, release

NONE_MET = "was unable to place a task because no container instance met all of its requirements."
CLOSEST = f"{NONE_MET} The closest matching (container-instance 1a2b)"
NO_INSTANCE = f"{NONE_MET} Reason: No Container Instances were found in your cluster."
CPU = f"{CLOSEST} has insufficient CPU units available."
MEMORY = f"{CLOSEST} has insufficient memory available."
ATTRIBUTE = f"{CLOSEST} is missing an attribute required by your task."
CONSTRAINT = f'{CLOSEST} encountered error "MemberOf placement constraint unsatisfied.".'
PORT = f"{CLOSEST} is already using a port required by your task."
TOO_LARGE = "was unable to place a task. Reason: The requested MEMORY configuration is above your limit."
STUCK = (
    "was unable to stop or start tasks during a deployment because of the service deployment configuration. "
    "Update the minimumHealthyPercent or maximumPercent value and try again."
)
STARTED = "has started 1 tasks: (task x)."
GROUND = [
    NO_INSTANCE,
    f'{CLOSEST} encountered error "AGENT".',
    "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later.",
    "was unable to place a task. Reason: You've reached the limit on the number of tasks you can run concurrently.",
    "was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently.",
    "was unable to place a task. Reason: Internal error.",
    "operations are being throttled. Will try again later.",
]
OLD, NEW = "task-definition/api:1", "task-definition/api:2"


def container(**more):
    return {"name": "api", "image": "x:1", "cpu": 256, "memory": 512, **more}


def before(*messages, runs=2):
    """A service that goes from the old definition to the new one, with these events, newest first."""
    said = [{"createdAt": 90.0 - place, "message": f"(service api) {each}"} for place, each in enumerate(messages)]
    new, old = (
        {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": NEW, "runningCount": 0},
        {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": OLD, "runningCount": runs},
    )
    return {"events": said, "deployments": [new, old]}


def describing(new, old):
    made = {NEW: new, OLD: old}

    def describe(arn):
        native = {"containerDefinitions": [container()], **made[arn]}
        return Definition(revision=Revision(arn), native=Packed.of(json.dumps(native)), active=True, tags=None)

    return describe


def whose(message, new=None, old=None, **more):
    return unplaced(before(message, **more), NEW, 0, describing(new or {}, old or {}))


@pytest.mark.parametrize("message", GROUND)
@pytest.mark.parametrize("new", [{}, {"cpu": "4096"}, {"placementConstraints": [{"type": "memberOf"}]}])
def test_what_the_platform_lacks_is_its_own_fault_whatever_the_release_asks_for(message, new):
    found = whose(message, new)
    assert (found.own, found.message) == (False, f"(service api) {message}")


@pytest.mark.parametrize(
    ("message", "new", "own"),
    [
        (CPU, {"containerDefinitions": [container(image="x:2", environment=[{"name": "A", "value": "b"}])]}, False),
        (CPU, {"containerDefinitions": [container(cpu=128)]}, False),
        (CPU, {"containerDefinitions": [container(cpu=2048)]}, True),
        (CPU, {"cpu": "2 vCPU"}, True),
        (MEMORY, {"containerDefinitions": [container(memory=4096)]}, True),
        (MEMORY, {"containerDefinitions": [container(memory=4096, memoryReservation=512)]}, False),
        (MEMORY, {"memory": "2 GB"}, True),
        (MEMORY, {"containerDefinitions": [container(), container(name="log", memory=64)]}, True),
        ("RESOURCE:MEMORY", {"containerDefinitions": [container(memory=4096)]}, True),
        ("RESOURCE:ENI", {"containerDefinitions": [container(memory=4096)]}, False),
        (TOO_LARGE, {"memory": "122880"}, True),
        (TOO_LARGE, {}, False),
        (ATTRIBUTE, {}, False),
        (ATTRIBUTE, {"containerDefinitions": [container(image="x:2", command=["run"])]}, False),
        (ATTRIBUTE, {"containerDefinitions": [container(logConfiguration={"logDriver": "splunk"})]}, True),
        (CONSTRAINT, {"placementConstraints": [{"type": "memberOf", "expression": "attribute:gpu == a"}]}, True),
        (PORT, {"containerDefinitions": [container(portMappings=[{"containerPort": 80, "hostPort": 80}])]}, True),
        (
            "RESOURCE:GPU",
            {"containerDefinitions": [container(resourceRequirements=[{"type": "GPU", "value": "1"}])]},
            True,
        ),
    ],
)
def test_only_what_a_release_asks_for_beyond_what_runs_is_its_own_fault(message, new, own):
    assert whose(message, new).own is own


@pytest.mark.parametrize(("message", "own"), [(CPU, False), (MEMORY, False), (ATTRIBUTE, True), (CONSTRAINT, True)])
def test_where_there_is_nothing_to_compare_the_words_decide(message, own):
    assert whose(message, {"cpu": "4096"}, runs=0).own is own


def test_a_definition_that_cannot_be_read_is_nothing_to_compare():
    def describe(_arn):
        raise PlatformError("throttled")

    assert not unplaced(before(CPU), NEW, 0, describe).own
    assert unplaced(before(ATTRIBUTE), NEW, 0, describe).own


def test_percents_that_leave_no_room_are_the_services_own():
    assert whose(STUCK).own


@pytest.mark.parametrize(
    ("messages", "troubled"),
    [
        ((NO_INSTANCE, STARTED), True),
        ((STARTED, NO_INSTANCE), False),
        (("has reached a steady state.", NO_INSTANCE), True),
        ((), False),
    ],
)
def test_placing_is_in_trouble_until_a_task_is_started_after_it(messages, troubled):
    assert bool(unplaced(before(*messages), NEW, 0, describing({}, {}))) is troubled
    assert unplaced(before(*messages), NEW, 90_000_001, describing({}, {})) is None


def say(ground, message):
    _, service = ground.sandbox.world.services()[0]
    sandbox_events.say(ground.sandbox.world, service, message)


def test_a_release_that_asks_for_too_much_is_not_excused_and_what_ecs_says_is_kept(ground):
    ground.faults(noCapacity=True)
    larger = {"cpu": "4096", "memory": "30720"}
    sent = ground.send(release("v1.2.3", **larger))
    ground.tick(5)
    say(ground, MEMORY)
    ours = ground.look(moving=True, ours=sent.deployment).find(sent.deployment)
    assert (ours.state, ours.blame, ours.evidence[0]) == (State.MOVING, None, f"(service api) {MEMORY}")


def test_a_release_that_asks_for_no_more_waits_for_the_platform(ground):
    ground.faults(noCapacity=True)
    sent = ground.send(release("v1.2.3"))
    ground.tick(5)
    say(ground, MEMORY)
    ours = ground.look(moving=True, ours=sent.deployment).find(sent.deployment)
    assert (ours.blame, ours.why) == (Blame.PLATFORM, f"(service api) {MEMORY}")
    assert definition()["memory"] == "512"
