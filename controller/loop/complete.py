"""Fill in what a spec leaves to the world: each kind of target does that for its own."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from controller.model.desired import Desired, DesiredTarget, Reading
from controller.model.names import TargetName
from controller.model.observation import Sight
from controller.model.record import Record
from controller.ports import Unfinished, World


def complete(
    desired: Reading, before: Record, sights: Mapping[TargetName, Sight], world: World, now: datetime
) -> Reading:
    """Complete the targets that were looked at; one of which that fails says so in `unread`, and stops no other."""
    if not isinstance(desired, Desired):
        return desired
    by_kind: dict[str, list[Unfinished]] = defaultdict(list)
    for name, sight in sights.items():
        want = desired.targets.get(name)
        if want is not None and want.draft:
            one = Unfinished(target=name, want=want, sight=sight, memory=before.targets.get(name))
            by_kind[want.place.kind].append(one)
    completed: dict[TargetName, DesiredTarget] = {}
    for kind, ones in by_kind.items():
        completed.update(_of_kind(kind, ones, world, now))
    return replace(desired, targets={**desired.targets, **completed}) if completed else desired


def _of_kind(kind: str, ones: list[Unfinished], world: World, now: datetime) -> Mapping[TargetName, DesiredTarget]:
    target = world.targets.get(kind)
    if target is None:
        return {}  # and nobody can look at it either, which is what is told
    try:
        done = target.complete(ones, now)
    except Exception as error:  # noqa: BLE001  whatever it is, it is these targets' alone, and nothing opens
        return {one.target: replace(one.want, unread=f"{type(error).__name__}: {error}") for one in ones}
    return {one.target: done.get(one.target) or replace(one.want, unread="nobody completed it") for one in ones}
