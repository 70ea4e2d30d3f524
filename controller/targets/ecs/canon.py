"""Bring a native structure to one canonical form by a table of rules, and write it as (path, value) pairs.

Everywhere null, the empty string, the empty list and the empty structure mean the same as nothing at all, and what
AWS fills in by itself is left out. What no rule names passes through: structures as they are, lists in their order.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from controller.model.manifest import Scalar
from controller.targets.ecs.native import Native

Table: TypeAlias = Mapping[str, "Rule"]
_CLOSING = re.compile(r"([\\\]])")
_ESCAPED = r"\\\1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A list of structures that is a map: `key` names an item, from the members in `by`; order means nothing."""

    key: Callable[[Native], str]
    by: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """A list of pairs that is a map from the one member to the other; an empty value is a value."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Bag:
    """A list of plain values whose order means nothing."""


@dataclass(frozen=True, slots=True)
class Free:
    """A map with free keys; an empty value is a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A plain value: how it is read, and what AWS makes of it when it is left out."""

    default: Scalar = None
    read: Callable[[Scalar], Scalar] | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """A structure that means nothing when this holds of its canonical form."""

    nothing: Callable[[Native], bool]


Rule: TypeAlias = Named | Pairs | Bag | Free | Leaf | Whole


class Place:
    """A place of a native structure, with its rule and the places below it; what no rule names leads nowhere."""

    __slots__ = ("item", "members", "rule")

    def __init__(self) -> None:
        self.rule: Rule | None = None
        self.members: dict[str, Place] = {}
        self.item: Place | None = None  # that of the items of a list

    def at(self, name: str) -> "Place":
        """Give the place of a member."""
        return self.members.get(name, NOWHERE)


NOWHERE = Place()


def grow(table: Table) -> Place:
    """Make a tree of a table of rules, so that nothing is looked up by its whole path for every value."""
    root = Place()
    for path, rule in table.items():
        place = root
        for part in path.split("."):
            name, *items = part.split("[]")
            place = place.members.setdefault(name, Place())
            for _ in items:
                place.item = place.item or Place()
                place = place.item
        place.rule = rule
    return root


def named(*members: str) -> Named:
    """Name the items of a list by these members, joined by a slash; those that are missing are left out."""

    def key(item: Native) -> str:
        return "/".join(str(item[member]) for member in members if _says(item.get(member)))

    return Named(key=key, by=frozenset(members))


def canon(node: object, place: Place) -> object:
    """Give the canonical form of what stands at a place, None for nothing; doing it twice changes nothing."""
    if isinstance(node, str):  # most of it is: what is asked first is asked most
        return _leaf(node, place.rule)
    if isinstance(node, list | tuple):
        return _list(node, place) or None
    return _structure(node, place) if isinstance(node, Mapping) else _leaf(node, place.rule)


def _says(value: object) -> bool:
    return value is not None and value != ""


def _structure(node: Native, place: Place) -> object:
    rule = place.rule
    if isinstance(rule, Free):
        return {key: value for key, value in sorted(node.items()) if value is not None} or None
    kept = {}
    for key, value in sorted(node.items()):
        canonical = canon(value, place.members.get(key, NOWHERE))
        if canonical is not None:
            kept[key] = canonical
    return None if not kept or (isinstance(rule, Whole) and rule.nothing(kept)) else kept


def _list(node: Sequence[object], place: Place) -> list[object]:
    structures = _structures(node)
    match place.rule:
        case Bag():
            return sorted({value for value in node if isinstance(value, str | int) and _says(value)}, key=str)
        case Pairs(key=key, value=value):
            pairs = {str(item[key]): item.get(value) for item in structures if _says(item.get(key))}
            return [{key: name, value: content} for name, content in sorted(pairs.items()) if content is not None]
        case Named() as rule:
            return _named(structures, _inside(place), rule)
        case _:
            items = (_item(item, _inside(place)) for item in node)
            return [item for item in items if item is not None]


def _inside(place: Place) -> Place:
    return place.item or NOWHERE


def _named(structures: Sequence[Native], inside: Place, rule: Named) -> list[object]:
    """Keep the members that name an item, even those that are what AWS would fill in."""
    chosen = {rule.key(item): item for item in structures}
    canonical: list[object] = []
    for _, item in sorted(chosen.items()):
        rest = {key: value for key, value in item.items() if key not in rule.by}
        naming = {key: item[key] for key in sorted(rule.by) if _says(item.get(key))}
        members = canon(rest, inside)
        canonical.append({**naming, **(members if isinstance(members, Mapping) else {})})
    return canonical


def _item(item: object, inside: Place) -> object:
    """Keep an empty string in an ordered list: it is an argument like any other."""
    return "" if item == "" else canon(item, inside)


def _leaf(node: object, rule: Rule | None) -> object:
    if not _says(node) or not isinstance(node, str | int | float | bool):
        return None
    if not isinstance(rule, Leaf):
        return node
    value = rule.read(node) if rule.read else node
    return None if value == rule.default and type(value) is type(rule.default) else value


def flatten(node: object, at: str, place: Place) -> dict[str, Scalar]:
    """Write a canonical form as pairs; `at` is the path of the place where it stands."""
    pairs: dict[str, Scalar] = {}
    _write(node, at, place, pairs)
    return pairs


def _write(node: object, path: str, place: Place, out: dict[str, Scalar]) -> None:
    if isinstance(node, str | int | float):
        out[path] = node
    elif isinstance(node, list):
        _write_list(node, path, place, out)
    elif isinstance(node, Mapping):
        free, members = isinstance(place.rule, Free), place.members
        for key, value in node.items():
            _write(value, bracket(path, key) if free else f"{path}.{key}", members.get(key, NOWHERE), out)


def _write_list(node: list[object], path: str, place: Place, out: dict[str, Scalar]) -> None:
    inside = _inside(place)
    match place.rule:
        case Bag():
            out.update((bracket(path, item), True) for item in node)
        case Pairs(key=key, value=value):
            at = inside.at(value)
            for pair in _structures(node):
                _write(pair[value], bracket(path, pair[key]), at, out)
        case Named(key=name, by=by):
            for structure in _structures(node):
                rest = {member: value for member, value in structure.items() if member not in by}
                # Of an item with nothing but a name there is to say that it is there.
                _write(rest or True, bracket(path, name(structure)), inside, out)
        case _:
            for index, item in enumerate(node):
                _write(item, f"{path}[{index}]", inside, out)


def _structures(node: Sequence[object]) -> list[Native]:
    return [item for item in node if isinstance(item, Mapping)]


def bracket(path: str, key: object) -> str:
    """Write a free key behind a path, so that no two keys can be taken for each other."""
    text = str(key)
    if "]" in text or "\\" in text:
        text = _CLOSING.sub(_ESCAPED, text)
    return f"{path}[{text}]"
