"""Valid task definitions, and fields of services, generated from AWS's own model."""

from hypothesis import strategies as st

from controller.targets.ecs.canon import Named, Pairs
from controller.targets.ecs.rules import RULES
from controller.targets.ecs.shapes import input_of

WORDS = st.sampled_from(["a", "b", "api", "x y", "ü", "/", "0", "1", "true"])
NAMES = st.sampled_from(["a", "b", "api", "web-1"])
ROLE = "arn:aws:iam::111122223333:role/execution"
# What AWS checks or converts beyond its model, and one value of a list of structures that has no name.
SPECIAL = {
    "taskDefinition.family": st.sampled_from(["api", "web"]),
    "taskDefinition.cpu": st.sampled_from(["256", "512", "1024", "1 vCPU", ".5 vcpu"]),
    "taskDefinition.memory": st.sampled_from(["1024", "2048", "2 GB", "2GB"]),
    "taskDefinition.networkMode": st.sampled_from(["bridge", "awsvpc", "host", "none"]),
    "taskDefinition.containerDefinitions[].portMappings[].containerPortRange": st.sampled_from(["100-200"]),
    "taskDefinition.containerDefinitions[].environment[].value": st.sampled_from(["", "1", "ü"]),
    "taskDefinition.taskRoleArn": st.just("arn:aws:iam::111122223333:role/task"),
    "taskDefinition.containerDefinitions[].dependsOn[].containerName": NAMES,
    "taskDefinition.containerDefinitions[].healthCheck.interval": st.integers(5, 300),
    "taskDefinition.containerDefinitions[].healthCheck.timeout": st.integers(2, 60),
    "taskDefinition.containerDefinitions[].healthCheck.retries": st.integers(1, 10),
    "taskDefinition.containerDefinitions[].healthCheck.startPeriod": st.integers(0, 300),
    "taskDefinition.containerDefinitions[].name": NAMES,
    "taskDefinition.containerDefinitions[].mountPoints[].sourceVolume": NAMES,
    "taskDefinition.requiresCompatibilities": st.lists(st.sampled_from(["EC2", "EXTERNAL"]), unique=True),
}

# The same of services; what they refer to is in DEFINITION_OF_SERVICES.
SPECIAL |= {
    "service.capacityProviderStrategy[].base": st.integers(0, 10),
    "service.deploymentConfiguration.bakeTimeInMinutes": st.integers(0, 1440),
    "service.deploymentConfiguration.canaryConfiguration.canaryBakeTimeInMinutes": st.integers(0, 1440),
    "service.deploymentConfiguration.canaryConfiguration.canaryPercent": st.sampled_from([0.1, 12.5, 100.0]),
    "service.deploymentConfiguration.linearConfiguration.stepBakeTimeInMinutes": st.integers(0, 1440),
    "service.deploymentConfiguration.linearConfiguration.stepPercent": st.sampled_from([3.0, 33.3, 100.0]),
    "service.deploymentConfiguration.lifecycleHooks[].timeoutConfiguration.timeoutInMinutes": st.integers(1, 20160),
    "service.deploymentConfiguration.alarms.alarmNames": st.lists(NAMES, min_size=1, max_size=2, unique=True),
    "service.deploymentConfiguration.alarms.enable": st.just(value=True),
    "service.deploymentConfiguration.deploymentCircuitBreaker.enable": st.just(value=True),
    "service.deploymentConfiguration.maximumPercent": st.integers(101, 200),
    "service.deploymentConfiguration.minimumHealthyPercent": st.integers(0, 99),
    "service.deploymentController.type": st.just("ECS"),
    "service.desiredCount": st.integers(0, 3),
    "service.launchType": st.sampled_from(["EC2", "EXTERNAL"]),
    "service.monitoring.metricConfigurations[].metricNames": st.lists(
        st.sampled_from(["CPUUtilization", "MemoryUtilization"]), min_size=1, max_size=2, unique=True
    ),
    "service.role": st.just("arn:aws:iam::111122223333:role/ecs"),
    "service.schedulingStrategy": st.just("REPLICA"),
    **{
        f"service.{field}[].{name}": values
        for field in ("loadBalancers", "serviceRegistries")
        for name, values in {"containerName": NAMES, "containerPort": st.sampled_from([80, 8080])}.items()
    },
    **{
        f"service.{field}[].portName": NAMES
        for field in ("gatewayConnectors", "serviceConnectConfiguration.services", "vpcLatticeConfigurations")
    },
    "service.volumeConfigurations[].name": NAMES,
}

