"""What a service needs before it can be created, and what CreateService is told of it.

Sources: the parameter texts of CreateService (Amazon ECS API Reference).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Final

from controller.model.decision import Ensure
from controller.model.desired import DesiredTarget
from controller.shaping import Fault
from controller.targets.ecs.fields import FIXED, NOT_DRIVEN
from controller.targets.ecs.manifest import read_shape
from controller.targets.ecs.native import Native, part, parts, text, texts
from controller.targets.ecs.scaling import BY, COUNT, SCALING
from controller.targets.ecs.strategies import traffic_faults

_DAEMON: Final = "DAEMON"
_FARGATE: Final = "FARGATE"
_AWSVPC: Final = "awsvpcConfiguration"
_TOKEN: Final = 32  # of the 36 characters that AWS takes


def fixed_faults(service: Native, where: str) -> Iterator[Fault]:
    """Say what can not be among the fields that are fixed at creation, whether or not one is created."""
    controller = text(part(service, "deploymentController"), "type")
    if controller not in {"", "ECS"}:
        what = f"{controller} is not driven by trueup; only ECS is{NOT_DRIVEN.get(controller, '')}"
        yield Fault(path=(where, "deploymentController", "type"), what=what)
    if text(service, "launchType") and parts(service, "capacityProviderStrategy"):
        what = "does not go with capacityProviderStrategy: a service has one of the two"
        yield Fault(path=(where, "launchType"), what=what)
    if text(service, "schedulingStrategy") == _DAEMON and service.get(COUNT) is not None:
        what = "is not yours to say of a DAEMON service: it runs one task on each instance"
        yield Fault(path=(where, COUNT), what=what)


def count_faults(service: Native, count: int | None, where: str) -> Iterator[Fault]:
    """Say that it is not known how many tasks a new service begins with; `count` is how many."""
    if count is None and text(service, "schedulingStrategy") != _DAEMON:
        what = "is missing: a new service needs one (a number, or managedBy: autoscaling with a minimum)"
        yield Fault(path=(where, COUNT), what=what)


def creation_faults(definition: Native, service: Native, where: str) -> Iterator[Fault]:
    """Say what is missing to create a service of a definition, or what AWS would refuse."""
    network = part(part(service, "networkConfiguration"), _AWSVPC)
    if text(definition, "networkMode") == "awsvpc":
        if not texts(network, "subnets"):
            what = "is missing: a new service with networkMode awsvpc needs subnets"
            yield Fault(path=(where, "networkConfiguration", _AWSVPC, "subnets"), what=what)
    elif network:
        mode = text(definition, "networkMode") or "bridge"
        what = f"is for networkMode awsvpc, and this task definition has {mode}"
        yield Fault(path=(where, "networkConfiguration"), what=what)
    yield from traffic_faults(service, where)
    yield from _capacity(definition, service, where)


def _capacity(definition: Native, service: Native, where: str) -> Iterator[Fault]:
    """Without either of the two a service is created for EC2, or as the cluster's default has it."""
    runs_on = texts(definition, "requiresCompatibilities")
    launch = text(service, "launchType")
    if not launch and not parts(service, "capacityProviderStrategy"):
        if runs_on and "EC2" not in runs_on:
            what = f"is missing: a new service for {runs_on[0]} needs launchType or capacityProviderStrategy"
            yield Fault(path=(where, "launchType"), what=what)
    elif launch and launch not in (runs_on or [launch]):
        what = f"{launch} is not among requiresCompatibilities of the task definition: {', '.join(runs_on)}"
        yield Fault(path=(where, "launchType"), what=what)
    elif launch == _FARGATE and text(definition, "networkMode") != "awsvpc":
        yield Fault(path=(where, "launchType"), what="FARGATE needs a task definition with networkMode awsvpc")


def creation_part(service: Native, count: int | None) -> dict[str, object]:
    """Give what only CreateService takes: what is fixed then, and how many tasks it begins with."""
    fixed = {name: service[name] for name in FIXED if service.get(name) is not None}
    return {**fixed, **({COUNT: count} if count is not None else {})}


def creation_params(action: Ensure, fields: Mapping[str, object]) -> dict[str, object]:
    """Give the parameters of CreateService; the same attempt has the same token, so that it creates one service."""
    place = action.place
    named = f"{place.account}/{place.region}/{place.cluster}/{place.service}"
    said = f"{named} {action.release.digest} {action.rollout}"
    return {
        "cluster": place.cluster,
        "serviceName": place.service,
        "clientToken": hashlib.sha256(said.encode()).hexdigest()[:_TOKEN],
        **fields,
    }


def declared_of(want: DesiredTarget) -> dict[str, object]:
    """Give the service fields that a spec declared, put together again from what became of them."""
    service = read_shape(str(want.release.shape))[1]
    rest = [json.loads(part.shape) for part in (want.settings, want.fixed) if part]
    limits = {path.removeprefix(f"{SCALING}."): value for path, value in want.beside.fields} if want.beside else {}
    count = {COUNT: {"managedBy": BY, **limits}} if limits else {}
    return {**service, **{name: value for part in rest for name, value in part.items()}, **count}


def lacking(want: DesiredTarget, definition: Native) -> str:
    """Say what keeps a service from being created with a definition as it was put together; empty if nothing."""
    faults = creation_faults(definition, declared_of(want), "serviceDefinition") if want.create else ()
    return "; ".join(f"{'.'.join(map(str, fault.path))} {fault.what}" for fault in faults)
