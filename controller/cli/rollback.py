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
    from collections.abc import Mapping

    from controller.cli.orders import Change
    from controller.model.names import Digest, TargetName
    from controller.model.record import Memory
    from controller.model.release import Kept
    from controller.ports import Store


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
    something else than now, or `trueup unpin`. The name of a group goes back with all of its members that have
    changed, to what was good together; a member alone is refused.
    """
    from controller.cli.groups import for_each, paused_of

    by = who(actor)
    memory = opened(store)
    known(memory, env, target, groups=True)
    ways = _ways(memory, env, target, to)
    change = for_each([_order(name, kept, spec, reason, by) for name, (kept, spec) in ways.items()])
    versions = ", ".join(dict.fromkeys(kept.release.version for kept, _ in ways.values()))
    give(memory, env, target, f"rollback to {versions}: {reason}", by, change)
    orders = memory.orders(as_env(env))
    memory.close()
    click.echo(f"{env}/{target} goes back to {versions}; follow it: trueup status --watch")
    paused = paused_of(orders, list(ways))
    if paused:
        click.echo(f"But {env} is paused ({paused}): nothing is sent until `trueup resume`.", err=True)


def _ways(
    store: "Store", env: str, target: str, to: str | None
) -> "Mapping[TargetName, tuple[Kept, Digest | None]]":
    """Find what a target, or each member of a group, goes back to, and what its pin is bound to. Raises Refusal."""
    from controller.cli.groups import members, refuse_a_member, ways_back
    from controller.model.names import Digest

    record, shown = store.load(as_env(env)).targets, newest(store, env, target)
    group = {one.target: one for one in members(store, env, target)}
    if group:
        found = ways_back({name: record[name] for name in group if name in record}, to)
        return {
            name: (kept, Digest(group[name].bound) if group[name].bound else None) for name, kept in found.items()
        }
    refuse_a_member(shown, "rollback")
    name = as_target(target)
    if name not in record:
        raise Refusal(f"{env}/{target} has no history here yet; there is nothing to go back to")
    return {name: (way_back(record[name], to), Digest(shown.spec_digest) if shown and shown.spec_digest else None)}


def _order(name: "TargetName", kept: "Kept", spec: "Digest | None", reason: str, by: str) -> "Change":
    from controller.cli.orders import for_target
    from controller.model.orders import Pin, Rollback

    return for_target(
        name,
        lambda mine, number: replace(
            mine,
            rollback=Rollback(number=number, to=kept.digest, reason=reason, by=by),
            pin=Pin(number=number, release=kept.release, spec=spec, reason=reason, by=by),
        ),
    )


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
