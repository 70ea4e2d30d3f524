"""A YAML file as a tree that remembers where everything stands, and what can be done with such trees.

These are the only values of the house that are named tuples: a file has hundreds of them, and a thousand files are
read at start; a frozen dataclass takes four times as long to make.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

Path: TypeAlias = Sequence[str | int]


class Mark(NamedTuple):
    """A place in a file, as people count: from 1."""

    file: str
    line: int
    column: int


class Text(NamedTuple):
    """A scalar as it was written; None if nothing was. `plain` says that it stood without quotes."""

    at: Mark
    value: str | None
    plain: bool = False


class Items(NamedTuple):
    """A list."""

    at: Mark
    items: tuple["Node", ...]


class Entry(NamedTuple):
    """The value of a key, and where the key stands."""

    at: Mark
    value: "Node"


class Fields(NamedTuple):
    """A mapping."""

    at: Mark
    entries: Mapping[str, Entry]

    def get(self, *path: str) -> "Node | None":
        """Give the node below these keys, or None if there is none."""
        node: Node | None = self
        for key in path:
            entry = node.entries.get(key) if isinstance(node, Fields) else None
            node = entry.value if entry else None
        return node

    def without(self, *keys: str) -> "Fields":
        """Give the same mapping without some keys."""
        return Fields(self.at, {key: entry for key, entry in self.entries.items() if key not in keys})


Node: TypeAlias = Text | Items | Fields


def kind_of(node: Node) -> str:
    """Say what a node is, for a message."""
    if isinstance(node, Fields):
        return "a mapping"
    if isinstance(node, Items):
        return "a list"
    return "empty" if node.value is None else "text"


def mark_of(root: Node, path: Path, *, key: bool = False) -> Mark:
    """Find where the value at a path stands, or its key; the nearest thing around it if it is not there."""
    node, at = root, root.at
    for part in path:
        if isinstance(node, Fields) and (entry := node.entries.get(str(part))):
            node, at = entry.value, entry.at if key else entry.value.at
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            at = node.at
        else:
            return node.at
    return at


def put(fields: Fields, key: str, text: str) -> Fields:
    """Give a mapping in which a key has another text; it stands where the key stood, or the mapping does."""
    at = fields.entries[key].value.at if key in fields.entries else fields.at
    return Fields(fields.at, {**fields.entries, key: Entry(at, Text(at, text))})


def merge(under: Fields, over: Fields) -> Fields:
    """Lay one mapping over another: maps merge, everything else replaces; every part keeps its own mark."""
    entries = dict(under.entries)
    for key, entry in over.entries.items():
        below = entries.get(key)
        if below and isinstance(below.value, Fields) and isinstance(entry.value, Fields):
            entries[key] = Entry(entry.at, merge(below.value, entry.value))
        else:
            entries[key] = entry
    return Fields(over.at, entries)


def values_of(node: Node, scalar: Callable[[Text], object]) -> object:
    """Turn a tree into dicts, lists and what `scalar` makes of its texts."""
    if isinstance(node, Text):
        return scalar(node)
    if isinstance(node, Items):
        return [values_of(item, scalar) for item in node.items]
    return {key: values_of(entry.value, scalar) for key, entry in node.entries.items()}


def written(text: Text) -> str | None:
    """Give a scalar as it was written."""
    return text.value


def content_digest(*nodes: Node) -> str:
    """Name what trees say, wherever they say it: moving a line changes nothing."""
    said = [values_of(node, _said) for node in nodes]
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def _said(text: Text) -> object:
    return [text.value] if text.plain else text.value
