"""What the lines of a group mean for each of its members: they are laid under that one's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from controller.model.desired import Complaint
from controller.spec.guards import gate_model, read_guards
from controller.spec.nodes import Entry, Fields, Items, Node, Text, content_digest
from controller.spec.problems import complaint
from controller.spec.scalars import show
from controller.spec.tables import Tables

GROUPS: Final = "groups"
_OF_THE_GROUP: Final = ("version", "track", "breaking", "notBefore")
_HOOKS: Final = ("before", "onRollback")


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What the group of a target says of it; `lines` are the group's own, as they stand."""

    group: str
    lines: Fields
    is_hooked: bool

    def digest(self) -> str:
        """Name what it says, wherever that is written."""
        return content_digest(self.lines, Text(self.lines.at, str(self.is_hooked)))


def memberships(groups: Node | None) -> Mapping[str, Membership]:
    """Give the group of each target that one names, by the target's name; of two groups the first."""
    found: dict[str, Membership] = {}
    for name, entry in groups.entries.items() if isinstance(groups, Fields) else ():
        lines = entry.value
        if isinstance(lines, Fields):
            hooked = hooked_of(lines)
            for member in _names(lines.get("targets")):
                found.setdefault(member, Membership(group=name, lines=lines, is_hooked=member == hooked))
    return found


def hooked_of(lines: Fields) -> str:
    """Name the member that runs the hooks of a group; empty if it has none."""
    if not any(isinstance(found := lines.get("hooks", when), Items) and found.items for when in _HOOKS):
        return ""
    said = lines.get("hooks", "target")
    named = said.value if isinstance(said, Text) else None
    return named or next(iter(_names(lines.get("targets"))), "")


def joined(merged: Fields, own: Node, membership: Membership) -> tuple[Fields, list[tuple[str, Node]]]:
    """Lay what a group says under one of its members; also gives the lines of the member that only a group has."""
    lines, entries = membership.lines, dict(merged.entries)
    wrong = [
        (key, own.entries[key].value) for key in _OF_THE_GROUP if isinstance(own, Fields) and key in own.entries
    ]
    for key in _OF_THE_GROUP:
        entries.pop(key, None)
        if key in lines.entries and not (key == "version" and "track" in lines.entries):  # both are refused there
            entries[key] = lines.entries[key]
    _lay_first(entries, "gates", lines)
    if membership.is_hooked and isinstance(hooks := lines.get("hooks"), Fields):
        below = entries.get("hooks")
        known = dict(below.value.entries) if below and isinstance(below.value, Fields) else {}
        for when in _HOOKS:
            _lay_first(known, when, hooks)
        entries["hooks"] = Entry(hooks.at, Fields(hooks.at, known))
    return Fields(merged.at, entries), wrong


def _lay_first(entries: dict[str, Entry], key: str, lines: Fields) -> None:
    """Put a list of the group's before the same list of a member."""
    mine, entry = lines.entries.get(key), entries.get(key)
    if mine is None or not isinstance(mine.value, Items):
        return
    rest = entry.value.items if entry and isinstance(entry.value, Items) else ()
    entries[key] = Entry(mine.at, Items(mine.value.at, (*mine.value.items, *rest)))


def wrong_gates(groups: Node | None, tables: Tables, facts: Mapping[str, str]) -> Iterator[Complaint]:
    """Say what is wrong in the gates of groups, whichever member they are read for."""
    for name, entry in groups.entries.items() if isinstance(groups, Fields) else ():
        if isinstance(entry.value, Fields):
            where = (GROUPS, name, "gates")
            yield from read_guards(entry.value.get("gates"), tables.gates, facts, where, gate_model).complaints


def shared(groups: Node | None) -> Iterator[Complaint]:
    """Say of a target that two groups name that it can be in one alone."""
    first: dict[str, str] = {}
    for name, entry in groups.entries.items() if isinstance(groups, Fields) else ():
        targets = entry.value.get("targets") if isinstance(entry.value, Fields) else None
        for item in targets.items if isinstance(targets, Items) else ():
            member = item.value if isinstance(item, Text) else None
            if member and first.setdefault(member, name) != name:
                what = f"{show(member)} is in the group {first[member]} too: a target is in one group"
                yield complaint(item.at, (GROUPS, name, "targets"), what)


def _names(node: Node | None) -> Iterator[str]:
    for item in node.items if isinstance(node, Items) else ():
        if isinstance(item, Text) and item.value is not None:
            yield item.value
