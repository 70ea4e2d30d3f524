"""`trueup recover`: close what only a person can, and begin again from what runs."""

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
    who,
)
from controller.errors import Refusal


@click.command("recover")
@env_argument
@click.argument("target", required=False)
@click.option("--confirm", is_flag=True, help="Yes, I have looked at the service.")
@reason_option(required=False)
@actor_option
@store_option
def command(env: str, target: str | None, confirm: bool, reason: str, actor: str | None, store: str) -> None:
    """Begin again from what runs now, for TARGET, or for every target of ENV that is held for this.

    For: a store that has lost its memory, a service that was deleted and made again, a call whose outcome cannot be
    read. What failed here before stays quarantined; what runs is found, not good, until it has been watched.
    """
    from controller.cli.orders import for_target
    from controller.model.orders import Request

    by = who(actor)
    memory = opened(store)
    known(memory, env, target)
    held = [s.target for s in memory.shown() if s.env == env and any(b.gate == "held" for b in s.blockers)]
    names = [as_target(target)] if target else held
    if not names:
        raise Refusal(f"no target of {env} is held for a person; nothing to recover")
    if not confirm:
        listed = ", ".join(names)
        raise Refusal(
            f"this would take what runs now as the beginning for: {listed}. Look at it, then add --confirm"
        )
    for name in names:
        change = for_target(
            name, lambda mine, number: replace(mine, recover=Request(number=number, reason=reason, by=by))
        )
        give(memory, env, name, f"recover: {reason}" if reason else "recover", by, change)
    memory.close()
    click.echo(f"{env}: {', '.join(names)} will begin again from what runs now")
