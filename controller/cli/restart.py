"""`trueup restart`: start every task anew, with the same content."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from controller.cli.common import (
    actor_option,
    as_target,
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
from controller.errors import Refusal

if TYPE_CHECKING:
    from controller.model.status import TargetStatus


@click.command("restart")
@env_argument
@target_argument
@reason_option()
@actor_option
@store_option
def command(env: str, target: str, reason: str, actor: str | None, store: str) -> None:
    """Start every task of TARGET of ENV anew, as after a secret was rotated: the same release, watched and baked.

    No gate and no freeze keeps it waiting; a pause does. One that fails is stalled: nothing is quarantined, and
    nothing goes back, since there is nothing else to go back to.

    Exit code 4 if something is under way there.
    """
    from controller.cli.orders import for_target
    from controller.model.orders import Request

    by = who(actor)
    memory = opened(store)
    try:
        known(memory, env, target)
        _refuse_if_moving(newest(memory, env, target))
        change = for_target(
            as_target(target),
            lambda mine, number: replace(mine, restart=Request(number=number, reason=reason, by=by)),
        )
        orders = give(memory, env, target, f"restart: {reason}", by, change)
    finally:
        memory.close()
    paused = orders.pause or orders.targets[as_target(target)].pause
    click.echo(f"{env}/{target} is restarted from its next turn; follow it: trueup status --watch")
    if paused:
        click.echo(f"But it is paused ({paused.reason}): nothing is sent until `trueup resume`.", err=True)


def _refuse_if_moving(shown: "TargetStatus | None") -> None:
    from controller.model.rollout import MOVING

    if shown is not None and shown.phase in MOVING:
        name = f"{shown.env}/{shown.target}"
        raise Refusal(f"{name} is {shown.phase.value}: {shown.reason}; restart it after that")
