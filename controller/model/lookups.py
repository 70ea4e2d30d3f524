"""Values that other systems keep, by name: what a spec may refer to without writing it down.

People write a look-up as `${ssm:/net/subnets}`. Once a spec is read it stands in the text as a marked one, which
begins with NUL instead of `$`: no file of specs and no value that was looked up may hold that character. So neither
such a value nor the text `${ssm:/net/subnets}` itself, which people write as `$${…}`, is ever taken for a look-up.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from controller.model.images import Missing, Unreachable
from controller.model.names import Commit
from controller.model.place import Place

MARK: Final = "\0"
KINDS: Final = ("cfn", "ssm", "tfstate")
LONGEST_VALUE: Final = 8192
"""Characters of one value: what an advanced parameter may hold (SSM, "Managing parameter tiers")."""
_MARKED: Final = re.compile(rf"{MARK}\{{(?P<kind>{'|'.join(KINDS)}):(?P<name>[^{{}}{MARK}]*)\}}")
_SHOWN: Final = re.compile(r"(?:\x00|\\x00)(?=\{)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A value that another system keeps: `ssm` and a parameter, `cfn` and an export, `tfstate` and an output."""

    kind: str
    name: str

    @property
    def marked(self) -> str:
        """Give it as it stands in a text that was read: nobody can write that by hand."""
        return f"{MARK}{{{self.kind}:{self.name}}}"

    def __str__(self) -> str:
        return f"${{{self.kind}:{self.name}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupAt:
    """A value to look up with the rights of a place; `state` is where Terraform keeps its own, for `tfstate`."""

    lookup: Lookup
    place: Place
    state: str = ""


LookupAnswer: TypeAlias = str | tuple[str, ...] | Missing | Unreachable
"""A text; a tuple is a list of texts, which fits only where a list is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedValue:
    """One value that was looked up; `state` is as in `LookupAt`. `text` is none if it is the list in `items`."""

    lookup: Lookup
    state: str = ""
    text: str | None = None
    items: tuple[str, ...] = ()

    @property
    def value(self) -> str | tuple[str, ...]:
        """Give the value as it was answered."""
        return self.items if self.text is None else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a target had looked up for a commit: the same commit never stands for other values."""

    commit: Commit
    values: tuple[LookedValue, ...]


def lookups_in(text: str) -> tuple[Lookup, ...]:
    """Name the look-ups that a text holds, in its order, each as often as it stands there."""
    if MARK not in text:
        return ()
    return tuple(_lookup(hit) for hit in _MARKED.finditer(text))


def fill_lookups(text: str, values: Mapping[Lookup, str | tuple[str, ...]]) -> str:
    """Put each value in the place of its look-up, once: what a value holds is never taken for a look-up.

    Raises ValueError, with a sentence for people, for a look-up that has no value, for a list, and for a value that
    `explain_value` finds something wrong with.
    """
    return _MARKED.sub(lambda hit: _text(_lookup(hit), values), text) if MARK in text else text


def find_lookups(value: object) -> frozenset[Lookup]:
    """Name every look-up in the texts of a nested structure; keys of mappings hold none."""
    return frozenset(_found(value))


def fill_native(value: object, values: Mapping[Lookup, str | tuple[str, ...]]) -> object:
    """Give a nested structure with every look-up replaced; keys of mappings stay as they are.

    A list whose only item is one look-up, and nothing else, becomes as many items as the look-up has; a list of
    texts fits nowhere else. Raises ValueError as `fill_lookups` does.
    """
    if isinstance(value, str):
        return fill_lookups(value, values)
    if isinstance(value, Mapping):
        return {key: fill_native(inner, values) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        whole = _whole_list(value, values)
        return [fill_native(item, values) for item in value] if whole is None else whole
    return value


def as_written(text: str) -> str:
    """Give a text with its look-ups as people write them, for a message; a quoted text too."""
    return _SHOWN.sub("$", text)


def explain_value(value: str | tuple[str, ...]) -> str:
    """Say why a value that was looked up is not put in; nothing if it is good. The value itself is not repeated."""
    items = (value,) if isinstance(value, str) else value
    if not items or not all(items):
        return "is empty"
    if any(len(item) > LONGEST_VALUE for item in items):
        return f"has more than {LONGEST_VALUE} characters"
    if not all(item.isprintable() for item in items):
        return "holds a line break or another character that cannot be seen"
    return ""


def _lookup(hit: re.Match[str]) -> Lookup:
    return Lookup(kind=hit["kind"], name=hit["name"])


def _found(value: object) -> Iterator[Lookup]:
    if isinstance(value, str):
        yield from lookups_in(value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _found(inner)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _found(item)


def _whole_list(items: list[object] | tuple[object, ...], values: Mapping[Lookup, str | tuple[str, ...]]) -> object:
    """Give the list that a single look-up stands for; None if it stands for none."""
    only = items[0] if len(items) == 1 else None
    hit = _MARKED.fullmatch(only) if isinstance(only, str) else None
    value = _value(_lookup(hit), values) if hit else None
    return list(value) if isinstance(value, tuple) else None


def _text(lookup: Lookup, values: Mapping[Lookup, str | tuple[str, ...]]) -> str:
    value = _value(lookup, values)
    if isinstance(value, tuple):
        raise ValueError(f"{lookup} is a list: it can only be the only item of a list")  # noqa: TRY004 - a value's fault
    return value


def _value(lookup: Lookup, values: Mapping[Lookup, str | tuple[str, ...]]) -> str | tuple[str, ...]:
    value = values.get(lookup)
    if value is None:
        raise ValueError(f"{lookup} was not looked up")
    wrong = explain_value(value)
    if wrong:
        raise ValueError(f"{lookup} {wrong}")
    return value
