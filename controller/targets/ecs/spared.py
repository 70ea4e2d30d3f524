"""What is sent of a field in which something is ignored: what is ignored stays as it is there.

A field is compared by its canonical paths, and sent as it is written: so what is declared and what is there are
walked side by side, by the same rules. In each list an item is the one that the rules call by the same name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from controller.model.paths import EXCEPT, Paths, matches
from controller.targets.ecs.canon import NAMING, NOWHERE, Bag, Free, Named, Pairs, Place, bracket
from controller.targets.ecs.manifest import PLACES
from controller.targets.ecs.native import LISTS, MAPS
from controller.targets.ecs.rules import SERVICE

GONE: Final = object()
"""Stands for what is neither sent nor there."""


def ignored_in(owns: Paths) -> Paths:
    """Give the patterns of what is left out of what is owned."""
    return tuple(own.removeprefix(EXCEPT) for own in owns if own.startswith(EXCEPT))


def is_ignored(path: str, passed: Paths) -> bool:
    """Whether one of these patterns means this path, or what it lies in."""
    return any(matches(path, pattern) for pattern in passed)


def reaches(name: str, passed: Paths) -> bool:
    """Whether one of these patterns can mean something in a field of a service."""
    field = f"{SERVICE}.{name}"
    others = tuple(f"{SERVICE}.{mark}" for mark in "*.")
    return any(pattern.startswith((field, "..", *others)) for pattern in passed)


def spared(name: str, value: object, there: object, passed: Paths) -> object:
    """Give a declared field of a service with what is ignored as it is there; GONE if nothing is left of it."""
    walk = _Walk(passed=passed)
    return walk.merged(value, there, f"{SERVICE}.{name}", PLACES.at(SERVICE).at(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """One walk through what is declared and what is there; `passed` are the patterns of what is ignored."""

    passed: Paths

    def merged(self, value: object, there: object, path: str, place: Place) -> object:
        """Give what is sent at a path."""
        if place.rule is NAMING:
            return value
        if is_ignored(path, self.passed):
            return GONE if there is None else there
        if isinstance(value, MAPS):
            return self._members(value, there if isinstance(there, MAPS) else {}, path, place)
        if isinstance(value, LISTS):
            return self._items(list(value), list(there) if isinstance(there, LISTS) else [], path, place)
        return value

    def _members(self, value: Mapping[str, object], there: Mapping[str, object], path: str, place: Place) -> object:
        def at(key: str) -> str:
            return bracket(path, key) if isinstance(place.rule, Free) else f"{path}.{key}"

        found = {key: self.merged(value[key], there.get(key, GONE), at(key), place.at(key)) for key in value}
        kept = {key: there[key] for key in there if key not in value and is_ignored(at(key), self.passed)}
        sent = {key: one for key, one in {**found, **kept}.items() if one is not GONE}
        return sent if sent or not value else GONE

    def _items(self, value: list[object], there: list[object], path: str, place: Place) -> object:
        name = _name_of(place)
        ours = [(bracket(path, name(item, index)), item) for index, item in enumerate(value)]
        live = {bracket(path, name(item, index)): item for index, item in enumerate(there)}
        inside = place.item or NOWHERE
        if isinstance(place.rule, Pairs):
            # Such an item is one leaf: it is as it is declared, or as it is there.
            found = [live.get(at, GONE) if is_ignored(at, self.passed) else item for at, item in ours]
        else:
            found = [self.merged(item, live.get(at, GONE), at, inside) for at, item in ours]
        known = {at for at, _ in ours}
        kept = [item for at, item in live.items() if at not in known and is_ignored(at, self.passed)]
        sent = [item for item in (*found, *kept) if item is not GONE]
        return sent if sent or not value else GONE


def _name_of(place: Place) -> Callable[[object, int], object]:
    """Tell how the items of a list are called in a path; those of a list in its order by their number."""
    rule = place.rule

    def name(item: object, index: int) -> object:
        if isinstance(rule, Bag):
            return item
        if not isinstance(item, MAPS):
            return index
        if isinstance(rule, Named):
            return rule.key(item)
        return item.get(rule.key) if isinstance(rule, Pairs) else index

    return name
