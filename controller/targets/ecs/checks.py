"""What can be wrong in a declared task definition or service though every value has the right type."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from controller.shaping import Fault
from controller.targets.ecs.fields import NOT_DECLARED
from controller.targets.ecs.native import Native, number, part, parts, text, texts
from controller.targets.ecs.rules import cpu_units, memory_mib
from controller.targets.ecs.shapes import Path
from controller.targets.ecs.strategies import CONFIGURATION, strategy_faults
from controller.targets.ecs.values import out_of_bounds

DEFINITION: Final = "taskDefinition"
SERVICE: Final = "serviceDefinition"
_FAMILY: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_GIB: Final = 1024
_PERCENT: Final = 100

# The grace period is bounded by the text of UpdateService, tasks by the quota "Tasks per service", the percents by
# what DeploymentConfiguration says they are: a share of the desired tasks that keeps running, and a limit that all
# of them fit under. AWS names no highest maximumPercent; more than ten times the tasks is a slip of the hand.
_COUNTS: Final = MappingProxyType({
    "desiredCount": (0, 5_000),
    "healthCheckGracePeriodSeconds": (0, 2_147_483_647),
})  # fmt: skip
_PERCENTS: Final = MappingProxyType({
    "maximumPercent": (_PERCENT, 10 * _PERCENT),
    "minimumHealthyPercent": (0, _PERCENT),
})  # fmt: skip

# Fargate's pairs, cpu units to memory in MiB: "Task CPU and memory" of Fargate task definitions (Developer Guide).
_FARGATE: Final[Mapping[int, frozenset[int]]] = {
    256: frozenset({512, 1024, 2048}),
    512: frozenset(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
    1024: frozenset(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    2048: frozenset(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    4096: frozenset(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    8192: frozenset(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    16384: frozenset(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
}


def definition_faults(definition: Native) -> Iterator[Fault]:
    """Say what is wrong in a task definition."""
    yield from _family(definition)
    yield from _containers(definition)
    if "FARGATE" in texts(definition, "requiresCompatibilities"):
        yield from _fargate(definition)
    if definition.get("tags"):
        yield _fault("tags", what="are not supported yet; trueup's own tags are added when it registers")


def service_faults(service: Native) -> Iterator[Fault]:
    """Say what is wrong in the declared fields of a service."""
    for name in sorted(set(service) & set(NOT_DECLARED)):
        yield Fault(path=(SERVICE, name), what=NOT_DECLARED[name])
    yield from out_of_bounds(service, _COUNTS, (SERVICE,))
    yield from out_of_bounds(part(service, CONFIGURATION), _PERCENTS, (SERVICE, CONFIGURATION))
    yield from strategy_faults(service, SERVICE)


def _fault(*path: str | int, what: str) -> Fault:
    return Fault(path=(DEFINITION, *path), what=what)


def _family(definition: Native) -> Iterator[Fault]:
    family = text(definition, "family")
    if family and not _FAMILY.fullmatch(family):
        yield _fault("family", what=f"{family!r} is not 1 to 255 letters, digits, hyphens and underscores")


def _containers(definition: Native) -> Iterator[Fault]:
    containers = parts(definition, "containerDefinitions")
    if definition.get("containerDefinitions") == []:
        yield _fault("containerDefinitions", what="is empty; a task needs at least one container")
    names = [text(container, "name") for container in containers]
    for index, (name, container) in enumerate(zip(names, containers, strict=True)):
        at: Path = ("containerDefinitions", index)
        if not name:
            yield _fault(*at, "name", what="is missing; containers are told apart by their names")
        elif names.index(name) < index:
            yield _fault(*at, "name", what=f"{name!r} is the name of two containers")
        yield from _doubles(container, at)
        for place, other in enumerate(parts(container, "dependsOn")):
            if text(other, "containerName") not in names:
                unknown = text(other, "containerName")
                yield _fault(*at, "dependsOn", place, "containerName", what=f"there is no container {unknown!r}")
    if containers and all(container.get("essential") is False for container in containers):
        yield _fault("containerDefinitions", what="has no essential container")


def _doubles(container: Native, at: Path) -> Iterator[Fault]:
    """AWS does not say which one wins, so none may."""
    for field in ("environment", "secrets"):
        counted = Counter(text(item, "name") for item in parts(container, field))
        for name in sorted(name for name, times in counted.items() if times > 1):
            yield _fault(*at, field, what=f"{name!r} is given twice")
    for place, item in enumerate(parts(container, "environment")):
        if "value" not in item:
            yield _fault(*at, "environment", place, "value", what=f"{text(item, 'name')!r} has no value")
    both = {text(item, "name") for item in parts(container, "environment")} & {
        text(item, "name") for item in parts(container, "secrets")
    }
    for name in sorted(both):
        yield _fault(*at, "secrets", what=f"{name!r} is given in environment too")


def _fargate(definition: Native) -> Iterator[Fault]:
    if text(definition, "networkMode") != "awsvpc":
        yield _fault("networkMode", what="has to be awsvpc on Fargate")
    cpu, memory = cpu_units(text(definition, "cpu")), memory_mib(text(definition, "memory"))
    pairs = _FARGATE.get(cpu) if isinstance(cpu, int) else None
    if pairs is None:
        known = ", ".join(str(units) for units in _FARGATE)
        yield _fault("cpu", what=f"{text(definition, 'cpu')!r} is not what Fargate offers: {known}")
    elif memory not in pairs:
        offered = f"{min(pairs)} to {max(pairs)}"
        yield _fault(
            "memory", what=f"{text(definition, 'memory')!r} does not go with cpu {cpu}: {offered} MiB does"
        )
    taken = sum(number(container, "cpu") for container in parts(definition, "containerDefinitions"))
    if isinstance(cpu, int) and taken > cpu:
        yield _fault("cpu", what=f"its containers ask for {taken} units of the task's {cpu}")
