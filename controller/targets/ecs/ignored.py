"""What people write to have a difference passed over, as a pattern of the paths in which it would be told.

Taken are the paths that `plan` prints, and JSON paths into the native form (RFC 9535) as far as they say the same:
names, `*`, `..`, positions in lists that are ordered, and filters that pick an item by its name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from controller.model.paths import Paths
from controller.shaping import Fault
from controller.targets.ecs.canon import NOWHERE, Named, Pairs, Place, bracket
from controller.targets.ecs.manifest import PLACES
from controller.targets.ecs.rules import SERVICE, TASK_DEFINITION
from controller.targets.ecs.shapes import did_you_mean, input_of

if TYPE_CHECKING:
    from botocore.model import Shape

_ROOTS: Final = {
    TASK_DEFINITION: (TASK_DEFINITION, "RegisterTaskDefinition"),
    "serviceDefinition": (SERVICE, "CreateService"),
    SERVICE: (SERVICE, "CreateService"),
}
_ROOT: Final = re.compile(r"\.?(\w*)")
_STEP: Final = re.compile(
    r"""(?P<deep>\.\.)(?P<below>\w+|\*)"""
    r"""|\.(?P<name>\w+|\*)"""
    r"""|\[\s*(?P<quote>['"])(?P<quoted>(?:(?!(?P=quote)).)*)(?P=quote)\s*\]"""
    r"""|\[\?\s*\(?\s*@\.(?P<key>\w+)\s*==\s*(?P<mark>['"])(?P<chosen>(?:(?!(?P=mark)).)*)(?P=mark)\s*\)?\s*\]"""
    r"""|\[(?P<item>(?:[^\]\\?]|\\.)+)\]"""
)


def ignored(paths: Sequence[str], faults: list[Fault]) -> Paths:
    """Read each path, or add to the faults what is wrong with it."""
    return tuple(_ignored(path, ("ignore", index, "path"), faults) for index, path in enumerate(paths))


def _ignored(path: str, at: tuple[str | int, ...], faults: list[Fault]) -> str:
    try:
        return _pattern(path)
    except ValueError as problem:
        faults.append(Fault(path=at, what=str(problem)))
        return path


def _pattern(path: str) -> str:
    """Write a path as a pattern; raises ValueError with a sentence for one that could match nothing."""
    rest = path.removeprefix("$")
    if rest.startswith(".."):
        return "".join(_steps(rest, None, path))
    root = _ROOT.match(rest)
    name = root.group(1) if root else ""
    if root is None or name not in _ROOTS:
        known = " nor ".join(_ROOTS)
        raise ValueError(f"{path!r} begins with neither {known}{did_you_mean(name, _ROOTS)}")
    if root.end() == len(rest):
        raise ValueError(f"{path!r} is everything: leave out what is not yours, or say `mode: observe`")
    begin, operation = _ROOTS[name]
    here = _Here(place=PLACES.at(begin), shape=input_of(operation))
    return begin + "".join(_steps(rest[root.end() :], here, path))


def _steps(rest: str, here: "_Here | None", path: str) -> Iterator[str]:
    """Walk along a path; `here` is where it has come to, None when that is not known any more."""
    at = 0
    while at < len(rest):
        step = _STEP.match(rest, at)
        if step is None:
            raise ValueError(f"{path!r} cannot be read from {rest[at : at + 20]!r} on: see RFC 9535 for JSON paths")
        at = step.end()
        if step["deep"]:
            yield f"..{step['below']}"
            here = None
        elif step["key"]:
            yield _chosen(step["key"], step["chosen"], here, path)
            at = len(rest) if here and here.is_pair(rest[at:]) else at
            here = here.item() if here else None
        elif step["item"] is not None:
            yield f"[{step['item']}]"
            here = here.item() if here else None
        else:
            name = step["name"] or step["quoted"]
            yield f".{name}" if here is None else here.named(name)
            here = here.member(name, path) if here else None


def _chosen(key: str, chosen: str, here: "_Here | None", path: str) -> str:
    """Name an item by what a filter asks of it, if that is what its list names it by."""
    rule = here.place.rule if here else None
    names = {rule.key} if isinstance(rule, Pairs) else set(rule.by) if isinstance(rule, Named) else {key}
    if names != {key}:
        raise ValueError(f"{path!r}: items of that list are named by {' and '.join(sorted(names))}, not by {key!r}")
    return bracket("", chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """Where a path has come to: the rule of that place, and what AWS's model has there."""

    place: Place
    shape: "Shape | None"

    def is_pair(self, rest: str) -> bool:
        """Whether the rest says once more that a pair is its value."""
        rule = self.place.rule
        return isinstance(rule, Pairs) and rest == f".{rule.value}"

    def item(self) -> "_Here":
        """Go into an item of a list or a map."""
        shape = self.shape
        inner = getattr(shape, "member", None) or getattr(shape, "value", None)
        return _Here(place=self.place.item or NOWHERE, shape=inner)

    def named(self, name: str) -> str:
        """Write a name as it stands in a path here: free keys and items of sets stand in brackets."""
        in_brackets = self.shape is not None and self.shape.type_name in {"list", "map"}
        return f".{name}" if not in_brackets else "[*]" if name == "*" else bracket("", name)

    def member(self, name: str, path: str) -> "_Here":
        """Go into a member; raises ValueError for one that AWS's model does not have."""
        if self.shape is None or self.shape.type_name != "structure":
            return self.item()
        members: Mapping[str, Shape] = getattr(self.shape, "members", {})
        if name != "*" and name not in members:
            raise ValueError(f"{path!r}: {name!r} is not a field of AWS's{did_you_mean(name, members)}")
        return _Here(place=self.place.at(name), shape=members.get(name))
