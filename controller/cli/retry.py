"""`trueup retry`: try again what failed here."""

from dataclasses import replace

import click

from controller.cli.common import (
    actor_option,
    as_target,
    env_argument,
    give,
    known,
    opened,
    reason_option,
    store_option,
    target_argument,
    who,
)


@click.command("retry")
@env_argument
@target_argument
@reason_option()
@actor_option
@store_option
def command(env: str, target: str, reason: str, actor: str | None, store: str) -> None:
    """Lift the quarantine of what ENV wants TARGET to run, and deploy it again once its gates are open.

    Where drift was healed too often and is left as it is, it is healed again.
    """
    from controller.cli.orders import for_target
    from controller.model.orders import Request

    by = who(actor)
    memory = opened(store)
    known(memory, env, target)
    change = for_target(
        as_target(target), lambda mine, number: replace(mine, retry=Request(number=number, reason=reason, by=by))
    )
    give(memory, env, target, f"retry: {reason}", by, change)
    memory.close()
    click.echo(f"{env}/{target} will be tried again; see: trueup why {env} {target}")
