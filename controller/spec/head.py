"""The part of an environment's file that is not its targets: account, cluster, defaults, pause, brake, load."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pydantic import ValidationError

from controller.model.desired import Brake, Complaint, Load
from controller.model.names import EnvName
from controller.model.orders import Pause
from controller.spec.fill import Filling
from controller.spec.guards import gate_model, read_guards
from controller.spec.nodes import (
    Entry,
    Fields,
    Items,
    Mark,
    Node,
    Text,
    content_digest,
    kind_of,
    merge,
    values_of,
    written,
)
from controller.spec.parts import Stop
from controller.spec.problems import complaint, from_model
from controller.spec.scan import Scanned
from controller.spec.schema import Environment, Spec
from controller.spec.tables import Tables
from controller.spec.target_schema import PartialTarget

_APART: Final = ("defaults", "targets")
_UNDER: Final = ("application", "cluster", "owner", "terraformState", "versions")
_OPAQUE: Final = ("taskDefinition", "serviceDefinition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every target of an environment stands on; `base` is laid under each of them.

    What is not `whole` is only good for finding more complaints.
    """

    env: EnvName
    account: str
    region: str
    role: str | None
    base: Fields
    whole: bool = True

    @property
    def facts(self) -> Mapping[str, str]:
        """What is known under ${names} in every target."""
        return {"environment": self.env, "account": self.account, "region": self.region}

    def digest(self) -> str:
        """Name what it says, wherever it is written."""
        return content_digest(self.base, *_texts(self.env, self.account, self.region, self.role))


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """An environment without its targets, and all that is wrong with it."""

    ground: Ground
    brake: Brake
    load: Load
    pause: Pause | None
    complaints: tuple[Complaint, ...]


def read_head(env: EnvName, scanned: Scanned, file: str, tables: Tables) -> Head:
    """Read what stands around the targets; with complaints, the ground is good enough to find more of them."""
    nowhere = Mark(file, 1, 1)
    root = scanned.root or Fields(nowhere, {})
    spec = root.get("spec")
    inner = spec if isinstance(spec, Fields) else Fields(nowhere, {})
    account, region = _text(inner, "aws", "account"), _text(inner, "aws", "region")
    facts = {"environment": str(env), "account": account, "region": region}
    filling = Filling(facts)
    head = filling.fill_fields(_replace_spec(root, inner.without(*_APART)))
    wrong = [*scanned.complaints, *(complaint(at, (), what) for at, what in filling.wrong)]
    model = _read(head, wrong) if scanned.root else None
    wrong += _misnamed(env, head) if scanned.root else ()
    wrong += _wrong_defaults(inner.get("defaults"), facts, tables)
    ground = Ground(
        env=env,
        account=account,
        region=region,
        role=_text(head, "spec", "aws", "roleArn") or None,
        base=_base(head, inner),
        whole=not wrong,
    )
    return Head(
        ground=ground,
        brake=Brake(limit=model.spec.max_automatic_rollbacks) if model else Brake(),
        load=_load(model.spec) if model else Load(),
        pause=pause_of(model.spec.paused) if model else None,
        complaints=tuple(wrong),
    )


def pause_of(stop: Stop | None) -> Pause | None:
    """Give the pause that a spec asks for."""
    return Pause(reason=stop.reason, until=stop.until) if stop else None


def _load(spec: Spec) -> Load:
    """Give how much may change at once; without a word, as much as there is."""
    return replace(spec.max_changes or Load(), rollouts=spec.concurrent_rollouts)


def _read(head: Fields, wrong: list[Complaint]) -> Environment | None:
    try:
        return Environment.model_validate(values_of(head, written))
    except ValidationError as problem:
        wrong += from_model(problem, Environment, head)
        return None


def _misnamed(env: EnvName, head: Fields) -> list[Complaint]:
    name = head.get("metadata", "name")
    if not isinstance(name, Text) or name.value in {None, env}:
        return []
    return [complaint(name.at, ("metadata", "name"), f"{name.value[:40]!r} is not the name of the file, {env}")]


def _wrong_defaults(defaults: Node | None, facts: Mapping[str, str], tables: Tables) -> list[Complaint]:
    """Say what is wrong in the defaults whatever they are laid under; what has ${names} is told by target."""
    if defaults is None:
        return []
    if not isinstance(defaults, Fields):
        return [complaint(defaults.at, ("defaults",), f"must be a mapping, not {kind_of(defaults)}")]
    wrong: list[Complaint] = []
    try:
        PartialTarget.model_validate(values_of(defaults.without(*_OPAQUE), written))
    except ValidationError as problem:
        wrong += from_model(problem, PartialTarget, defaults, ("defaults",))
    wrong += read_guards(defaults.get("guards"), tables.guards, facts, ("defaults", "guards")).complaints
    gates = read_guards(defaults.get("gates"), tables.gates, facts, ("defaults", "gates"), gate_model)
    wrong += gates.complaints
    open_names = {(text.at.line, text.at.column) for text in _texts_in(defaults) if "${" in (text.value or "")}
    return [one for one in wrong if (one.line, one.column) not in open_names]


def _base(head: Fields, spec: Fields) -> Fields:
    own = head.get("spec")
    entries = own.entries if isinstance(own, Fields) else {}
    under = Fields(head.at, {key: entries[key] for key in _UNDER if key in entries})
    defaults = spec.get("defaults")
    return merge(under, defaults) if isinstance(defaults, Fields) else under


def _replace_spec(root: Fields, spec: Fields) -> Fields:
    entry = root.entries.get("spec")
    if entry is None or not isinstance(entry.value, Fields):
        return root
    return Fields(root.at, {**root.entries, "spec": Entry(entry.at, spec)})


def _text(fields: Fields, *path: str) -> str:
    node = fields.get(*path)
    return (node.value or "") if isinstance(node, Text) else ""


def _texts(*values: str | None) -> Iterator[Text]:
    for value in values:
        yield Text(Mark("", 0, 0), value)


def _texts_in(node: Node) -> Iterator[Text]:
    if isinstance(node, Text):
        yield node
    elif isinstance(node, Items):
        for item in node.items:
            yield from _texts_in(item)
    else:
        for entry in node.entries.values():
            yield from _texts_in(entry.value)
