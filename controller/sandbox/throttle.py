"""AWS's request buckets for ECS, per account, region and class, in simulated time.

AWS, "Request throttling for the Amazon ECS API" (ecs.md §4.1).
"""

from dataclasses import dataclass, field

from controller.sandbox.native import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A class of calls: how many at once, and how many a second after that."""

    name: str
    burst: float
    refill: float


_CLUSTER_MODIFY = Quota(name="cluster modify", burst=20, refill=1)
_CLUSTER_READ = Quota(name="cluster read", burst=50, refill=20)
_DEFINITION_MODIFY = Quota(name="task definition modify", burst=20, refill=1)
_DEFINITION_READ = Quota(name="task definition read", burst=50, refill=20)
_DEFINITION_DELETE = Quota(name="task definition delete", burst=5, refill=1)
_TAG_MODIFY = Quota(name="tag modify", burst=20, refill=10)
_TAG_READ = Quota(name="tag read", burst=50, refill=20)
_RESOURCE_MODIFY = Quota(name="cluster resource modify", burst=100, refill=40)
_RESOURCE_READ = Quota(name="cluster resource read", burst=100, refill=20)
_SERVICE_MODIFY = Quota(name="service modify", burst=50, refill=5)
_SERVICE_READ = Quota(name="service read", burst=100, refill=20)
_STORY_READ = Quota(name="service deployment", burst=50, refill=20)
_STORY_STOP = Quota(name="service deployment modify", burst=50, refill=5)  # not in AWS's table: assumed
_REVISION_READ = Quota(name="service revision", burst=50, refill=20)

QUOTAS: dict[str, Quota] = {
    "CreateCluster": _CLUSTER_MODIFY,
    "DeleteCluster": _CLUSTER_MODIFY,
    "DescribeClusters": _CLUSTER_READ,
    "ListClusters": _CLUSTER_READ,
    "RegisterTaskDefinition": _DEFINITION_MODIFY,
    "DeregisterTaskDefinition": _DEFINITION_MODIFY,
    "DescribeTaskDefinition": _DEFINITION_READ,
    "ListTaskDefinitions": _DEFINITION_READ,
    "ListTaskDefinitionFamilies": _DEFINITION_READ,
    "DeleteTaskDefinitions": _DEFINITION_DELETE,
    "TagResource": _TAG_MODIFY,
    "UntagResource": _TAG_MODIFY,
    "ListTagsForResource": _TAG_READ,
    "RunTask": _RESOURCE_MODIFY,
    "StopTask": _RESOURCE_MODIFY,
    "DescribeTasks": _RESOURCE_READ,
    "ListTasks": _RESOURCE_READ,
    "CreateService": _SERVICE_MODIFY,
    "UpdateService": _SERVICE_MODIFY,
    "DeleteService": _SERVICE_MODIFY,
    "DescribeServices": _SERVICE_READ,
    "ListServices": _SERVICE_READ,
    "DescribeServiceDeployments": _STORY_READ,
    "ListServiceDeployments": _STORY_READ,
    "StopServiceDeployment": _STORY_STOP,
    "ContinueServiceDeployment": _STORY_STOP,
    "DescribeServiceRevisions": _REVISION_READ,
}


@dataclass(slots=True, kw_only=True)
class _Bucket:
    tokens: float
    filled: float


@dataclass(slots=True)
class Throttle:
    """The buckets of every account and region."""

    buckets: dict[tuple[str, str, str], _Bucket] = field(default_factory=dict)

    def take(self, account: str, region: str, operation: str, now: float) -> None:
        """Spend one token at the simulated instant `now`; ThrottlingException when there is none."""
        quota = QUOTAS.get(operation)
        if quota is None:
            return
        bucket = self.buckets.setdefault((account, region, quota.name), _Bucket(tokens=quota.burst, filled=now))
        bucket.tokens = min(quota.burst, bucket.tokens + max(0.0, now - bucket.filled) * quota.refill)
        bucket.filled = now
        if bucket.tokens < 1.0:
            raise Refused("ThrottlingException", "Rate exceeded")
        bucket.tokens -= 1.0
