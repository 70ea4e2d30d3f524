"""Which version a target follows just now: the newest one, never back, and never a moved tag in silence."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from controller.model.desired import DesiredTarget
from controller.model.names import Commit
from controller.model.ranges import read_range
from controller.model.record import Memory
from controller.model.track import Followed, OnMovedTag, Track, version_in
from controller.model.version import LATEST, Version, read_version

_SHOWN: Final = 12
_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """The versions that a source has, each with the commit that its tag stands for, if that is known.

    `odd` are tags of the pattern that are no versions.
    """

    versions: Mapping[Version, Commit | None]
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is followed from now on, and what a person should know of it; None: nothing can be, as `unread` says.

    `before` is what was followed until now: it stays if the new one cannot be made whole.
    """

    followed: Followed | None = None
    before: Followed | None = None
    notes: tuple[str, ...] = ()
    unread: str = ""


def offered_by_tags(track: Track, tags: Mapping[str, Commit]) -> Offered:
    """Read git tags: those of the pattern are versions, of the forms that are taken, or odd."""
    matching = {tag: commit for tag, commit in tags.items() if track.matches(tag)}
    read = {tag: read_version(tag) for tag in matching}
    versions = {found: matching[tag] for tag, found in read.items() if found is not None and track.takes(found)}
    return Offered(versions=versions, odd=tuple(sorted(tag for tag, found in read.items() if found is None)))


def offered_by_images(track: Track, tags: Mapping[str, tuple[str, ...]]) -> Offered:
    """Read the tags of each image's repository: a version is there if all of them have it, and if in the range."""
    wanted = read_range(track.semver)
    sets = []
    for image, found in tags.items():
        written = image.rpartition(":")[2]
        read = {version_in(tag, written) for tag in found}
        sets.append({one for one in read if one is not None and track.takes(one) and wanted.has(one)})
    return Offered(versions=dict.fromkeys(set.intersection(*sets) if sets else ()))


def choose(want: DesiredTarget, track: Track, offered: Offered, memory: Memory | None, now: datetime) -> Choice:
    """Choose what is followed: what was followed before, unless there is a newer version."""
    before = _kept(want, track, memory)
    last = read_version(before.version) if before else None
    newest = max(offered.versions, default=None)
    odd = _passed_over(track, offered)
    if last is not None and before is not None and (newest is None or newest <= last):
        return _stays(track, offered, before, last, odd)
    runs = _running(track, memory) if before is None else None
    if runs is not None and (newest is None or newest < runs):
        follows = _followed(want, track, runs, None, now)
        return Choice(followed=follows, notes=(_without(track, offered, follows), *odd))
    if newest is None:
        more = f" ({'; '.join(odd)})" if odd else ""
        return Choice(unread=f"nothing to follow: there is no version among {track.source}{more}")
    following = _followed(want, track, newest, offered.versions[newest], now)
    return Choice(followed=following, before=before, notes=odd)


def latest(want: DesiredTarget, track: Track, memory: Memory | None, now: datetime) -> Choice:
    """Follow an image tag, whatever it stands for."""
    before = _kept(want, track, memory)
    return Choice(followed=before or _followed(want, track, Version(LATEST), None, now))


def newly_followed(before: Followed | None, after: Followed | None) -> str:
    """Say what has changed of what is followed; nothing if nothing has."""
    if after is None or before == after:
        return "" if before is None or after is not None else f"{before.source} is not followed any more"
    if after.refused and (before is None or before.refused != after.refused):
        return after.refused
    at = f" ({_short(after.commit)})" if after.commit else ""
    same = before is not None and (before.version, before.commit) == (after.version, after.commit)
    if same and before is not None and before.source == after.source:
        return ""
    instead = f" instead of {before.version}" if before is not None and before.version != after.version else ""
    moved = f", to which it was moved from {_short(after.moved)}" if after.moved else ""
    return f"{after.version}{at}{moved} is followed{instead}, of {after.source}"


def _kept(want: DesiredTarget, track: Track, memory: Memory | None) -> Followed | None:
    """Give what was followed, if it was of the same source: of another it says nothing. The words may be others."""
    followed = memory.followed if memory else None
    if followed is None or followed.source != track.source:
        return None
    asked = want.release.digest
    return followed if followed.asked == asked else replace(followed, asked=asked)


def _followed(
    want: DesiredTarget, track: Track, version: Version, commit: Commit | None, now: datetime
) -> Followed:
    return Followed(version=version.text, source=track.source, since=now, commit=commit, asked=want.release.digest)


def _stays(track: Track, offered: Offered, before: Followed, last: Version, odd: tuple[str, ...]) -> Choice:
    """Stay at what was followed, whatever became of its tag; a moved one is followed if the spec says so."""
    if last not in offered.versions:
        return Choice(followed=replace(before, refused=""), notes=(_without(track, offered, before), *odd))
    there, then = offered.versions[last], before.commit
    if there is None or then in {None, there}:
        known = replace(before, refused="") if there is None else replace(before, commit=there, refused="")
        return Choice(followed=known, notes=(*_was_moved(known, last), *odd))
    if track.moved is OnMovedTag.FOLLOW:
        follows = replace(before, commit=there, moved=then, refused="")
        return Choice(followed=follows, before=before, notes=(*_was_moved(follows, last), *odd))
    sides = f"it stood for {_short(then)} when it was followed, and stands for {_short(there)} now"
    why = f"the tag {last} was moved: {sides}; it is not followed, and what runs stays"
    return Choice(followed=replace(before, refused=why), notes=(why, *odd))


def _without(track: Track, offered: Offered, before: Followed) -> str:
    """Say that what is followed has no tag, or none any more, and stays all the same."""
    newest = max(offered.versions, default=None)
    lower = f"; {newest}, the newest there, is lower: to go there, write `version`" if newest else ""
    gone = "is gone from" if before.commit or not track.tags else "is not among"
    return f"{before.version} {gone} {track.source}; it stays{lower}"


def _was_moved(followed: Followed, last: Version) -> tuple[str, ...]:
    if followed.moved is None:
        return ()
    sides = f"from {_short(followed.moved)} to {_short(followed.commit)}"
    return (f"the tag {last} was moved {sides}, and is followed",)


def _short(commit: Commit | None) -> str:
    return (commit or "")[:_SHOWN]


def _running(track: Track, memory: Memory | None) -> Version | None:
    """Give the version that should run, if it is one that could have been followed."""
    current = memory.current if memory else None
    found = read_version(current.release.version) if current else None
    if found is None or not track.takes(found):
        return None
    fits = track.matches(found.text) if track.tags else read_range(track.semver).has(found)
    return found if fits else None


def _passed_over(track: Track, offered: Offered) -> tuple[str, ...]:
    if not offered.odd:
        return ()
    named = ", ".join(offered.odd[-_NAMED:])
    more = len(offered.odd) - _NAMED
    return (f"no version, and passed over: {named}{f' and {more} more' if more > 0 else ''} of {track.source}",)
