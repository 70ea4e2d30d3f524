"""What a spec declares for an ECS service, brought to canonical shape: a release, settings, or complaints."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from controller.model.lookups import lookups_in
from controller.model.release import Fixed, Settings
from controller.shaping import Fault, Native, Shaped
from controller.targets.ecs.base import base_faults, overlaid, overlay_faults, owned_of
from controller.targets.ecs.checks import DEFINITION, SERVICE, definition_faults, service_faults
from controller.targets.ecs.creation import count_faults, creation_faults, creation_part, fixed_faults
from controller.targets.ecs.draft import tagged, write_draft
from controller.targets.ecs.fields import DEPLOYS, FIXED, NOT_DECLARED, SETTINGS, TAGS
from controller.targets.ecs.hooked import going_back_faults, hooks_faults, write_hook
from controller.targets.ecs.ignored import ignored
from controller.targets.ecs.inline import inline_secrets
from controller.targets.ecs.labels import tag_faults, whole_tags
from controller.targets.ecs.manifest import (
    WHOLE,
    canonical_json,
    fixed_manifest,
    release_manifest,
    settings_manifest,
    write_shape,
)
from controller.targets.ecs.misplaced import misplaced_lookups, without
from controller.targets.ecs.native import Native as Plain
from controller.targets.ecs.native import number, part
from controller.targets.ecs.references import reference_faults
from controller.targets.ecs.rules import SERVICE as AT
from controller.targets.ecs.scaling import COUNT, limits_of, scaling_faults, scaling_manifest
from controller.targets.ecs.shapes import did_you_mean, fit, last_word
from controller.targets.ecs.strategies import deadline_faults

_REGISTER: Final = "RegisterTaskDefinition"
_CREATE: Final = "CreateService"  # it takes all that UpdateService does, and what is fixed
_ANY: Final = "any"
_NAMED: Final = MappingProxyType({"serviceName": _ANY})
_ROLES: Final = ("executionRoleArn", "taskRoleArn")
_PARTITIONS: Final = MappingProxyType({"cn-": "aws-cn", "us-gov-": "aws-us-gov"})


def shape(native: Native) -> Shaped:
    """Bring what a spec declares to canonical shape, or say everything that is wrong with it.

    Look-ups stay in it, marked, where they may stand; what they come to is judged when this is asked again of the
    filled values.
    """
    faults: list[Fault] = []
    service = _with_roles(_service(native.service, faults), native, ("role",))
    definition = _whole(native, faults) if native.base is None else _laid_over(native, native.base, faults)
    limits = limits_of(part(native.service, COUNT))
    count = number(service, COUNT) if COUNT in service else limits.get("minimum")
    faults += (*deadline_faults(service, native.deadline, SERVICE), *fixed_faults(service, SERVICE))
    faults += count_faults(service, count, SERVICE) if native.create else ()
    faults += (*inline_secrets(definition), *hooks_faults(definition, native))
    faults += () if native.rollback_safe else going_back_faults(service, SERVICE)
    passed = ignored(native.ignore, faults)
    if native.base is None:
        faults += reference_faults(definition, service)
        faults += creation_faults(definition, service, SERVICE) if native.create else ()
    misplaced = list(misplaced_lookups(native))
    faults = [*misplaced, *without(faults, misplaced)]
    if not faults:
        faults += last_word({"family": _ANY, **definition}, _REGISTER, (DEFINITION,))
        faults += last_word({**service, **_NAMED}, _CREATE, (SERVICE,))
    if faults:
        return Shaped(faults=tuple(faults))
    deploys = {name: service[name] for name in DEPLOYS if name in service}
    return Shaped(
        manifest=release_manifest(
            definition, deploys, WHOLE if native.base is None else owned_of(definition)
        ).kept(),
        shape=write_shape(definition, deploys, create=creation_part(service, count) if native.create else None),
        settings=_settings(service),
        fixed=_fixed(service),
        beside=scaling_manifest(limits),
        draft=write_draft(definition, service, native),
        ignore=passed,
        hooks={where: write_hook(hook) for where, hook in native.hooks.items()},
        images=tuple(image for _, image in tagged(definition, native.tags)),
    )


def _whole(native: Native, faults: list[Fault]) -> dict[str, object]:
    """Read a task definition that is the spec's own."""
    definition = _with_roles(fit(_with_images(native, faults), _REGISTER, (DEFINITION,), faults), native, _ROLES)
    faults += definition_faults(definition)
    return definition


