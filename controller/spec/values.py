"""What ${names} stand for in a target: facts of its environment, its version, and values of its own."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from controller.model.desired import Complaint
from controller.model.version import LATEST, read_version
from controller.spec.fill import Filling
from controller.spec.nodes import Fields, Mark, Node, Path, Text, kind_of
from controller.spec.problems import complaint, place_of
from controller.spec.scalars import show

_VALUES: Final = ("taskDefinition", "values")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_STANDING_IN: Final = {"cluster": "cluster", "version": "v0.0.0"}
_LONGEST: Final = 1024
_OF_NUMBERS: Final = ("base", "semver")
_OURS: Final = frozenset({"account", "cluster", "environment", "region", "target", "version", *_OF_NUMBERS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What fills in the ${names} of a target, and what is wrong with the values that it names."""

    filling: Filling
    complaints: tuple[Complaint, ...]


def name_values(merged: Fields, facts: Mapping[str, str], where: Path) -> Named:
    """Gather what ${names} stand for: the environment's facts, then version and cluster, then the values."""
    known = dict(facts)
    first = Filling(known)
    for key in ("cluster", "version"):
        text, wrong = merged.get(key), len(first.wrong)
        filled = first.fill(text) if text else None
        if isinstance(filled, Text) and filled.value is not None and len(first.wrong) == wrong:
            known[key] = filled.value
    known = {**_STANDING_IN, **known}
    numbers, refused = _of_version(known["version"])
    second = Filling({**known, **numbers}, refused)
    values, complaints = _values(merged.get(*_VALUES), second, where)
    # What is missing is told by the model; the names stand for something, so that it is told once.
    return Named(
        filling=Filling({**known, **numbers, **values}, refused),
        complaints=unfilled(unfilled(complaints, first, where), second, where),
    )


def unfilled(complaints: Iterable[Complaint], filling: Filling, where: Path) -> tuple[Complaint, ...]:
    """Add what could not be filled in, and leave out whatever else was said of the same places."""
    places = {tuple(mark) for mark, _ in filling.wrong}
    others = (one for one in complaints if place_of(one) not in places)
    return (*others, *(complaint(mark, where, what) for mark, what in filling.wrong))


def _of_version(text: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Give the names that stand for numbers of a version, and why they stand for nothing if it has none."""
    if text == LATEST:
        why = f"stands for nothing while the version is {LATEST}; ${{version}} is {LATEST}"
        return {}, {name: f"${{{name}}} {why}" for name in _OF_NUMBERS}
    version = read_version(text) or read_version(_STANDING_IN["version"])
    return ({"base": version.base, "semver": version.semver} if version else {}), {}


def _values(node: Node | None, filling: Filling, where: Path) -> tuple[dict[str, str], list[Complaint]]:
    """Read the values that a target names for itself."""
    at = (*where, *_VALUES)
    if node is None:
        return {}, []
    if not isinstance(node, Fields):
        return {}, [complaint(node.at, at, f"must be a mapping, not {kind_of(node)}")]
    values: dict[str, str] = {}
    wrong: list[Complaint] = []
    for key, entry in node.entries.items():
        filled = filling.fill(entry.value, lookups=True)
        found = _wrong_name(key, entry.at) or _wrong_value(filled, entry.value)
        if found is not None:
            wrong.append(complaint(found[0], (*at, key), found[1]))
        elif isinstance(filled, Text):
            values[key] = filled.value or ""
    return values, wrong


def _wrong_name(key: str, at: Mark) -> tuple[Mark, str] | None:
    if key in _OURS:
        return at, "is a name that is filled in anyway"
    if not _NAME.fullmatch(key):
        return at, f"{show(key)} is not a name for a value: a letter, then letters, digits, _ and -"
    return None


def _wrong_value(filled: Node, value: Node) -> tuple[Mark, str] | None:
    if not isinstance(filled, Text) or filled.value is None:
        return value.at, f"must be text, not {kind_of(value)}"
    return (value.at, f"has more than {_LONGEST} characters") if len(filled.value) > _LONGEST else None
