"""One-off tasks: started once by their token, they do what their command says, and end with a code."""

import copy
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.rig import NETWORK, Rig, definition

MIGRATE = ["npx", "prisma", "migrate", "deploy"]
LOGGED = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/ecs/api", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"},
}


def run(rig: Rig, *command: str, **more: Any) -> dict[str, Any]:
    """What RunTask answers."""
    given: dict[str, Any] = {
        "cluster": "prod",
        "taskDefinition": "unifocus-prod-api",
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        "startedBy": "a" * 32,
        **more,
    }
    if command:
        given["overrides"] = {"containerOverrides": [{"name": "api", "command": list(command)}]}
    return rig.ecs.run_task(**given)


def one(rig: Rig, *command: str, **more: Any) -> str:
    (task,) = run(rig, *command, **more)["tasks"]
    return task["taskArn"]


def read(rig: Rig, arn: str) -> dict[str, Any]:
    return rig.ecs.describe_tasks(cluster="prod", tasks=[arn])["tasks"][0]


def listed(rig: Rig, **by: Any) -> list[str]:
    return rig.ecs.list_tasks(cluster="prod", **by)["taskArns"]


def statuses(rig: Rig, arn: str) -> list[str]:
    seen: list[str] = []
    for _ in range(120):
        status = read(rig, arn)["lastStatus"]
        seen += [status] if status not in seen[-1:] else []
        rig.tick()
    return seen


def refused(rig: Rig, *command: str, **more: Any) -> str:
    with pytest.raises(ClientError) as told:
        run(rig, *command, **more)
    return f"{told.value.response['Error']['Code']}: {told.value.response['Error']['Message']}"


def test_a_task_goes_through_its_life_and_ends_with_nought(rig):
    arn = one(rig, *MIGRATE)
    assert statuses(rig, arn) == ["PROVISIONING", "PENDING", "RUNNING", "DEPROVISIONING", "STOPPED"]
    task = read(rig, arn)
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert [(each["name"], each["exitCode"]) for each in task["containers"]] == [("api", 0)]
    assert task["startedBy"] == "a" * 32
    assert task["group"] == "family:unifocus-prod-api"
    assert task["overrides"]["containerOverrides"] == [{"name": "api", "command": MIGRATE}]
    assert (task["launchType"], task["platformVersion"]) == ("FARGATE", "1.4.0")


@pytest.mark.parametrize(
    ("tag", "command", "code"),
    [
        ("v1", ["sh", "-c", "exit 3"], 3),
        ("v1-exit-4", MIGRATE, 4),
        ("v1-exit-4", [], 4),
        ("v1-crash", [], 1),
        ("v1-crash", MIGRATE, 0),
        ("v1-unhealthy", MIGRATE, 0),
    ],
)
def test_how_it_ends_is_in_its_command_or_in_the_tag_of_its_image(rig, tag, command, code):
    arn = one(rig, *command, taskDefinition=rig.register(tag))
    rig.tick(60)
    task = read(rig, arn)
    assert task["lastStatus"] == "STOPPED"
    assert task["containers"][0]["exitCode"] == code


def test_a_tag_that_ends_one_off_tasks_does_nothing_to_a_service(rig):
    rig.release("v1-exit-4")
    assert rig.until("SUCCESSFUL") > 0


def test_it_runs_as_long_as_it_says_and_a_server_until_it_is_stopped(rig):
    slow, server = one(rig, "sh", "-c", "sleep 90; exit 2"), one(rig)
    rig.tick(90)
    assert read(rig, slow)["lastStatus"] == "RUNNING"
    rig.tick(20)
    assert read(rig, slow)["containers"][0]["exitCode"] == 2
    rig.tick(4000)
    assert read(rig, server)["lastStatus"] == "RUNNING"


def test_an_image_that_is_not_there_is_never_run(rig):
    arn = one(rig, *MIGRATE, taskDefinition=rig.register("v1-pull-error"))
    rig.tick(20)
    task = read(rig, arn)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "TaskFailedToStart")
    assert "not found" in task["stoppedReason"]
    assert "exitCode" not in task["containers"][0]
    assert "startedAt" not in task


