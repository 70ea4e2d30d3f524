"""What a task definition or a service refers to and is not there, and health checks that can never pass.

AWS refuses some of it at registration, some of it at the start of a task, and some of it never. Sources: "Task
definition parameters" (Amazon ECS Developer Guide) and the texts of ContainerDependency, HealthCheck, LoadBalancer,
ServiceRegistry, ServiceConnectService and ServiceVolumeConfiguration (API Reference).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from controller.shaping import Fault
from controller.targets.ecs.native import Native, part, parts, text, texts
from controller.targets.ecs.shapes import Path, did_you_mean
from controller.targets.ecs.values import out_of_bounds

_DEFINITION: Final = "taskDefinition"
_SERVICE: Final = "serviceDefinition"
_CONTAINERS: Final = "containerDefinitions"
_BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "interval": (5, 300),
    "timeout": (2, 60),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}
_MUST_END: Final = frozenset({"COMPLETE", "SUCCESS"})


def reference_faults(definition: Native, service: Native) -> Iterator[Fault]:
    """Say what refers to something that is not there, or waits for what can never be."""
    containers = parts(definition, _CONTAINERS)
    named = {text(container, "name"): container for container in containers}
    volumes = {text(volume, "name"): volume for volume in parts(definition, "volumes")}
    for index, container in enumerate(containers):
        at = (_DEFINITION, _CONTAINERS, index)
        yield from _health(container, (*at, "healthCheck"))
        yield from _depends(container, named, at)
        for place, mount in enumerate(parts(container, "mountPoints")):
            yield from _there(text(mount, "sourceVolume"), volumes, "volume", (*at, "mountPoints", place))
        for place, other in enumerate(parts(container, "volumesFrom")):
            yield from _there(text(other, "sourceContainer"), named, "container", (*at, "volumesFrom", place))
    yield from _ports(definition, containers)
    yield from _balancers(service, named)
    yield from _named_ports(service, containers)
    for place, volume in enumerate(parts(service, "volumeConfigurations")):
        at = (_SERVICE, "volumeConfigurations", place)
        launched = {name: one for name, one in volumes.items() if one.get("configuredAtLaunch") is True}
        yield from _there(text(volume, "name"), launched, "volume that is configured at launch", at)


def _there(name: str, known: Mapping[str, object], what: str, at: Path) -> Iterator[Fault]:
    if name and name not in known:
        names = ", ".join(sorted(known)) or "none"
        yield Fault(
            path=at, what=f"there is no {what} {name!r}{did_you_mean(name, known) or f'; there is {names}'}"
        )


def _health(container: Native, at: Path) -> Iterator[Fault]:
    check = part(container, "healthCheck")
    if not check:
        return
    command = texts(check, "command")
    if command and command[0] not in {"CMD", "CMD-SHELL", "NONE"}:
        yield Fault(path=(*at, "command"), what=f"begins with {command[0]!r}, and has to with CMD or CMD-SHELL")
    elif not command or (len(command) == 1 and command[0] != "NONE"):
        yield Fault(path=(*at, "command"), what="has nothing to run, so that it can never pass")
    yield from out_of_bounds(check, _BOUNDS, at)


def _depends(container: Native, named: Mapping[str, Native], at: Path) -> Iterator[Fault]:
    """Judge what a container waits for; that there is no such container is told elsewhere."""
    for place, other in enumerate(parts(container, "dependsOn")):
        name, condition = text(other, "containerName"), text(other, "condition")
        awaited = named.get(name)
        here = (*at, "dependsOn", place)
        if name == text(container, "name"):
            yield Fault(path=here, what=f"{name!r} waits for itself, and would never start")
        elif awaited is not None and condition == "HEALTHY" and not part(awaited, "healthCheck"):
            yield Fault(path=here, what=f"{name!r} has no health check, so that it is never HEALTHY")
        elif awaited is not None and condition in _MUST_END and awaited.get("essential") is not False:
            what = (
                f"{name!r} is essential: when it ends, so does the task, before anything can wait for {condition}"
            )
            yield Fault(path=here, what=what)


def _ports(definition: Native, containers: list[Native]) -> Iterator[Fault]:
    """In awsvpc and host mode the containers of a task share their ports; names of ports are one task's own."""
    shared = text(definition, "networkMode") in {"awsvpc", "host"}
    ports: set[tuple[object, str]] = set()
    names: set[str] = set()
    for index, container in enumerate(containers):
        for place, mapping in enumerate(parts(container, "portMappings")):
            at = (_DEFINITION, _CONTAINERS, index, "portMappings", place)
            port, name = (mapping.get("containerPort"), text(mapping, "protocol") or "tcp"), text(mapping, "name")
            if shared and port[0] is not None and port in ports:
                yield Fault(path=(*at, "containerPort"), what=f"{port[0]}/{port[1]} is taken in this task already")
            if name and name in names:
                yield Fault(path=(*at, "name"), what=f"{name!r} is the name of two ports")
            ports.add(port)
            names.add(name)


def _balancers(service: Native, named: Mapping[str, Native]) -> Iterator[Fault]:
    """Judge what a load balancer or a registry points at: a container, and a port that it maps."""
    for field in ("loadBalancers", "serviceRegistries"):
        for place, one in enumerate(parts(service, field)):
            name, port, at = text(one, "containerName"), one.get("containerPort"), (_SERVICE, field, place)
            yield from _there(name, named, "container", (*at, "containerName"))
            mapped = [mapping.get("containerPort") for mapping in parts(named.get(name, {}), "portMappings")]
            if name in named and isinstance(port, int) and port not in mapped:
                what = f"container {name!r} maps no port {port}"
                yield Fault(path=(*at, "containerPort"), what=what)


def _named_ports(service: Native, containers: list[Native]) -> Iterator[Fault]:
    mappings = (mapping for container in containers for mapping in parts(container, "portMappings"))
    names = {text(mapping, "name"): mapping for mapping in mappings if text(mapping, "name")}
    connect = parts(part(service, "serviceConnectConfiguration"), "services")
    for place, one in enumerate(connect):
        at = (_SERVICE, "serviceConnectConfiguration", "services", place, "portName")
        yield from _there(text(one, "portName"), names, "port named", at)
    for field in ("vpcLatticeConfigurations", "gatewayConnectors"):
        for place, one in enumerate(parts(service, field)):
            yield from _there(text(one, "portName"), names, "port named", (_SERVICE, field, place, "portName"))
