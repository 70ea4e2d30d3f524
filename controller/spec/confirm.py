"""Take `mode: observe` out of a file, and leave every other byte as it is. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from controller.spec.nodes import Entry, Fields, Mark, Node, Text, content_digest
from controller.spec.scan import scan

DEFAULTS: Final = "defaults"
_MODE: Final = "mode"
_OBSERVE: Final = "observe"
_BLOCK: Final = re.compile(r"[ \t]*(?P<entry>mode[ \t]*:[ \t]+(?P<quote>[\"']?)observe(?P=quote))[ \t]*(?:#.*)?\r?")
_FLOW: Final = re.compile(r"mode[ \t]*:[ \t]+([\"']?)observe\1[ \t]*(?P<after>,[ \t]*)?")
_BEFORE: Final = re.compile(r",[ \t]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A file after the edit: its text, and where `mode: observe` went. `failed` says where it could not."""

    text: str
    places: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def observing(content: bytes, file: str) -> tuple[str, ...]:
    """Name the targets of a file that only observe by their own lines; `defaults` if all do that say nothing."""
    root = scan(content, file).root
    return tuple(name for name, _ in _found(root)) if root else ()


def releasing(content: bytes, file: str) -> tuple[str, ...]:
    """Name every target that a file declares."""
    root = scan(content, file).root
    return tuple(name for holder in _holders(root) for name in holder.entries) if root else ()


def confirm(content: bytes, file: str, wanted: Collection[str] | None) -> Confirmed:
    """Take `mode: observe` out of these targets (all, and `defaults`, if None), as far as the file can be read.

    A line that says nothing else goes, with its comment; where the mapping would be left empty it becomes `{}`.
    """
    text = content.decode("utf-8")
    root = scan(content, file).root
    found = [] if root is None else [one for one in _found(root) if wanted is None or one[0] in wanted]
    places: list[str] = []
    failed: list[str] = []
    # From the end to the beginning, so that what stands before an edit stays where it was.
    for name, holder in sorted(found, key=lambda one: one[1].entries[_MODE].at[1:], reverse=True):
        edited = _without(text, holder)
        if edited is not None and _is_the_same(edited, text, file, name):
            text = edited
            places.append(name)
        else:
            failed.append(name)
    return Confirmed(text=text, places=tuple(reversed(places)), failed=tuple(reversed(failed)))


def _holders(root: Fields) -> Iterator[Fields]:
    for path in (("targets",), ("spec", "targets")):
        node = root.get(*path)
        if isinstance(node, Fields):
            yield node


def _found(root: Fields) -> Iterator[tuple[str, Fields]]:
    """Give every mapping that says `mode: observe`, with its target's name."""
    defaults = root.get("spec", DEFAULTS)
    targets = [pair for holder in _holders(root) for pair in holder.entries.items()]
    entries = [*([(DEFAULTS, Entry(root.at, defaults))] if defaults else ()), *targets]
    for name, entry in entries:
        node = entry.value
        mode = node.entries.get(_MODE) if isinstance(node, Fields) else None
        if isinstance(node, Fields) and mode and isinstance(mode.value, Text) and mode.value.value == _OBSERVE:
            yield name, node


def _without(text: str, holder: Fields) -> str | None:
    """Give the text without the entry; None if it is written in a way that is not known here."""
    at: Mark = holder.entries[_MODE].at
    lines = text.split("\n")
    line, column = lines[at.line - 1], at.column - 1
    alone = len(holder.entries) == 1
    whole = _BLOCK.fullmatch(line)
    if whole and whole.start("entry") == column:
        if alone:
            lines[at.line - 1] = f"{line[:column]}{{}}{line[whole.end('entry') :]}"
        else:
            del lines[at.line - 1]
        return "\n".join(lines)
    hit = _FLOW.match(line, column)
    if hit is None:
        return None
    before, after = line[:column], line[hit.end() :]
    if not hit["after"] and not alone:
        before = _BEFORE.sub("", before)
    lines[at.line - 1] = before + after
    return "\n".join(lines)


def _is_the_same(edited: str, text: str, file: str, name: str) -> bool:
    """Make sure that nothing else is said otherwise than before."""
    after, before = scan(edited.encode(), file), scan(text.encode(), file)
    if after.complaints or after.root is None or before.root is None:
        return False
    return content_digest(after.root) == content_digest(_stripped(before.root, name))


def _stripped(root: Fields, name: str) -> Fields:
    """Give a tree without the mode of one target, or of the defaults."""
    paths = (("spec", DEFAULTS),) if name == DEFAULTS else (("targets", name), ("spec", "targets", name))
    for path in paths:
        root = _at(root, path)
    return root


def _at(fields: Fields, path: tuple[str, ...]) -> Fields:
    if not path:
        return fields.without(_MODE)
    entry: Entry | None = fields.entries.get(path[0])
    if entry is None or not isinstance(entry.value, Fields):
        return fields
    inner: Node = _at(entry.value, path[1:])
    entries: Mapping[str, Entry] = {**fields.entries, path[0]: Entry(entry.at, inner)}
    return Fields(fields.at, dict(entries))
