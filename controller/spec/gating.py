"""The guards and the gates of one target, with what they know of where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.model.desired import Complaint
from controller.model.gate import Gate
from controller.spec.guards import gate_model, read_guards
from controller.spec.head import Ground
from controller.spec.nodes import Fields
from controller.spec.tables import Tables
from controller.spec.target_schema import Rollout, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """What has to be open before a rollout, and what has to stay open during it, or what is wrong with them."""

    guards: tuple[Gate, ...]
    gates: tuple[Gate, ...]
    complaints: tuple[Complaint, ...]


def read_gates(
    lines: Fields, ground: Ground, model: Target | None, tables: Tables, where: Sequence[str | int]
) -> Gated:
    """Read both lists of a target; `model` is the rest of it, None if that could not be read."""
    rollout = model.rollout if model else Rollout()
    facts = {"account": ground.account, "region": ground.region, "role": ground.role}
    known = {**facts, "deadline": rollout.deadline, "bake": rollout.bake, "environment": str(ground.env)}
    guards = read_guards(lines.get("guards"), tables.guards, known, (*where, "guards"))
    gates = read_guards(lines.get("gates"), tables.gates, known, (*where, "gates"), gate_model)
    at = model.not_before if model else None
    built = model.application.application if model and model.application and ground.tags else None
    return Gated(
        guards=guards.guards,
        gates=(
            *gates.guards,
            *([tables.not_before(at)] if at else ()),
            *([tables.signed(built)] if built else ()),
        ),
        complaints=(*guards.complaints, *gates.complaints),
    )
