"""Carry out actions; an exception means that nobody knows what became of it."""

from collections.abc import Callable

from controller.errors import Refusal
from controller.model.decision import Action
from controller.model.outcome import Lost, NotSent, Outcome
from controller.ports import World

Check = Callable[[Action], None]


def act_all(actions: tuple[Action, ...], world: World, check: Check) -> tuple[Outcome, ...]:
    """Carry out all of them, one after the other, going back first."""
    return tuple(act(action, world, check) for action in actions)


def act(action: Action, world: World, check: Check) -> Outcome:
    """Hand one action to its kind; `check` is called again just before the send."""

    def last_check() -> None:
        if world.now() > action.not_after:
            raise Refusal("the intent is too old to be sent; the next turn decides again")
        check(action)

    target = world.targets.get(action.place.kind)
    if target is None:
        return NotSent(action=action, why=f"this trueup knows no kind {action.place.kind!r}")
    try:
        return target.act(action, last_check)
    except Refusal as refusal:
        return NotSent(action=action, why=str(refusal))
    except Exception as error:  # noqa: BLE001  whatever it was, only reading can tell what became of the call
        return Lost(action=action, why=f"{type(error).__name__}: {error}")
