"""One call of the ECS API, and finding what it names."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field

from controller.sandbox.native import Native, Refused, client_error, invalid, number, short, text
from controller.sandbox.past import Past
from controller.sandbox.world import Cluster, Definition, Region, Service, World

Answer = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who asks what, where. `with_stories` is False when the service deployment API is missing."""

    world: World
    region: Region
    params: Native
    with_stories: bool = True
    past: Past = field(default_factory=Past)


def cluster_of(call: Call) -> Cluster:
    """Find the cluster that the call names, by name or ARN; ClusterNotFoundException."""
    return find_cluster(call.region, text(call.params, "cluster", "default"))


def find_cluster(region: Region, name_or_arn: str) -> Cluster:
    """Find the cluster of this name or ARN; ClusterNotFoundException."""
    cluster = region.clusters.get(short(name_or_arn))
    if cluster is None or cluster.status != "ACTIVE":
        raise Refused("ClusterNotFoundException", "Cluster not found.")
    return cluster


def find_service(region: Region, cluster: Cluster, name_or_arn: str) -> Service | None:
    """Find the service of this name or ARN in this cluster, or None."""
    service = region.services.get((cluster.name, short(name_or_arn)))
    if service is not None and name_or_arn.startswith("arn:") and name_or_arn != service.arn:
        return None
    return service


def service_of(call: Call) -> Service:
    """Find the service that the call names; ServiceNotFoundException, ServiceNotActiveException."""
    service = find_service(call.region, cluster_of(call), text(call.params, "service"))
    if service is None:
        raise Refused("ServiceNotFoundException", "Service not found.")
    if service.status != "ACTIVE":
        raise Refused("ServiceNotActiveException", "Service was not ACTIVE.")
    return service


def find_definition(region: Region, name: str) -> Definition | None:
    """Find the task definition of an ARN, `family:revision`, or `family` (its newest ACTIVE revision), or None."""
    if name.startswith("arn:") and not name.startswith(region.arn("task-definition/")):
        return None
    family, _, revision = short(name).partition(":")
    revisions = region.families.get(family, {})
    if revision:
        return revisions.get(int(revision)) if revision.isdigit() else None
    return next((one for _, one in sorted(revisions.items(), reverse=True) if one.active), None)


def usable_definition(region: Region, name: str) -> Definition:
    """Find the task definition for a new deployment; ClientException if there is none or it is INACTIVE."""
    found = find_definition(region, name)
    if found is None:
        raise client_error("TaskDefinition not found.")
    if not found.active:
        raise client_error("TaskDefinition is inactive")
    return found


def page(call: Call, everything: Sequence[str], key: str, *, default: int = 100) -> Answer:
    """One page of a list: `maxResults` 1 to 100, `nextToken` as the last page gave it."""
    listed, token = cut(call, everything, default=default)
    return {key: list(listed), **token}


def cut(call: Call, everything: Sequence[str], *, default: int) -> tuple[Sequence[str], Answer]:
    """Give the page that the call asks for, and the token of the next one if there is one."""
    size = number(call.params, "maxResults", default)
    if not 1 <= size <= 100:  # noqa: PLR2004 - AWS's bounds on a page
        raise invalid("maxResults must be between 1 and 100.")
    first = _begin(text(call.params, "nextToken"))
    chosen = everything[first : first + size]
    more = first + size < len(everything)
    return chosen, {"nextToken": base64.b64encode(f"from {first + size}".encode()).decode()} if more else {}


def _begin(token: str) -> int:
    if not token:
        return 0
    try:
        word, _, place = base64.b64decode(token, validate=True).decode().partition(" ")
    except (binascii.Error, UnicodeDecodeError):
        word, place = "", ""
    if word != "from" or not place.isdigit():
        raise invalid("Invalid token.")
    return int(place)


def missing(arn: str) -> Answer:
    """Give an entry of `failures`."""
    return {"arn": arn, "reason": "MISSING"}


def limited(names: Sequence[str], what: str, most: int) -> None:
    """Refuse an empty list, or more than AWS takes in one call."""
    if not names:
        raise invalid(f"{what} cannot be empty.")
    if len(names) > most:
        raise invalid(f"{what} can have at most {most} items; {len(names)} were given.")


def as_seen(call: Call, service: Service) -> Service | None:
    """Give the service as this read may see it: as it was before, while reads lag; None before it was made."""
    return call.past.seen(service, call.world.now())
