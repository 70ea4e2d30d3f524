"""The operations on clusters, and on the tags of everything."""

from collections.abc import Callable

from controller.sandbox import validate
from controller.sandbox.call import Answer, Call, cluster_of, find_definition, page
from controller.sandbox.native import (
    Refused,
    invalid,
    parts,
    short,
    tag_list,
    tag_map,
    text,
    texts,
    without_nothing,
)
from controller.sandbox.tasks import status_of
from controller.sandbox.world import Cluster, Definition, Region, Service

_KEPT = (
    "settings",
    "configuration",
    "capacityProviders",
    "defaultCapacityProviderStrategy",
    "serviceConnectDefaults",
)


def create_cluster(call: Call) -> Answer:
    """CreateCluster; the same name again answers the one that there is."""
    name = text(call.params, "clusterName", "default")
    validate.check_name(name, "Cluster")
    validate.check_tags(call.params)
    cluster = make(call.region, name)
    cluster.tags = {**cluster.tags, **tag_map(parts(call.params, "tags"))}
    cluster.native.update(without_nothing({key: call.params.get(key) for key in _KEPT}))
    return {"cluster": _native(call, cluster)}


def make(region: Region, name: str) -> Cluster:
    """Find the ACTIVE cluster of this name, made if there is none."""
    known = region.clusters.get(name)
    if known is None or known.status != "ACTIVE":
        known = region.clusters[name] = Cluster(arn=region.arn(f"cluster/{name}"), name=name, tags={}, native={})
    return known


def describe_clusters(call: Call) -> Answer:
    """DescribeClusters: the default one unless named."""
    found, failures = [], []
    for name in texts(call.params, "clusters") or ["default"]:
        cluster = call.region.clusters.get(short(name))
        if cluster is None:
            failures.append({"arn": call.region.arn(f"cluster/{short(name)}"), "reason": "MISSING"})
        else:
            found.append(_native(call, cluster))
    return {"clusters": found, "failures": failures}


def list_clusters(call: Call) -> Answer:
    """ListClusters."""
    active = [cluster.arn for _, cluster in sorted(call.region.clusters.items()) if cluster.status == "ACTIVE"]
    return page(call, active, "clusterArns")


def delete_cluster(call: Call) -> Answer:
    """DeleteCluster: refused while services are ACTIVE in it."""
    cluster = cluster_of(call)
    if _services(call.region, cluster):
        raise Refused(
            "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
        )
    cluster.status = "INACTIVE"
    return {"cluster": _native(call, cluster)}


def _services(region: Region, cluster: Cluster) -> list[Service]:
    return [
        one for (where, _), one in region.services.items() if where == cluster.name and one.status != "INACTIVE"
    ]


def _native(call: Call, cluster: Cluster) -> Answer:
    now = call.world.now()
    states = [
        status_of(task, now)
        for task in call.region.tasks.values()
        if f":task/{cluster.name}/" in task.arn and task.live
    ]
    native: Answer = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": states.count("RUNNING"),
        "pendingTasksCount": len(states) - states.count("RUNNING"),
        "activeServicesCount": len(_services(call.region, cluster)),
        "statistics": [],
        "capacityProviders": [],
        "defaultCapacityProviderStrategy": [],
        "settings": [{"name": "containerInsights", "value": "disabled"}],
        **cluster.native,
    }
    native["tags"] = tag_list(cluster.tags) if "TAGS" in texts(call.params, "include") else []
    return native


def tag_resource(call: Call) -> Answer:
    """TagResource: tags are added and replaced."""
    tagged = _tagged(call)
    validate.check_tags(call.params)
    tags = {**tagged.tags, **tag_map(parts(call.params, "tags"))}
    validate.check_tags({"tags": tag_list(tags)})
    _put(tagged, tags)
    return {}


def untag_resource(call: Call) -> Answer:
    """UntagResource."""
    tagged, gone = _tagged(call), set(texts(call.params, "tagKeys"))
    _put(tagged, {key: value for key, value in tagged.tags.items() if key not in gone})
    return {}


def _put(tagged: Cluster | Service | Definition, tags: dict[str, str]) -> None:
    tagged.tags = tags
    if isinstance(tagged, Service):
        tagged.changes += 1  # without `touch`: nothing is to be moved, and a service that is gone can not be


def list_tags_for_resource(call: Call) -> Answer:
    """ListTagsForResource."""
    return {"tags": tag_list(_tagged(call).tags)}


def _tagged(call: Call) -> Cluster | Service | Definition:
    arn = text(call.params, "resourceArn")
    kind = arn.split(":")[5].split("/")[0] if arn.count(":") >= 5 else ""  # noqa: PLR2004 - the parts of an ARN
    finders: dict[str, Callable[[], Cluster | Service | Definition | None]] = {
        "cluster": lambda: call.region.clusters.get(short(arn)),
        "service": lambda: next((one for one in call.region.services.values() if one.arn == arn), None),
        "task-definition": lambda: find_definition(call.region, arn),
    }
    if kind not in finders:
        raise invalid("Invalid ARN: only clusters, services and task definitions have tags in the sandbox.")
    found = finders[kind]()
    if found is None:
        raise Refused("ResourceNotFoundException", "The specified resource was not found.")
    return found