def _laid_over(native: Native, base: Mapping[str, object], faults: list[Fault]) -> dict[str, object]:
    """Read what is laid over a base: AWS's types hold for it as they do for the whole."""
    over = overlaid(native.definition, native.images)
    faults += [*base_faults(base), *overlay_faults(native.definition)]
    fitted = fit({"family": _ANY, **over}, _REGISTER, (DEFINITION,), faults)
    return {name: value for name, value in fitted.items() if name != "family"}


def _settings(service: Plain) -> Settings | None:
    declared = {name: service[name] for name in SETTINGS if name in service}
    if not declared:
        return None
    return Settings(manifest=settings_manifest(declared).kept(), shape=canonical_json(declared))


def _fixed(service: Plain) -> Fixed | None:
    declared = {name: service[name] for name in FIXED if name in service}
    remedies = tuple((f"{AT}.{name}", FIXED[name]) for name in declared)
    if not declared:
        return None
    return Fixed(manifest=fixed_manifest(declared).kept(), shape=canonical_json(declared), remedies=remedies)


def _service(declared: Plain, faults: list[Fault]) -> dict[str, object]:
    """Bring declared fields to AWS's types; a count that is somebody else's is none of ours."""
    faults += service_faults(declared)
    faults += tag_faults(declared, SERVICE)
    counted = declared.get(COUNT)
    if isinstance(counted, Mapping):
        faults += scaling_faults(counted, SERVICE)
    kept = {name: value for name, value in declared.items() if name not in NOT_DECLARED}
    ours = {name: value for name, value in kept.items() if not (name == COUNT and isinstance(value, Mapping))}
    fitted = fit({**ours, **_NAMED}, _CREATE, (SERVICE,), faults)
    tags = {TAGS: whole_tags(fitted[TAGS])} if TAGS in fitted else {}
    return {**{name: value for name, value in fitted.items() if name not in _NAMED}, **tags}


def _with_roles(given: dict[str, object], native: Native, keys: Iterable[str]) -> dict[str, object]:
    """Complete short names of roles, which AWS takes and answers in full, by the account that they are in.

    What a look-up will come to is not known yet: it may be a whole ARN.
    """
    short = {
        key: f"arn:{_partition(native.region)}:iam::{native.account}:role/{role}"
        for key in keys
        if native.account and _is_short(role := given.get(key))
    }
    return {**given, **short}


def _is_short(role: object) -> bool:
    return isinstance(role, str) and bool(role) and not role.startswith("arn:") and not lookups_in(role)


def _partition(region: str) -> str:
    """Name the partition of a region ("ARNs and AWS partitions", IAM User Guide)."""
    return next((partition for begin, partition in _PARTITIONS.items() if region.startswith(begin)), "aws")


def _with_images(native: Native, faults: list[Fault]) -> Mapping[str, object]:
    """Put each image into the container that it is for."""
    containers = native.definition.get("containerDefinitions")
    if not isinstance(containers, list | tuple):
        return native.definition
    names = [container.get("name") for container in containers if isinstance(container, Mapping)]
    known = [name for name in names if isinstance(name, str)]
    for name in native.images:
        if name not in known:
            hint = did_you_mean(name, known) or f"; there is {', '.join(known) or 'none at all'}"
            faults.append(Fault(path=("images", name), what=f"there is no container {name!r}{hint}"))
    placed = [_with_image(container, native.images) for container in containers]
    for index, container in enumerate(placed):
        if isinstance(container, Mapping) and not container.get("image"):
            what = f"container {container.get('name')!r} has no image: give one here or under `images`"
            faults.append(Fault(path=(DEFINITION, "containerDefinitions", index, "image"), what=what))
    return {**native.definition, "containerDefinitions": placed}


def _with_image(container: object, images: Mapping[str, str]) -> object:
    name = container.get("name") if isinstance(container, Mapping) else None
    if not isinstance(container, Mapping) or not isinstance(name, str) or name not in images:
        return container
    return {**container, "image": images[name]}
