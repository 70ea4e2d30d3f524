"""`trueup unfreeze`: releases may start again."""

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


@click.command("unfreeze")
@env_argument
@reason_option(required=False)
@actor_option
@store_option
def command(env: str, reason: str, actor: str | None, store: str) -> None:
    """End a freeze of ENV. What waited is decided afresh, under its gates as they are then."""
    from controller.cli.orders import set_freeze

    memory = opened(store)
    known(memory, env, None)
    freeze = memory.orders(as_env(env)).freeze
    if freeze is None:
        raise SpecError(f"{env} is not frozen")
    give(memory, env, None, f"unfreeze: {reason}" if reason else "unfreeze", who(actor), set_freeze(None))
    memory.close()
    click.echo(f"releases may start in {env} again; it was frozen by {freeze.by or 'somebody'}: {freeze.reason}")
