"""Ask what there is to follow, git tags or tags of a registry, and let the plan choose."""

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from controller.model.desired import DesiredTarget
from controller.model.images import ImageAt, Missing, Unreachable
from controller.model.record import Memory
from controller.model.track import Track
from controller.plan.follow import Choice, choose, latest, offered_by_images, offered_by_tags
from controller.ports import Applications, Registries


class Sources(Protocol):
    """Who is asked; a World is."""

    @property
    def applications(self) -> Applications | None:
        """Where git tags are."""
        ...

    @property
    def registries(self) -> Registries | None:
        """Where images are."""
        ...


def chosen(want: DesiredTarget, track: Track, memory: Memory | None, asked: Sources, now: datetime) -> Choice:
    """Say what a target follows from now on; what cannot be asked is no answer, and nothing is followed by it."""
    if track.image:
        return latest(want, track, memory, now)
    if track.tags:
        return _by_tags(want, track, memory, asked, now)
    return _by_images(want, track, memory, asked, now)


def _by_tags(want: DesiredTarget, track: Track, memory: Memory | None, asked: Sources, now: datetime) -> Choice:
    if asked.applications is None or track.application is None:
        return Choice(unread=f"{track.source} cannot be asked for here")
    tags = asked.applications.tags(track.application)
    if isinstance(tags, Unreachable):
        return Choice(unread=f"what is followed is not known: {tags.why}")
    return choose(want, track, offered_by_tags(track, tags), memory, now)


def _by_images(want: DesiredTarget, track: Track, memory: Memory | None, asked: Sources, now: datetime) -> Choice:
    if asked.registries is None:
        return Choice(unread=f"{track.source} cannot be asked for here")
    place = replace(want.place, cluster="", service="")
    found: dict[str, tuple[str, ...]] = {}
    for image in track.images:
        tags = asked.registries.tags(ImageAt(reference=image, place=place))
        if isinstance(tags, Missing | Unreachable):
            return Choice(unread=f"what is followed is not known: {tags.why}")
        found[image] = tags
    return choose(want, track, offered_by_images(track, found), memory, now)
