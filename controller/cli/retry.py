"""`trueup retry`: try again what failed here."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from controller.cli.common import (
    actor_option,
    env_argument,
    give,
    known,
    newest,
    opened,
    reason_option,
    store_option,
    target_argument,
    who,
)

if TYPE_CHECKING:
    from controller.model.orders import TargetOrders


@click.command("retry")
@env_argument
@target_argument
@reason_option()
@actor_option
@store_option
def command(env: str, target: str, reason: str, actor: str | None, store: str) -> None:
    """Lift the quarantine of what ENV wants TARGET to run, and deploy it again once its gates are open.

    Where drift was healed too often and is left as it is, it is healed again. The name of a group tries all of it
    again; of one member it lifts only that member's quarantine, and the group waits until none of them has one.
    """
    from controller.cli.groups import for_each, targets_of
    from controller.cli.orders import for_target
    from controller.model.orders import Request

    by = who(actor)
    memory = opened(store)
    known(memory, env, target, groups=True)
    names = targets_of(memory, env, target)
    shown = newest(memory, env, target)

    def again(mine: "TargetOrders", number: int) -> "TargetOrders":
        return replace(mine, retry=Request(number=number, reason=reason, by=by))

    change = for_each([for_target(name, again) for name in names])
    give(memory, env, target, f"retry: {reason}", by, change)
    memory.close()
    click.echo(f"{env}/{target} will be tried again; see: trueup why {env} {target}")
    if shown is not None and shown.group:
        click.echo(f"It goes only with its group; all of that: trueup retry {env} {shown.group}", err=True)
