"""`notifiers.yaml`: how people are told, and who of what, as the operator says it; read as strictly as a spec."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, fields
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Final, get_type_hints

from pydantic import BeforeValidator, ValidationError, create_model
from pydantic import Field as Described

from controller.errors import SpecError
from controller.model.desired import Complaint
from controller.model.message import Occasion, Route
from controller.spec.fields import annotation, described
from controller.spec.nodes import Fields, Node, Text, kind_of, mark_of, values_of, written
from controller.spec.parts import Strict
from controller.spec.problems import complaint, from_model, in_order
from controller.spec.scalars import NAME_PATTERN, NAME_WANTED, Name, OneOf, Owner, Span, show, suggest
from controller.spec.scan import scan
from controller.spec.schema import API_VERSION

NOTIFIERS: Final = "Notifiers"
_USUAL: Final = (Occasion.BEFORE, Occasion.AFTER, Occasion.NEEDED, Occasion.NOTES)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class OneRoute(Strict):
    """Which messages go to which notifiers."""

    to: Annotated[list[Name], BeforeValidator(_listed)] = Described(description="The notifiers.")
    owners: list[Owner] = Described(
        default_factory=list, description="Of targets with these owners; of all if absent."
    )
    environments: list[Name] = Described(
        default_factory=list, description="Of these environments; of all if absent."
    )
    events: list[Annotated[Occasion, OneOf(tuple(Occasion), Occasion)]] = Described(
        default_factory=lambda: list(_USUAL),
        description="before, during, after, needed, notes; all but during if absent.",
    )


class Everything(Strict):
    """The whole file, but for the notifiers themselves: each is read by its kind."""

    api_version: Annotated[str, OneOf((API_VERSION,))]
    kind: Annotated[str, OneOf((NOTIFIERS,))]
    digest: Annotated[timedelta, Span("1m", "7d")] = Described(
        default_factory=lambda: timedelta(hours=1),
        description="How often, at most, an owner is told of what waits for approval.",
    )
    give_up: Annotated[timedelta, Span("1m", "7d")] = Described(
        default_factory=lambda: timedelta(hours=1),
        description="After how long a message that cannot be sent becomes a dead letter.",
    )
    routes: list[OneRoute] = Described(description="Who is told of what.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifying:
    """How people are told: each notifier's settings by its name, and the routes that lead to them."""

    notifiers: Mapping[str, object]
    routes: tuple[Route, ...]
    digest: timedelta
    give_up: timedelta


def read_notifiers(content: bytes, file: str, kinds: Mapping[str, type]) -> Notifying:
    """Read the file; `kinds` are the dataclasses of settings. Raises SpecError with a line for each fault."""
    scanned = scan(content, file)
    root = scanned.root
    if root is None or scanned.complaints:
        raise _refused(scanned.complaints)
    wrong: list[Complaint] = []
    read: Everything | None = None
    try:
        read = Everything.model_validate(values_of(root.without("notifiers"), written))
    except ValidationError as problem:
        wrong += from_model(problem, Everything, root)
    settings, complaints = _settings(root, kinds)
    wrong += complaints
    if read is not None:
        wrong += _unknown(read, root)
    if read is None or wrong:
        raise _refused(wrong)
    routes = tuple(_route(name, route) for route in read.routes for name in route.to)
    return Notifying(notifiers=settings, routes=routes, digest=read.digest, give_up=read.give_up)


def _refused(wrong: Iterable[Complaint]) -> SpecError:
    return SpecError("\n".join(str(one) for one in in_order(tuple(wrong))))


def _route(name: str, route: OneRoute) -> Route:
    return Route(
        notifier=name,
        occasions=frozenset(route.events),
        owners=frozenset(route.owners),
        environments=frozenset(route.environments),
    )


def _settings(root: Fields, kinds: Mapping[str, type]) -> tuple[dict[str, object], list[Complaint]]:
    """Read each notifier by its kind."""
    node, where = root.get("notifiers"), ("notifiers",)
    if not isinstance(node, Fields):
        what = "is missing" if node is None else f"must be a mapping, not {kind_of(node)}"
        return {}, [complaint(mark_of(root, where), where, what)]
    settings: dict[str, object] = {}
    wrong: list[Complaint] = []
    for name, entry in node.entries.items():
        if not re.fullmatch(NAME_PATTERN, name):
            wrong.append(complaint(entry.at, (*where, name), f"{show(name)} is not {NAME_WANTED}"))
            continue
        made = _one(entry.value, kinds, (*where, name))
        if isinstance(made, list):
            wrong += made
        else:
            settings[name] = made
    return settings, wrong


def _one(item: Node, kinds: Mapping[str, type], where: tuple[str, ...]) -> object:
    """Read one notifier; gives its settings, or a list of what is wrong."""
    if not isinstance(item, Fields):
        return [complaint(item.at, where, f"must be a mapping, not {kind_of(item)}")]
    kind = item.get("kind")
    if not isinstance(kind, Text) or kind.value is None:
        what = f"is missing; write {' or '.join(sorted(kinds))}"
        return [complaint(mark_of(item, ("kind",)), (*where, "kind"), what)]
    if kind.value not in kinds:
        what = f"{show(kind.value)} is not {' or '.join(sorted(kinds))}{suggest(kind.value, kinds)}"
        return [complaint(kind.at, (*where, "kind"), what)]
    settings = kinds[kind.value]
    model = _model(kind.value, settings)
    try:
        read = model.model_validate(values_of(item, written))
    except ValidationError as problem:
        return list(from_model(problem, model, item, where))
    made = settings(**{one.name: getattr(read, one.name) for one in fields(settings)})
    return [complaint(item.at, where, what) for what in made.wrong()] or made


@cache
def _model(kind: str, settings: type) -> type[Strict]:
    """Make the model of a notifier's lines from its dataclass."""
    hints = get_type_hints(settings)
    given: dict[str, Any] = {
        "kind": (Annotated[str, OneOf((kind,))], Described(description="How people are told."))
    }
    for one in _fields_of(settings):
        given[one.name] = (annotation(hints[one.name], one.metadata), described(one))
    return create_model(settings.__name__, __base__=Strict, __doc__=settings.__doc__, **given)


def _fields_of(settings: type) -> "tuple[Field[Any], ...]":
    return fields(settings)


def _unknown(read: Everything, root: Fields) -> Iterator[Complaint]:
    """Complain of routes that lead to nobody."""
    node = root.get("notifiers")
    known = tuple(node.entries) if isinstance(node, Fields) else ()
    for at, route in enumerate(read.routes):
        for index, name in enumerate(route.to):
            if name not in known:
                where = ("routes", at, "to", index)
                yield complaint(mark_of(root, where), where, f"there is no notifier {name!r}{suggest(name, known)}")
