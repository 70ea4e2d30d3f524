"""`trueup forget`: forget a target that the spec no longer names."""

from dataclasses import replace

import click

from controller.cli.common import (
    actor_option,
    as_target,
    env_argument,
    give,
    known,
    newest,
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

    Refused while the spec names it: take it out first, and let the controller see that. A rollout is finished
    before. The journal stays.
    """
    from controller.cli.orders import for_target
    from controller.model.orders import Request

    by = who(actor)
    memory = opened(store)
    known(memory, env, target)
    shown = newest(memory, env, target)
    if shown is not None and shown.wanted:
        raise Refusal(
            f"the spec names {env}/{target} ({shown.wanted}): take it out of the spec first, and forget it once "
            f"`trueup status {env} {target}` wants nothing of it"
        )
    if not confirm:
        raise Refusal(f"{env}/{target} would lose its good and failed releases; add --confirm")
    change = for_target(as_target(target), lambda mine, number: replace(mine, forget=Request(number=number, by=by)))
    give(memory, env, target, "forget", by, change)
    memory.close()
    click.echo(f"{env}/{target} is forgotten at its next turn, if the spec does not name it by then")
