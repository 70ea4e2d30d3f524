"""What a refusal of AWS's means for what was asked of it."""

from controller.model.decision import Action
from controller.model.names import Revision
from controller.model.outcome import Lost, NotSent, Outcome, Refused
from controller.targets.ecs.answers import Cause, Declined


def outcome_of(action: Action, declined: Declined, revision: Revision | None = None) -> Outcome:
    """Tell what may have happened all the same, what will never be taken, and what may be asked again."""
    why = str(declined)
    if declined.lost:
        return Lost(action=action, why=why, revision=revision)
    if declined.cause is Cause.CONTENT:
        return Refused(action=action, why=why, revision=revision)
    # What is inactive the next turn finds inactive too, and registers the recorded shape again.
    known = None if declined.cause is Cause.INACTIVE else revision
    return NotSent(action=action, why=why, revision=known)
