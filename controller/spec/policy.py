"""`policy.yaml`: floors for specs, as the operator says them; read as strictly as a spec, never from the specs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field as DataField
from dataclasses import fields as data_fields
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, get_type_hints

from pydantic import Field, ValidationError, create_model
from pydantic.alias_generators import to_camel

from controller.errors import SpecError
from controller.model.desired import Complaint
from controller.model.gate import Bounded, Gate, Guard
from controller.model.policy import Floor, Forbidden, GateFloor, Policy
from controller.spec.fields import annotation
from controller.spec.guards import fields_of, unknown_kind
from controller.spec.nodes import Fields, Items, Node, Text, kind_of, mark_of, values_of, written
from controller.spec.parts import Strict
from controller.spec.problems import complaint, from_model, in_order
from controller.spec.scalars import Account, Like, OneOf, Span, Whole
from controller.spec.scan import scan
from controller.spec.schema import API_VERSION, Signatures
from controller.spec.tables import Tables

POLICY: Final = "Policy"
TARGET: Final = "${target}"
"""In a text of a gate or guard of the policy: the name of each target."""
FLOOR: Final = "floor"
"""Beside a gate's field: how what a spec says of it is compared with a policy, in the words of spec/floors.py."""

Where: TypeAlias = tuple[str | int, ...]
Kinds: TypeAlias = Mapping[str, type[Gate]]
Said: TypeAlias = "Callable[[type[Gate]], tuple[DataField[Any], ...]]"
Pattern: TypeAlias = Annotated[
    str, Like(r"[a-z*?][a-z0-9*?-]{0,39}", "the name of an environment, or a pattern of names: prod, or team-*")
]
Registry: TypeAlias = Annotated[
    str, Like(r"[A-Za-z0-9.*?:/_-]{1,255}", "where images come from, such as registry.example.com/team/*")
]
Role: TypeAlias = Annotated[
    str, Like(r"[A-Za-z0-9:+=,.@_/*?-]{1,600}", "the ARN or name of a role, or a pattern of them")
]


class FloorLines(Strict):
    """What specs of one environment can not go below."""

    account: Account | None = Field(default=None, description="The account, which is no other environment's.")
    gates: list[object] = Field(default_factory=list, description="Gates that have to be there.")
    guards: list[object] = Field(default_factory=list, description="Guards that have to be there, or their kinds.")
    bake: Annotated[timedelta, Span("0s", "7d")] | None = Field(default=None, description="The shortest bake.")
    max_automatic_rollbacks: Annotated[int, Whole(0, 100)] | None = Field(
        default=None, description="The most automatic rollbacks before a person is asked."
    )
    verify: Signatures = Field(default_factory=Signatures, description="What has to be signed.")
    registries: list[Registry] = Field(default_factory=list, description="Where images may come from.")
    roles: list[Role] = Field(default_factory=list, description="The roles that tasks may have.")
    forbid: list[Annotated[Forbidden, OneOf(tuple(Forbidden), Forbidden)]] = Field(
        default_factory=list, description="What may not be said."
    )


class Lines(Strict):
    """The whole file."""

    api_version: Annotated[str, OneOf((API_VERSION,))]
    kind: Annotated[str, OneOf((POLICY,))]
    environments: dict[Pattern, FloorLines] = Field(description="Floors, by the name of an environment.")


def read_policy(content: bytes, file: str, tables: Tables) -> Policy:
    """Read the file; raises SpecError with a line for everything that is wrong, and where."""
    scanned = scan(content, file)
    if scanned.root is None or scanned.complaints:
        raise _refused(scanned.complaints)
    try:
        read = Lines.model_validate(values_of(scanned.root, written))
    except ValidationError as problem:
        raise _refused(from_model(problem, Lines, scanned.root)) from None
    wrong: list[Complaint] = []
    floors = [_floor(name, lines, scanned.root, tables, wrong) for name, lines in read.environments.items()]
    if wrong:
        raise _refused(wrong)
    return Policy(floors=tuple(floors))


def _refused(wrong: Iterable[Complaint]) -> SpecError:
    return SpecError("\n".join(str(one) for one in in_order(tuple(wrong))))


