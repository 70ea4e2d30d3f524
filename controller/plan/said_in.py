"""What a spec says of one target or one environment, as paths and values, so that two of them can be compared."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias

from controller.model.desired import Brake, DesiredTarget, Load
from controller.model.manifest import Manifest, Scalar
from controller.model.orders import Pause
from controller.model.packed import Packed
from controller.model.paths import is_under
from controller.model.place import Place
from controller.model.release import Release
from controller.model.track import STANDING_IN, Track
from controller.model.trust import Verify
from controller.plan.compare import Difference

# Where the spec writes what the model keeps elsewhere or calls otherwise (docs/spec.md).
_WRITTEN: Final = MappingProxyType({
    "terms.guards": "guards",
    "terms.progress": "rollout.progressDeadline",
    "terms.observe": "observe",
    "terms": "rollout",
    "supersede": "rollout.supersede",
    "pause": "paused",
    "place": "",
})  # fmt: skip
_APART: Final = frozenset({
    "release", "settings", "fixed", "beside", "file", "draft", "unread", "notes", "looked", "track", "fresh",
    "followed", "astray", "group", "said", "unfit",
})  # fmt: skip
# A gate is told where it asks by its environment, which says so itself.
_FACTS: Final = frozenset({"account", "region", "role"})
_FIELD: Final = re.compile(r"[a-z][A-Za-z0-9]*")
_EMPTY: Final = "(the default)"
_NOTHING: Final = DesiredTarget(
    place=Place(kind="", account="", region="", cluster="", service=""),
    release=Release(version="", manifest=Manifest.of({}, ())),
)
Whole: TypeAlias = tuple[Pause | None, Brake, Load, Verify]
"""What a spec says of a whole environment."""
_STANDS_IN: Final = re.compile(rf"(?<![0-9A-Za-z.])(v?){re.escape(STANDING_IN.removeprefix('v'))}(?![0-9A-Za-z.])")
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def target_differences(before: DesiredTarget | None, after: DesiredTarget | None) -> tuple[Difference, ...]:
    """List what the spec says otherwise of a target than before; `live` is before, `wanted` after.

    Everything that it says counts: release and settings, and also gates, guards, terms and the version.
    """
    found = _differences(_target(before) if before else {}, _target(after) if after else {})
    if before is not None:
        return found
    unsaid = _target(_NOTHING)  # of a target that is new, defaults are no news
    return tuple(one for one in found if unsaid.get(one.path) != one.wanted)


def environment_differences(before: Whole | None, after: Whole | None) -> tuple[Difference, ...]:
    """List what the spec says otherwise of a whole environment than before; None where there is no environment."""
    return _differences(_environment(before), _environment(after))


def _differences(before: Mapping[str, Scalar], after: Mapping[str, Scalar]) -> tuple[Difference, ...]:
    return tuple(
        Difference(path=path, live=before.get(path), wanted=after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    )


def _environment(said: Whole | None) -> dict[str, Scalar]:
    if said is None:
        return {}
    pause, brake, load, verify = said
    share = f"{load.percent:g}%" if load.percent is not None else load.changes
    limits = {"concurrentRollouts": load.rollouts, "maxChanges": share}
    limited = {path: limit for path, limit in limits.items() if limit is not None}
    signed = dict(_flat("verify", verify)) if verify else {}
    paused = dict(_flat("paused", pause)) if pause else {}
    return {"maxAutomaticRollbacks": brake.limit, **limited, **signed, **paused}


def _target(target: DesiredTarget) -> dict[str, Scalar]:
    said: dict[str, Scalar] = dict(_tracked(target.track)) if target.track else {"version": target.release.version}
    for one in fields(target):
        if one.name not in _APART:
            said.update(_flat(one.name, getattr(target, one.name)))
    if target.group is not None:
        said["group"] = target.group.name
    if target.draft:
        said.update(_drafted(target.draft))
    parts = [part.manifest for part in (target.release, target.settings, target.fixed) if part]
    for manifest in (*parts, *((target.beside,) if target.beside else ())):
        said.update(_content(manifest))
    return said if target.track is None else {path: _unversioned(value) for path, value in said.items()}


def _unversioned(value: Scalar) -> Scalar:
    """Write the name where the version stands in that is not known yet."""
    return (
        _STANDS_IN.sub(lambda hit: "${version}" if hit[1] else "${semver}", value)
        if isinstance(value, str)
        else value
    )


def _tracked(track: Track) -> Iterator[tuple[str, Scalar]]:
    """Give what is followed instead of a version."""
    for kind in ("image", "tags", "semver"):
        if value := getattr(track, kind):
            yield f"track.{kind}", value
    if track.application is not None:
        yield "track.repository", track.application.repository
    if not track.image:
        yield "track.onMovedTag", track.moved.value


def _drafted(draft: Packed) -> Iterator[tuple[str, Scalar]]:
    """Give what a kind still has to fill in, in its own words; a text that is no JSON is given whole."""
    try:
        said = json.loads(str(draft))
    except ValueError:
        yield "draft", str(draft)
    else:
        yield from _native("", said)


def _native(at: str, value: object) -> Iterator[tuple[str, Scalar]]:
    """Give what was JSON as pairs; a name that somebody chose stands in brackets, where secrets are known by it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            is_field = _FIELD.fullmatch(key) and not at.endswith("environment")
            yield from _native(f"{at}.{key}".removeprefix(".") if is_field else f"{at}[{key}]", inner)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            pair = dict(item) if isinstance(item, Mapping) else {}
            if not pair:
                yield f"{at}[{':'.join(map(str, item)) if isinstance(item, list) else item}]", True
            elif pair.keys() == {"name", "value"}:
                yield f"{at}[{pair['name']}]", _plain(pair["value"])
            else:
                yield from _native(f"{at}[{pair.get('name', index)}]", item)
    elif value is not None:
        yield at, _plain(value)


