"""Fill in what a spec leaves to the world: the version that is followed, and what each kind of target knows."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from controller.loop.follow import chosen
from controller.model.desired import Desired, DesiredTarget, Reading
from controller.model.names import TargetName
from controller.model.observation import Sight
from controller.model.record import Memory, Record
from controller.model.track import Followed
from controller.plan.follow import Choice
from controller.plan.follow_together import agreed, held_together
from controller.ports import Unfinished, World


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What is in hand when targets are completed."""

    before: Record
    sights: Mapping[TargetName, Sight]
    world: World
    now: datetime

    def memory(self, name: TargetName) -> Memory | None:
        return self.before.targets.get(name)


def complete(
    desired: Reading, before: Record, sights: Mapping[TargetName, Sight], world: World, now: datetime
) -> Reading:
    """Complete the targets that were looked at; one of which that fails says so in `unread`, and stops no other."""
    if not isinstance(desired, Desired):
        return desired
    seen = _Seen(before=before, sights=sights, world=world, now=now)
    wants = {name: want for name in sights if (want := desired.targets.get(name)) is not None}
    tracked = {name: want for name, want in wants.items() if want.track is not None}
    plain = {name: want for name, want in wants.items() if want.track is None and want.draft}
    completed = {**_completed(plain, seen), **(_followed(tracked, seen) if tracked else {})}
    return replace(desired, targets={**desired.targets, **completed}) if completed else desired


def as_said(desired: Reading, said: Reading, names: Collection[TargetName]) -> Reading:
    """Give these targets as the spec says them, not completed yet, to complete them once more with others."""
    if not names or not isinstance(desired, Desired) or not isinstance(said, Desired):
        return desired
    return replace(desired, targets={**desired.targets, **{name: said.targets[name] for name in names}})


def _followed(wants: Mapping[TargetName, DesiredTarget], seen: _Seen) -> dict[TargetName, DesiredTarget]:
    """Complete targets at the versions that they follow; where the newest cannot be, what was followed stays."""
    choices = agreed(wants, {name: _chosen(want, name, seen) for name, want in wants.items()})
    newest = _at({name: (wants[name], choice.followed) for name, choice in choices.items()}, seen)
    newest = held_together(wants, choices, newest)
    failed = {name: choices[name].before for name, found in newest.items() if found.unread}
    stays = _at({name: (wants[name], before) for name, before in failed.items()}, seen)
    return {
        name: _told(want, choices[name], newest.get(name), stays.get(name), seen.memory(name))
        for name, want in wants.items()
    }


def _chosen(want: DesiredTarget, name: TargetName, seen: _Seen) -> Choice:
    if want.track is None:
        raise AssertionError(f"{name} follows nothing")
    try:
        return chosen(want, want.track, seen.memory(name), seen.world, seen.now)
    except Exception as error:  # noqa: BLE001  whatever it is, it is this target's alone, and nothing opens
        return Choice(unread=f"{type(error).__name__}: {error}")


def _at(
    wanted: Mapping[TargetName, tuple[DesiredTarget, Followed | None]], seen: _Seen
) -> dict[TargetName, DesiredTarget]:
    """Complete each target as it is at a version; what is none there is left out."""
    at = {
        name: _versioned(want, followed.version, seen.world)
        for name, (want, followed) in wanted.items()
        if followed is not None
    }
    return {**at, **_completed({name: want for name, want in at.items() if not want.unread}, seen)}


def _versioned(want: DesiredTarget, version: str, world: World) -> DesiredTarget:
    try:
        return world.versioned(want, version)
    except Exception as error:  # noqa: BLE001  as above
        return replace(want, unread=f"as {version}: {type(error).__name__}: {error}")


def _told(
    want: DesiredTarget,
    choice: Choice,
    newest: DesiredTarget | None,
    stays: DesiredTarget | None,
    memory: Memory | None,
) -> DesiredTarget:
    """Put together what was found of a target that follows versions; what could not be is not followed."""
    whole, followed, notes = newest, choice.followed, choice.notes
    if newest is not None and newest.unread and stays is not None and not stays.unread and choice.followed:
        whole, followed = stays, choice.before
        notes = (f"{choice.followed.version} is not deployed yet: {newest.unread}", *notes)
    if whole is None or followed is None or whole.unread:
        why = whole.unread if whole is not None else choice.unread
        return replace(want, unread=why, followed=memory.followed if memory else None)
    if whole.astray:
        followed = replace(followed, refused=whole.astray)
    return replace(
        whole,
        track=want.track,
        group=want.group,
        followed=followed,
        notes=(*notes, *whole.notes),
        release=replace(whole.release, built=followed.commit),
    )


def _completed(wants: Mapping[TargetName, DesiredTarget], seen: _Seen) -> dict[TargetName, DesiredTarget]:
    """Let each kind complete its own; one that leaves nothing to be filled in is given as it is."""
    by_kind: dict[str, list[Unfinished]] = defaultdict(list)
    for name, want in wants.items():
        one = Unfinished(target=name, want=want, sight=seen.sights[name], memory=seen.memory(name))
        by_kind[want.place.kind].append(one)
    completed: dict[TargetName, DesiredTarget] = {}
    for kind, ones in by_kind.items():
        completed.update(_of_kind(kind, [one for one in ones if one.want.draft], seen))
    return completed


def _of_kind(kind: str, ones: list[Unfinished], seen: _Seen) -> Mapping[TargetName, DesiredTarget]:
    target = seen.world.targets.get(kind)
    if target is None or not ones:
        return {}  # and nobody can look at it either, which is what is told
    try:
        done = target.complete(ones, seen.now)
    except Exception as error:  # noqa: BLE001  whatever it is, it is these targets' alone, and nothing opens
        return {one.target: replace(one.want, unread=f"{type(error).__name__}: {error}") for one in ones}
    return {one.target: done.get(one.target) or replace(one.want, unread="nobody completed it") for one in ones}