def _floor(name: str, lines: FloorLines, root: Fields, tables: Tables, wrong: list[Complaint]) -> Floor:
    where = ("environments", name)
    gates = [_gate(item, at, tables.gates, compared, wrong) for at, item in _items(root, (*where, "gates"))]
    guards = [_guard(item, at, tables.guards, wrong) for at, item in _items(root, (*where, "guards"))]
    return Floor(
        name=name,
        account=lines.account or "",
        gates=tuple(gate for gate in gates if gate is not None),
        guards=tuple(guard for guard in guards if guard is not None),
        bake=lines.bake,
        rollbacks=lines.max_automatic_rollbacks,
        verify=lines.verify.asked,
        registries=tuple(lines.registries),
        roles=tuple(lines.roles),
        forbid=tuple(lines.forbid),
    )


def _items(root: Fields, where: tuple[str, ...]) -> list[tuple[Where, Node]]:
    node = root.get(*where)
    return [((*where, index), item) for index, item in enumerate(node.items if isinstance(node, Items) else ())]


def _guard(item: Node, where: Where, table: Kinds, wrong: list[Complaint]) -> str | GateFloor | None:
    """Read a guard's floor, which may also be only its kind."""
    if not isinstance(item, Text):
        return _gate(item, where, table, watched, wrong)
    if item.value not in table:
        wrong.append(complaint(item.at, where, unknown_kind(item.value or "", table)))
        return None
    return item.value


def _gate(item: Node, where: Where, table: Kinds, fields: Said, wrong: list[Complaint]) -> GateFloor | None:
    if not isinstance(item, Fields):
        wrong.append(complaint(item.at, where, f"must be a mapping, not {kind_of(item)}"))
        return None
    kind = item.get("kind")
    known = table.get(kind.value or "") if isinstance(kind, Text) else None
    if not isinstance(kind, Text) or kind.value is None or known is None:
        word = kind.value if isinstance(kind, Text) and kind.value else ""
        what = unknown_kind(word, table) if word else f"is missing; write {' or '.join(sorted(table))}"
        wrong.append(complaint(mark_of(item, ("kind",)), (*where, "kind"), what))
        return None
    model = floor_model(kind.value, known, fields)
    try:
        said = model.model_validate(values_of(item, written))
    except ValidationError as problem:
        wrong += from_model(problem, model, item, where)
        return None
    values = {name: getattr(said, name) for name in _given(said)}
    if issubclass(known, Bounded) and (what := known.wrong_floor(values)):
        wrong.append(complaint(item.at, where, what))
        return None
    return GateFloor(kind=kind.value, values=values)


def _given(said: Strict) -> list[str]:
    return [name for name in type(said).model_fields if name in said.model_fields_set and name != "kind"]


@cache
def floor_model(kind: str, gate: type[Gate], said: Said) -> type[Strict]:
    """Make the model of a gate's floor from its dataclass: only what can be compared, and none of it has to be."""
    hints = get_type_hints(gate)
    given: dict[str, Any] = {"kind": (Annotated[str, OneOf((kind,))], ...)}
    for one in said(gate):
        read = annotation(hints[one.name], _for_any_target(one.metadata))
        alias = one.metadata.get("key", to_camel(one.name))
        given[one.name] = (read | None, Field(default=None, alias=alias))
    return create_model(f"{gate.__name__}Floor", __base__=Strict, __doc__="A floor.", **given)


def _for_any_target(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let a text that is explained hold ${target}, of which only the name of a target will be left."""
    explain = metadata.get("explain")
    if explain is None:
        return metadata
    return {**metadata, "explain": lambda text: explain(text.replace(TARGET, "target"))}


def compared(gate: type[Gate]) -> "tuple[DataField[Any], ...]":
    """Give the fields of a gate that a policy may say something of: none that only guards have."""
    common = {one.name for one in data_fields(Guard)}
    return tuple(one for one in watched(gate) if one.name not in common)


def watched(guard: type[Gate]) -> "tuple[DataField[Any], ...]":
    """Give the fields of a guard that a policy may say something of."""
    return tuple(one for one in fields_of(guard) if FLOOR in one.metadata)
