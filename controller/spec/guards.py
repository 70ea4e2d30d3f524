"""Guards from YAML: each kind's model is made from its dataclass, and the facts of the environment are added."""

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields
from functools import cache
from typing import Annotated, Any, Final, get_type_hints

from pydantic import Field as Described
from pydantic import ValidationError, create_model

from controller.errors import SpecError
from controller.model.desired import Complaint
from controller.model.gate import Gate, Guard
from controller.spec.fields import annotation, described
from controller.spec.nodes import Fields, Items, Node, Text, kind_of, mark_of, values_of, written
from controller.spec.parts import Strict
from controller.spec.problems import complaint, from_model
from controller.spec.scalars import OneOf, suggest

# What a guard knows of its environment: never written in its own lines.
FACTS: Final = frozenset({"account", "region", "role"})
_LATER_KINDS: Final = frozenset({"promoted", "approval", "window", "backup", "checklist"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """The guards of one target, or what is wrong with them."""

    guards: tuple[Gate, ...] = ()
    complaints: tuple[Complaint, ...] = ()


@cache
def guard_model(kind: str, guard: type[Gate]) -> type[Strict]:
    """Make the model of a guard's lines from its dataclass. Raises TypeError for a field that it cannot read."""
    hints = get_type_hints(guard)
    common = {one.name for one in fields(Guard)}
    given: dict[str, Any] = {
        "kind": (Annotated[str, OneOf((kind,))], Described(description="What is watched.")),
    }
    # What all guards have in common comes last.
    for one in sorted(_fields_of(guard), key=lambda field: field.name in common):
        if one.name not in FACTS:
            given[one.name] = (annotation(hints[one.name], one.metadata), described(one))
    return create_model(guard.__name__, __base__=Strict, __doc__=_first_line(guard), **given)


def _fields_of(guard: type[Gate]) -> "tuple[Field[Any], ...]":
    return fields(guard)  # type: ignore[arg-type]  # tables of kinds hold dataclasses


def _first_line(guard: type[Gate]) -> str:
    return (guard.__doc__ or "").partition("\n")[0]


def read_guards(
    node: Node | None, table: Mapping[str, type[Gate]], facts: Mapping[str, str | None], where: Sequence[str | int]
) -> Guarded:
    """Read a list of guards; `where` is the path to it, `facts` what the environment adds to each."""
    guards: list[Gate] = []
    complaints: list[Complaint] = []
    for index, item in enumerate(node.items if isinstance(node, Items) else ()):
        made = _read_guard(item, table, facts, (*where, index))
        if isinstance(made, list):
            complaints += made
        else:
            guards.append(made)
    return Guarded(guards=tuple(guards), complaints=tuple(complaints))


def _read_guard(
    item: Node, table: Mapping[str, type[Gate]], facts: Mapping[str, str | None], where: tuple[str | int, ...]
) -> Gate | list[Complaint]:
    if not isinstance(item, Fields):
        return [complaint(item.at, where, f"must be a mapping, not {kind_of(item)}")]
    kind = item.get("kind")
    if not isinstance(kind, Text) or kind.value is None:
        return [
            complaint(mark_of(item, ("kind",)), (*where, "kind"), f"is missing; write {' or '.join(sorted(table))}")
        ]
    if kind.value not in table:
        return [complaint(kind.at, (*where, "kind"), _unknown_kind(kind.value, table))]
    guard = table[kind.value]
    model = guard_model(kind.value, guard)
    try:
        said = model.model_validate(values_of(item, written))
        values = {name: getattr(said, name) for name in model.model_fields if name != "kind"}
        known = {fact: facts.get(fact) for fact in FACTS if fact in {one.name for one in _fields_of(guard)}}
        return guard(**values, **known)
    except ValidationError as problem:
        return list(from_model(problem, model, item, where))
    except SpecError as problem:
        return [complaint(item.at, where, str(problem))]


def _unknown_kind(kind: str, table: Mapping[str, object]) -> str:
    if kind in _LATER_KINDS:
        return f"{kind!r} is not supported yet; there are {' and '.join(sorted(table))}"
    return f"{kind[:40]!r} is not {' or '.join(sorted(table))}{suggest(kind, table)}"