def _content(manifest: Manifest) -> Iterator[tuple[str, Scalar]]:
    """Give the pairs of a manifest; what is declared as empty owns a path and has no pair, and is said too."""
    yield from manifest.fields
    paths = [path for path, _ in manifest.fields]
    for own in manifest.owns:
        if own and not any(is_under(path, (own,)) for path in paths):
            yield own, _EMPTY


def _flat(at: str, value: object) -> Iterator[tuple[str, Scalar]]:
    """Give a value of the model as pairs; what has a kind is named by it, as gates and guards are."""
    if value is None:
        return
    if is_dataclass(value) and not isinstance(value, type):
        facts = _FACTS if hasattr(value, "kind") and not isinstance(value, Place) else frozenset()
        for one in fields(value):
            if one.name not in facts:
                yield from _flat(f"{at}.{one.name}", getattr(value, one.name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{at}.{key}", inner)
    elif isinstance(value, list | tuple | set | frozenset):
        yield from _listed(at, sorted(value, key=str) if isinstance(value, set | frozenset) else value)
    else:
        yield _path(at), _plain(value)


def _listed(at: str, items: "list[object] | tuple[object, ...]") -> Iterator[tuple[str, Scalar]]:
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        kind = str(getattr(item, "kind", index))
        seen[kind] = seen.get(kind, 0) + 1
        name = kind if seen[kind] == 1 else f"{kind}#{seen[kind]}"
        if is_dataclass(item) and not isinstance(item, type) and not fields(item):
            yield _path(f"{at}[{name}]"), ""
        yield from _flat(f"{at}[{name}]", item)


def _plain(value: object) -> Scalar:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value if isinstance(value, str | int | float | bool) else str(value)


def _duration(value: timedelta) -> str:
    """Write a duration as a spec does: 90s, 10m, 1h."""
    seconds = value.total_seconds()
    for size, unit in _UNITS:
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


def _path(at: str) -> str:
    """Name a path as the spec does."""
    for ours, written in _WRITTEN.items():
        if at == ours or at.startswith((f"{ours}.", f"{ours}[")):
            at = f"{written}{at.removeprefix(ours)}".removeprefix(".")
            break
    return ".".join(_camel(part) for part in at.split("."))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest) if first else name
