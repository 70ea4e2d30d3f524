"""What lies below a release that is laid over what others register, or over what runs."""

import json

from controller.model.observation import Live
from controller.ports import Unfinished
from controller.targets.ecs.base import family_of, is_running, lay_over
from controller.targets.ecs.bases import Bases
from controller.targets.ecs.client import Clients
from controller.targets.ecs.definitions import number_of
from controller.targets.ecs.draft import Draft
from controller.targets.ecs.lookedup import Unfilled
from controller.targets.ecs.manifest import read_base, read_shape
from controller.targets.ecs.native import Native, last


class Below:
    """Finds the base of a release."""

    def __init__(self, clients: Clients, bases: Bases) -> None:
        self._clients = clients
        self._bases = bases

    def find(self, one: Unfinished, draft: Draft, live: Live | None) -> tuple[Native | None, str]:
        """Find what lies below, and its name; none if nothing does.

        Raises Unfilled if there is nothing to lay it over, Unexamined if not all was read yet, and TrueupError if
        it cannot be read.
        """
        if not draft.base:
            return None, ""
        family = family_of(draft.base)
        if is_running(draft.base):
            if live is None:
                raise Unfilled("what runs was not seen, and it is the base of its task definition")
            return read_shape(str(live.shape))[0], live.revision
        access = self._clients.access(one.want.place)
        access.verify()
        found = self._bases.newest_foreign(access, family, _recorded(one, family))
        if found is None:
            raise Unfilled(
                f"nobody but trueup has registered a revision of {family}, the base of its task definition"
            )
        return json.loads(str(found.native)), found.revision


def laid(base: Native, over: Native, name: str) -> Native:
    """Lay a release over its base, which has this name; raises Unfilled where it does not fit."""
    try:
        return lay_over(base, over)
    except LookupError as problem:
        raise Unfilled(f"{last(name)}, the base of its task definition, {problem.args[0]}") from problem


def _recorded(one: Unfinished, family: str) -> str:
    """Give the newest base that a remembered release is laid over; empty if there is none."""
    start = f":ecs:{one.want.place.region}:{one.want.place.account}:task-definition/{family}:"
    releases = one.memory.releases if one.memory else ()
    bases = {base for release in releases if start in (base := read_base(release.shape))}
    return max(bases, key=number_of, default="")
