"""A target's task definition: its own lines, a file with values for its ${names}, or what lies over a base."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from controller.model.desired import Complaint
from controller.spec.fill import Filling
from controller.spec.nodes import Fields, Node, Text, kind_of, mark_of
from controller.spec.problems import complaint
from controller.spec.scalars import show, suggest
from controller.spec.scan import Scanned
from controller.spec.tables import Shelf

# RegisterTaskDefinition has no fields of these names, so one of them tells a reference from a definition.
_REFERENCE: Final = frozenset({"file", "values"})
_BASE: Final = "base"
_PATH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,9}")
_SUFFIXES: Final = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """The tree of a task definition with every ${name} filled in, or what is wrong on the way to it.

    With a `base`, the root is what is laid over it.
    """

    root: Fields | None = None
    base: Fields | None = None
    complaints: tuple[Complaint, ...] = ()


def find_definition(
    node: Node | None,
    filling: Filling,
    shelf: Shelf,
    scan: Callable[[str], Scanned],
    where: tuple[str, ...],
) -> Definition:
    """Find what `taskDefinition` says; `where` is the path to it."""
    if node is None:
        return Definition()
    if not isinstance(node, Fields):
        return _wrong(node, where, f"must be a mapping, not {kind_of(node)}")
    base = node.get(_BASE)
    if base is not None and not isinstance(base, Fields):
        return _wrong(base, (*where, _BASE), f"must be a mapping, not {kind_of(base)}")
    if base is not None:
        over = filling.fill_fields(node.without(_BASE), lookups=True)
        return Definition(root=over, base=filling.fill_fields(base))
    if not _REFERENCE & node.entries.keys():
        return Definition(root=filling.fill_fields(node, lookups=True))
    found = _read(node, filling, shelf, scan, where)
    return Definition(root=found.root, complaints=(*_unknown(node, where), *found.complaints))


def _unknown(node: Fields, where: tuple[str, ...]) -> list[Complaint]:
    wrong = []
    for key, entry in node.entries.items():
        if key not in _REFERENCE:
            what = f"unknown field beside `file`{suggest(key, _REFERENCE)}"
            wrong.append(complaint(entry.at, (*where, key), what))
    return wrong


def _read(
    node: Fields, filling: Filling, shelf: Shelf, scan: Callable[[str], Scanned], where: tuple[str, ...]
) -> Definition:
    file = node.get("file")
    at = (*where, "file")
    if not isinstance(file, Text) or file.value is None:
        return _wrong(file or node, at, "is missing: the path of a file")
    name = filling.fill(file)
    path = name.value or "" if isinstance(name, Text) else ""
    misplaced = _misplaced(path)
    if misplaced:
        return _wrong(file, at, f"{show(path)} {misplaced}")
    found = shelf.find(path)
    if found is None:
        return _wrong(file, at, f"there is no file {show(path)}{_meant(path, shelf)}")
    shown, content = found
    if isinstance(content, str):
        return _wrong(file, at, f"{shown} cannot be read: {content}")
    scanned = scan(shown)
    if scanned.complaints or scanned.root is None:
        return Definition(complaints=scanned.complaints)
    return Definition(root=filling.fill_fields(scanned.root, lookups=True))


def _wrong(node: Node, where: tuple[str, ...], what: str) -> Definition:
    return Definition(complaints=(complaint(mark_of(node, ()), where, what),))


def _misplaced(path: str) -> str:
    """Say why a path is not taken; it is only ever a name to look up, never joined to one of this machine."""
    if path.startswith("/"):
        return "is not relative to the folder of specs"
    if ".." in path.split("/"):
        return "leaves the folder of specs"
    if not path.endswith(_SUFFIXES):
        return f"is not a file of {', '.join(_SUFFIXES)}"
    return "" if _PATH.fullmatch(path) else "is not a path of letters, digits and . _ - below the folder of specs"


def _meant(path: str, shelf: Shelf) -> str:
    return suggest(path, [name for name in shelf.names() if name.endswith(_SUFFIXES)])
