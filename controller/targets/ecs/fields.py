"""Which native field does what: the table of UpdateService and of RegisterTaskDefinition.

Source: the text of each parameter of UpdateService, CreateService and RegisterTaskDefinition (Amazon ECS API
Reference, 2014-11-13).
"""

from types import MappingProxyType
from typing import Final

# Changing one of these starts a deployment: they belong to the release.
DEPLOYS: Final[tuple[str, ...]] = (
    "loadBalancers",
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

# These start nothing, and are read back: settings.
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
)

_CREATE_ONLY = "is fixed when a service is created; UpdateService cannot change it"
_OURS = "is set by trueup itself; leave it out"
_LATER = "is not supported yet"

# What serviceDefinition may not say, and why.
NOT_DECLARED: Final = MappingProxyType({
    "clientToken": _CREATE_ONLY,
    "deploymentController": _CREATE_ONLY,
    "launchType": _CREATE_ONLY,
    "role": _CREATE_ONLY,
    "schedulingStrategy": _CREATE_ONLY,
    "serviceName": f"{_CREATE_ONLY}; name the service with the target's `service`",
    "cluster": f"{_OURS}: the environment's `cluster` names it",
    "forceNewDeployment": f"{_OURS}: `trueup retry` uses it",
    "service": f"{_OURS}: the target's `service` names it",
    "taskDefinition": f"{_OURS}: the revision is the one it registers",
    "gatewayConnectors": f"{_LATER}: AWS does not read it back",
    "monitoring": f"{_LATER}: AWS does not read it back",
    "tags": _LATER,
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

TAG_DIGEST: Final = "trueup:digest"
TAG_VERSION: Final = "trueup:version"
TAG_COMMIT: Final = "trueup:commit"
TAG_ROLLOUT: Final = "trueup:rollout"
