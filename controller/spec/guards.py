"""Guards from YAML: each kind's model is made from its dataclass, and the facts of the environment are added."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal, get_args, get_origin, get_type_hints

from pydantic import Field as Described
from pydantic import ValidationError, create_model

from controller.errors import SpecError
from controller.model.desired import Complaint
from controller.model.gate import Gate
from controller.spec.nodes import Fields, Items, Node, Text, kind_of, mark_of, values_of, written
from controller.spec.problems import complaint, from_model
from controller.spec.scalars import OneOf, Span, Word, suggest
from controller.spec.schema import Strict

# What a guard knows of its environment: never written in its own lines.
FACTS: Final = frozenset({"account", "region", "role"})
_LATER_KINDS: Final = frozenset({"http", "prometheus", "promoted", "approval", "window", "backup", "checklist"})


class _Guard(Strict):
    """What every guard has in common."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"action"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """The guards of one target, or what is wrong with them."""

    guards: tuple[Gate, ...] = ()
    complaints: tuple[Complaint, ...] = ()


@cache
def guard_model(kind: str, guard: type[Gate]) -> type[Strict]:
    """Make the model of a guard's lines from its dataclass. Raises TypeError for a field that it cannot read."""
    hints = get_type_hints(guard)
    given: dict[str, Any] = {
        "kind": (Annotated[str, OneOf((kind,))], Described(description="What is watched.")),
    }
    for one in fields(guard):  # type: ignore[arg-type]  # tables of kinds hold dataclasses
        if one.name not in FACTS:
            given[one.name] = (_annotation(hints[one.name]), _described(one))
    return create_model(guard.__name__, __base__=_Guard, __doc__=_first_line(guard), **given)


def _first_line(guard: type[Gate]) -> str:
    return (guard.__doc__ or "").partition("\n")[0]


def _described(one: "Field[Any]") -> Any:  # noqa: ANN401 - what pydantic's own Field gives
    about = str(one.metadata.get("about", ""))
    if one.default is MISSING:
        return Described(description=about)
    return Described(default=one.default, description=about)


def _annotation(hint: object) -> object:
    if hint is str:
        return Word
    if get_origin(hint) is tuple and get_args(hint) == (str, ...):
        return tuple[Word, ...]
    if get_origin(hint) is Literal:
        return Annotated[str, OneOf(get_args(hint))]
    if hint is timedelta:
        return Annotated[timedelta, Span("1s", "7d")]
    raise TypeError(f"a guard's field cannot be {hint}")


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
        return guard(**values, **{fact: facts.get(fact) for fact in FACTS})
    except ValidationError as problem:
        return list(from_model(problem, model, item, where))
    except SpecError as problem:
        return [complaint(item.at, where, str(problem))]


def _unknown_kind(kind: str, table: Mapping[str, object]) -> str:
    if kind in _LATER_KINDS:
        return f"{kind!r} is not supported yet; there is {' and '.join(sorted(table))}"
    return f"{kind[:40]!r} is not {' or '.join(sorted(table))}{suggest(kind, table)}"
