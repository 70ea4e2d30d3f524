"""What a hook declares for ECS: which container of the task definition, and what it is told otherwise.

Sources: the texts of RunTask's `overrides` and of ContainerOverride (ECS API Reference).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from controller.model.packed import Packed
from controller.ports import Fault
from controller.targets.ecs.manifest import canonical_json
from controller.targets.ecs.native import Native, parts, text, texts

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


def hook_faults(definition: Native, hook: Native, where: tuple[str | int, ...]) -> Iterator[Fault]:
    """Say why a hook cannot be run with a task definition; `where` is the path to it."""
    containers = {text(one, "name"): one for one in parts(definition, "containerDefinitions")}
    name = text(hook, CONTAINER)
    if name not in containers:
        known = ", ".join(sorted(containers)) or "none"
        yield Fault(path=(*where, CONTAINER), what=f"{name!r} is no container of the task definition: {known}")
    elif containers[name].get("essential") is False:
        what = f"{name!r} is not essential: the task would go on when it ends"
        yield Fault(path=(*where, CONTAINER), what=what)
    size = len(canonical_json(overrides_of(Packed.of(write_hook(hook)))))
    if size > _LONGEST:
        what = f"has {size} characters of overrides as JSON, and AWS takes {_LONGEST}"
        yield Fault(path=where, what=what)
