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
    newest,
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

    The name of a group unpins all of its members; a member alone is refused. A release that failed here stays
    quarantined until `retry`; a hotfix that broke the glass still waits for its review.
    """
    from controller.cli.groups import for_each, members, refuse_a_member
    from controller.cli.hotfixes import end_in
    from controller.cli.orders import for_target

    memory, because = opened(store), f": {reason}" if reason else ""
    known(memory, env, target, groups=True)
    ended = end_in(memory, env, target, memory.orders(as_env(env)), because, who(actor))
    if ended:
        memory.close()
        click.echo(f"{env}/{target} follows its spec again; a hotfix wanted {ended}")
        return
    refuse_a_member(newest(memory, env, target), "unpin")
    names = [one.target for one in members(memory, env, target)] or [as_target(target)]
    orders = memory.orders(as_env(env)).targets
    pins = [pin for name in names if name in orders and (pin := orders[name].pin) is not None]
    if not pins:
        raise SpecError(f"{env}/{target} is not pinned")
    version = ", ".join(dict.fromkeys(pin.release.version for pin in pins))
    change = for_each([for_target(name, lambda old, _: replace(old, pin=None)) for name in names])
    give(memory, env, target, f"unpin from {version}{because}", who(actor), change)
    memory.close()
    click.echo(f"{env}/{target} follows its spec again; it was pinned to {version}")
