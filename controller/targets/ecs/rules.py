"""The table of rules: for each place of a task definition and of a service, how two ways to say it are one.

Places are native names joined by dots, `[]` for the items of a list. Sources: the parameter texts of
RegisterTaskDefinition and UpdateService (Amazon ECS API Reference), "Task definition parameters" (Developer Guide).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from controller.model.manifest import Scalar
from controller.targets.ecs.canon import Bag, Free, Leaf, Named, Pairs, Rule, Table, Whole, named
from controller.targets.ecs.native import Native, text, texts

_VCPU = re.compile(r"\s*(\d*\.?\d+)\s*vcpu\s*", re.IGNORECASE)
_GB = re.compile(r"\s*(\d*\.?\d+)\s*gb\s*", re.IGNORECASE)
_UNITS_A_UNIT = 1024
_LAMBDA: Final = "AWS_LAMBDA"  # what a hook is that does not say
_LONGEST = 4000  # digits; Python itself refuses to read some more

NO: Final = Leaf(default=False)
ZERO: Final = Leaf(default=0)
BAG: Final = Bag()
FREE: Final = Free()


def _units(value: Scalar, spelled: re.Pattern[str]) -> Scalar:
    """Read '1 vCPU' or '2 GB' as AWS converts it at registration: 1024 units, 2048 MiB."""
    if isinstance(value, str):
        found = spelled.fullmatch(value)
        if found:
            return round(float(found.group(1)) * _UNITS_A_UNIT)
        return int(value) if len(value) < _LONGEST and value.strip().isdecimal() else value
    return value


def cpu_units(value: Scalar) -> Scalar:
    """Read a task's cpu as units; what cannot be read stays as it is."""
    return _units(value, _VCPU)


def memory_mib(value: Scalar) -> Scalar:
    """Read a task's memory as MiB; what cannot be read stays as it is."""
    return _units(value, _GB)


def _port(item: Native) -> str:
    return f"{item.get('containerPort') or item.get('containerPortRange') or '?'}/{item.get('protocol') or 'tcp'}"


def _device(item: Native) -> str:
    return f"{item.get('hostPath')}:{item.get('containerPath') or item.get('hostPath')}"


def _hook(item: Native) -> str:
    stages = "+".join(sorted(texts(item, "lifecycleStages")))
    kind, target = text(item, "targetType") or _LAMBDA, text(item, "hookTargetArn")
    both = target and kind != _LAMBDA
    return ":".join((stages, kind, target) if both else (stages, target or kind))


def _off(connect: Mapping[str, Scalar]) -> bool:
    return connect.keys() <= {".enabled"} and not connect.get(".enabled")


def _metrics(item: Native) -> str:
    return "+".join(sorted(texts(item, "metricNames")))


_PORTS = Named(key=_port, by=frozenset({"containerPort", "containerPortRange", "protocol"}))
_HOOKS = Named(key=_hook, by=frozenset({"hookTargetArn", "lifecycleStages", "targetType"}))
_METRICS = Named(key=_metrics, by=frozenset({"metricNames"}))
_DEVICES = Named(key=_device, by=frozenset({"hostPath", "containerPath"}))

# Not named, so exact and in their order: command, entryPoint, environmentFiles, dnsServers, extraHosts and so on.
_CONTAINER: dict[str, Rule] = {
    "cpu": ZERO,
    "credentialSpecs": BAG,
    "dependsOn": named("containerName", "condition"),
    "disableNetworking": NO,
    "dockerLabels": FREE,
    "dockerSecurityOptions": BAG,
    "environment": Pairs(key="name", value="value"),
    "essential": Leaf(default=True),
    "firelensConfiguration.options": FREE,
    "healthCheck.interval": Leaf(default=30),
    "healthCheck.retries": Leaf(default=3),
    "healthCheck.startPeriod": ZERO,
    "healthCheck.timeout": Leaf(default=5),
    "interactive": NO,
    "links": BAG,
    "linuxParameters.capabilities.add": BAG,
    "linuxParameters.capabilities.drop": BAG,
    "linuxParameters.devices": _DEVICES,
    "linuxParameters.devices[].permissions": BAG,
    "linuxParameters.initProcessEnabled": NO,
    "linuxParameters.tmpfs": named("containerPath"),
    "logConfiguration.options": FREE,
    "logConfiguration.secretOptions": Pairs(key="name", value="valueFrom"),
    "mountPoints": named("containerPath"),
    "mountPoints[].readOnly": NO,
    "portMappings": _PORTS,
    "privileged": NO,
    "pseudoTerminal": NO,
    "readonlyRootFilesystem": NO,
    "resourceRequirements": named("type", "value"),
    "restartPolicy.ignoredExitCodes": BAG,
    "secrets": Pairs(key="name", value="valueFrom"),
    "systemControls": Pairs(key="namespace", value="value"),
    "ulimits": named("name"),
    "versionConsistency": Leaf(default="enabled"),
    "volumesFrom[].readOnly": NO,
}

