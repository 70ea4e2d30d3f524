"""`trueup unpin`: follow the spec again after a rollback or a hotfix."""

from dataclasses import replace

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
    target_argument,
    who,
)
from controller.errors import SpecError


@click.command("unpin")
@env_argument
@target_argument
@reason_option(required=False)
@actor_option
@store_option
def command(env: str, target: str, reason: str, actor: str | None, store: str) -> None:
    """Let TARGET of ENV follow its spec again: end its pin, or its hotfix.

    A release that failed here stays quarantined until `retry`; a hotfix that broke the glass still waits for its
    review.
    """
    from controller.cli.hotfixes import end_in
    from controller.cli.orders import for_target

    memory = opened(store)
    known(memory, env, target)
    name, because = as_target(target), f": {reason}" if reason else ""
    orders = memory.orders(as_env(env))
    version = end_in(memory, env, target, orders, because, who(actor))
    if version:
        memory.close()
        click.echo(f"{env}/{target} follows its spec again; a hotfix wanted {version}")
        return
    mine = orders.targets.get(name)
    if mine is None or mine.pin is None:
        raise SpecError(f"{env}/{target} is not pinned")
    text = f"unpin from {mine.pin.release.version}{because}"
    give(memory, env, target, text, who(actor), for_target(name, lambda old, _: replace(old, pin=None)))
    memory.close()
    click.echo(f"{env}/{target} follows its spec again; it was pinned to {mine.pin.release.version}")
