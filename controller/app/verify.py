"""`verify`: whether what the releases of an environment name is there, as the newest specs say them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from controller.app.applications import applications
from controller.app.followed import Sources, followed
from controller.app.newest import newest, wanted
from controller.app.registries import registries
from controller.app.world import clients_of, clock_of, lookups_of, targets_of
from controller.model.checked import Checked, skip
from controller.model.desired import DesiredTarget
from controller.model.names import EnvName, TargetName
from controller.model.observation import Unseen
from controller.ports import LookAt, Unfinished

if TYPE_CHECKING:
    from controller.options import Options
    from controller.targets.ecs.client import Clients


def verified(options: "Options", env: str, target: str | None) -> tuple[tuple[Checked, ...], tuple[str, ...]]:
    """Check what an environment, or one target of it, names: every check, and what is wrong in its files.

    Raises SpecError for what there is not or cannot be compiled, PlatformError if the specs cannot be read.
    """
    from controller.targets.ecs.verify import Verifying

    clock = clock_of(options)
    desired = newest(options, EnvName(env))
    clients = clients_of(options, clock)
    sources = Sources(applications=applications(options, clock), registries=registries(options, clients))
    try:
        verifying = Verifying(clients, sources.registries)
        found: list[Checked] = []
        for name, said in wanted(desired, target).items():
            want = followed(said, sources, clock.now())
            whole = want if want.unread else _completed(name, want, clients, options)
            found += [_uncompleted(name, whole)] if whole.unread else []
            found += () if want.unread else verifying.check(name, want if whole.unread else whole)
    finally:
        sources.applications.close()
        clients.close()
    return tuple(found), tuple(map(str, desired.complaints))


def _completed(name: TargetName, want: DesiredTarget, clients: "Clients", options: "Options") -> DesiredTarget:
    """Let the kind fill in what the spec leaves to the world, as it would before a release."""
    if not want.draft:
        return want
    kind = targets_of(options, clients, registries(options, clients), lookups_of(options, clients)).get(
        want.place.kind
    )
    if kind is None:
        return replace(want, unread=f"this trueup knows no kind {want.place.kind!r}")
    sight = kind.look([LookAt(target=name, place=want.place)]).get(name, Unseen(why="nobody looked"))
    asked = Unfinished(target=name, want=want, sight=sight, memory=None)
    return kind.complete([asked], clock_of(options).now()).get(name, want)


def _uncompleted(name: TargetName, want: DesiredTarget) -> Checked:
    return Checked(
        target=name, what="release", name=want.release.version, where="", answer=skip(want.unread, asked=False)
    )
