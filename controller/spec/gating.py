"""The guards and the gates of one target, with what they know of where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.model.application import Application
from controller.model.desired import Complaint
from controller.model.gate import Gate
from controller.spec.guards import fields_of, gate_model, read_guards
from controller.spec.head import Ground
from controller.spec.nodes import Fields, Mark, Node, mark_of
from controller.spec.tables import Tables
from controller.spec.target_schema import Rollout, Target
from controller.spec.track import tagged_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An environment that a gate names, where, and the path to it below the target."""

    name: str
    at: Mark
    path: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """What has to be open before a rollout, and what has to stay open during it, or what is wrong with them."""

    guards: tuple[Gate, ...]
    gates: tuple[Gate, ...]
    complaints: tuple[Complaint, ...]


def read_gates(
    lines: Fields,
    ground: Ground,
    model: Target | None,
    tables: Tables,
    where: Sequence[str | int],
    files: tuple[str, ...] = (),
) -> Gated:
    """Read both lists of a target, which is made of `files`; `model` is the rest of it, None if that is unread."""
    rollout = model.rollout if model else Rollout()
    facts = {"account": ground.account, "region": ground.region, "role": ground.role}
    known = {
        **facts,
        "deadline": rollout.deadline,
        "bake": rollout.bake,
        "environment": str(ground.env),
        "files": files,
    }
    guards = read_guards(lines.get("guards"), tables.guards, known, (*where, "guards"))
    gates = read_guards(lines.get("gates"), tables.gates, known, (*where, "gates"), gate_model)
    at = model.not_before if model else None
    tagged = _tagged_in(model) if model and ground.tags else None
    return Gated(
        guards=guards.guards,
        gates=(
            *gates.guards,
            *([tables.not_before(at)] if at else ()),
            *([tables.signed(tagged)] if tagged else ()),
        ),
        complaints=(*guards.complaints, *gates.complaints),
    )


def _tagged_in(model: Target) -> Application | None:
    return tagged_in(model.track, model.application.application if model.application else None)


def named_environments(node: Node, gates: Sequence[Gate]) -> tuple[Named, ...]:
    """Find the environments that the gates of a target name; `node` are its own lines, without the defaults."""
    found: list[Named] = []
    for index, gate in enumerate(gates):
        for one in fields_of(type(gate)):
            if one.metadata.get("environment"):
                path = ("gates", index, one.metadata.get("key", one.name))
                found.append(Named(name=getattr(gate, one.name), at=mark_of(node, path), path=path))
    return tuple(found)
