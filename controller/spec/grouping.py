"""Groups over all files of an environment: who is a member, in which order they go, and what can not be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from controller.model.desired import Complaint, DesiredTarget
from controller.model.group import Group
from controller.model.names import GroupName, TargetName
from controller.spec.group import GROUPS, hooked_of
from controller.spec.needs import way_between
from controller.spec.nodes import Fields, Items, Mark, Node, Text, mark_of
from controller.spec.problems import complaint
from controller.spec.scalars import show, suggest

Targets = Mapping[TargetName, DesiredTarget]
_TARGETS: Final = "targets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A group as it is written, and where each of its members is named."""

    name: GroupName
    at: Mark
    lines: Fields
    members: Mapping[TargetName, Mark]


def named(groups: Node | None) -> tuple[Named, ...]:
    """Give every group that is written in the form of one."""
    found = []
    for key, entry in groups.entries.items() if isinstance(groups, Fields) else ():
        targets = entry.value.get(_TARGETS) if isinstance(entry.value, Fields) else None
        items = targets.items if isinstance(targets, Items) else ()
        members = {TargetName(one.value): one.at for one in items if isinstance(one, Text) and one.value}
        if isinstance(entry.value, Fields) and members:
            found.append(Named(name=GroupName(key), at=entry.at, lines=entry.value, members=members))
    return tuple(found)


def grouped(groups: tuple[Named, ...], targets: Targets) -> dict[TargetName, DesiredTarget]:
    """Let every member know its group."""
    known = dict(targets)
    for one in groups:
        group, members = _group(one, targets), [targets[name] for name in one.members if name in targets]
        images = tuple(dict.fromkeys(image for want in members if want.track for image in want.track.images))
        known |= {name: _joined(targets[name], group, images) for name in one.members if name in targets}
    return known


def _joined(want: DesiredTarget, group: Group, images: tuple[str, ...]) -> DesiredTarget:
    """Let a member know its group; a version is there to be followed once the images of all members have it."""
    track = replace(want.track, images=images) if want.track and want.track.semver else want.track
    return replace(want, group=group, track=track)


def _group(one: Named, targets: Targets) -> Group:
    inside = {name: targets[name].needs for name in one.members if name in targets}
    needs = {name: tuple(other for other in others if other in one.members) for name, others in inside.items()}
    version, hooked = one.lines.get("version"), hooked_of(one.lines)
    return Group(
        name=one.name,
        version=(version.value or "") if isinstance(version, Text) else "",
        members=tuple(one.members),
        needs=tuple((name, others) for name, others in needs.items() if others),
        hooked=TargetName(hooked) if hooked else None,
        rollback_safe=all(targets[name].terms.rollback_safe for name in inside),
    )


def misgrouped(groups: tuple[Named, ...], targets: Targets, *, is_whole: bool) -> Iterator[Complaint]:
    """Say what a group can not be: of unknown members, named like a target, or in a circle with others.

    Without `is_whole` some targets are not known just now.
    """
    for one in groups:
        if TargetName(one.name) in targets:
            what = "is the name of a target too: commands could not tell which of the two is meant"
            yield complaint(one.at, (GROUPS, one.name), what)
        for name, at in one.members.items():
            if is_whole and name not in targets:
                what = f"{show(name)} is not a target of this environment{suggest(name, targets)}"
                yield complaint(at, (GROUPS, one.name, _TARGETS), what)
        yield from _mishooked(one, targets)
        yield from _mistracked(one, targets)
    yield from _circles(groups, targets)


def _mishooked(one: Named, targets: Targets) -> Iterator[Complaint]:
    hooked = TargetName(hooked_of(one.lines))
    at, where = mark_of(one.lines, ("hooks", "target")), (GROUPS, one.name, "hooks", "target")
    if not hooked:
        return
    if hooked not in one.members:
        yield complaint(at, where, f"{show(hooked)} is not a member of the group{suggest(hooked, one.members)}")
    elif first := next((name for name in _needs(hooked, targets) if name in one.members), None):
        what = (
            f"{hooked} needs {first}, and hooks run before any member starts: name one that needs no other member"
        )
        yield complaint(at, where, what)


def _mistracked(one: Named, targets: Targets) -> Iterator[Complaint]:
    """Say that the tags of several repositories would be followed: one name of theirs is not one version."""
    tracks = [targets[name].track for name in one.members if name in targets]
    places = {track.application.repository for track in tracks if track and track.tags and track.application}
    if len(places) > 1:
        at = mark_of(one.lines, ("track",))
        what = f"follows tags, and its members are of {', '.join(sorted(places))}: name one `repository` here"
        yield complaint(at, (GROUPS, one.name, "track"), what)


def _needs(name: TargetName, targets: Targets) -> tuple[TargetName, ...]:
    return targets[name].needs if name in targets else ()


def _circles(groups: tuple[Named, ...], targets: Targets) -> Iterator[Complaint]:
    """Say that a group waits for itself: over targets outside of it, which wait for one of its members."""
    of = {name: TargetName(f"{one.name}") for one in groups for name in one.members}
    together: dict[TargetName, tuple[TargetName, ...]] = {}
    for name, target in targets.items():
        mine = of.get(name, name)
        outside = tuple(of.get(other, other) for other in target.needs if of.get(other, other) != mine)
        together[mine] = tuple(dict.fromkeys((*together.get(mine, ()), *outside)))
    for one in groups:
        mine = TargetName(one.name)
        ways = (way_between(other, mine, together) for other in together.get(mine, ()))
        way = next(filter(None, ways), None)
        if way:
            yield complaint(
                one.at, (GROUPS, one.name), f"waits for itself: {mine} needs {', which needs '.join(way)}"
            )
