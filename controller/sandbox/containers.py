"""What AWS refuses in the containers of a task definition, worded as it words it: ClientException."""

import re
from collections.abc import Mapping

from controller.sandbox.defaults import network_mode
from controller.sandbox.native import Native, client_error, number, part, parts, text, texts

_NAME = re.compile(r"^[A-Za-z0-9_-]{1,255}$")
_MOST = 10

# "HealthCheck", the texts of its members (API Reference): seconds, and a count.
_HEALTH: Mapping[str, tuple[int, int]] = {
    "interval": (5, 300),
    "timeout": (2, 60),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}


def check_containers(request: Native) -> None:
    """Raise Refused if AWS would not register a definition with these containers."""
    containers = parts(request, "containerDefinitions")
    if not containers:
        raise client_error("Container list cannot be empty.")
    if len(containers) > _MOST:
        raise client_error(f"Too many containers: {len(containers)}; a task definition holds at most {_MOST}.")
    for container in containers:
        _check_container(request, container)
    names = [text(container, "name") for container in containers]
    if len(set(names)) != len(names):
        raise client_error("Container names should be unique within a task definition.")
    if all(container.get("essential") is False for container in containers):
        raise client_error("At least one container should be marked as essential.")
    for container in containers:
        _check_dependencies(container, names)
        _check_role(request, container)
        _check_health(container)


def _check_container(request: Native, container: Native) -> None:
    name = text(container, "name")
    if not name:
        raise client_error("Container.name should not be null or empty.")
    if not _NAME.match(name):
        raise client_error(f"Invalid container name: {name}")
    if not text(container, "image"):
        raise client_error("Container.image should not be null or empty.")
    if not text(request, "memory") and not (number(container, "memory") or number(container, "memoryReservation")):
        raise client_error(
            f"Invalid setting for container '{name}'. At least one of 'memory' or "
            "'memoryReservation' must be specified."
        )
    volumes = {text(volume, "name") for volume in parts(request, "volumes")}
    for mount in parts(container, "mountPoints"):
        if text(mount, "sourceVolume") not in volumes:
            raise client_error(f"Unknown volume '{text(mount, 'sourceVolume')}'.")
    if network_mode(request) == "awsvpc":
        _check_ports(container)


def _check_ports(container: Native) -> None:
    for mapping in parts(container, "portMappings"):
        if mapping.get("hostPort") and mapping.get("hostPort") != mapping.get("containerPort"):
            raise client_error(
                "When networkMode=awsvpc, the host ports and container ports in port mappings must match."
            )


def _check_dependencies(container: Native, names: list[str]) -> None:
    for other in parts(container, "dependsOn"):
        name = text(other, "containerName")
        if name not in names:
            raise client_error(f"Cannot depend on container + '{name}' because it does not exist")


def _check_role(request: Native, container: Native) -> None:
    """Judge what needs the execution role, and what Fargate lets no container do."""
    has_role = bool(text(request, "executionRoleArn"))
    if parts(container, "secrets") and not has_role:
        raise client_error(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
        )
    if "FARGATE" not in texts(request, "requiresCompatibilities"):
        return
    if text(part(container, "logConfiguration"), "logDriver") == "awslogs" and not has_role:
        raise client_error(
            "Fargate requires task definition to have execution role ARN to support log driver awslogs."
        )
    if container.get("privileged") is True:
        raise client_error("Fargate compatible task definitions do not support privileged")


def _check_health(container: Native) -> None:
    check = part(container, "healthCheck")
    for key, (least, most) in _HEALTH.items():
        if key in check and not least <= number(check, key) <= most:
            raise client_error(
                f"Invalid setting for container '{text(container, 'name')}'. "
                f"The health check '{key}' must be between {least} and {most}."
            )
