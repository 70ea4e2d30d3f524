"""Guards and gates from YAML: each kind's model is made from its dataclass, and what its target knows is added."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, get_type_hints

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

# What a guard or gate knows of its environment and target: never written in its own lines.
FACTS: Final = frozenset({"account", "region", "role", "deadline", "bake", "environment", "files"})

Modelled: TypeAlias = Callable[[str, type[Gate]], type[Strict]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """The guards, or the gates, of one target, or what is wrong with them."""

    guards: tuple[Gate, ...] = ()
    complaints: tuple[Complaint, ...] = ()


@cache
def guard_model(kind: str, guard: type[Gate]) -> type[Strict]:
    """Make the model of a guard's lines from its dataclass. Raises TypeError for a field that it cannot read."""
    common = {one.name for one in fields(Guard)}
    # What all guards have in common comes last.
    ordered = sorted(fields_of(guard), key=lambda field: field.name in common)
    return _model(guard.__name__, kind, guard, ordered)


@cache
def gate_model(kind: str, gate: type[Gate]) -> type[Strict]:
    """Make the model of a gate's lines: without what guards do over time. Raises TypeError as above."""
    common = {one.name for one in fields(Guard)}
    return _model(f"{gate.__name__}Gate", kind, gate, [one for one in fields_of(gate) if one.name not in common])


def _model(name: str, kind: str, gate: type[Gate], given_by: "Iterable[Field[Any]]") -> type[Strict]:
    hints = get_type_hints(gate)
    given: dict[str, Any] = {
        "kind": (Annotated[str, OneOf((kind,))], Described(description="What is asked.")),
    }
    for one in given_by:
        if one.name not in FACTS:
            given[one.name] = (annotation(hints[one.name], one.metadata), described(one))
    return create_model(name, __base__=Strict, __doc__=_first_line(gate), **given)


def fields_of(guard: type[Gate]) -> "tuple[Field[Any], ...]":
    """Give the fields of a guard's, or a gate's, dataclass."""
    return fields(guard)  # type: ignore[arg-type]  # tables of kinds hold dataclasses


def _first_line(guard: type[Gate]) -> str:
    return (guard.__doc__ or "").partition("\n")[0]


def read_guards(
    node: Node | None,
    table: Mapping[str, type[Gate]],
    facts: Mapping[str, object],
    where: Sequence[str | int],
    model_of: Modelled | None = None,
) -> Guarded:
    """Read a list of guards, or of gates with their `model_of`.

    `where` is the path to it, `facts` what its environment and target add to each.
    """
    guards: list[Gate] = []
    complaints: list[Complaint] = []
    for index, item in enumerate(node.items if isinstance(node, Items) else ()):
        made = _read_guard(item, table, facts, (*where, index), model_of or guard_model)
        if isinstance(made, list):
            complaints += made
        else:
            guards.append(made)
    return Guarded(guards=tuple(guards), complaints=tuple(complaints))


def _read_guard(
    item: Node,
    table: Mapping[str, type[Gate]],
    facts: Mapping[str, object],
    where: tuple[str | int, ...],
    model_of: Modelled,
) -> Gate | list[Complaint]:
    if not isinstance(item, Fields):
        return [complaint(item.at, where, f"must be a mapping, not {kind_of(item)}")]
    kind = item.get("kind")
    if not isinstance(kind, Text) or kind.value is None:
        return [
            complaint(mark_of(item, ("kind",)), (*where, "kind"), f"is missing; write {' or '.join(sorted(table))}")
        ]
    if kind.value not in table:
        return [complaint(kind.at, (*where, "kind"), unknown_kind(kind.value, table))]
    guard = table[kind.value]
    model = model_of(kind.value, guard)
    try:
        said = model.model_validate(values_of(item, written))
        values = {name: getattr(said, name) for name in model.model_fields if name != "kind"}
        own = {one.name for one in fields_of(guard)}
        known = {fact: given for fact, given in facts.items() if fact in FACTS & own}
        return guard(**values, **known)
    except ValidationError as problem:
        return list(from_model(problem, model, item, where))
    except SpecError as problem:
        return [complaint(item.at, where, str(problem))]


def unknown_kind(kind: str, table: Mapping[str, object]) -> str:
    """Say that a word is no kind, and which was probably meant."""
    return f"{kind[:40]!r} is not {' or '.join(sorted(table))}{suggest(kind, table)}"
