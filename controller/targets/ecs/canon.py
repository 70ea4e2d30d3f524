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


def named(*members: str) -> Named:
    """Name the items of a list by these members, joined by a slash; those that are missing are left out."""

    def key(item: Native) -> str:
        return "/".join(str(item[member]) for member in members if _says(item.get(member)))

    return Named(key=key, by=frozenset(members))


def canon(node: object, at: str, table: Table) -> object:
    """Give the canonical form of what stands at this place, None for nothing; doing it twice changes nothing."""
    rule = table.get(at)
    if isinstance(node, Mapping):
        return _structure(node, at, table, rule)
    if isinstance(node, list | tuple):
        return _list(node, at, table, rule) or None
    return _leaf(node, rule)


def _says(value: object) -> bool:
    return value is not None and value != ""


def _structure(node: Native, at: str, table: Table, rule: Rule | None) -> object:
    if isinstance(rule, Free):
        return {key: value for key, value in sorted(node.items()) if value is not None} or None
    members = {key: canon(value, f"{at}.{key}", table) for key, value in sorted(node.items())}
    kept = {key: value for key, value in members.items() if value is not None}
    return None if not kept or (isinstance(rule, Whole) and rule.nothing(kept)) else kept


def _list(node: Sequence[object], at: str, table: Table, rule: Rule | None) -> list[object]:
    structures = [item for item in node if isinstance(item, Mapping)]
    match rule:
        case Bag():
            return sorted({value for value in node if isinstance(value, str | int) and _says(value)}, key=str)
        case Pairs(key=key, value=value):
            pairs = {str(item[key]): item.get(value) for item in structures if _says(item.get(key))}
            return [{key: name, value: content} for name, content in sorted(pairs.items()) if content is not None]
        case Named():
            return _named(structures, f"{at}[]", table, rule)
        case _:
            items = (_item(item, f"{at}[]", table) for item in node)
            return [item for item in items if item is not None]


def _named(structures: Sequence[Native], inside: str, table: Table, rule: Named) -> list[object]:
    """Keep the members that name an item, even those that are what AWS would fill in."""
    chosen = {rule.key(item): item for item in structures}
    canonical: list[object] = []
    for _, item in sorted(chosen.items()):
        rest = {key: value for key, value in item.items() if key not in rule.by}
        naming = {key: item[key] for key in sorted(rule.by) if _says(item.get(key))}
        members = canon(rest, inside, table)
        canonical.append({**naming, **(members if isinstance(members, Mapping) else {})})
    return canonical


def _item(item: object, inside: str, table: Table) -> object:
    """Keep an empty string in an ordered list: it is an argument like any other."""
    return "" if item == "" else canon(item, inside, table)


def _leaf(node: object, rule: Rule | None) -> object:
    if not _says(node) or not isinstance(node, str | int | float | bool):
        return None
    if not isinstance(rule, Leaf):
        return node
    value = rule.read(node) if rule.read else node
    return None if value == rule.default and type(value) is type(rule.default) else value


def flatten(node: object, at: str, table: Table) -> dict[str, Scalar]:
    """Write a canonical form as pairs; `at` is where it stands."""
    pairs: dict[str, Scalar] = {}
    _write(node, at, (at, table), pairs)
    return pairs


def _write(node: object, path: str, where: tuple[str, Table], out: dict[str, Scalar]) -> None:
    at, table = where
    if isinstance(node, Mapping):
        free = isinstance(table.get(at), Free)
        for key, value in node.items():
            _write(value, bracket(path, key) if free else f"{path}.{key}", (f"{at}.{key}", table), out)
    elif isinstance(node, list):
        _write_list(node, path, where, out)
    elif isinstance(node, str | int | float | bool):
        out[path] = node


def _write_list(node: list[object], path: str, where: tuple[str, Table], out: dict[str, Scalar]) -> None:
    at, table = where
    rule, inside = table.get(at), f"{at}[]"
    for index, item in enumerate(node):
        match rule, item:
            case Bag(), _:
                out[bracket(path, item)] = True
            case Pairs(key=key, value=value), Mapping():
                _write(item[value], bracket(path, item[key]), (f"{inside}.{value}", table), out)
            case Named(key=name, by=by), Mapping():
                rest = {member: value for member, value in item.items() if member not in by}
                # Of an item with nothing but a name there is to say that it is there.
                _write(rest or True, bracket(path, name(item)), (inside, table), out)
            case _:
                _write(item, f"{path}[{index}]", (inside, table), out)


def bracket(path: str, key: object) -> str:
    """Write a free key behind a path, so that no two keys can be taken for each other."""
    return f"{path}[{_CLOSING.sub(_ESCAPED, str(key))}]"
