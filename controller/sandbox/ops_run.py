"""RunTask: one-off tasks, refused and answered as AWS does."""

import json
import re
from collections.abc import Mapping
from typing import Final

from controller.sandbox import oneoff, validate
from controller.sandbox.call import Answer, Call, cluster_of, usable_definition
from controller.sandbox.native import Native, Refused, client_error, invalid, number, parts, tag_map, text, texts
from controller.sandbox.render_task import task as rendered
from controller.sandbox.world import Cluster, Definition

_STARTED_BY: Final = re.compile(r"[A-Za-z0-9/_-]{1,128}")
_TOKEN: Final = re.compile(r"[!-~]{1,64}")
_MOST: Final = 10
_LONGEST: Final = 8192
_SUBNETS: Final = 16
_GROUPS: Final = 5
_SETTINGS: Final = (
    "launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration", "enableExecuteCommand",
)  # fmt: skip
_NO_CAPACITY: Final = (
    "Capacity is unavailable at this time. Please try again later or in a different availability zone"
)


def run_task(call: Call) -> Answer:
    """RunTask; the same client token again gives the same tasks, with other parameters a ConflictException."""
    cluster, params = cluster_of(call), call.params
    token = text(params, "clientToken")
    _check_words(params, token)
    asked = {key: value for key, value in params.items() if key not in {"clientToken", "cluster"}}
    known = oneoff.known_by(call.region, cluster.name, token)
    if known:
        if any(task.asked != asked for task in known):
            raise Refused("ConflictException", "The provided client token is already in use with another request.")
        return {"tasks": [rendered(task, call.world.now()) for task in known], "failures": []}
    wanted = _wanted(call, cluster, asked, token)
    if call.world.trouble.no_capacity:
        fargate = "FARGATE" in json.dumps([wanted.settings.get(key) for key in _SETTINGS[:2]])
        return {"tasks": [], "failures": [{"reason": _NO_CAPACITY if fargate else "RESOURCE:CPU"}]}
    started = [oneoff.launch(call.world, call.region, wanted) for _ in range(number(params, "count", 1))]
    return {"tasks": [rendered(task, call.world.now()) for task in started], "failures": []}


def _wanted(call: Call, cluster: Cluster, asked: Native, token: str) -> oneoff.Launch:
    definition = usable_definition(call.region, text(asked, "taskDefinition"))
    settings = {key: asked[key] for key in _SETTINGS if key in asked}
    if "launchType" not in settings and not parts(settings, "capacityProviderStrategy"):
        chosen = parts(cluster.native, "defaultCapacityProviderStrategy")
        settings |= {"capacityProviderStrategy": chosen} if chosen else {"launchType": "EC2"}
    _check_settings(settings, definition)
    overrides = asked.get("overrides")
    overrides = overrides if isinstance(overrides, Mapping) else {}
    _check_overrides(overrides, definition)
    validate.check_tags(asked)
    return oneoff.Launch(
        cluster=cluster.name,
        definition=definition,
        settings=settings,
        group=text(asked, "group", f"family:{definition.family}"),
        started_by=text(asked, "startedBy"),
        asked=asked,
        token=token,
        overrides=overrides,
        tags=tag_map(parts(asked, "tags")),
    )


def _check_words(params: Native, token: str) -> None:
    if not 1 <= number(params, "count", 1) <= _MOST:
        raise invalid(f"count must be between 1 and {_MOST}.")
    if "startedBy" in params and not _STARTED_BY.fullmatch(text(params, "startedBy")):
        raise invalid("startedBy has up to 128 letters, numbers, hyphens, forward slashes and underscores.")
    if "clientToken" in params and not _TOKEN.fullmatch(token):
        raise invalid("clientToken has up to 64 characters from 33 to 126.")
    if text(params, "propagateTags", "NONE") == "SERVICE":
        raise invalid("propagateTags can not be SERVICE for a task that no service starts.")


def _check_settings(settings: Native, definition: Definition) -> None:
    """Network, launch type and platform, against the task definition."""
    launch, strategy = text(settings, "launchType"), parts(settings, "capacityProviderStrategy")
    if launch and strategy:
        raise invalid("Specify either a launch type or a capacity provider strategy, not both.")
    _check_network(settings, text(definition.body, "networkMode") == "awsvpc")
    fargate = launch == "FARGATE" or any("FARGATE" in text(one, "capacityProvider") for one in strategy)
    if fargate and "FARGATE" not in texts(definition.body, "compatibilities"):
        raise invalid("Task definition does not support launch_type FARGATE.")
    wanted = texts(definition.body, "requiresCompatibilities")
    if launch and wanted and launch not in wanted:
        raise invalid(f"Task definition does not support launch_type {launch}.")
    version = text(settings, "platformVersion")
    if version and not fargate:
        raise invalid("The platform version must be null when specifying an EC2 launch type.")
    if version not in {"", "LATEST", "1.3.0", "1.4.0"}:
        raise Refused("PlatformUnknownException", "The specified platform version does not exist.")


def _check_network(settings: Native, awsvpc: bool) -> None:  # noqa: FBT001 - the only thing that it is asked with
    network = oneoff.network_of(settings)
    if awsvpc and not network:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    if network and not awsvpc:
        raise invalid("Network Configuration is not valid for the given networkMode of this task definition.")
    if network and not texts(network, "subnets"):
        raise invalid("subnets can not be empty.")
    if len(texts(network, "subnets")) > _SUBNETS or len(texts(network, "securityGroups")) > _GROUPS:
        raise invalid(f"At most {_SUBNETS} subnets and {_GROUPS} security groups can be given.")


def _check_overrides(overrides: Native, definition: Definition) -> None:
    if len(json.dumps(overrides, separators=(",", ":"))) > _LONGEST:
        raise invalid(f"Container Overrides length must be at most {_LONGEST}")
    known = {image.container for image in definition.images}
    for override in parts(overrides, "containerOverrides"):
        name = text(override, "name")
        if name not in known:
            raise invalid(f"Override for container named {name} is not a container in the TaskDefinition.")
        if any(text(one, "name") == "" for one in parts(override, "environment")):
            raise client_error("Environment variable names cannot be empty.")
