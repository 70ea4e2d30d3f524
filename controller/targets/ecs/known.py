"""What tags stand for as far as that is known without asking a registry: by what runs, and by what should."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from controller.model.observation import Live
from controller.model.record import Memory
from controller.model.release import Release
from controller.targets.ecs.native import Native, part
from controller.targets.ecs.pinned import asked_images, images_of


def running_images(tags: Mapping[str, str], live: Live | None) -> dict[str, str]:
    """Take a tag that runs for what its tasks run, so that first contact restarts nothing."""
    if live is None or not tags:
        return {}
    shape: Native = json.loads(str(live.shape))
    there = images_of(part(shape, "taskDefinition"))
    named = {**there, **part(shape, "images")}
    return {name: there[name] for name, image in tags.items() if named.get(name) == image}


def kept_images(releases: Iterable[Release], tags: Mapping[str, str]) -> dict[str, str]:
    """Keep what a tag stood for in the first of some releases that asked for it, where it is asked for again."""
    known = tuple(releases)
    found = {name: next(iter(asked_images(known, name, image)), "") for name, image in tags.items()}
    return {name: image for name, image in found.items() if image}


def shared(release: Release, memory: Memory | None) -> Release:
    """Keep one copy of what is remembered anyway: a fleet has thousands of them."""
    for one in memory.releases if memory else ():
        if (one.digest, one.manifest.owns, one.shape) == (release.digest, release.manifest.owns, release.shape):
            return replace(release, manifest=one.manifest, shape=one.shape)
    return release
