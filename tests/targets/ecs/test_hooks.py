"""One-off tasks on ECS: where they run, what they are told, and what is let out for them."""

from datetime import timedelta
from typing import Any

import pytest

from controller.errors import Refusal
from controller.model.decision import Start, Stop
from controller.model.hooks import Hook, When
from controller.model.lookups import Lookup
from controller.model.names import TargetName, TaskId
from controller.model.outcome import Done, Lost, NotSent, Refused, Started
from controller.model.packed import Packed
from controller.model.rollout import Purpose
from controller.shaping import Native
from controller.targets.ecs.hooked import write_hook
from controller.targets.ecs.permit import Permission
from controller.targets.ecs.spec import shape
from tests.sandbox.rig import NETWORK
from tests.targets.ecs.rig import ACCOUNT, REGION, allow, definition, release

ID = TaskId("a" * 32)
COMMAND = ["npx", "prisma", "migrate", "deploy"]


def a_hook(**more: Any) -> Hook:
    declared = {"container": "api", "command": COMMAND, **more}
    return Hook(name="migrate", when=When.BEFORE, shape=Packed.of(write_hook(declared)))


def start(ground, hook=None, check=allow, **more):
    given: dict[str, Any] = {
        "target": TargetName("api"),
        "place": ground.place(),
        "id": ID,
        "hook": hook or a_hook(),
        "release": release("v1.2.3"),
        "revision": None,
        "purpose": Purpose.FORWARD,
        "not_after": ground.now() + timedelta(seconds=30),
        "rollout": 7,
        **more,
    }
    return ground.target.act(Start(**given), check)


def begin(ground, *args, **more):
    outcome = start(ground, *args, **more)
    assert isinstance(outcome, Started), outcome
    return outcome


def stop(ground, task, **more):
    given: dict[str, Any] = {
        "target": TargetName("api"),
        "place": ground.place(),
        "id": ID,
        "task": task,
        "release": release("v1.2.3"),
        "why": "it took longer than 10m",
        "purpose": Purpose.FORWARD,
        "not_after": ground.now() + timedelta(seconds=30),
        **more,
    }
    return ground.target.act(Stop(**given), allow)


def asked(ground):
    (said,) = ground.sandbox_calls("RunTask")
    return said


# ---- what is sent


def test_a_task_is_started_where_the_service_runs_and_told_its_command(ground):
    started = begin(ground, a_hook(environment={"TO": "v1.2.3", "A": "b"}, cpu=128, memory=256))
    assert started.revision == ground.revision(2)
    assert asked(ground) == {
        "cluster": "prod",
        "taskDefinition": ground.revision(2),
        "clientToken": ID,
        "startedBy": ID,
        "count": 1,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "networkConfiguration": NETWORK,
        "overrides": {
            "containerOverrides": [
                {
                    "name": "api",
                    "command": COMMAND,
                    "environment": [{"name": "A", "value": "b"}, {"name": "TO", "value": "v1.2.3"}],
                    "cpu": 128,
                    "memory": 256,
                }
            ]
        },
    }
    assert ground.changes() == [("RegisterTaskDefinition", "ok"), ("RunTask", "ok")]


def test_the_revision_of_an_ensure_is_used_and_the_next_ensure_uses_that_of_a_hook(ground):
    started = begin(ground)
    sent = ground.send(release("v1.2.3"), revision=started.revision)
    assert sent.revision == started.revision
    assert begin(ground, id=TaskId("b" * 32), revision=sent.revision).revision == sent.revision
    assert ground.revisions() == ["2", "1"]


def test_what_may_have_been_registered_before_is_looked_for(ground):
    ground.faults(errors=[{"operation": "RunTask", "code": "ThrottlingException"}])
    outcome = start(ground)
    assert isinstance(outcome, NotSent)
    assert outcome.revision == ground.revision(2)
    ground.tick(5)
    assert begin(ground, look_first=True).revision == ground.revision(2)
    assert ground.revisions() == ["2", "1"]


def test_a_revision_that_was_deregistered_is_registered_again(ground):
    first = begin(ground, revision=ground.revision(1), release=release("v1.2.2"))
    assert first.revision == ground.revision(1)
    ground.aws.ecs.deregister_task_definition(taskDefinition=ground.revision(1))
    again = begin(ground, id=TaskId("b" * 32), revision=ground.revision(1), release=release("v1.2.2"))
    assert again.revision == ground.revision(2)