_DEFINITION: dict[str, Rule] = {
    "containerDefinitions": named("name"),
    "cpu": Leaf(read=cpu_units),
    "enableFaultInjection": NO,
    "inferenceAccelerators": named("deviceName"),
    "memory": Leaf(read=memory_mib),
    "networkMode": Leaf(default="bridge"),
    "placementConstraints": named("type", "expression"),
    "proxyConfiguration.properties": Pairs(key="name", value="value"),
    "proxyConfiguration.type": Leaf(default="APPMESH"),
    "requiresCompatibilities": BAG,
    "volumes": named("name"),
    "volumes[].configuredAtLaunch": NO,
    "volumes[].dockerVolumeConfiguration.driverOpts": FREE,
    "volumes[].dockerVolumeConfiguration.labels": FREE,
    "volumes[].efsVolumeConfiguration.authorizationConfig.iam": Leaf(default="DISABLED"),
    "volumes[].efsVolumeConfiguration.rootDirectory": Leaf(default="/"),
    "volumes[].efsVolumeConfiguration.transitEncryption": Leaf(default="DISABLED"),
}

_SERVICE: dict[str, Rule] = {
    "availabilityZoneRebalancing": Leaf(default="DISABLED"),  # what a service has that never set it
    "capacityProviderStrategy": named("capacityProvider"),
    "capacityProviderStrategy[].base": ZERO,
    "capacityProviderStrategy[].weight": ZERO,
    "deploymentConfiguration.alarms.alarmNames": BAG,
    "deploymentConfiguration.alarms.enable": NO,
    "deploymentConfiguration.alarms.rollback": NO,
    "deploymentConfiguration.bakeTimeInMinutes": ZERO,
    "deploymentConfiguration.deploymentCircuitBreaker.enable": NO,
    "deploymentConfiguration.deploymentCircuitBreaker.resetOnHealthyTask": Leaf(default=True),
    "deploymentConfiguration.deploymentCircuitBreaker.rollback": NO,
    "deploymentConfiguration.lifecycleHooks": _HOOKS,
    "deploymentConfiguration.lifecycleHooks[].hookDetails": FREE,
    "deploymentConfiguration.lifecycleHooks[].timeoutConfiguration.action": Leaf(default="ROLLBACK"),
    "deploymentConfiguration.lifecycleHooks[].timeoutConfiguration.timeoutInMinutes": Leaf(default=1440),
    "deploymentConfiguration.maximumPercent": Leaf(default=200),
    "deploymentConfiguration.minimumHealthyPercent": Leaf(default=100),
    "deploymentConfiguration.strategy": Leaf(default="ROLLING"),
    "deploymentController.type": Leaf(default="ECS"),
    "enableECSManagedTags": NO,
    "enableExecuteCommand": NO,
    "gatewayConnectors": named("portName"),
    "gatewayConnectors[].deregistrationDelay.timeoutSeconds": Leaf(default=300),
    "gatewayConnectors[].filters.accessTypes": BAG,
    "healthCheckGracePeriodSeconds": ZERO,
    "loadBalancers": named("targetGroupArn", "loadBalancerName", "containerName", "containerPort"),
    "monitoring.metricConfigurations": _METRICS,
    "networkConfiguration.awsvpcConfiguration.assignPublicIp": Leaf(default="DISABLED"),
    "networkConfiguration.awsvpcConfiguration.securityGroups": BAG,
    "networkConfiguration.awsvpcConfiguration.subnets": BAG,
    "placementConstraints": named("type", "expression"),
    "platformVersion": Leaf(default="LATEST"),
    "propagateTags": Leaf(default="NONE"),
    "schedulingStrategy": Leaf(default="REPLICA"),
    "serviceConnectConfiguration": Whole(_off),
    "serviceConnectConfiguration.accessLogConfiguration.includeQueryParameters": Leaf(default="DISABLED"),
    "serviceConnectConfiguration.logConfiguration.options": FREE,
    "serviceConnectConfiguration.logConfiguration.secretOptions": Pairs(key="name", value="valueFrom"),
    "serviceConnectConfiguration.services": named("portName"),
    "serviceConnectConfiguration.services[].clientAliases": named("port", "dnsName"),
    "serviceRegistries": named("registryArn", "containerName", "containerPort", "port"),
    "tags": Pairs(key="key", value="value"),
    "volumeConfigurations": named("name"),
    "volumeConfigurations[].managedEBSVolume.tagSpecifications[].tags": Pairs(key="key", value="value"),
    "vpcLatticeConfigurations": named("targetGroupArn", "portName"),
}

TASK_DEFINITION: Final = "taskDefinition"
SERVICE: Final = "service"

RULES: Final[Table] = MappingProxyType({
    **{f"{TASK_DEFINITION}.{at}": rule for at, rule in _DEFINITION.items()},
    **{f"{TASK_DEFINITION}.containerDefinitions[].{at}": rule for at, rule in _CONTAINER.items()},
    **{f"{SERVICE}.{at}": rule for at, rule in _SERVICE.items()},
})  # fmt: skip
