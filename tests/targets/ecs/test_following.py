"""One-off tasks looked for: in few calls, with what they logged, and with whose fault it was."""

from typing import Any

import pytest

from controller.model.hooks import Hook, TaskAbsent, TaskAt, TaskEnded, TaskRuns, TaskUnseen, When
from controller.model.names import TaskId
from controller.model.packed import Packed
from controller.targets.ecs.hooked import write_hook
from controller.targets.ecs.loglines import LINES, LONGEST
from controller.targets.ecs.target import EcsTarget
from controller.telemetry.redact import cleaner
from tests.sandbox.rig import NETWORK
from tests.targets.ecs.rig import LOGGING, logged
from tests.targets.ecs.test_hooks import ID, begin

ECHO = "echo applying; "


def a_hook(told: str, **more: Any) -> Hook:
    declared = {"container": "api", "command": ["sh", "-c", told], **more}
    return Hook(name="migrate", when=When.BEFORE, shape=Packed.of(write_hook(declared)))


def at(ground, hook, task="", wanted=ID):
    return TaskAt(id=wanted, place=ground.place(), task=task, shape=hook.shape)


def seen(ground, hook, task="", wanted=ID):
    return ground.target.follow([at(ground, hook, task, wanted)])[wanted]


def ended(ground, told, version="v1.2.3", options=None, **more):
    """Run a hook to its end and give what is seen of it."""
    hook = a_hook(told, **more)
    container = {"logConfiguration": {**LOGGING, "options": options}} if options else {}
    task = begin(ground, hook, release=logged(version, **container)).task
    ground.tick(120)
    sight = seen(ground, hook, task)
    assert isinstance(sight, TaskEnded), sight
    return sight


# ---- calls


def test_known_tasks_are_read_a_hundred_in_a_call(ground):
    hook = a_hook("sleep infinity")
    begin(ground, hook)
    started = [
        task["taskArn"]
        for page in range(11)
        for task in ground.aws.ecs.run_task(
            cluster="prod",
            taskDefinition="unifocus-prod-api",
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            startedBy=f"id{page}",
            count=10,
        )["tasks"]
    ]
    wanted = [at(ground, hook, task, TaskId(f"id{place // 10}")) for place, task in enumerate(started)]
    ground.calls.clear()
    sights = ground.target.follow(wanted)
    assert [name for name, _ in ground.calls] == ["DescribeTasks", "DescribeTasks"]
    assert set(map(type, sights.values())) == {TaskRuns}


def test_one_by_its_id_costs_two_lists_and_a_read(ground):
    hook = a_hook("sleep infinity")
    task = begin(ground, hook).task
    ground.calls.clear()
    assert seen(ground, hook) == TaskRuns(task=task)
    assert [name for name, _ in ground.calls] == ["ListTasks", "ListTasks", "DescribeTasks"]


@pytest.mark.parametrize("known", [True, False])
def test_one_that_stopped_more_than_an_hour_ago_is_absent(ground, known):
    hook = a_hook("exit 0")
    task = begin(ground, hook).task
    ground.tick(2 * 3600)
    assert seen(ground, hook, task if known else "") == TaskAbsent()


def test_a_list_that_cannot_be_read_hides_that_it_is_absent(ground):
    hook = a_hook("exit 0")
    ground.faults(errors=[{"operation": "ListTasks", "code": "AccessDeniedException", "times": 9}])
    sight = seen(ground, hook)
    assert isinstance(sight, TaskUnseen)
    assert "does not allow ListTasks" in sight.why


def test_what_is_unread_for_one_is_read_for_the_others(ground):
    hook = a_hook("sleep infinity")
    task = begin(ground, hook).task
    elsewhere = TaskAt(id=TaskId("c" * 32), place=ground.place(role="arn:aws:iam::999988887777:role/x"))
    sights = ground.target.follow([at(ground, hook, task), elsewhere])
    assert sights[ID] == TaskRuns(task=task)
    assert isinstance(sights[elsewhere.id], TaskUnseen)


def test_a_task_of_somebody_else_is_not_taken_for_ours(ground):
    hook = a_hook("sleep infinity")
    task = begin(ground, hook).task
    sight = seen(ground, hook, task, TaskId("d" * 32))
    assert isinstance(sight, TaskUnseen)
    assert "was started by" in sight.why


# ---- how it ended


def test_an_end_is_told_with_code_reason_and_last_lines(ground):
    sight = ended(ground, f"{ECHO}exit 3")
    assert (sight.code, sight.ground) == (3, False)
    assert "api exited 3: Essential container in task exited" in sight.why
    assert sight.lines == ("api v1.2.3 starts", "applying", "api ends with code 3")


