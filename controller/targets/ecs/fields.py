"""Which native field does what: the table of UpdateService and of RegisterTaskDefinition.

Source: the text of each parameter of UpdateService, CreateService and RegisterTaskDefinition (Amazon ECS API
Reference, 2014-11-13).
"""

from types import MappingProxyType
from typing import Final

# Changing one of these starts a deployment: they belong to the release. The texts of `gatewayConnectors` and
# `monitoring` do not say so, but a service revision freezes both and nothing else shows them, and only a deployment
# makes a new one ("Service revisions", Developer Guide).
DEPLOYS: Final[tuple[str, ...]] = (
    "gatewayConnectors",
    "loadBalancers",
    "monitoring",
    "networkConfiguration",
    "platformVersion",
    "serviceConnectConfiguration",
    "serviceRegistries",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)

# These are read back from the deployment that has them, never from the service.
ONLY_ON_DEPLOYMENTS: Final = frozenset({
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
})  # fmt: skip

# These are read back from the service revision of a deployment, and nowhere else.
ONLY_ON_REVISIONS: Final = frozenset({"gatewayConnectors", "monitoring"})

# These start nothing, and are read back: settings. Tags go by a call of their own.
SETTINGS: Final[tuple[str, ...]] = (
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "desiredCount",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "placementConstraints",
    "placementStrategy",
    "propagateTags",
    "tags",
)
TAGS: Final = "tags"

_ANEW = "or make a new service under another name"
# What is fixed when a service is created, and what to do when the spec wants it otherwise. UpdateService takes a
# deployment controller, but says nothing of what becomes of the service then: it is taken for fixed too.
FIXED: Final = MappingProxyType({
    "deploymentController": f"put it back in the spec, {_ANEW}",
    "launchType": f"put it back in the spec, {_ANEW}; with capacityProviderStrategy it can be changed in place",
    "role": f"put it back in the spec, {_ANEW}; a service that names none uses the service-linked role",
    "schedulingStrategy": f"put it back in the spec, {_ANEW}",
})  # fmt: skip

# The deployment controllers of ECS that trueup does not drive, and why.
NOT_DRIVEN: Final = MappingProxyType({
    "CODE_DEPLOY": ": its deployments are CodeDeploy's, and ECS can neither tell how they go nor take them back",
    "EXTERNAL": ": its task sets are another tool's, and ECS itself deploys nothing there",
})  # fmt: skip

_OURS = "is set by trueup itself; leave it out"

# What serviceDefinition may not say, and why.
NOT_DECLARED: Final = MappingProxyType({
    "clientToken": f"{_OURS}: each creation has its own",
    "serviceName": f"{_OURS}: the target's `service` names it",
    "cluster": f"{_OURS}: the environment's `cluster` names it",
    "forceNewDeployment": f"{_OURS}: `trueup retry` uses it",
    "service": f"{_OURS}: the target's `service` names it",
    "taskDefinition": f"{_OURS}: the revision is the one it registers",
})  # fmt: skip

# What AWS adds to a task definition when it answers, and nobody can send.
OUTPUT_ONLY: Final = frozenset({
    "compatibilities",
    "deleteRequestedAt",
    "deregisteredAt",
    "registeredAt",
    "registeredBy",
    "requiresAttributes",
    "revision",
    "status",
    "tags",
    "taskDefinitionArn",
})  # fmt: skip

OUR_TAGS: Final = "trueup:"
TAG_DIGEST: Final = "trueup:digest"
TAG_VERSION: Final = "trueup:version"
TAG_COMMIT: Final = "trueup:commit"
TAG_ROLLOUT: Final = "trueup:rollout"
