"""A kind of target of our own: small, honest about what it does not know, and independent of ECS."""

import json
from collections.abc import Iterator, Mapping

from controller.gates.alarms import Alarms
from controller.gates.approval import Approval
from controller.gates.backup import Backup
from controller.gates.checklist import Checklist
from controller.gates.http import Http
from controller.gates.prometheus import Prometheus
from controller.gates.promoted import Promoted
from controller.gates.signed import SignedTag
from controller.gates.window import NotBefore, Window
from controller.model.manifest import Manifest
from controller.model.release import Settings
from controller.shaping import Fault, Native, Shaped
from controller.spec.tables import Tables

DEFINITION = {"family", "cpu", "memory", "containerDefinitions"}
CONTAINER = {"name", "image", "essential", "cpu", "portMappings", "environment", "command", "dockerLabels"}


def shape(native: Native) -> Shaped:
    faults = tuple(find_faults(native))
    if faults:
        return Shaped(faults=faults)
    containers = [
        {**container, "image": native.images.get(container["name"], container.get("image"))}
        for container in native.definition["containerDefinitions"]
    ]
    content = {**native.definition, "containerDefinitions": containers}
    fields = {f"taskDefinition.{key}": json.dumps(value, sort_keys=True) for key, value in content.items()}
    settings = {f"service.{key}": json.dumps(value) for key, value in native.service.items()}
    return Shaped(
        manifest=Manifest.of(fields),
        shape=json.dumps(content, sort_keys=True),
        images=tuple(one["image"] for one in containers if one["image"] and one["name"] not in native.tags),
        hooks={where: json.dumps(hook, sort_keys=True) for where, hook in native.hooks.items()},
        settings=Settings(manifest=Manifest.of(settings), shape=json.dumps(native.service)) if settings else None,
    )


def find_faults(native: Native) -> Iterator[Fault]:
    at = ("taskDefinition",)
    yield from unknown(native.definition, DEFINITION, at)
    if "family" not in native.definition:
        yield Fault(path=(*at, "family"), what="is missing")
    names = []
    for index, container in enumerate(native.definition.get("containerDefinitions", ())):
        inner = (*at, "containerDefinitions", index)
        names.append(container.get("name"))
        yield from unknown(container, CONTAINER, inner)
        for place, port in enumerate(container.get("portMappings", ())):
            if not isinstance(port["containerPort"], int):
                what = f"{port['containerPort']!r} is not a whole number"
                yield Fault(path=(*inner, "portMappings", place, "containerPort"), what=what)
    for name in native.images:
        if name not in names:
            yield Fault(path=("images", name), what=f"there is no container {name!r}")
    for where, hook in native.hooks.items():
        if hook["container"] not in names:
            yield Fault(path=("hooks", *where, "container"), what=f"there is no container {hook['container']!r}")
    if native.service.get("goesBack") and not native.rollback_safe:
        yield Fault(path=("serviceDefinition", "goesBack"), what="goes back by itself")
    count = native.service.get("desiredCount", 0)
    if not 0 <= count <= 1000:
        yield Fault(path=("serviceDefinition", "desiredCount"), what=f"{count} is not between 0 and 1000")


def unknown(given: Mapping[str, object], known: set[str], at: tuple) -> Iterator[Fault]:
    for key in given.keys() - known:
        yield Fault(path=(*at, key), what="is not a field of AWS's")


GUARDS = {"alarms": Alarms, "http": Http, "prometheus": Prometheus}
TABLES = Tables(
    targets={"ecs": shape},
    guards=GUARDS,
    gates={
        **GUARDS,
        "approval": Approval,
        "backup": Backup,
        "checklist": Checklist,
        "promoted": Promoted,
        "window": Window,
    },
    not_before=lambda at: NotBefore(at=at),
    signed=lambda application: SignedTag(application=application),
)
