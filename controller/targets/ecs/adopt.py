"""What a spec has to declare of a service that runs already, so that nothing differs: its native parts. Pure.

What AWS fills in by itself, and what only AWS can say, is left out; lists whose order means nothing are sorted, so
that two readings of the same service are the same text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controller.model.manifest import Manifest
from controller.shaping import Fault
from controller.targets.ecs.fields import DEPLOYS, SETTINGS
from controller.targets.ecs.manifest import (
    PLACES,
    definition_fields,
    deploying,
    folded,
    live_manifest,
    live_settings,
)
from controller.targets.ecs.native import Native, number, part, parts, text
from controller.targets.ecs.rules import SERVICE, TASK_DEFINITION
from controller.targets.ecs.shapes import fit, input_of
from controller.targets.ecs.sight import primary_or_why
from controller.targets.ecs.trim import trim

if TYPE_CHECKING:
    from botocore.model import Shape

_REGISTER: Final = "RegisterTaskDefinition"
_UPDATE: Final = "UpdateService"
_CONTAINERS: Final = "containerDefinitions"
_DEPLOYMENT: Final = "deploymentConfiguration"
_BREAKER: Final = "deploymentCircuitBreaker"
_THRESHOLD: Final = "thresholdConfiguration"
# Of the settings, those that decide how a release is rolled out; who owns the others says so by writing them.
_WRITTEN: Final = (_DEPLOYMENT, "healthCheckGracePeriodSeconds")
# AWS chooses the one for every new service, and who scales it the other.
_UNREMARKABLE: Final = ("availabilityZoneRebalancing", "desiredCount")
# What DescribeServices answers of a breaker whose threshold nobody chose (DeploymentCircuitBreaker, API Reference).
_USUAL_THRESHOLD: Final[Mapping[str, object]] = {"type": "BOUNDED_PERCENT", "value": 50}
_OWN_CONTROLLER: Final = "ECS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is written of a service: native parts, and how they look when they run.

    `left` names settings that are not as AWS makes them by itself, and are left to whoever set them.
    """

    definition: Mapping[str, object]
    service: Mapping[str, object]
    left: tuple[str, ...]
    manifest: Manifest
    settings: Manifest
    revision: str
    deregistered: bool
    moving: bool


def why_not(service: Native) -> str:
    """Say why a service cannot be adopted at all; empty if it can."""
    status = text(service, "status") or "ACTIVE"
    if status != "ACTIVE":
        return f"it is {status}"
    controller = text(part(service, "deploymentController"), "type") or _OWN_CONTROLLER
    if controller != _OWN_CONTROLLER:
        return f"its deployment controller is {controller}: only services that ECS itself deploys are released"
    strategy = text(service, "schedulingStrategy")
    if strategy == "DAEMON":
        return "it is a DAEMON: how many tasks are enough is decided by its instances"
    if text(service, "resourceManagementType") == "ECS":
        return "ECS manages it for an Express Mode service"
    primary = primary_or_why(service)
    return primary if isinstance(primary, str) else ""


def revision_of(service: Native) -> str:
    """Give the task definition of the PRIMARY deployment: its ARN, or an empty text."""
    primary = primary_or_why(service)
    return text(primary, "taskDefinition") if isinstance(primary, Mapping) else ""


def keep(service: Native, definition: Native, *, with_service: bool = True) -> Kept:
    """Give what is written of a service and its PRIMARY's task definition; without its own fields if so wanted."""
    primary = primary_or_why(service)
    fields = deploying(service, primary if isinstance(primary, Mapping) else {})
    settings = {name: service[name] for name in SETTINGS if name in service}
    said = _service({**fields, **settings})
    written = {name: value for name, value in said.items() if name in {*DEPLOYS, *_WRITTEN}} if with_service else {}
    return Kept(
        definition=_definition(definition),
        service=written,
        left=tuple(name for name in said if name not in {*written, *_UNREMARKABLE}),
        manifest=live_manifest(definition_fields(definition), fields),
        settings=live_settings(service),
        revision=text(definition, "taskDefinitionArn"),
        deregistered=text(definition, "status") not in {"", "ACTIVE"},
        moving=len(parts(service, "deployments")) > 1,
    )


def scaling_of(service: Native) -> int:
    """Give how many tasks a service should have now."""
    return number(service, "desiredCount")


def _definition(definition: Native) -> dict[str, object]:
    shape = input_of(_REGISTER)
    trimmed = trim(folded(definition), PLACES.at(TASK_DEFINITION))
    form = _typed(trimmed, definition, _REGISTER)
    places = {text(one, "name"): place for place, one in enumerate(parts(definition, _CONTAINERS))}
    containers = sorted(parts(form, _CONTAINERS), key=lambda one: places.get(text(one, "name"), 0))
    ordered = _in_order({**form, _CONTAINERS: containers}, shape)
    return ordered if isinstance(ordered, dict) else {}


def _service(fields: Native) -> dict[str, object]:
    said = trim(
        {name: value for name, value in fields.items() if name in {*DEPLOYS, *SETTINGS}}, PLACES.at(SERVICE)
    )
    form = _typed({**said, **_deployment(said)}, fields, _UPDATE)
    ordered = _in_order({name: value for name, value in form.items() if value not in ({}, None)}, input_of(_UPDATE))
    return ordered if isinstance(ordered, dict) else {}


def _deployment(said: Native) -> dict[str, object]:
    """Leave out the threshold that AWS chose."""
    deployment, breaker = part(said, _DEPLOYMENT), part(part(said, _DEPLOYMENT), _BREAKER)
    if part(breaker, _THRESHOLD) != _USUAL_THRESHOLD:
        return {}
    rest = {name: value for name, value in breaker.items() if name != _THRESHOLD}
    others = {name: value for name, value in deployment.items() if name != _BREAKER}
    return {_DEPLOYMENT: {**others, **({_BREAKER: rest} if rest else {})}}


def _typed(form: Native, whole: Native, operation: str) -> dict[str, object]:
    """Give values their AWS types again, and members that AWS requires beside those that say something."""
    completed = _complete(form, whole, input_of(operation))
    ignored: list[Fault] = []  # whoever reads the spec says what is wrong with it
    return fit(completed, operation, (), ignored)


def _complete(form: object, whole: object, shape: "Shape") -> object:
    if shape.type_name != "structure" or not isinstance(form, Mapping) or not isinstance(whole, Mapping):
        return form
    members: Mapping[str, Shape] = getattr(shape, "members", {})
    required = [name for name in getattr(shape, "required_members", []) if name in members and name not in form]
    # A switch that is off may be missing from an answer, and not from a request.
    switches = {name: False for name in required if members[name].type_name == "boolean"}
    added = {**switches, **{name: whole[name] for name in required if whole.get(name) is not None}}
    inner = {
        name: _complete(value, whole.get(name), members[name]) if name in members else value
        for name, value in form.items()
    }
    return {**inner, **added}


def _in_order(value: object, shape: "Shape | None") -> object:
    """Put members into the order of AWS's own model, in which its documents show them."""
    if isinstance(value, list | tuple):
        return [_in_order(item, getattr(shape, "member", None)) for item in value]
    members: Mapping[str, Shape] = getattr(shape, "members", {})
    if not isinstance(value, Mapping) or not members:
        return value
    places = {name: place for place, name in enumerate(members)}
    names = sorted(value, key=lambda name: (places.get(name, len(places)), name))
    return {name: _in_order(value[name], members.get(name)) for name in names}
