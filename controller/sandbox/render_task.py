"""Tasks as AWS answers them."""

from controller.sandbox import tasks
from controller.sandbox.native import flag, parts, tag_list, text, without_nothing
from controller.sandbox.oneoff import OneOff
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
            "startedBy": one.started_by or None,
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
            **_capacity(one),
            "availabilityZone": one.arn.split(":")[3] + "a",
            "attachments": [],
            "overrides": _overrides(one),
            "enableExecuteCommand": flag(one.settings, "enableExecuteCommand"),
            "tags": tag_list(one.tags) if isinstance(one, OneOff) else [],
            "version": 1 + sum(stamp is not None for stamp in (one.running_at, one.stopping_at, one.stopped_at)),
            "containers": [_container(one, name, reference, status, health) for name, reference in _images(one)],
        }
    )


def _overrides(one: Task) -> dict[str, object]:
    """Every container is named, with what was overridden."""
    asked = one.overrides if isinstance(one, OneOff) else {}
    given = {text(each, "name"): dict(each) for each in parts(asked, "containerOverrides")}
    named = [given.get(name, {"name": name}) for name, _ in _images(one)] if given else []
    return {**asked, "containerOverrides": named, "inferenceAcceleratorOverrides": []}


def _capacity(one: Task) -> dict[str, object]:
    strategy = parts(one.settings, "capacityProviderStrategy")
    provider = text(strategy[0], "capacityProvider") if strategy else ""
    launch = (
        ("FARGATE" if "FARGATE" in provider else "EC2") if provider else text(one.settings, "launchType", "EC2")
    )
    version = text(one.settings, "platformVersion", "LATEST").replace("LATEST", "1.4.0")
    return {
        "launchType": launch,
        "capacityProviderName": provider or None,
        "platformVersion": version if launch == "FARGATE" else None,
    }


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
    exits = one.exits if isinstance(one, OneOff) else {}
    over = status == "STOPPED" or name in exits
    return without_nothing(
        {
            "containerArn": one.arn.replace(":task/", ":container/") + "/" + name,
            "taskArn": one.arn,
            "name": name,
            "image": reference,
            "imageDigest": one.pulled[name].digest if one.running_at is not None and name in one.pulled else None,
            "lastStatus": "STOPPED" if over else "RUNNING" if one.running_at else "PENDING",
            "exitCode": exits.get(name, own_exit) if over else None,
            "reason": one.exit_reason if guilty else None,
            "healthStatus": health,
            "networkInterfaces": [],
            "cpu": "0",
        }
    )
