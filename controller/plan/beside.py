"""What stands beside a release: fields that are fixed once they are there, and what is only compared."""

from controller.model.desired import DesiredTarget
from controller.model.observation import Live
from controller.model.paths import EXCEPT, Paths
from controller.model.record import Memory
from controller.plan.compare import Difference, differences


def conflict_of(want: DesiredTarget, live: Live) -> str:
    """Say which fixed fields are wanted otherwise than they are, and what to do about each; empty if none is."""
    return "; ".join(
        f"{_sides(one)}; it is fixed when a service is created: {want.fixed.remedy(one.path)}"
        for one in fixed_differences(want, live)
        if want.fixed
    )


def fixed_differences(want: DesiredTarget, live: Live) -> tuple[Difference, ...]:
    """List what is fixed, and wanted otherwise than it is."""
    if want.fixed is None or want.fixed.manifest.runs_in(live.settings):
        return ()
    return differences(live.settings, want.fixed.manifest)


def notes_of(want: DesiredTarget, live: Live) -> tuple[str, ...]:
    """Say what a person should know of it: what completing it showed, and what is only compared and differs."""
    notes = (*want.notes, *((want.unfit,) if want.unfit else ()), *live.notes)
    if want.beside is None:
        return notes
    if live.unread:
        return (*notes, f"what it is scaled by could not be read: {live.unread}")
    told = (f"{_sides(one)}; trueup does not change it" for one in beside_differences(want, live))
    return (*notes, *told)


def beside_differences(want: DesiredTarget, live: Live) -> tuple[Difference, ...]:
    """List what is only compared, and differs; nothing if it was not read."""
    if want.beside is None or live.beside is None or want.beside.runs_in(live.beside):
        return ()
    return differences(live.beside, want.beside)


def owned_paths(want: DesiredTarget | None, memory: Memory | None) -> Paths:
    """Name every path that is compared for a target: by the spec, by a rollout, and by what should run at rest."""
    rollout, current = (memory.rollout, memory.current) if memory else (None, None)
    releases = [want.release if want else None, rollout.release if rollout else None]
    releases += [rollout.goal if rollout else None, current.release if current else None]
    manifests = [release.manifest for release in releases if release]
    manifests += [part.manifest for part in (want.settings, want.fixed) if part] if want else []
    manifests += [want.beside] if want and want.beside else []
    owned = {own for manifest in manifests for own in manifest.owns}
    return tuple(sorted(own for own in owned if not own.startswith(EXCEPT)))


def _sides(one: Difference) -> str:
    name = one.path.removeprefix("service.")
    there, wanted = ("not set" if side is None else f"{side}" for side in (one.live, one.wanted))
    return f"{name} is {there} there and {wanted} in the spec"
