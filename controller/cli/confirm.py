"""`trueup confirm`: a person's yes to a change of more targets than an environment lets change at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

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
from controller.errors import Refusal

if TYPE_CHECKING:
    from controller.cli.orders import Change
    from controller.model.names import Digest, TargetName
    from controller.model.record import Memory, Record
    from controller.model.status import TargetStatus


@click.command("confirm")
@env_argument
@click.option("--commit", metavar="COMMIT", help="Only what this commit wants; the first characters are enough.")
@reason_option()
@actor_option
@store_option
def command(env: str, commit: str | None, reason: str, actor: str | None, store: str) -> None:
    """Let go on what is held in ENV because it would change more targets than `maxChanges`.

    Counts for exactly what is held now: what another commit wants is counted, and held, again.
    """
    from controller.plan.mass import MASS_CHANGE

    by = who(actor)
    memory = opened(store)
    known(memory, env, None)
    shown = [one for one in memory.shown() if one.env == env]
    held = [one for one in shown if any(blocker.gate == MASS_CHANGE for blocker in one.blockers)]
    chosen = _of_commit(env, held, commit)
    record = memory.load(as_env(env))
    named = ", ".join(f"{one.target} {one.wanted}" for one in chosen)
    text = f"confirm {_count(chosen)}: {named}: {reason}"
    give(memory, env, None, text, by, confirming(chosen, record))
    memory.close()
    click.echo(f"{env}: {_count(chosen)} confirmed ({named}); follow it: trueup status --watch {env}")
    if len(held) > len(chosen):
        click.echo(f"{len(held) - len(chosen)} more are held, by another commit: trueup why {env}", err=True)


def _of_commit(env: str, held: "Sequence[TargetStatus]", commit: str | None) -> "Sequence[TargetStatus]":
    if not held:
        raise Refusal(f"nothing in {env} is held for being too many changes; see: trueup why {env}")
    chosen = [one for one in held if commit is None or (commit and one.commit.startswith(commit))]
    if not chosen:
        commits = ", ".join(sorted({one.commit[:12] for one in held}))
        raise Refusal(f"what is held in {env} is of commit {commits}, not {commit!r}")
    return chosen


def _count(chosen: "Sequence[TargetStatus]") -> str:
    return f"{len(chosen)} change{'' if len(chosen) == 1 else 's'}"


def confirming(chosen: "Sequence[TargetStatus]", record: "Record") -> "Change":
    """Confirm what is wanted of these targets, beside all that was confirmed and does not run yet."""
    told = {one.target: _wish(one, record.targets.get(one.target)) for one in chosen}

    def waits(name: "TargetName", digest: "Digest") -> bool:
        memory = record.targets.get(name)
        current = memory.current.release if memory and memory.current else None
        return current is None or digest not in {current.digest, current.asked}

    def kept(confirmed: "Mapping[TargetName, Digest]") -> "Mapping[TargetName, Digest]":
        return {name: digest for name, digest in confirmed.items() if waits(name, digest)}

    return lambda orders, _: replace(orders, confirmed={**kept(orders.confirmed), **told})


def _wish(status: "TargetStatus", memory: "Memory | None") -> "Digest":
    """Name what is wanted: by its words, or, if just those run over something else, by all of it."""
    from controller.model.names import Digest

    waiting = memory.next.release if memory and memory.next else None
    current = memory.current.release if memory and memory.current else None
    runs = current is not None and status.spec_digest in {current.digest, current.asked}
    return waiting.digest if waiting is not None and runs else Digest(status.spec_digest)
