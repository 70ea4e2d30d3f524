"""The operations on services that read or remove them."""

from controller.sandbox import deployments, render
from controller.sandbox.call import (
    Answer,
    Call,
    as_seen,
    cluster_of,
    find_service,
    limited,
    missing,
    page,
    service_of,
)
from controller.sandbox.native import Refused, flag, invalid, short, tag_list, text, texts
from controller.sandbox.world import Service

_AT_ONCE = 10


def describe_services(call: Call) -> Answer:
    """DescribeServices: one to ten of them, those that are not there as failures."""
    names = texts(call.params, "services")
    limited(names, "Services", _AT_ONCE)
    cluster = cluster_of(call)
    found, failures = [], []
    for name in names:
        known = find_service(call.region, cluster, name)
        service = as_seen(call, known) if known else None
        if service is None:
            arn = name if name.startswith("arn:") else call.region.arn(f"service/{cluster.name}/{name}")
            failures.append(missing(arn))
        else:
            found.append(answer(call, service))
    return {"services": found, "failures": failures}


def answer(call: Call, service: Service) -> Answer:
    """Give a service as this call may see it: its tags only when they were asked for."""
    native = render.service(service, with_story=call.with_stories)
    if "TAGS" in texts(call.params, "include"):
        native["tags"] = tag_list(service.tags)
    return native


def list_services(call: Call) -> Answer:
    """ListServices: the ACTIVE ones, ten a page unless asked otherwise."""
    cluster = cluster_of(call)
    launch, scheduling = text(call.params, "launchType"), text(call.params, "schedulingStrategy")
    arns = [
        service.arn
        for (where, _), service in sorted(call.region.services.items())
        if where == cluster.name
        and service.status == "ACTIVE"
        and launch in {"", text(service.settings, "launchType", "EC2")}
        and scheduling in {"", text(service.settings, "schedulingStrategy", "REPLICA")}
    ]
    return page(call, arns, "serviceArns", default=10)


def delete_service(call: Call) -> Answer:
    """DeleteService: DRAINING while its tasks stop, then INACTIVE."""
    service = service_of(call)
    if service.desired and not flag(call.params, "force"):
        raise invalid("The service cannot be stopped while it is scaled above 0.")
    service.status, service.desired = "DRAINING", 0
    for deployment in service.deployments:
        deployment.desired = 0
    for story in service.history:
        if story.status not in deployments.ENDED:
            story.status, story.reason = "STOPPED", "The service was deleted."
            deployments.end(story, call.world.stamp())
    deployments.touch(service)
    return {"service": answer(call, service)}


def described(call: Call, key: str) -> Service:
    """Give the service that a listing is about, ACTIVE or not; ServiceNotFoundException."""
    service = find_service(call.region, cluster_of(call), text(call.params, key))
    service = as_seen(call, service) if service else None
    if service is None:
        raise Refused("ServiceNotFoundException", "Service not found.")
    return service


def owner_of(call: Call, arn: str) -> Service | None:
    """Give the service to which a service deployment or revision belongs, by the path of its ARN."""
    path = arn.split(":", 5)[-1].split("/")
    if len(path) != 4 or not arn.startswith(call.region.arn("")):  # noqa: PLR2004 - kind, cluster, service, id
        return None
    return call.region.services.get((path[1], short(path[2])))
