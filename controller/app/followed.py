"""What a target follows as things stand, for commands that look at specs without a memory."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from controller.app.specs import versioned
from controller.loop.follow import chosen
from controller.model.desired import DesiredTarget
from controller.sources.applications import GitApplications

if TYPE_CHECKING:
    from controller.probes.registry import Lazily


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who is asked what there is to follow."""

    applications: GitApplications
    registries: "Lazily"


def followed(want: DesiredTarget, sources: Sources, now: datetime) -> DesiredTarget:
    """Give a target at the version that it would begin to follow; `unread` says why there is none."""
    if want.track is None:
        return want
    choice = chosen(want, want.track, None, sources, now)
    if choice.followed is None:
        return replace(want, unread=choice.unread)
    return versioned()(want, choice.followed.version)
