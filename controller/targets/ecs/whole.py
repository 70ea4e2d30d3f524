"""A release on its way to being whole: what is known of it so far, and what it comes to."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from controller.model.desired import DesiredTarget
from controller.model.names import Digest
from controller.model.observation import Live
from controller.model.packed import Packed
from controller.model.paths import Paths
from controller.model.release import Release, Settings
from controller.model.rollout import MOVING
from controller.ports import Unfinished
from controller.targets.ecs.base import owned_of
from controller.targets.ecs.draft import Draft
from controller.targets.ecs.known import shared
from controller.targets.ecs.manifest import (
    fixed_manifest,
    read_creation,
    release_manifest,
    settings_manifest,
    write_shape,
)
from controller.targets.ecs.native import Native
from controller.targets.ecs.pinned import with_images


@dataclass(slots=True, kw_only=True)
class Work:
    """One release on its way.

    `want` has what was looked up in it; `words` are what the spec says of the task definition, `definition` the
    whole of it. `tags` are the images that are to be found, `images` those that were, `base` the ARN of what others
    registered below. `due` says that the registry is to be asked, `astray` that a tag which is followed was moved.
    """

    one: Unfinished
    want: DesiredTarget
    key: tuple[object, ...]
    draft: Draft
    words: Native
    definition: Native
    service: Native
    owned: Paths
    passed: Paths
    tags: Mapping[str, str]
    images: dict[str, str]
    base: str = ""
    due: bool = True
    notes: list[str] = field(default_factory=list)
    astray: str = ""


def is_polled(want: DesiredTarget) -> bool:
    """Whether what its tags stand for is asked at each look, and shared with all that ask the same."""
    return bool(want.fresh) or (want.track is not None and bool(want.track.semver))


def current_of(one: Unfinished) -> tuple[Release, ...]:
    """Give the release that should run."""
    return (one.memory.current.release,) if one.memory and one.memory.current else ()


def is_unknown(work: Work) -> bool:
    """Whether there is an image of which nobody knows what its tag stands for."""
    return any(name not in work.images for name in work.tags)


def is_settled(work: Work) -> bool:
    """Whether nothing of it is still to be deployed: at rest, in flight, or what runs at first contact."""
    memory = work.one.memory
    rollout = memory.rollout if memory and memory.phase in MOVING else None
    in_flight = rollout is not None and rollout.release.asked == _asked(work)
    return not waits(work) or in_flight or _runs(work)


def waits(work: Work) -> bool:
    """Whether what is wanted is not yet what runs at rest."""
    memory = work.one.memory
    current = memory.current.release if memory and memory.current else None
    return current is None or current.asked != _asked(work)


def _runs(work: Work) -> bool:
    """Whether what is known of the release so far is what runs, though nobody remembers that: first contact."""
    live = work.one.sight
    return isinstance(live, Live) and whole(work).release.runs_in(live.manifest)


def whole(work: Work) -> DesiredTarget:
    """Put together what was found."""
    want = work.want
    definition = with_images(work.definition, work.images)
    release = Release(
        version=want.release.version,
        manifest=release_manifest(definition, work.service, work.owned, work.passed),
        shape=Packed.of(write_shape(definition, work.service, dict(work.tags), _creation(want), work.base)),
        commit=want.release.commit,
        asked=_asked(work),
        core=_core(work) if work.draft.base else None,
    )
    release = shared(release, work.one.memory)
    settings, fixed = want.settings, want.fixed
    if settings is not None and work.passed:
        manifest = settings_manifest(json.loads(settings.shape), work.passed)
        settings = Settings(manifest=manifest, shape=settings.shape)
    if fixed is not None and work.passed:
        fixed = replace(fixed, manifest=fixed_manifest(json.loads(fixed.shape), work.passed))
    notes = tuple(work.notes)
    return replace(want, release=release, settings=settings, fixed=fixed, notes=notes, astray=work.astray)


def _asked(work: Work) -> Digest:
    """Name what was asked for: the words of the spec, with the images that a followed tag stands for."""
    words = work.want.release.digest
    anew = sorted(work.images.get(name, image) for name, image in work.tags.items() if image in work.want.fresh)
    return Digest(hashlib.sha256("\n".join((words, *anew)).encode()).hexdigest()) if anew else words


def _core(work: Work) -> Digest:
    """Name what is the spec's own in a release that is laid over a base."""
    return release_manifest(with_images(work.words, work.images), work.service, owned_of(work.words)).digest


def _creation(want: DesiredTarget) -> Native | None:
    return read_creation(str(want.release.shape))