# What AWS asks for though its model does not say so.
ASKED = {
    "taskDefinition.containerDefinitions[]": {"image", "memory"},
    "taskDefinition.containerDefinitions[].mountPoints[]": {"sourceVolume"},
    "taskDefinition.containerDefinitions[].volumesFrom[]": {"sourceContainer"},
    "service.serviceConnectConfiguration.containerConfigurations[]": {"logLevel"},
}


def inputs(operation, root, leave_out=()):
    """Generate the input of an operation; a structure has its required members, and some of the others."""
    shape = input_of(operation)
    members = {name: member for name, member in shape.members.items() if name not in leave_out}
    return _structure(members, set(shape.required_members) - set(leave_out), root)


def values(shape, at):
    """Generate what may stand at a place."""
    if at in SPECIAL:
        return SPECIAL[at]
    match shape.type_name:
        case "structure":
            return _structure(shape.members, set(shape.required_members), at)
        case "list":
            return _list(shape, at)
        case "map":
            return st.dictionaries(NAMES, WORDS, max_size=2)
        case "string":
            return st.sampled_from(shape.enum) if getattr(shape, "enum", None) else WORDS
        case "boolean":
            return st.booleans()
        case "double" | "float":
            return st.sampled_from([3.0, 10.0, 12.5])
        case _:
            bounds = getattr(shape, "metadata", {})
            return st.integers(bounds.get("min", 1), min(bounds.get("max", 4096), 4096))


def _structure(members, required, at):
    made = {name: values(member, f"{at}.{name}") for name, member in members.items()}
    required |= ASKED.get(at, set())
    must = {name: made[name] for name in required}
    may = {name: strategy for name, strategy in made.items() if name not in required}
    return st.fixed_dictionaries(must, optional=may) if made else st.just({})


def _list(shape, at):
    """Generate a list; items that have a name have it, and each its own."""
    rule, inside = RULES.get(at), f"{at}[]"
    if isinstance(rule, Pairs):
        value = values(shape.member.members[rule.value], f"{inside}.{rule.value}")
        pairs = st.fixed_dictionaries({rule.key: NAMES, rule.value: value})
        return st.lists(pairs, max_size=2, unique_by=lambda pair: pair[rule.key])
    if isinstance(rule, Named):
        members = shape.member.members
        naming = {name for name in rule.by if name != "containerPortRange"} | set(shape.member.required_members)
        items = _structure(
            {name: members[name] for name in members if name != "containerPortRange"}, naming, inside
        )
        return st.lists(items, max_size=2, unique_by=rule.key, min_size=at.endswith("containerDefinitions"))
    return st.lists(values(shape.member, inside), max_size=2)


def _consistent(definition):
    """Make what refers to something else refer to what is there."""
    containers, volumes = definition["containerDefinitions"], list(definition.get("volumes", []))
    names = {container["name"] for container in containers}
    role = {"executionRoleArn": ROLE} if any(container.get("secrets") for container in containers) else {}
    if all(container.get("essential") is False for container in containers):
        del containers[0]["essential"]
    for container in containers:
        if "dependsOn" in container:
            container["dependsOn"] = [one for one in container["dependsOn"] if one["containerName"] in names]
        named = {volume["name"] for volume in volumes}
        mounts = container.get("mountPoints", [])
        volumes += [{"name": name} for name in {mount["sourceVolume"] for mount in mounts} - named]
        if definition.get("networkMode") == "awsvpc":
            for port in container.get("portMappings", []):
                port.pop("hostPort", None)
    return {**role, **definition, **({"volumes": volumes} if volumes else {})}


