"""Why a deployment fails, gathered while it can be read: tasks, what they logged, what the service said."""

import pytest

from controller.model.names import DeploymentId
from controller.targets.ecs.evidence import MOST, bounded
from controller.targets.ecs.loglines import LONGEST
from controller.targets.ecs.target import EcsTarget
from controller.telemetry.redact import cleaner
from tests.sandbox.rig import ROLE
from tests.targets.ecs.rig import LOGGING, logged, release


def failing(ground, version="v1.2.4-crash", made=None):
    """Deploy what fails, and wait until some of its tasks have failed."""
    sent = ground.send(made or logged(version))
    ground.tick(30)
    return sent.deployment


def told(ground, deployment, **place):
    return ground.target.evidence(ground.place(**place), deployment)


def test_a_crash_is_told_with_tasks_their_last_lines_and_events(ground):
    deployment = failing(ground)
    lines = told(ground, deployment)
    assert any("api exited 1: Essential container in task exited" in line for line in lines)
    assert any("| fatal: cannot start: the configuration is not complete" in line for line in lines)
    assert any(line.startswith("event ") and "has started" in line for line in lines)
    assert sum(line.startswith("task ") for line in lines) <= 3
    assert ground.changes() == [("RegisterTaskDefinition", "ok"), ("UpdateService", "ok")]


def test_failed_health_checks_are_told(ground):
    check = {"command": ["CMD", "true"]}
    container = {"name": "api", "image": "registry.example/api:v1-unhealthy", "healthCheck": check}
    deployment = failing(ground, made=release("v1", containerDefinitions=[container]))
    lines = told(ground, deployment)
    assert any("failed container health checks" in line for line in lines)
    assert any(line.endswith("api is UNHEALTHY: its health check fails") for line in lines)


def test_where_no_task_failed_those_that_are_not_healthy_are_told(ground):
    check = {"command": ["CMD", "true"]}
    deployment = failing(ground, made=logged("v1.2.3-slow", healthCheck=check))
    ground.tick(15)
    assert any("| api v1.2.3-slow starts" in line for line in told(ground, deployment))


def test_tasks_of_other_deployments_and_older_events_are_left_out(ground):
    first = failing(ground)
    ground.tick(120)
    second = ground.send(logged("v1.2.5")).deployment
    ground.tick(60)
    lines = told(ground, second)
    assert not any("crash" in line or "exited 1" in line for line in lines)
    assert any("exited 1" in line for line in told(ground, first))
    assert not any("deployment failed" in line for line in lines)


def test_it_is_told_while_the_tasks_can_be_read_and_not_later(ground):
    deployment = failing(ground)
    ground.tick(2 * 3600)
    assert not any("exited 1" in line for line in told(ground, deployment))


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        ("ListTasks", "the tasks could not be read: AWS does not allow ListTasks"),
        ("DescribeTasks", "the tasks could not be read: AWS does not allow DescribeTasks"),
        ("DescribeServices", "the events could not be read: AWS does not allow DescribeServices"),
        ("logs:GetLogEvents", "the log of api could not be read: AWS does not allow GetLogEvents"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_is_told(ground, operation, says):
    deployment = failing(ground)
    ground.faults(errors=[{"operation": operation, "code": "AccessDeniedException", "times": 99}])
    lines = told(ground, deployment)
    assert any(says in line for line in lines)
    assert any(line.startswith("event ") or "exited 1" in line for line in lines)


def test_without_credentials_it_says_so_and_raises_nothing(ground):
    lines = told(ground, DeploymentId("ecs-svc/1"), role=ROLE.replace("111122223333", "999988887777"))
    assert len(lines) == 1
    assert "nothing could be read" in lines[0]


def test_a_service_that_is_gone_is_told(ground):
    assert "the service is no longer there" in ground.target.evidence(
        ground.place("nobody"), DeploymentId("ecs-svc/1")
    )


def test_secrets_are_left_out(ground):
    ground.target = EcsTarget(ground.clients, clean=cleaner(["v1.2.4-crash"]))
    secret = [{"name": "API_TOKEN", "value": "cannot start"}]
    deployment = failing(ground, made=logged("v1.2.4-crash", environment=secret, logConfiguration=LOGGING))
    said = "\n".join(told(ground, deployment))
    assert "| fatal: ***: the configuration is not complete" in said
    assert "cannot start" not in said
    assert "v1.2.4-crash" not in said


def test_it_is_bounded_in_lines_and_bytes():
    assert bounded(["a", "b"]) == ("a", "b")
    assert bounded([]) == ()
    many = bounded(["é" * LONGEST] * 1000)
    assert many[-1] == f"… and {1000 - len(many) + 1} more lines"
    assert sum(len(line.encode()) + 1 for line in many) <= MOST
