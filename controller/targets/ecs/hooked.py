"""What a hook declares for ECS: which container of the task definition, and what it is told otherwise.

Sources: the texts of RunTask's `overrides` and of ContainerOverride (ECS API Reference).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from controller.model.packed import Packed
from controller.shaping import Fault
from controller.shaping import Native as Declared
from controller.targets.ecs.manifest import canonical_json
from controller.targets.ecs.native import Native, part, parts, text, texts
from controller.targets.ecs.shapes import did_you_mean

CONTAINER: Final = "container"
_LONGEST: Final = 8192  # characters of all overrides, as JSON


def write_hook(declared: Native) -> str:
    """Write what a hook declares, in one fixed order."""
    return canonical_json({name: value for name, value in declared.items() if value not in (None, "", [], {})})


def container_of(shape: Packed) -> str:
    """Name the container whose exit code counts."""
    return text(json.loads(str(shape) or "{}"), CONTAINER)


def overrides_of(shape: Packed) -> dict[str, object]:
    """Give RunTask's `overrides`."""
    declared: Mapping[str, object] = json.loads(str(shape) or "{}")
    told: dict[str, object] = {"name": text(declared, CONTAINER)}
    if declared.get("command"):
        told["command"] = texts(declared, "command")
    environment = declared.get("environment")
    if isinstance(environment, Mapping) and environment:
        told["environment"] = [{"name": name, "value": value} for name, value in sorted(environment.items())]
    told |= {name: declared[name] for name in ("cpu", "memory") if name in declared}
    return {"containerOverrides": [told]}


def hooks_faults(definition: Native, native: Declared) -> Iterator[Fault]:
    """Say why hooks cannot be run with a task definition; what is laid over a base may not have every container."""
    for (when, place), hook in native.hooks.items():
        yield from _hook_faults(definition, hook, ("hooks", when, place), whole=native.base is None)


def _hook_faults(definition: Native, hook: Native, where: tuple[str | int, ...], *, whole: bool) -> Iterator[Fault]:
    containers = {text(one, "name"): one for one in parts(definition, "containerDefinitions")}
    name = text(hook, CONTAINER)
    if whole and name not in containers:
        hint = did_you_mean(name, containers) or f"; there is {', '.join(containers) or 'none at all'}"
        yield Fault(path=(*where, CONTAINER), what=f"there is no container {name!r}{hint}")
    elif name in containers and containers[name].get("essential") is False:
        what = f"{name!r} is not essential: the task would go on when it ends"
        yield Fault(path=(*where, CONTAINER), what=what)
    size = len(canonical_json(overrides_of(Packed.of(write_hook(hook)))))
    if size > _LONGEST:
        what = f"has {size} characters of overrides as JSON, and AWS takes {_LONGEST}"
        yield Fault(path=where, what=what)


def going_back_faults(service: Native, where: str) -> Iterator[Fault]:
    """Say where ECS itself would go back from a release that nobody may go back from without asking."""
    configuration = part(service, "deploymentConfiguration")
    for name in ("deploymentCircuitBreaker", "alarms"):
        if part(configuration, name).get("rollback") is True:
            what = "must be false beside rollbackSafe: false, or ECS goes back by itself without asking anybody"
            yield Fault(path=(where, "deploymentConfiguration", name, "rollback"), what=what)
