"""What a service looks like: what is declared and what AWS answers go through one canonicaliser."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from controller.model.manifest import Manifest, Scalar, within
from controller.model.packed import Packed
from controller.model.paths import Paths, excepting
from controller.targets.ecs.canon import Free, Place, bracket, flatten, grow
from controller.targets.ecs.fields import (
    DEPLOYS,
    FIXED,
    ONLY_ON_DEPLOYMENTS,
    ONLY_ON_REVISIONS,
    OUTPUT_ONLY,
    SETTINGS,
    TAGS,
)
from controller.targets.ecs.native import Native, part, parts, text, texts
from controller.targets.ecs.rules import RULES, SERVICE, TASK_DEFINITION
from controller.targets.ecs.shapes import definition_inputs

PLACES: Final = grow(RULES)
WHOLE: Final[Paths] = (TASK_DEFINITION,)
NOTHING: Final[Native] = MappingProxyType({})
_AWSVPC: Final = "networkConfiguration.awsvpcConfiguration"
_HOST_PORT_IS_CONTAINER_PORT: Final = frozenset({"awsvpc", "host"})
_FARGATE_PLATFORM: Final = (("cpuArchitecture", "X86_64"), ("operatingSystemFamily", "LINUX"))


def folded(definition: Native) -> Native:
    """Leave out of a task definition what only AWS can say, and what its other fields imply."""
    content = {key: value for key, value in definition.items() if key not in OUTPUT_ONLY}
    return _fold_platform(_fold_ports(content))


def definition_fields(definition: Native) -> Mapping[str, Scalar]:
    """Write a task definition, declared or answered, as pairs; tags and what only AWS can say are left out."""
    return flatten(folded(definition), TASK_DEFINITION, PLACES.at(TASK_DEFINITION))


def service_fields(service: Native, names: Iterable[str]) -> Mapping[str, Scalar]:
    """Write these fields of a service, declared or answered, as pairs."""
    fields = {name: service[name] for name in names if name in service}
    place = PLACES.at(SERVICE)
    return flatten(fields, SERVICE, place)


def release_manifest(definition: Native, service: Native, owned: Paths = WHOLE, passed: Paths = ()) -> Manifest:
    """Give the content of a release: the service fields that it declares, and what it owns of its task definition.

    `passed` are patterns of paths that are passed over.
    """
    declared = [name for name in DEPLOYS if service.get(name) is not None]
    owns = (*(path for name in declared for path in _owned(name, part(service, name))), *owned)
    owns = excepting(owns, passed)
    whole = definition_fields(definition)
    content = whole if owned == WHOLE and not passed else within(whole, owns)
    return Manifest.of({**within(service_fields(service, declared), owns), **content}, owns)


def live_manifest(definition: Mapping[str, Scalar], service: Native) -> Manifest:
    """Give what runs, whole: the pairs of its task definition, and every field that starts a deployment."""
    return Manifest.of({**definition, **service_fields(service, DEPLOYS)})


def settings_manifest(declared: Native, passed: Paths = ()) -> Manifest:
    """Give the content of declared settings, which own exactly the leaves that they declare."""
    return _leafwise(declared, SETTINGS, passed)


def fixed_manifest(declared: Native, passed: Paths = ()) -> Manifest:
    """Give the content of declared fields that are fixed when a service is created."""
    return _leafwise(declared, FIXED, passed)


def live_settings(service: Native) -> Manifest:
    """Give every setting that a service has, and what was fixed when it was created."""
    return Manifest.of(service_fields({**service, "role": service.get("roleArn")}, (*SETTINGS, *FIXED)))


def _leafwise(declared: Native, names: Iterable[str], passed: Paths) -> Manifest:
    place, chosen = PLACES.at(SERVICE), tuple(names)
    given = [(name, declared[name]) for name in chosen if name in declared]
    owns = tuple(
        sorted(leaf for name, value in given for leaf in _leaves(value, f"{SERVICE}.{name}", place.at(name)))
    )
    owns = excepting(owns, passed)
    return Manifest.of(within(service_fields(declared, chosen), owns), owns)


def deploying(service: Native, deployment: Native) -> Native:
    """Give the fields that start a deployment, as this deployment has them.

    Load balancers and registries are answered for the service only; a platform version is answered resolved for
    the deployment and as it was asked for by the service.
    """
    elsewhere = ONLY_ON_DEPLOYMENTS | ONLY_ON_REVISIONS
    fields = {name: service[name] for name in DEPLOYS if name in service and name not in elsewhere}
    own = {name: deployment[name] for name in DEPLOYS if name in deployment}
    if text(service, "platformVersion") in {"", "LATEST"}:
        own.pop("platformVersion", None)
    return {**fields, **own}


def registrable(definition: Native) -> dict[str, object]:
    """Give what RegisterTaskDefinition takes of a task definition, without tags and without what says nothing."""
    return {
        name: definition[name]
        for name in sorted(definition_inputs())
        if definition.get(name) not in (None, "", [], {})
    }


def write_shape(
    definition: Native, service: Native, images: Native = NOTHING, create: Native | None = None, base: str = ""
) -> str:
    """Write all that is needed to make a release run, in one fixed order.

    `images` are the tags it was asked by, `create` is what only CreateService takes, where a service that is not
    there may be created. `base` is the ARN of the revision that others registered and it is laid over.
    """
    asked = {"images": images} if images else {}
    leave = {} if create is None else {"create": create}
    below = {"base": base} if base else {}
    return canonical_json({"taskDefinition": definition, "service": service, **asked, **leave, **below})


def read_shape(shape: str) -> tuple[dict[str, object], dict[str, object]]:
    """Read what `write_shape` wrote: the task definition and the service fields."""
    read: dict[str, dict[str, object]] = json.loads(shape)
    return read["taskDefinition"], read["service"]


def read_creation(shape: str) -> dict[str, object] | None:
    """Read what only CreateService takes of what `write_shape` wrote; None if nothing may be created."""
    read: dict[str, dict[str, object]] = json.loads(shape)
    return read.get("create")


@lru_cache(maxsize=4096)
def read_base(shape: Packed) -> str:
    """Read the ARN of the base of what `write_shape` wrote; empty if others registered none for it."""
    return text(json.loads(str(shape) or "{}"), "base")


def canonical_json(value: object) -> str:
    """Write JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _owned(name: str, value: Native) -> Paths:
    """Security groups that are not declared are not ours: AWS fills in the network's default ones."""
    if name != "networkConfiguration" or texts(part(value, "awsvpcConfiguration"), "securityGroups"):
        return (f"{SERVICE}.{name}",)
    return tuple(f"{SERVICE}.{_AWSVPC}.{key}" for key in ("assignPublicIp", "subnets"))


