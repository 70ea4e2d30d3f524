"""`trueup forget`: forget a target that the spec no longer names."""

from dataclasses import replace

import click

from controller.cli.common import (
    actor_option,
    as_target,
    env_argument,
    give,
    known,
    opened,
    store_option,
    target_argument,
    who,
)
from controller.errors import Refusal


@click.command("forget")
@env_argument
@target_argument
@click.option("--confirm", is_flag=True, help="Yes: its history of good and failed releases is forgotten too.")
@actor_option
@store_option
def command(env: str, target: str, confirm: bool, actor: str | None, store: str) -> None:
    """Forget what is remembered of TARGET, and let go of its ECS service, which is left exactly as it is.

    Only a target that the spec no longer names is forgotten, and not in the middle of a rollout. The journal stays.
    """
    from controller.cli.orders import for_target
    from controller.model.orders import Request

    by = who(actor)
    memory = opened(store)
    known(memory, env, target)
    if not confirm:
        raise Refusal(f"{env}/{target} would lose its good and failed releases; add --confirm")
    change = for_target(as_target(target), lambda mine, number: replace(mine, forget=Request(number=number, by=by)))
    give(memory, env, target, "forget", by, change)
    memory.close()
    click.echo(f"{env}/{target} is forgotten once the spec no longer names it")
