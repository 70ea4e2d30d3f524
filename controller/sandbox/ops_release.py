"""CreateService and UpdateService: what starts a deployment, and what is only kept (ecs.md §1.2)."""

from controller.sandbox import deployments, strategies, validate
from controller.sandbox.call import Answer, Call, cluster_of, service_of, usable_definition
from controller.sandbox.deployments import STARTING
from controller.sandbox.native import Native, flag, invalid, number, part, parts, tag_map, text, texts
from controller.sandbox.ops_services import answer
from controller.sandbox.world import Cluster, Service

_NOT_SETTINGS = frozenset({
    "cluster", "service", "serviceName", "clientToken", "taskDefinition", "desiredCount", "forceNewDeployment",
    "tags",
})  # fmt: skip


def create_service(call: Call) -> Answer:
    """CreateService; the same name again only with the same client token."""
    params, cluster = call.params, cluster_of(call)
    name = text(params, "serviceName")
    validate.check_name(name, "Service")
    validate.check_tags(params)
    known = call.region.services.get((cluster.name, name))
    if known is not None and known.status != "INACTIVE":
        if known.token and known.token == text(params, "clientToken"):
            return {"service": answer(call, known)}
        raise invalid("Creation of service was not idempotent.")
    definition = usable_definition(call.region, text(params, "taskDefinition"))
    settings = {key: value for key, value in params.items() if key not in _NOT_SETTINGS and value is not None}
    check_settings(settings, definition.body)
    if text(settings, "schedulingStrategy", "REPLICA") != "REPLICA":
        raise invalid("The sandbox runs REPLICA services only.")
    if text(part(settings, "deploymentController"), "type", "ECS") != "ECS":
        raise invalid("The sandbox has the deployment controller ECS only.")
    if "desiredCount" not in params:
        raise invalid("desiredCount should not be null for a REPLICA service.")
    service = make(call, cluster, name, _with_groups(call, settings))
    deployments.begin(call.world, call.region, service, definition)
    return {"service": answer(call, service)}


def make(call: Call, cluster: Cluster, name: str, settings: dict[str, object]) -> Service:
    """Make a service without any deployment yet."""
    service = Service(
        arn=call.region.arn(f"service/{cluster.name}/{name}"),
        name=name,
        cluster=cluster,
        settings=settings,
        desired=_desired(call.params),
        tags=tag_map(parts(call.params, "tags")),
        created=call.world.stamp(),
        token=text(call.params, "clientToken"),
    )
    call.region.services[cluster.name, name] = service
    return service


def update_service(call: Call) -> Answer:
    """UpdateService: checked whole first, then kept; a deployment only if something that starts one differs."""
    service, params = service_of(call), call.params
    running = service.primary.revision.definition
    named = text(params, "taskDefinition")
    definition = usable_definition(call.region, named) if named else running
    settings = {**service.settings, **_with_groups(call, _wanted(service, params))}
    check_settings(settings, definition.body)
    desired = _desired(params, service.desired)
    starts = (
        flag(params, "forceNewDeployment")
        or definition.arn != running.arn
        or any(_canonical(settings.get(key)) != _canonical(service.settings.get(key)) for key in STARTING)
    )
    service.settings = settings
    service.desired = service.primary.desired = desired
    deployments.touch(service)
    if starts:
        deployments.begin(call.world, call.region, service, definition)
    return {"service": answer(call, service)}


def _wanted(service: Service, params: Native) -> dict[str, object]:
    wanted = {key: value for key, value in params.items() if key not in _NOT_SETTINGS and value is not None}
    if "deploymentConfiguration" in wanted:
        kept = part(service.settings, "deploymentConfiguration")
        wanted["deploymentConfiguration"] = strategies.changed(kept, part(params, "deploymentConfiguration"))
    return wanted


def _with_groups(call: Call, settings: dict[str, object]) -> dict[str, object]:
    """Put the security groups into a network that AWS adds to each, if it does."""
    added, network = (
        call.world.trouble.adds_groups,
        part(part(settings, "networkConfiguration"), "awsvpcConfiguration"),
    )
    if not added or not network:
        return settings
    groups = list(dict.fromkeys((*texts(network, "securityGroups"), *added)))
    return {**settings, "networkConfiguration": {"awsvpcConfiguration": {**network, "securityGroups": groups}}}


def _desired(params: Native, default: int = 0) -> int:
    desired = number(params, "desiredCount", default)
    if desired < 0:
        raise invalid("desiredCount must not be negative.")
    return desired


def check_settings(settings: Native, definition: Native) -> None:
    """Raise Refused if AWS would not take these settings for a service of this definition."""
    if definition.get("networkMode") == "awsvpc" and not part(settings, "networkConfiguration"):
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    wants_fargate = text(settings, "launchType") == "FARGATE"
    if wants_fargate and "FARGATE" not in texts(definition, "compatibilities"):
        raise invalid("Task definition does not support launch_type FARGATE.")
    strategies.check_configuration(settings)


def _canonical(value: object) -> object:
    """Equal for settings that AWS takes for equal: nothing is empty, networks are sets, IPs are off by default."""
    if isinstance(value, dict):
        full = {"assignPublicIp": "DISABLED", **value} if "subnets" in value else value
        return {key: _canonical(item) for key, item in sorted(full.items()) if item not in (None, [], {})} or None
    if isinstance(value, list):
        items = [_canonical(item) for item in value]
        return sorted(items, key=repr) or None
    return value
