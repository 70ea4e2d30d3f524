"""`trueup restart`: start every task anew, with the same content."""

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
from controller.errors import Refusal

if TYPE_CHECKING:
    from controller.model.orders import TargetOrders
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
    nothing goes back, since there is nothing else to go back to. The name of a group restarts all of its members,
    each by itself: they run what they ran, so that none waits for another, and one that fails takes none with it.

    Exit code 4 if something is under way there, of a group in any of its members; then none is restarted.
    """
    from controller.cli.groups import for_each, paused_of, targets_of
    from controller.cli.orders import for_target
    from controller.model.orders import Request

    by = who(actor)

    def again(mine: "TargetOrders", number: int) -> "TargetOrders":
        return replace(mine, restart=Request(number=number, reason=reason, by=by))

    memory = opened(store)
    try:
        known(memory, env, target, groups=True)
        names = targets_of(memory, env, target)
        for name in names:
            _refuse_if_moving(newest(memory, env, name))
        change = for_each([for_target(name, again) for name in names])
        orders = give(memory, env, target, f"restart: {reason}", by, change)
    finally:
        memory.close()
    click.echo(f"{env}/{target} is restarted from its next turn; follow it: trueup status --watch")
    if paused := paused_of(orders, names):
        click.echo(f"But it is paused ({paused}): nothing is sent until `trueup resume`.", err=True)


def _refuse_if_moving(shown: "TargetStatus | None") -> None:
    from controller.model.rollout import MOVING

    if shown is not None and shown.phase in MOVING:
        name = f"{shown.env}/{shown.target}"
        raise Refusal(f"{name} is {shown.phase.value}: {shown.reason}; restart it after that")
