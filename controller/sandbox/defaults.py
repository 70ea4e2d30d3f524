"""What AWS adds to a task definition when it is registered (ecs.md §2.2): defaults, units, output-only fields."""

import re
from collections.abc import Mapping

from controller.sandbox.native import Native, part, parts, text, texts, without_nothing

_EMPTY_LISTS = ("portMappings", "environment", "mountPoints", "volumesFrom", "systemControls")
_VCPU = re.compile(r"^([0-9]*\.?[0-9]+)\s*vcpu$", re.IGNORECASE)
_GB = re.compile(r"^([0-9]*\.?[0-9]+)\s*gb$", re.IGNORECASE)
_CAPABILITY = "com.amazonaws.ecs.capability."


def in_units(value: str, unit: str) -> str:
    """CPU units of `1 vCPU` and MiB of `2 GB`, as AWS converts them; anything else as it is."""
    match = (_VCPU if unit == "cpu" else _GB).match(value.strip())
    return str(int(float(match.group(1)) * 1024)) if match else value


def network_mode(request: Native) -> str:
    """Give the network mode that a definition ends up with; Linux on EC2 defaults to bridge."""
    mode = text(request, "networkMode")
    return mode or ("awsvpc" if "FARGATE" in texts(request, "requiresCompatibilities") else "bridge")


def complete(request: Native, account: str) -> dict[str, object]:
    """Give the body that AWS answers, without what only the registration itself knows (ARN, revision, times)."""
    mode = network_mode(request)
    body = {key: value for key, value in request.items() if key != "tags" and value is not None}
    for key in ("cpu", "memory"):
        if text(request, key):
            body[key] = in_units(text(request, key), key)
    role = text(request, "taskRoleArn")
    if role and not role.startswith("arn:"):
        body["taskRoleArn"] = f"arn:aws:iam::{account}:role/{role}"
    containers = parts(request, "containerDefinitions")
    return {
        **body,
        "networkMode": mode,
        "containerDefinitions": [_container(container, mode) for container in containers],
        "volumes": [_volume(volume) for volume in parts(request, "volumes")],
        "placementConstraints": parts(request, "placementConstraints"),
        "compatibilities": compatibilities(request),
        "requiresAttributes": _attributes(request),
        "enableFaultInjection": request.get("enableFaultInjection") is True,
    }


def filled_in(request: Native, unknown: Native) -> Native:
    """Give the request with fields that AWS will some day fill in, in every container that does not have them."""
    containers = parts(request, "containerDefinitions")
    if not unknown or not containers:
        return request
    return {**request, "containerDefinitions": [{**unknown, **container} for container in containers]}


def compatibilities(request: Native) -> list[str]:
    """Give the launch types that the definition could run on."""
    fits_fargate = (
        network_mode(request) == "awsvpc" and bool(text(request, "cpu")) and bool(text(request, "memory"))
    )
    return ["EC2", "FARGATE"] if fits_fargate else ["EC2"]


def _container(container: Native, mode: str) -> dict[str, object]:
    filled: dict[str, object] = {"cpu": 0, "essential": True, **{key: [] for key in _EMPTY_LISTS}}
    filled.update(without_nothing(container))
    filled["portMappings"] = [_port(mapping, mode) for mapping in parts(container, "portMappings")]
    if "healthCheck" in container:
        check: Mapping[str, object] = {"interval": 30, "timeout": 5, "retries": 3, **part(container, "healthCheck")}
        filled["healthCheck"] = dict(check)
    return filled


def _port(mapping: Native, mode: str) -> dict[str, object]:
    filled: dict[str, object] = {"protocol": "tcp", **without_nothing(mapping)}
    if "containerPort" in mapping and not mapping.get("hostPort"):
        filled["hostPort"] = mapping["containerPort"] if mode in {"awsvpc", "host"} else 0
    return filled


def _volume(volume: Native) -> dict[str, object]:
    filled = without_nothing(volume)
    if "efsVolumeConfiguration" in volume:
        filled["efsVolumeConfiguration"] = {"rootDirectory": "/", **part(volume, "efsVolumeConfiguration")}
    elif len(filled) == 1:
        filled["host"] = {}
    return filled


def _attributes(request: Native) -> list[dict[str, str]]:
    names = {"docker-remote-api.1.18"}
    if network_mode(request) == "awsvpc":
        names.add("task-eni")
    if text(request, "taskRoleArn"):
        names |= {"task-iam-role", "docker-remote-api.1.17"}
    for container in parts(request, "containerDefinitions"):
        driver = text(part(container, "logConfiguration"), "logDriver")
        names |= {f"logging-driver.{driver}"} if driver else set()
        names |= {"ecr-auth"} if ".dkr.ecr." in text(container, "image") else set()
        names |= {"secrets.ssm.environment-variables"} if parts(container, "secrets") else set()
    return [{"name": _full_name(name)} for name in sorted(names)]


def _full_name(name: str) -> str:
    old = name.startswith(("docker-remote-api", "logging-driver", "ecr-auth", "task-iam-role"))
    return (_CAPABILITY if old else "ecs.capability.") + name
