"""`trueup accept-history`: accept a branch whose history was rewritten."""

from dataclasses import replace

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


@click.command("accept-history")
@env_argument
@reason_option()
@actor_option
@store_option
def command(env: str, reason: str, actor: str | None, store: str) -> None:
    """Let ENV go on from the newest commit although it does not descend from the last one that was accepted.

    Commits only move forward; after a force push, or a restored older branch, nothing new starts until this.
    """
    from controller.model.orders import Request

    by = who(actor)
    memory = opened(store)
    known(memory, env, None)
    before = memory.load(as_env(env)).accepted
    give(
        memory,
        env,
        None,
        f"accept-history: {reason}",
        by,
        lambda orders, number: replace(orders, accept=Request(number=number, reason=reason, by=by)),
    )
    memory.close()
    last = before.commit[:12] if before else "none"
    click.echo(f"{env} goes on from the newest commit; the last accepted one was {last}")