def test_capacity_providers_and_platform_version_are_the_services(ground):
    ground.aws.ecs.update_service(
        cluster="prod",
        service="api",
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}],
        platformVersion="1.4.0",
    )
    begin(ground)
    said = asked(ground)
    assert said["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    assert said["platformVersion"] == "1.4.0"
    assert "launchType" not in said


def test_before_there_is_a_service_it_runs_where_that_is_to_be(ground):
    declared = {
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-z"]}},
        "launchType": "FARGATE",
        "desiredCount": 1,
    }
    shaped = shape(Native(definition=definition("v1.2.3"), service=declared, create=True))
    assert not shaped.faults
    made = release("v1.2.3")
    given = type(made)(version="v1.2.3", manifest=shaped.manifest, shape=Packed.of(shaped.shape))
    begin(ground, place=ground.place("new"), release=given)
    assert asked(ground)["networkConfiguration"] == declared["networkConfiguration"]
    assert asked(ground)["launchType"] == "FARGATE"


# ---- what is not


def test_where_the_service_cannot_be_read_nothing_is_registered_or_started(ground):
    ground.faults(errors=[{"operation": "DescribeServices", "code": "AccessDeniedException", "times": 9}])
    outcome = start(ground)
    assert isinstance(outcome, NotSent)
    assert "AccessDenied" in outcome.why
    assert ground.changes() == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "AccessDeniedException", "message": "not authorized to perform: iam:PassRole"}, NotSent),
        ({"code": "ClientException", "message": "ECS was unable to assume the role 'x'"}, Refused),
        ({"code": "ClientException", "message": "You've reached the limit on the number of vCPUs"}, NotSent),
        (
            {"code": "InvalidParameterException", "message": "No Container Instances were found in your cluster."},
            NotSent,
        ),
        ({"code": "InvalidParameterException", "message": "Override for container named x is not"}, Refused),
        ({"code": "ThrottlingException", "message": "Rate exceeded"}, NotSent),
        ({"code": "BlockedException", "message": "blocked"}, NotSent),
        ({"code": "ServerException", "message": "internal", "status": 500}, Lost),
    ],
)
def test_who_is_to_blame_decides_what_it_comes_to(ground, error, kind):
    ground.faults(errors=[{"operation": "RunTask", **error}])
    outcome = start(ground)
    assert type(outcome) is kind
    assert outcome.why
    assert outcome.revision == ground.revision(2)


def test_a_shape_that_cannot_be_read_is_said(ground):
    made = release("v1.2.3")
    broken = type(made)(version="v1.2.3", manifest=made.manifest, shape=Packed.of("{"))
    outcome = start(ground, release=broken)
    assert isinstance(outcome, NotSent)
    assert "cannot be read" in outcome.why


def test_without_tokens_nothing_is_begun(ground):
    ground.restart(share=0.05)
    while ground.clients.buckets.take(ACCOUNT, REGION, "RunTask"):
        pass
    outcome = start(ground)
    assert isinstance(outcome, NotSent)
    assert "quota" in outcome.why
    assert ground.changes() == []


def test_an_intent_that_is_too_old_is_not_sent(ground):
    outcome = start(
        ground, revision=ground.revision(1), release=release("v1.2.2"), not_after=ground.now() - timedelta(1)
    )
    assert isinstance(outcome, NotSent)
    assert "too old" in outcome.why
    assert ground.changes() == []


# ---- a conflict


def test_a_token_that_is_in_use_is_resolved_by_reading(ground):
    first = begin(ground)
    again = start(ground, a_hook(command=["true"]), revision=first.revision)
    assert isinstance(again, Started)
    assert again.task == first.task
    assert ("RunTask", "refused") in ground.calls or ("RunTask", "failed") in ground.calls


@pytest.mark.parametrize("later", [0, 2 * 3600])
def test_a_token_whose_task_cannot_be_seen_is_lost_and_never_started_anew(ground, later):
    first = begin(ground)
    ground.tick(later)
    if not later:
        ground.faults(errors=[{"operation": "ListTasks", "code": "AccessDeniedException", "times": 9}])
    again = start(ground, a_hook(command=["true"]), revision=first.revision)
    assert isinstance(again, Lost)
    assert "started before" in again.why