def _leaves(value: object, path: str, place: Place) -> list[str]:
    """Null declares nothing; an empty list declares that there is nothing, and a tag is one leaf."""
    if path == f"{SERVICE}.{TAGS}":
        keys = (text(tag, "key") for tag in parts({TAGS: value}, TAGS))
        return [bracket(path, key) for key in keys]
    if isinstance(value, Mapping) and not isinstance(place.rule, Free):
        return [leaf for key, member in value.items() for leaf in _leaves(member, f"{path}.{key}", place.at(key))]
    return [] if value is None else [path]


def _fold_ports(definition: Native) -> Native:
    """Fold host ports: 0 is chosen by AWS, and with awsvpc and host the container's own port is the only one."""
    same = text(definition, "networkMode") in _HOST_PORT_IS_CONTAINER_PORT
    containers = [_fold_container(container, same=same) for container in parts(definition, "containerDefinitions")]
    return {**definition, "containerDefinitions": containers}


def _fold_container(container: Native, *, same: bool) -> Native:
    ports, mappings = parts(container, "portMappings"), []
    if ports and not any("hostPort" in mapping for mapping in ports):
        return container
    for mapping in ports:
        given = mapping.get("hostPort")
        implied = (None, 0, mapping.get("containerPort")) if same else (None, 0)
        mappings.append({key: value for key, value in mapping.items() if key != "hostPort" or given not in implied})
    return {**container, "portMappings": mappings}


def _fold_platform(definition: Native) -> Native:
    """Fargate runs Linux on x86-64 unless it is told otherwise."""
    if "FARGATE" not in texts(definition, "requiresCompatibilities"):
        return definition
    platform = part(definition, "runtimePlatform").items()
    return {**definition, "runtimePlatform": dict(pair for pair in platform if pair not in _FARGATE_PLATFORM)}
