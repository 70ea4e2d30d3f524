"""The terms of a rollout, from what a target says of it."""

from controller.model.gate import Gate, Prepares
from controller.model.rollout import Terms
from controller.shaping import Shaped
from controller.spec.hooks import hooks_of
from controller.spec.target_schema import Mode, Target

_DEFAULT = Terms()


def terms_of(model: Target, guards: tuple[Gate, ...], gates: tuple[Gate, ...], shaped: Shaped) -> Terms:
    """Give the terms; a progressDeadline that is written holds for the rollout too, not only for its bake.

    What a gate has done before a rollout comes before what the spec has.
    """
    first = (gate.hook for gate in gates if isinstance(gate, Prepares))
    rollout = model.rollout
    written = "progress_deadline" in rollout.model_fields_set
    return Terms(
        guards=guards,
        bake=rollout.bake,
        deadline=rollout.deadline,
        progress=rollout.progress_deadline,
        stuck=rollout.progress_deadline if written else _DEFAULT.stuck,
        hooks=(*(hook for hook in first if hook), *hooks_of(model.hooks, shaped.hooks)),
        rollback_safe=rollout.rollback_safe,
        incident=rollout.during_incident,
        observe=model.mode is Mode.OBSERVE,
    )