# ---- stopping


def test_only_a_task_of_ours_is_stopped(ground):
    (other,) = ground.aws.ecs.run_task(
        cluster="prod",
        taskDefinition="unifocus-prod-api",
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        startedBy="somebody",
    )["tasks"]
    outcome = stop(ground, other["taskArn"])
    assert isinstance(outcome, Refused)
    assert "not a task of ours" in outcome.why
    assert ground.changes() == []
    assert isinstance(stop(ground, other["taskArn"].replace(":task/prod/", ":task/prod/0")), Done)


def test_a_task_is_stopped_with_the_reason_by_its_arn_or_by_its_id(ground):
    first = begin(ground, a_hook(command=["sleep", "infinity"]))
    other = begin(ground, a_hook(command=["sleep", "infinity"]), id=TaskId("b" * 32))
    ground.tick(20)
    assert isinstance(stop(ground, first.task), Done)
    assert isinstance(stop(ground, "", id=TaskId("b" * 32)), Done)
    assert [call["task"] for call in ground.sandbox_calls("StopTask")] == [first.task, other.task]
    assert {call["reason"] for call in ground.sandbox_calls("StopTask")} == {"it took longer than 10m"}


@pytest.mark.parametrize(("lost", "kind"), [(True, Lost), (False, NotSent)])
def test_a_stop_that_did_not_arrive_is_said(ground, lost, kind):
    task = begin(ground, a_hook(command=["sleep", "infinity"])).task
    ground.faults(
        **(
            {"lost": {"StopTask": 1}}
            if lost
            else {"errors": [{"operation": "StopTask", "code": "ThrottlingException"}]}
        )
    )
    outcome = stop(ground, task)
    assert type(outcome) is kind
    if lost:
        assert isinstance(stop(ground, task), Done)


# ---- the last gate


@pytest.mark.parametrize(
    ("operation", "params", "names"),
    [
        ("RunTask", {"clientToken": "other"}, "token 'other'"),
        ("RunTask", {"startedBy": "other"}, "id 'other'"),
        ("RunTask", {"count": 2}, "tasks 2"),
        ("RunTask", {"cluster": "stage"}, "cluster 'stage'"),
        ("RunTask", {"taskDefinition": "arn:aws:ecs:eu-west-1:999988887777:task-definition/x:1"}, "revision in"),
        ("UpdateService", {"service": "api", "desiredCount": 0}, "operation 'UpdateService'"),
        ("StopTask", {"task": "x"}, "operation 'StopTask'"),
    ],
)
def test_an_intent_to_start_allows_exactly_that_task(ground, operation, params, names):
    access = ground.clients.access(ground.place())
    access.verify()
    whole = (
        {"taskDefinition": ground.revision(1), "clientToken": ID, "startedBy": ID} if operation == "RunTask" else {}
    )
    given = {"place": ground.place(), "family": "x", "not_after": ground.now() + timedelta(9), "check": allow}
    with (
        ground.clients.gate.permit(Permission(**given, starts=ID)),
        pytest.raises(Refusal, match=names),
    ):
        access.change(operation, **{"cluster": "prod", **whole, **params})
    assert ground.aws.ask("calls")["changes"] == []


def test_an_intent_to_stop_allows_exactly_that_stop(ground):
    access = ground.clients.access(ground.place())
    access.verify()
    given = {"place": ground.place(), "family": "", "not_after": ground.now() + timedelta(9), "check": allow}
    with ground.clients.gate.permit(Permission(**given, stops="arn:mine")):
        with pytest.raises(Refusal, match="task 'arn:other'"):
            access.change("StopTask", cluster="prod", task="arn:other")
        with pytest.raises(Refusal, match="operation 'RunTask'"):
            access.change("RunTask", cluster="prod", taskDefinition=ground.revision(1))
    assert ground.aws.ask("calls")["changes"] == []


def test_a_look_up_that_nobody_filled_in_never_leaves(ground):
    mark = Lookup(kind="ssm", name="/net/x").marked
    outcome = start(ground, a_hook(command=["echo", mark]))
    assert isinstance(outcome, NotSent)
    assert "nobody filled in ${ssm:/net/x}" in outcome.why
    assert ground.sandbox_calls("RunTask") == []