definitions = inputs("RegisterTaskDefinition", "taskDefinition", leave_out=("tags",)).map(_consistent)

CONTAINERS = ("a", "b", "api", "web-1")
DEFINITION_OF_SERVICES = {
    "family": "api",
    "containerDefinitions": [
        {
            "name": name,
            "image": "x:1",
            "memory": 64,
            "portMappings": [{"containerPort": 80, "name": name}, {"containerPort": 8080}],
        }
        for name in CONTAINERS
    ],
    "volumes": [{"name": name, "configuredAtLaunch": True} for name in CONTAINERS],
}
# What names the service, is ours to say, or is Fargate's alone.
OF_NO_SERVICE = (
    "clientToken", "cluster", "forceNewDeployment", "platformVersion", "service", "serviceName", "taskDefinition",
)  # fmt: skip


def _one_kind_of_capacity(service):
    return {
        name: value
        for name, value in service.items()
        if name != "launchType" or not service.get("capacityProviderStrategy")
    }


def _deployable(service):
    """Give a strategy what it needs, and take away what goes with another one."""
    configured = dict(service.get("deploymentConfiguration", {}))
    strategy, more = configured.get("strategy"), {}
    for owner, key in (("LINEAR", "linearConfiguration"), ("CANARY", "canaryConfiguration")):
        if strategy != owner:
            configured.pop(key, None)
    if strategy == "BLUE_GREEN":
        configured.setdefault("bakeTimeInMinutes", 5)
    if strategy in {"LINEAR", "CANARY"}:
        more["serviceConnectConfiguration"] = {**service.get("serviceConnectConfiguration", {}), "enabled": True}
    if strategy not in {None, "ROLLING"} and "loadBalancers" in service:
        more["loadBalancers"] = [_with_second_group(balancer) for balancer in service["loadBalancers"]]
    if "maximumPercent" in configured and service.get("desiredCount"):
        configured["maximumPercent"] = 200
    if "lifecycleHooks" in configured:
        key = RULES["service.deploymentConfiguration.lifecycleHooks"].key
        hooks = [_hook(hook) for hook in configured["lifecycleHooks"]]
        configured["lifecycleHooks"] = list({key(hook): hook for hook in hooks}.values())
    if "deploymentConfiguration" in service:
        more["deploymentConfiguration"] = configured
    return {**service, **more}


def _with_second_group(balancer):
    advanced = {"productionListenerRule": "r", "roleArn": ROLE, **balancer.get("advancedConfiguration", {})}
    return {**balancer, "advancedConfiguration": {**advanced, "alternateTargetGroupArn": "g"}}


def _hook(hook):
    kept = {name: value for name, value in hook.items() if name not in {"hookTargetArn", "roleArn", "hookDetails"}}
    pauses = hook.get("targetType") == "PAUSE"
    forbidden = {"TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"} if pauses else set()
    stages = [stage for stage in hook.get("lifecycleStages", []) if stage not in forbidden] or ["PRE_SCALE_UP"]
    function = {} if pauses else {"hookTargetArn": "arn:aws:lambda:eu-west-1:1:function:f", "roleArn": ROLE}
    details = {"hookDetails": hook["hookDetails"]} if "hookDetails" in hook and not pauses else {}
    return {**kept, **function, **details, "lifecycleStages": stages}


new_services = (
    inputs("CreateService", "service", leave_out=OF_NO_SERVICE).map(_one_kind_of_capacity).map(_deployable)
)
service_updates = inputs("UpdateService", "service", leave_out=(*OF_NO_SERVICE, "deploymentController")).map(
    _deployable
)