def test_the_first_essential_container_that_ends_takes_the_others_with_it(rig):
    containers = [
        {"name": "api", "image": "registry.example/api:v1"},
        {"name": "proxy", "image": "registry.example/proxy:v1"},
        {"name": "init", "image": "registry.example/init:v1", "essential": False, "command": ["echo", "ready"]},
    ]
    arn = one(
        rig, "sh", "-c", "sleep 20; exit 3", taskDefinition=rig.register("v1", containerDefinitions=containers)
    )
    rig.tick(20)
    midway = {each["name"]: each for each in read(rig, arn)["containers"]}
    assert (midway["init"]["lastStatus"], midway["init"]["exitCode"]) == ("STOPPED", 0)
    assert midway["api"]["lastStatus"] == "RUNNING"
    rig.tick(20)
    codes = {each["name"]: each["exitCode"] for each in read(rig, arn)["containers"]}
    assert codes == {"api": 3, "proxy": 137, "init": 0}


def test_the_same_token_gives_the_same_task_and_with_other_parameters_a_conflict(rig):
    first = one(rig, *MIGRATE, clientToken="t1")
    assert one(rig, *MIGRATE, clientToken="t1") == first
    assert one(rig, *MIGRATE, clientToken="t2") != first
    assert refused(rig, "true", clientToken="t1").startswith("ConflictException: ")
    assert len(listed(rig, startedBy="a" * 32)) == 2
    rig.tick(2 * 3600)
    assert listed(rig, startedBy="a" * 32, desiredStatus="STOPPED") == []
    assert one(rig, *MIGRATE, clientToken="t1") == first
    rig.tick(86_400)
    assert one(rig, *MIGRATE, clientToken="t1") != first


def test_tasks_are_listed_by_who_started_them_their_family_and_what_they_should_be(rig):
    mine, other = one(rig, *MIGRATE), one(rig, startedBy="b/2")
    assert listed(rig, startedBy="a" * 32) == [mine]
    assert listed(rig, startedBy="b/2") == [other]
    assert {mine, other} < set(listed(rig, family="unifocus-prod-api"))
    assert listed(rig, startedBy="nobody") == []
    rig.tick(60)
    assert listed(rig, startedBy="a" * 32) == []
    assert listed(rig, startedBy="a" * 32, desiredStatus="STOPPED") == [mine]
    rig.tick(3700)
    assert listed(rig, startedBy="a" * 32, desiredStatus="STOPPED") == []
    assert rig.ecs.describe_tasks(cluster="prod", tasks=[mine])["failures"][0]["reason"] == "MISSING"


def test_a_person_stops_it(rig):
    arn = one(rig, "sleep", "infinity")
    rig.tick(20)
    rig.ecs.stop_task(cluster="prod", task=arn, reason="it took too long")
    assert read(rig, arn)["desiredStatus"] == "STOPPED"
    rig.tick(20)
    task = read(rig, arn)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "UserInitiated")
    assert task["stoppedReason"] == "it took too long"
    assert task["containers"][0]["exitCode"] == 137
    assert rig.service()["runningCount"] == 2


def test_one_that_never_ran_is_stopped_without_a_code(rig):
    arn = one(rig, *MIGRATE)
    rig.ecs.stop_task(cluster="prod", task=arn)
    rig.tick(10)
    task = read(rig, arn)
    assert task["lastStatus"] == "STOPPED"
    assert "exitCode" not in task["containers"][0]


@pytest.mark.parametrize(
    ("said", "more"),
    [
        ("ClientException: TaskDefinition not found.", {"taskDefinition": "nothing"}),
        ("ClusterNotFoundException: Cluster not found.", {"cluster": "nowhere"}),
        ("InvalidParameterException: Network Configuration must be", {"networkConfiguration": {}}),
        (
            "InvalidParameterException: subnets can not be empty.",
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": [], "assignPublicIp": "DISABLED"}}},
        ),
        ("InvalidParameterException: count must", {"count": 11}),
        ("InvalidParameterException: startedBy", {"startedBy": "x y"}),
        ("InvalidParameterException: clientToken", {"clientToken": "x" * 65}),
        ("InvalidParameterException: Task definition does not support launch_type EC2", {"launchType": "EC2"}),
        (
            "InvalidParameterException: Specify either",
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]},
        ),
        ("PlatformUnknownException: ", {"platformVersion": "9.9.9"}),
        (
            "InvalidParameterException: Override for container named web is not",
            {"overrides": {"containerOverrides": [{"name": "web", "command": ["true"]}]}},
        ),
        (
            "InvalidParameterException: Container Overrides length",
            {"overrides": {"containerOverrides": [{"name": "api", "command": ["x" * 9000]}]}},
        ),
        ("InvalidParameterException: propagateTags", {"propagateTags": "SERVICE"}),
    ],
)
def test_what_aws_would_not_take_is_refused_and_nothing_is_started(rig, said, more):
    before = rig.ecs.describe_clusters(clusters=["prod"])["clusters"][0]["pendingTasksCount"]
    assert refused(rig, **more).startswith(said)
    assert rig.ecs.describe_clusters(clusters=["prod"])["clusters"][0]["pendingTasksCount"] == before


