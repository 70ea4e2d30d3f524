"""Bring a native structure to one canonical form, written as (path, value) pairs, by a table of rules.

Everywhere null, the empty string, the empty list and the empty structure mean the same as nothing at all, and what
AWS fills in by itself is left out. What no rule names passes through: structures as they are, lists in their order.

Each rule writes what stands at its place in one pass, and says whether there was anything: every look brings every
task definition that moved through here, so what is here is written for speed too.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from controller.model.manifest import Scalar
from controller.targets.ecs.native import LISTS, MAPS, NUMBERS, Native

Written: TypeAlias = dict[str, Scalar]
Table: TypeAlias = Mapping[str, "Rule"]
_CLOSING = re.compile(r"([\\\]])")
_ESCAPED = r"\\\1"
_PLAIN: Final = (str, *NUMBERS)
_KEYS: Final = (str, int)


class Rule(Protocol):
    """What stands at a place means: how it is written."""

    def write(self, node: object, path: str, place: "Place", out: Written) -> bool:
        """Write it as pairs under a path; gives whether it says anything."""


class Place:
    """A place of a native structure, with its rule and the places below it; what no rule names leads nowhere."""

    __slots__ = ("item", "members", "rule")

    def __init__(self) -> None:
        self.rule: Rule = AS_IT_IS
        self.members: dict[str, Place] = {}
        self.item: Place | None = None  # that of the items of a list

    def at(self, name: str) -> "Place":
        """Give the place of a member."""
        return self.members.get(name, NOWHERE)


@dataclass(frozen=True, slots=True)
class Plain:
    """What no rule says more of: a structure, a list in its order, or a value as it is."""

    def write(self, node: object, path: str, place: Place, out: Written) -> bool:
        """Write a value, or what stands below it."""
        if isinstance(node, _PLAIN):
            if node == "":
                return False
            out[path] = node
            return True
        if isinstance(node, MAPS):
            return write_members(node, path, place, out)
        return isinstance(node, LISTS) and _write_items(node, path, place.item or NOWHERE, out)


@dataclass(frozen=True, slots=True)
class Naming:
    """A member that names the item it is in, and so is in its path."""

    def write(self, node: object, path: str, place: Place, out: Written) -> bool:
        """Write nothing."""
        del node, path, place, out
        return False


AS_IT_IS: Final = Plain()
NAMING: Final = Naming()
NOWHERE: Final = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A list of structures that is a map: `key` names an item, from the members in `by`; order means nothing."""

    key: Callable[[Native], str]
    by: frozenset[str]

    def write(self, node: object, path: str, place: Place, out: Written) -> bool:
        """Write each item under its name; of two that are called the same the last one counts."""
        if not isinstance(node, LISTS):
            return AS_IT_IS.write(node, path, place, out)
        inside = place.item or NOWHERE
        chosen = {self.key(item): item for item in node if isinstance(item, MAPS)}
        for name, item in chosen.items():
            at = bracket(path, name)
            if not write_members(item, at, inside, out):
                out[at] = True  # of an item with nothing but a name there is to say that it is there
        return bool(chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """A list of pairs that is a map from the one member to the other; an empty value is a value."""

    key: str
    value: str

    def write(self, node: object, path: str, place: Place, out: Written) -> bool:
        """Write each value under its name; of two that are called the same the last one counts."""
        if not isinstance(node, LISTS):
            return AS_IT_IS.write(node, path, place, out)
        key, member = self.key, self.value
        try:
            pairs = {item[key]: item[member] for item in node}
        except (KeyError, TypeError):  # one of them is no such pair
            whole = [item for item in node if isinstance(item, MAPS) and item.get(key) is not None]
            pairs = {str(item[key]): item.get(member) for item in whole}
        for nameless in (None, ""):
            pairs.pop(nameless, None)
        return _write_free(pairs, path, out)


@dataclass(frozen=True, slots=True)
class Bag:
    """A list of plain values whose order means nothing."""

    def write(self, node: object, path: str, place: Place, out: Written) -> bool:
        """Write that each value is there."""
        if not isinstance(node, LISTS):
            return AS_IT_IS.write(node, path, place, out)
        items = {item for item in node if isinstance(item, _KEYS) and item != ""}
        out.update((bracket(path, item), True) for item in items)
        return bool(items)


@dataclass(frozen=True, slots=True)
class Free:
    """A map with free keys; an empty value is a value."""

    def write(self, node: object, path: str, place: Place, out: Written) -> bool:
        """Write each value under its key."""
        if isinstance(node, MAPS):
            return _write_free(node, path, out)
        return AS_IT_IS.write(node, path, place, out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A plain value: how it is read, and what AWS makes of it when it is left out."""

    default: Scalar = None
    read: Callable[[Scalar], Scalar] | None = None

    def write(self, node: object, path: str, place: Place, out: Written) -> bool:
        """Write the value, unless it is what AWS makes of nothing."""
        if not isinstance(node, _PLAIN):
            return AS_IT_IS.write(node, path, place, out)
        if node == "":
            return False
        value = self.read(node) if self.read else node
        if value is None or (value == self.default and type(value) is type(self.default)):
            return False
        out[path] = value
        return True


@dataclass(frozen=True, slots=True)
class Whole:
    """A structure that means nothing when this holds of the pairs below it, each by its path from here."""

    nothing: Callable[[Mapping[str, Scalar]], bool]

    def write(self, node: object, path: str, place: Place, out: Written) -> bool:
        """Write what stands below, if it means anything."""
        if not isinstance(node, MAPS):
            return AS_IT_IS.write(node, path, place, out)
        below: Written = {}
        if not write_members(node, "", place, below) or self.nothing(below):
            return False
        out.update((f"{path}{at}", value) for at, value in below.items())
        return True


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
        if isinstance(rule, Named):
            place.item = place.item or Place()
            for name in rule.by:
                place.item.members.setdefault(name, Place()).rule = NAMING
    return root


def named(*members: str) -> Named:
    """Name the items of a list by these members, joined by a slash; those that are missing are left out."""

    def key(item: Native) -> str:
        said = [item.get(member) for member in members]
        return "/".join([str(value) for value in said if value is not None and value != ""])

    def only(item: Native) -> str:
        value = item.get(members[0])
        return "" if value is None else str(value)

    return Named(key=key if len(members) > 1 else only, by=frozenset(members))


def flatten(node: object, at: str, place: Place) -> Written:
    """Write what stands at a place in its canonical form, as pairs; `at` is the path of the place."""
    pairs: Written = {}
    place.rule.write(node, at, place, pairs)
    return pairs


def write_members(node: Native, path: str, place: Place, out: Written) -> bool:
    """Write the members of a structure; gives whether one of them says anything."""
    members, said = place.members, False
    for key, value in node.items():
        if not value and not isinstance(value, NUMBERS):
            continue
        below = members.get(key)
        if below is not None:
            said = below.rule.write(value, f"{path}.{key}", below, out) or said
        elif isinstance(value, _PLAIN):
            out[f"{path}.{key}"] = value
            said = True
        else:
            said = AS_IT_IS.write(value, f"{path}.{key}", NOWHERE, out) or said
    return said


def _write_items(node: Sequence[object], path: str, inside: Place, out: Written) -> bool:
    """Write an ordered list; an empty string in it is kept: it is an argument like any other."""
    index = 0
    for item in node:
        at = f"{path}[{index}]"
        if item == "":
            out[at] = ""
        elif not inside.rule.write(item, at, inside, out):
            continue
        index += 1
    return index > 0


def _write_free(pairs: Mapping[object, object], path: str, out: Written) -> bool:
    said = False
    for key, value in pairs.items():
        if value is None:
            continue
        said = True
        name = key if isinstance(key, str) else str(key)
        at = bracket(path, name) if "]" in name or "\\" in name else f"{path}[{name}]"
        if isinstance(value, _PLAIN):
            out[at] = value
        else:
            _write_raw(value, at, out)
    return said


def _write_raw(node: object, path: str, out: Written) -> None:
    """Write what AWS knows no structure of: all of it counts."""
    if isinstance(node, _PLAIN):
        out[path] = node
    elif isinstance(node, MAPS):
        for key, value in node.items():
            _write_raw(value, f"{path}.{key}", out)
    elif isinstance(node, LISTS):
        for index, item in enumerate(node):
            _write_raw(item, f"{path}[{index}]", out)


def bracket(path: str, key: object) -> str:
    """Write a free key behind a path, so that no two keys can be taken for each other."""
    text = str(key)
    if "]" in text or "\\" in text:
        text = _CLOSING.sub(_ESCAPED, text)
    return f"{path}[{text}]"
