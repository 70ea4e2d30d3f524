"""`trueup resume`: let it go on."""

import click

from controller.cli.common import (
    actor_option,
    as_env,
    as_target,
    env_argument,
    give,
    known,
    opened,
    reason_option,
    store_option,
    who,
)
from controller.errors import SpecError


@click.command("resume")
@env_argument
@click.argument("target", required=False)
@reason_option(required=False)
@actor_option
@store_option
def command(env: str, target: str | None, reason: str, actor: str | None, store: str) -> None:
    """End a person's pause of ENV, or of one TARGET of it. What is due is decided afresh; nothing is replayed."""
    from controller.app.memory import clock_now
    from controller.cli.orders import set_pause

    memory = opened(store)
    known(memory, env, target)
    name = as_target(target) if target else None
    orders = memory.orders(as_env(env))
    mine = orders.targets.get(name) if name else None
    pause = (mine.pause if mine else None) if name else orders.pause
    where = f"{env}/{target}" if target else env
    if pause is None:
        wider = f"; {env} as a whole is: trueup resume {env}" if name and orders.pause else ""
        raise SpecError(f"{where} is not paused by an order{wider}")
    give(
        memory,
        env,
        target,
        f"resume: {reason}" if reason else "resume",
        who(actor),
        set_pause(name, None, clock_now()),
    )
    memory.close()
    click.echo(f"{where} goes on; it was paused by {pause.by or 'somebody'}: {pause.reason}")