def test_a_network_is_refused_where_the_task_definition_has_none(rig):
    arn = rig.register("v1", networkMode="bridge", requiresCompatibilities=["EC2"])
    assert "not valid for the given networkMode" in refused(rig, taskDefinition=arn, launchType="EC2")
    assert "platform version must be null" in refused(
        rig, taskDefinition=arn, launchType="EC2", networkConfiguration={}, platformVersion="1.4.0"
    )


def test_without_capacity_there_is_a_failure_and_no_task(rig):
    rig.sandbox.set_faults({"noCapacity": True})
    answer = run(rig, *MIGRATE, clientToken="t1")
    assert answer["tasks"] == []
    assert [one["reason"].startswith("Capacity is unavailable") for one in answer["failures"]] == [True]
    rig.sandbox.set_faults({"noCapacity": False})
    assert one(rig, *MIGRATE, clientToken="t1")


def test_a_capacity_provider_is_named(rig):
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    answer = rig.ecs.run_task(
        cluster="prod",
        taskDefinition="unifocus-prod-api",
        networkConfiguration=NETWORK,
        capacityProviderStrategy=spot,
        count=2,
    )
    assert [(task["capacityProviderName"], task["launchType"]) for task in answer["tasks"]] == [
        ("FARGATE_SPOT", "FARGATE")
    ] * 2
    assert "startedBy" not in answer["tasks"][0]


def test_while_reads_lag_a_young_task_is_not_shown(rig):
    rig.sandbox.set_faults({"stale": {"seconds": 5}})
    arn = one(rig, *MIGRATE)
    assert listed(rig, startedBy="a" * 32) == []
    assert rig.ecs.describe_tasks(cluster="prod", tasks=[arn])["failures"]
    rig.tick(6)
    assert listed(rig, startedBy="a" * 32) == [arn]


# ---- logs


def logged(rig: Rig, tag: str = "v1", **more: Any) -> str:
    container = {"name": "api", "image": f"registry.example/api:{tag}", "logConfiguration": LOGGED, **more}
    role = "arn:aws:iam::111122223333:role/execution"
    return rig.register(tag, containerDefinitions=[copy.deepcopy(container)], executionRoleArn=role)


def lines(rig: Rig, arn: str, group: str = "/ecs/api", **more: Any) -> list[str]:
    stream = f"ecs/api/{arn.rsplit('/', 1)[1]}"
    answer = rig.client("logs").get_log_events(logGroupName=group, logStreamName=stream, **more)
    times = [event["timestamp"] for event in answer["events"]]
    assert times == sorted(times)
    return [event["message"] for event in answer["events"]]


def test_a_one_off_task_logs_what_it_echoes_and_how_it_ends(rig):
    arn = one(
        rig, "sh", "-c", 'echo "applying 3 migrations"; echo lock timeout; exit 3', taskDefinition=logged(rig)
    )
    rig.tick(60)
    said = ["api v1 starts", "applying 3 migrations", "lock timeout", "api ends with code 3"]
    assert lines(rig, arn) == said
    assert lines(rig, arn, limit=2) == said[2:]
    assert lines(rig, arn, limit=2, startFromHead=True) == said[:2]
    assert lines(rig, arn, nextToken="f/0", startFromHead=True) == []


def test_tasks_of_a_service_log_too(rig):
    logged(rig)
    rig.ecs.update_service(cluster="prod", service="api", taskDefinition=logged(rig, "v2-crash"))
    rig.tick(20)
    crashed = rig.tasks("STOPPED")[0]["taskArn"]
    assert lines(rig, crashed)[-1] == "api ends with code 1"


@pytest.mark.parametrize(
    ("group", "what"), [("/ecs/api", "The specified log stream"), ("/ecs/other", "The specified log group")]
)
def test_what_never_ran_has_no_stream(rig, group, what):
    arn = one(rig, *MIGRATE, taskDefinition=logged(rig))
    with pytest.raises(ClientError, match="ResourceNotFoundException") as told:
        lines(rig, arn, group)
    assert what in str(told.value)


def test_other_drivers_leave_nothing_to_read(rig):
    arn = one(
        rig, *MIGRATE, taskDefinition=rig.register("v1", containerDefinitions=definition()["containerDefinitions"])
    )
    rig.tick(60)
    with pytest.raises(ClientError, match="log group does not exist"):
        lines(rig, arn)
