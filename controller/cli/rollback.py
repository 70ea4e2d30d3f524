"""`trueup rollback`: go back to a good release, and stay there until the spec changes or `unpin`."""

from dataclasses import replace
from typing import TYPE_CHECKING

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
from controller.errors import Refusal

if TYPE_CHECKING:
    from controller.model.record import Memory
    from controller.model.release import Kept


@click.command("rollback")
@env_argument
@target_argument
@click.option(
    "--to", metavar="VERSION", help="Which good release (a version or digest); the newest other one if left out."
)
@reason_option()
@actor_option
@store_option
def command(env: str, target: str, to: str | None, reason: str, actor: str | None, store: str) -> None:
    """Go back with TARGET of ENV, at once and past every gate.

    What it leaves is quarantined. The target stays on what it goes back to, whatever waits, until the spec wants
    something else than now, or `trueup unpin`.
    """
    from controller.cli.orders import for_target
    from controller.model.names import Digest
    from controller.model.orders import Pin, Rollback

    by = who(actor)
    memory = opened(store)
    known(memory, env, target)
    name = as_target(target)
    record = memory.load(as_env(env))
    remembered = record.targets.get(name)
    if remembered is None:
        raise Refusal(f"{env}/{target} has no history here yet; there is nothing to go back to")
    kept = way_back(remembered, to)
    shown = newest(memory, env, target)
    spec = Digest(shown.spec_digest) if shown and shown.spec_digest else None
    change = for_target(
        name,
        lambda mine, number: replace(
            mine,
            rollback=Rollback(number=number, to=kept.digest, reason=reason, by=by),
            pin=Pin(number=number, release=kept.release, spec=spec, reason=reason, by=by),
        ),
    )
    give(memory, env, target, f"rollback to {kept.release.version}: {reason}", by, change)
    orders = memory.orders(as_env(env))
    memory.close()
    paused = orders.pause or (orders.targets[name].pause if name in orders.targets else None)
    click.echo(f"{env}/{target} goes back to {kept.release.version}; follow it: trueup status --watch")
    if paused:
        click.echo(f"But {env} is paused ({paused.reason}): nothing is sent until `trueup resume`.", err=True)


def way_back(memory: "Memory", to: str | None) -> "Kept":
    """Choose what to go back to: the version or digest asked for, else the newest good that is not what runs."""
    running = (
        memory.rollout.release.digest if memory.rollout else (memory.current.digest if memory.current else None)
    )
    closed = {*memory.quarantine, running}
    ways = [kept for kept in memory.known if kept.digest not in closed]
    chosen = [k for k in ways if to is None or to in {k.release.version, k.digest}]
    if chosen:
        return chosen[0]
    listed = ", ".join(dict.fromkeys(k.release.version for k in ways)) or "none"
    if to is None:
        raise Refusal("there is no other good release to go back to")
    raise Refusal(f"{to} was never good here; there is to go back to: {listed}")
