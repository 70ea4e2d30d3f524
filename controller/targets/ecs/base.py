"""A task definition that others register, and what is laid over it: images and environment, nothing else."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from controller.model.paths import Paths
from controller.shaping import Fault
from controller.targets.ecs.canon import bracket
from controller.targets.ecs.native import Native, parts, text
from controller.targets.ecs.rules import TASK_DEFINITION
from controller.targets.ecs.shapes import did_you_mean

_CONTAINERS: Final = "containerDefinitions"
_ENVIRONMENT: Final = "environment"
_OVERLAID: Final = ("name", "image", _ENVIRONMENT)
_AT: Final = f"{TASK_DEFINITION}.{_CONTAINERS}"


class Following(StrEnum):
    """Which revision of the family is the base."""

    NEWEST_FOREIGN = "newest-foreign"
    RUNNING = "running"


def base_faults(base: Native) -> list[Fault]:
    """Say what is wrong with a `base`."""
    known = ("family", "follow")
    found = [
        Fault(path=("base", key), what=f"unknown field{did_you_mean(str(key), known)}")
        for key in base
        if key not in known
    ]
    follow = base.get("follow")
    if follow not in tuple(Following):
        words = " or ".join(Following)
        said = "is missing" if follow is None else f"{follow!r} is not {words}"
        found.append(Fault(path=("base", "follow"), what=f"{said}: {words}" if follow is None else said))
    if not text(base, "family"):
        found.append(Fault(path=("base", "family"), what="is missing: the family whose revisions others register"))
    return found


def overlay_faults(over: Native) -> list[Fault]:
    """Say what cannot be laid over a base: only images and environment can."""
    ours = f"with a base, only {_CONTAINERS} with image and environment are ours"
    found = [
        Fault(path=(TASK_DEFINITION, key), what=f"cannot be laid over a base: {ours}")
        for key in over
        if key != _CONTAINERS
    ]
    for index, container in enumerate(parts(over, _CONTAINERS)):
        at = (TASK_DEFINITION, _CONTAINERS, index)
        found += [
            Fault(path=(*at, key), what=f"cannot be laid over a base: {ours}")
            for key in container
            if key not in _OVERLAID
        ]
    return found


def overlaid(over: Native, images: Mapping[str, str]) -> dict[str, object]:
    """Give what is laid over a base: the declared containers, and one for each image whose container is not."""
    declared = parts(over, _CONTAINERS)
    names = [text(container, "name") for container in declared]
    added = [{"name": name} for name in images if name not in names]
    placed = [_with_image(container, images) for container in (*declared, *added)]
    return {_CONTAINERS: placed}


def owned_of(over: Native) -> Paths:
    """Name the paths that an overlay owns: its images, and each of its environment variables alone."""
    owns: list[str] = []
    for container in parts(over, _CONTAINERS):
        at = bracket(_AT, text(container, "name"))
        owns += [f"{at}.image"] if text(container, "image") else []
        owns += [bracket(f"{at}.{_ENVIRONMENT}", text(one, "name")) for one in parts(container, _ENVIRONMENT)]
    return tuple(sorted(owns))


def lay_over(base: Native, over: Native) -> dict[str, object]:
    """Give the whole task definition; raises LookupError for a container that the base does not have."""
    ours = {text(container, "name"): container for container in parts(over, _CONTAINERS)}
    names = [text(container, "name") for container in parts(base, _CONTAINERS)]
    for name in ours:
        if name not in names:
            there = did_you_mean(name, names) or f"; it has {', '.join(names)}"
            raise LookupError(f"has no container {name!r}{there}")
    composed = [_composed(container, ours) for container in parts(base, _CONTAINERS)]
    return {**base, _CONTAINERS: composed}


def _with_image(container: Native, images: Mapping[str, str]) -> Native:
    name = text(container, "name")
    return {**container, "image": images[name]} if name in images else container


def _composed(container: Native, ours: Mapping[str, Native]) -> Native:
    over = ours.get(text(container, "name"))
    if over is None:
        return container
    image = text(over, "image") or text(container, "image")
    named = {text(one, "name"): one for one in (*parts(container, _ENVIRONMENT), *parts(over, _ENVIRONMENT))}
    environment = {_ENVIRONMENT: list(named.values())} if named else {}
    return {**container, "image": image, **environment}


def family_of(base: Native) -> str:
    """Name the family of a base."""
    return text(base, "family")


def is_running(base: Native) -> bool:
    """Whether the base is what runs."""
    return base.get("follow") == Following.RUNNING
