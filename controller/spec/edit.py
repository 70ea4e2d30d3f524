"""Change one version in a file, and leave every other byte as it is: by the marks of the parser. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import yaml

from controller.errors import SpecError
from controller.model.version import read_version
from controller.spec.nodes import Entry, Fields, Items, Node, Text, content_digest
from controller.spec.scan import Scanned, scan
from controller.spec.version import explain_version

VERSION: Final = "version"
TRACK: Final = "track"
_TARGETS: Final = "targets"
_GROUPS: Final = "groups"
_AROUND: Final = ((), ("spec",))
_BLOCKS: Final = frozenset({"|", ">"})

Path: TypeAlias = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A file after its version was changed: what it holds, what stood there before, and on which line (from 1)."""

    content: bytes
    before: str
    line: int


def version_paths(content: bytes, file: str, target: str) -> tuple[tuple[str, ...], ...]:
    """Name every place in a file where the version of a target may stand: its own, then its group's.

    Its own is there if the file declares it, its group's if that stands there: in a folder those may be two files.
    The place need not hold a version: it may be in `defaults`.
    """
    root = scan(content, file).root
    return tuple(_paths(root, target)) if root else ()


def is_of_group(path: Path) -> bool:
    """Whether a place is that of a group's version."""
    return _GROUPS in path[:-2]


def _paths(root: Fields, target: str) -> Iterator[tuple[str, ...]]:
    for around in _AROUND:
        if root.get(*around, _TARGETS, target) is not None:
            yield (*around, _TARGETS, target, VERSION)
        groups = root.get(*around, _GROUPS)
        entries: Mapping[str, Entry] = groups.entries if isinstance(groups, Fields) else {}
        grouped = (name for name, entry in entries.items() if target in _members(entry.value))
        yield from ((*around, _GROUPS, name, VERSION) for name in grouped)


def _members(group: Node) -> frozenset[str]:
    targets = group.get(_TARGETS) if isinstance(group, Fields) else None
    items = targets.items if isinstance(targets, Items) else ()
    return frozenset(item.value for item in items if isinstance(item, Text) and item.value)


def edit_version(content: bytes, file: str, path: Path, version: str) -> Edited:
    """Write another version at a path such as `spec targets api version`; `file` is its name for people.

    Quotes, comments and line ends stay. Raises SpecError for what is no version, for a file that cannot be read,
    and for a place that holds none, or holds it in a way that is edited by hand only.
    """
    if wrong := explain_version(version):
        raise SpecError(f"{version[:80]!r} {wrong}")
    before = _readable(scan(content, file))
    where = ".".join(path)
    found = before.get(*path)
    if not isinstance(found, Text) or found.value is None:
        raise SpecError(f"{file}: {where} is not there, so there is no line to change{_instead(before, path)}")
    place = f"{file}:{found.at.line}:{found.at.column}: {where}"
    if read_version(found.value) is None:
        raise SpecError(f"{place} is {found.value[:80]!r}, which is no version; change it by hand")
    text = content.decode("utf-8")
    start, end = _marks(text, path, place)
    edited = f"{text[:start]}{_quoted_as(text[start:end], found.value, version, place)}{text[end:]}".encode()
    after = _readable(scan(edited, file))
    if content_digest(after) != content_digest(_with(before, path, version)):
        raise SpecError(f"{place} is written in a way that is edited by hand only")
    return Edited(content=edited, before=found.value, line=found.at.line)


def _readable(scanned: Scanned) -> Fields:
    if scanned.root is None or scanned.complaints:
        raise SpecError("\n".join(map(str, scanned.complaints)) or "it is no mapping")
    return scanned.root


def _instead(root: Fields, path: Path) -> str:
    """Say what stands in the place of a version, if something does."""
    holder = root.get(*path[:-1])
    if isinstance(holder, Fields) and TRACK in holder.entries:
        return f": it follows what `{TRACK}` names"
    if root.get("spec", "defaults", VERSION) is not None:
        return f": it stands in `defaults`, for others too; write a {VERSION} of its own first"
    return ""


def _marks(text: str, path: Path, place: str) -> tuple[int, int]:
    """Find where the value at a path begins and ends, in characters."""
    for at, event in _scalars(text):
        if at == tuple(path):
            if event.style in _BLOCKS:
                raise SpecError(
                    f"{place} is a block of lines; write it on the line of its key, then it can be edited"
                )
            if event.start_mark is not None and event.end_mark is not None:
                return event.start_mark.index, event.end_mark.index
    raise SpecError(f"{place} is written in a way that is edited by hand only")


def _scalars(text: str) -> Iterator[tuple[tuple[str, ...], yaml.ScalarEvent]]:
    """Give every scalar that is a value below keys alone, with its keys; what is in lists is passed over."""
    keys: list[str | None] = []  # for each mapping or list that is open: the key whose value comes next
    lists = 0
    is_mapping: list[bool] = []
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            is_mapping.append(isinstance(event, yaml.MappingStartEvent))
            lists += not is_mapping[-1]
            keys.append(None)
        elif isinstance(event, yaml.CollectionEndEvent):
            keys.pop()
            lists -= not is_mapping.pop()
            _value_is_over(keys, is_mapping)
        elif isinstance(event, yaml.ScalarEvent) and is_mapping:
            if is_mapping[-1] and keys[-1] is None:
                keys[-1] = event.value
                continue
            if not lists:
                yield tuple(key or "" for key in keys), event
            _value_is_over(keys, is_mapping)


def _value_is_over(keys: list[str | None], is_mapping: Sequence[bool]) -> None:
    if is_mapping and is_mapping[-1]:
        keys[-1] = None


def _quoted_as(written: str, value: str, version: str, place: str) -> str:
    """Write a version with the quotes that the one before it had; it needs none of its own."""
    for quote in ("", "'", '"'):
        if written == f"{quote}{value}{quote}":
            return f"{quote}{version}{quote}"
    raise SpecError(f"{place} is written with escapes or over several lines; change it by hand")


def _with(node: Fields, path: Path, version: str) -> Fields:
    """Give the same tree with another text at a path that is there."""
    key, *rest = path
    entry = node.entries[key]
    value: Node = entry.value
    if isinstance(value, Text):
        value = value._replace(value=version)
    elif isinstance(value, Fields):
        value = _with(value, rest, version)
    return Fields(node.at, {**node.entries, key: Entry(entry.at, value)})
