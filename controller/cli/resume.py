"""`trueup resume`: let it go on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from controller.cli.common import (
    actor_option,
    as_env,
    env_argument,
    give,
    known,
    opened,
    reason_option,
    store_option,
    who,
)
from controller.errors import SpecError

if TYPE_CHECKING:
    from controller.model.names import TargetName
    from controller.model.orders import Pause
    from controller.ports import Store


@click.command("resume")
@env_argument
@click.argument("target", required=False)
@reason_option(required=False)
@actor_option
@store_option
def command(env: str, target: str | None, reason: str, actor: str | None, store: str) -> None:
    """End a person's pause of ENV, or of one TARGET of it. What is due is decided afresh; nothing is replayed.

    The name of a group ends those of all of its members.
    """
    memory = opened(store)
    try:
        known(memory, env, target, groups=True)
        ended = _ended(memory, env, target)
        text = f"resume: {reason}" if reason else "resume"
        _give(memory, env, target, text, who(actor), [name for name, _ in ended])
    finally:
        memory.close()
    whys = dict.fromkeys(f"{pause.by or 'somebody'}: {pause.reason}" for _, pause in ended)
    where = f"{env}/{target}" if target else env
    click.echo(f"{where} goes on; it was paused by {', and by '.join(whys)}")


def _ended(memory: "Store", env: str, target: str | None) -> "Sequence[tuple[TargetName | None, Pause]]":
    """Give the pauses that end, each with its target; raises SpecError if there is none."""
    from controller.cli.groups import targets_of

    orders = memory.orders(as_env(env))
    if target is None:
        if orders.pause is None:
            raise SpecError(f"{env} is not paused by an order")
        return [(None, orders.pause)]
    names = [name for name in targets_of(memory, env, target) if name in orders.targets]
    found = [(name, pause) for name in names if (pause := orders.targets[name].pause) is not None]
    if not found:
        wider = f"; {env} as a whole is: trueup resume {env}" if orders.pause else ""
        raise SpecError(f"{env}/{target} is not paused by an order{wider}")
    return found


def _give(
    memory: "Store", env: str, target: str | None, text: str, by: str, names: "Sequence[TargetName | None]"
) -> None:
    from controller.app.memory import clock_now
    from controller.cli.groups import for_each
    from controller.cli.orders import set_pause

    now = clock_now()
    give(memory, env, target, text, by, for_each([set_pause(name, None, now) for name in names]))
