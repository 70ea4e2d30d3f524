"""`${name}` inside string values: text for text, nothing is executed, and every name has to be known.

Look-ups such as `${ssm:/path}` are marked and left for the kind of target, where they may stand at all.
"""

import difflib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from controller.model.lookups import MARK, as_written
from controller.spec.lookups import WHERE, read_lookup
from controller.spec.nodes import Entry, Fields, Items, Mark, Node, Text
from controller.spec.scan import printable

LONGEST: Final = 64 * 1024
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_ELSEWHERE: Final = f"a look-up may stand only {WHERE}"
# A name may hold other names, one level deep, for look-ups: ${ssm:/${environment}/subnets}.
_NAME: Final = re.compile(r"\$(?P<escape>\$?)\{(?P<name>(?:\$\{[^{}]*\}|[^{}])*)(?P<end>\}?)")


class Filling:
    """Fills trees with the same values, and notes what it cannot fill.

    `refused` says of names why they stand for nothing here. `room` is how many characters all that is put in may
    have together: a file of names must not grow without end.
    """

    def __init__(self, values: Mapping[str, str], refused: Mapping[str, str] = _NONE) -> None:
        self._values = values
        self._refused = refused
        self._room = LONGEST
        self.wrong: list[tuple[Mark, str]] = []

    def fill(self, node: Node, *, lookups: bool = False) -> Node:
        """Give the tree with every name replaced; what holds none is given as it is.

        With `lookups` they are marked (`controller.model.lookups`); without, they are among what is wrong.
        """
        if isinstance(node, Text):
            return self._text(node, lookups=lookups)
        if isinstance(node, Items):
            items = tuple(self.fill(item, lookups=lookups) for item in node.items)
            return Items(node.at, items) if any(map(_differ, items, node.items)) else node
        return self.fill_fields(node, lookups=lookups)

    def fill_fields(self, node: Fields, *, lookups: bool = False) -> Fields:
        """Give the mapping with every name in its values replaced; keys are never touched."""
        filled = {key: Entry(one.at, self.fill(one.value, lookups=lookups)) for key, one in node.entries.items()}
        changed = any(filled[key].value is not entry.value for key, entry in node.entries.items())
        return Fields(node.at, filled) if changed else node

    def _text(self, node: Text, *, lookups: bool) -> Text:
        if node.value is None or "${" not in node.value:
            return node
        return Text(node.at, _NAME.sub(lambda hit: self._value(hit, node.at, lookups=lookups), node.value))

    def _value(self, hit: re.Match[str], at: Mark, *, lookups: bool) -> str:
        name, whole = hit["name"], hit.group()
        if hit["escape"]:
            return whole[1:]
        if not hit["end"]:
            self.wrong.append((at, f"{whole[:40]!r} has no closing bracket; write $${{ for the text itself"))
        elif ":" in name:
            return self._lookup(name, at, lookups=lookups) or whole
        elif name not in self._values:
            self.wrong.append((at, self._refused.get(name) or self._unknown(name)))
        elif len(self._values[name]) > self._room:
            self.wrong.append((at, f"what is put in for ${{names}} has more than {LONGEST} characters together"))
        elif MARK in self._values[name] and not lookups:
            self.wrong.append((at, f"${{{name}}} is {printable(as_written(self._values[name]))}: {_ELSEWHERE}"))
        else:
            self._room -= len(self._values[name])
            return self._values[name]
        return whole

    def _lookup(self, name: str, at: Mark, *, lookups: bool) -> str:
        """Mark a look-up, whose name may hold other names; nothing, after saying why, if it may not stand."""
        before = len(self.wrong)
        filled = _NAME.sub(lambda hit: self._value(hit, at, lookups=False), name)
        if len(self.wrong) > before:
            return ""
        found = read_lookup(filled)
        if isinstance(found, str):
            self.wrong.append((at, f"{found} ($${{…}} is the text itself)"))
        elif not lookups:
            self.wrong.append((at, f"{found}: {_ELSEWHERE}"))
        else:
            return found.marked
        return ""

    def _unknown(self, name: str) -> str:
        close = difflib.get_close_matches(name, self._values, n=1, cutoff=0.7)
        known = f"did you mean ${{{close[0]}}}?" if close else f"known are {', '.join(sorted(self._values))}"
        shown = f"{{{printable(name)}}}"
        return f"nothing is known as ${shown}; {known} ($${shown} is the text itself)"


def _differ(one: Node, other: Node) -> bool:
    return one is not other