def test_a_good_end_costs_no_lines(ground):
    ground.calls.clear()
    assert ended(ground, "exit 0").lines == ()
    assert ground.made("GetLogEvents") == 0


def test_lines_are_bounded(ground):
    sight = ended(ground, "echo line; " * 40 + f"echo {'x' * 1000}; exit 1")
    assert len(sight.lines) == LINES
    assert sight.lines[-2] == "x" * LONGEST


def test_other_log_drivers_are_not_read(ground):
    hook = a_hook("exit 3")
    release = logged("v1.2.3", logConfiguration={"logDriver": "splunk", "options": {"splunk-url": "https://x"}})
    task = begin(ground, hook, release=release).task
    ground.tick(60)
    sight = seen(ground, hook, task)
    assert isinstance(sight, TaskEnded)
    assert sight.lines == ()


def test_a_log_that_cannot_be_read_is_said_and_hides_nothing_else(ground):
    ground.faults(errors=[{"operation": "logs:GetLogEvents", "code": "AccessDeniedException", "times": 9}])
    sight = ended(ground, "exit 3")
    assert sight.code == 3
    assert len(sight.lines) == 1
    assert "the log of api could not be read: AWS does not allow GetLogEvents" in sight.lines[0]


def test_secrets_by_their_form_or_by_the_name_of_their_variable_are_left_out(ground):
    ground.target = EcsTarget(ground.clients, clean=cleaner(["canary-ours"]))
    told = 'echo "password=canary-form canary-ours canary-value canary-plain-no \x1b[31m"; exit 3'
    sight = ended(ground, told, environment={"DB_PASSWORD": "canary-value", "GREETING": "canary-plain-no"})
    said = "\n".join(sight.lines)
    assert "canary-plain-no" in said
    assert "\\x1b[31m" in said
    for secret in ("canary-form", "canary-ours", "canary-value", "\x1b"):
        assert secret not in said


# ---- what AWS tells of tasks that the sandbox does not play


@pytest.mark.parametrize(
    ("task", "code", "ground_is_to_blame"),
    [
        ({"stopCode": "SpotInterruption", "stoppedReason": "Your Spot Task was interrupted."}, None, True),
        ({"stopCode": "UserInitiated", "stoppedReason": "Task stopped by user"}, None, False),
        ({"stopCode": "InfrastructureHealth", "stoppedReason": "(instance i-1) is unhealthy"}, None, True),
        ({"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}, 0, False),
    ],
)
def test_a_good_code_counts_only_if_nobody_told_it_to_stop(ground, monkeypatch, task, code, ground_is_to_blame):
    sight = told_of(ground, monkeypatch, {**task, "containers": [{"name": "api", "exitCode": 0}]})
    assert (sight.code, sight.ground) == (code, ground_is_to_blame)


@pytest.mark.parametrize(
    ("reason", "ground_is_to_blame"),
    [
        ("CannotPullContainerError: toomanyrequests: You have reached your pull rate limit", True),
        ("CannotPullContainerError: failed to resolve ref x: not found", False),
        ("Timeout waiting for network interface provisioning to complete.", True),
        ("ResourceInitializationError: unable to pull secrets: AccessDeniedException: not authorized", False),
    ],
)
def test_a_task_that_never_ran_has_no_code(ground, monkeypatch, reason, ground_is_to_blame):
    task = {"stopCode": "TaskFailedToStart", "stoppedReason": reason, "containers": [{"name": "api"}]}
    sight = told_of(ground, monkeypatch, task)
    assert (sight.code, sight.ground) == (None, ground_is_to_blame)
    assert reason[:40] in sight.why


def told_of(ground, monkeypatch, said):
    """What is seen of a task that AWS describes so."""
    hook = a_hook("exit 0")
    task = begin(ground, hook, release=logged("v1.2.3")).task
    ground.tick(60)
    real = ground.aws.ecs.describe_tasks(cluster="prod", tasks=[task])["tasks"][0]

    def rendered(one, now):
        return {
            "taskArn": one.arn,
            "lastStatus": "STOPPED",
            "startedBy": one.started_by,
            "taskDefinitionArn": real["taskDefinitionArn"],
            **said,
        }

    monkeypatch.setattr("controller.sandbox.ops_tasks.rendered", rendered)
    sight = seen(ground, hook, task)
    assert isinstance(sight, TaskEnded)
    return sight
