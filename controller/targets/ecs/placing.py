"""What keeps ECS from placing tasks, and whether it is what the release asks for beyond the one that it replaces.

Source: "Amazon ECS service event messages" (Developer Guide). An event names what was lacking, never whose fault
that is. What ran in the cluster before, and still does, shows what there is: only what a release asks for beyond
that can be its own fault. Where nothing can be compared, the words of the event decide.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from controller.errors import TrueupError
from controller.targets.ecs.definitions import Definition
from controller.targets.ecs.native import Native, number, parts, text
from controller.targets.ecs.rules import cpu_units, memory_mib
from controller.targets.ecs.stopped import PLACED, newer_events

Describe: TypeAlias = Callable[[str], Definition]
_UNPLACED: Final = re.compile(
    r"unable to place a task|capacity is unavailable|reached the limit|operations are being throttled|RESOURCE:"
    r"|unable to stop or start tasks during a deployment",
    re.IGNORECASE,
)
# What a service is set to, and not the cluster, leaves no room.
_OWN: Final = re.compile(r"because of the service deployment configuration", re.IGNORECASE)
# What a task may ask for that an instance, or the account, does not offer in that kind or at that size.
_UNMET: Final = re.compile(
    r"missing an attribute|constraint unsatisfied|port required by your task|configuration is above your limit"
    r"|RESOURCE:(PORTS|GPU)|\bATTRIBUTE\b",
    re.IGNORECASE,
)
# What there is too little of: for every task, or only for one of this size.
_SHORT: Final = re.compile(r"insufficient (cpu|memory)|RESOURCE:(CPU|MEMORY)", re.IGNORECASE)
# What has no say in where a task may be placed.
_ANYWHERE: Final = frozenset({
    "command", "cpu", "dependsOn", "dockerLabels", "entryPoint", "environment", "environmentFiles", "essential",
    "executionRoleArn", "family", "healthCheck", "image", "memory", "memoryReservation", "restartPolicy", "secrets",
    "startTimeout", "stopTimeout", "taskRoleArn", "user", "workingDirectory",
})  # fmt: skip
_CONTAINERS: Final = "containerDefinitions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """What ECS says of tasks that it could not place; `own` if it is what the release asks for."""

    message: str
    own: bool


def unplaced(service: Native, definition: str, since: int, describe: Describe) -> Unplaced | None:
    """Say what keeps ECS from placing tasks of a task definition since an instant, unless it placed some after."""
    for event in newer_events(service, since):
        message = text(event, "message")
        if _UNPLACED.search(message):
            return Unplaced(message=message, own=_is_own(message, service, definition, describe))
        if PLACED.search(message):
            return None
    return None


def _is_own(message: str, service: Native, definition: str, describe: Describe) -> bool:
    if _OWN.search(message):
        return True
    unmet, short = bool(_UNMET.search(message)), bool(_SHORT.search(message))
    if not (unmet or short):
        return False
    compared = _compared(service, definition, describe)
    if compared is None:
        return unmet
    wanted, there = compared
    larger = any(ask > has for ask, has in zip(_size(wanted), _size(there), strict=True))
    return larger or (unmet and _needs(wanted) != _needs(there))


def _compared(service: Native, definition: str, describe: Describe) -> tuple[Native, Native] | None:
    """Give a task definition, and another one that runs in the same service."""
    listed = parts(service, "deployments")
    others = [text(one, "taskDefinition") for one in listed if number(one, "runningCount") > 0]
    other = next((arn for arn in others if arn != definition), "")
    if not definition or not other:
        return None
    try:
        wanted, there = (json.loads(str(describe(arn).native)) for arn in (definition, other))
    except TrueupError:
        return None
    return wanted, there


def _size(definition: Native) -> tuple[int, int, int]:
    """Give the CPU units, the MiB and the GPUs that a task reserves."""
    containers = parts(definition, _CONTAINERS)
    cpu, memory = cpu_units(text(definition, "cpu")), memory_mib(text(definition, "memory"))
    return (
        cpu if isinstance(cpu, int) else sum(number(one, "cpu") for one in containers),
        memory if isinstance(memory, int) else sum(_reserved(one) for one in containers),
        sum(int(text(item, "value") or 0) for one in containers for item in _gpus(one)),
    )


def _reserved(container: Native) -> int:
    return number(container, "memoryReservation") or number(container, "memory")


def _gpus(container: Native) -> list[Native]:
    return [
        item
        for item in parts(container, "resourceRequirements")
        if text(item, "type") == "GPU" and text(item, "value").isdecimal()
    ]


def _needs(definition: Native) -> str:
    """Write what a task needs of an instance besides room, so that two can be compared."""
    own = {name: value for name, value in definition.items() if name not in {*_ANYWHERE, _CONTAINERS}}
    containers = [
        {name: value for name, value in container.items() if name not in _ANYWHERE}
        for container in sorted(parts(definition, _CONTAINERS), key=lambda container: text(container, "name"))
    ]
    return json.dumps([own, containers], sort_keys=True)
