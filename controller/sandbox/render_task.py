"""Tasks as AWS answers them."""

from controller.sandbox import tasks
from controller.sandbox.native import flag, parts, text, without_nothing
from controller.sandbox.world import Task

_KILLED = 137  # what a container says that was stopped because another one failed


def task(one: Task, now: float) -> dict[str, object]:
    """Give a task with its containers."""
    status = tasks.status_of(one, now)
    cluster = one.arn.replace(":task/", ":cluster/").rsplit("/", 1)[0]
    checked = any("healthCheck" in container for container in parts(one.definition.body, "containerDefinitions"))
    health = _health(one) if checked else "UNKNOWN"
    return without_nothing(
        {
            "taskArn": one.arn,
            "clusterArn": cluster,
            "taskDefinitionArn": one.definition.arn,
            "group": one.group,
            "startedBy": one.started_by,
            "lastStatus": status,
            "desiredStatus": "RUNNING" if one.live else "STOPPED",
            "healthStatus": health,
            "connectivity": "CONNECTED" if one.up else None,
            "createdAt": one.created,
            "startedAt": one.running_at,
            "stoppingAt": one.stopping_at,
            "executionStoppedAt": one.stopped_at if one.running_at else None,
            "stoppedAt": one.stopped_at,
            "stopCode": one.stop_code,
            "stoppedReason": one.stopped_reason,
            "cpu": one.definition.body.get("cpu"),
            "memory": one.definition.body.get("memory"),
            "launchType": text(one.settings, "launchType", "EC2"),
            "platformVersion": "1.4.0" if text(one.settings, "launchType") == "FARGATE" else None,
            "availabilityZone": one.arn.split(":")[3] + "a",
            "attachments": [],
            "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []},
            "enableExecuteCommand": flag(one.settings, "enableExecuteCommand"),
            "tags": [],
            "version": 1 + sum(stamp is not None for stamp in (one.running_at, one.stopping_at, one.stopped_at)),
            "containers": [_container(one, name, reference, status, health) for name, reference in _images(one)],
        }
    )


def _health(one: Task) -> str:
    if one.unhealthy:
        return "UNHEALTHY"
    return "HEALTHY" if one.healthy else "UNKNOWN"


def _images(one: Task) -> list[tuple[str, str]]:
    return [(image.container, image.reference) for image in one.definition.images]


def _container(one: Task, name: str, reference: str, status: str, health: str) -> dict[str, object]:
    guilty = one.course.culprit is not None and one.course.culprit.container == name
    killed = _KILLED if one.running_at is not None else None
    own_exit = one.exit_code if guilty or not one.failing else killed
    return without_nothing(
        {
            "containerArn": one.arn.replace(":task/", ":container/") + "/" + name,
            "taskArn": one.arn,
            "name": name,
            "image": reference,
            "imageDigest": one.pulled[name].digest if one.running_at is not None and name in one.pulled else None,
            "lastStatus": status
            if status in {"STOPPED", "RUNNING"}
            else "RUNNING"
            if one.running_at
            else "PENDING",
            "exitCode": own_exit if status == "STOPPED" else None,
            "reason": one.exit_reason if guilty else None,
            "healthStatus": health,
            "networkInterfaces": [],
            "cpu": "0",
        }
    )
