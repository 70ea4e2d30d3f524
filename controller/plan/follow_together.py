"""Which version a group follows: the same for all members, and none that one of them can not go to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from controller.model.desired import Desired, DesiredTarget, Reading
from controller.model.names import GroupName, TargetName
from controller.model.track import Followed
from controller.model.version import Version, read_version
from controller.plan.follow import Choice

Wants = Mapping[TargetName, DesiredTarget]
_NOT_ALL: Final = "what its group follows is not known: "


def agreed(wants: Wants, choices: Mapping[TargetName, Choice]) -> dict[TargetName, Choice]:
    """Let the members of each group follow the newest version that any of them follows, as who knew it first does.

    They ask one after the other, and one may have joined the others later. If one can not tell, none follows.
    """
    found = dict(choices)
    for names in _groups(wants):
        follows = {name: followed for name in names if (followed := choices[name].followed) is not None}
        unread = [f"{name}: {choices[name].unread}" for name in names if name not in follows]
        if unread:
            found |= {name: replace(choices[name], unread=_NOT_ALL + unread[0], followed=None) for name in follows}
            continue
        lead = max(follows.values(), key=_rank)
        older = [
            one for name in names for one in (choices[name].before, follows[name]) if one and _is_below(one, lead)
        ]
        before = max(older, key=_rank, default=None)
        found |= {name: _as_agreed(wants[name], choices[name], lead, before) for name in names}
    return found


def held_together(
    wants: Wants, choices: Mapping[TargetName, Choice], newest: Wants
) -> dict[TargetName, DesiredTarget]:
    """Hold a whole group where it is while one of its members can not be made whole at the newer version."""
    found = dict(newest)
    for names in _groups(wants):
        going = [name for name in names if name in newest and choices[name].before is not None]
        why = next(
            (f"{name}: {newest[name].unread}" for name in names if name in newest and newest[name].unread), ""
        )
        if why:
            found |= {name: replace(newest[name], unread=newest[name].unread or why) for name in going}
    return found


def followed_together(said: Reading, names: Iterable[TargetName]) -> frozenset[TargetName]:
    """Name those of these targets whose group follows a version: it is chosen for all members in one moment."""
    wants = {name: said.targets.get(name) for name in names} if isinstance(said, Desired) else {}
    return frozenset(name for name, want in wants.items() if want and want.track and want.group)


def _groups(wants: Wants) -> Iterator[list[TargetName]]:
    """Give the members of each group that are there to be read."""
    groups: dict[GroupName, list[TargetName]] = {}
    for name, want in sorted(wants.items()):
        if want.group is not None:
            groups.setdefault(want.group.name, []).append(name)
    yield from groups.values()


def _as_agreed(want: DesiredTarget, own: Choice, lead: Followed, before: Followed | None) -> Choice:
    version = _version(lead)
    if want.track is None or not want.track.takes(version):
        return Choice(unread=f"it does not take versions such as {version}, which its group follows")
    return replace(own, followed=_of(want, lead), before=_of(want, before) if before else None)


def _of(want: DesiredTarget, followed: Followed) -> Followed:
    """Follow what another member does, in the words of one's own."""
    source = want.track.source if want.track else followed.source
    return replace(followed, asked=want.release.digest, source=source)


def _rank(followed: Followed) -> tuple[Version, float]:
    """Put a newer version before an older one, and of the same who has followed it for longer."""
    return _version(followed), -followed.since.timestamp()


def _is_below(one: Followed, other: Followed) -> bool:
    return _version(one) < _version(other)


def _version(followed: Followed) -> Version:
    found = read_version(followed.version)
    if found is None:
        raise AssertionError(f"{followed.version!r} is followed, and no version")
    return found
