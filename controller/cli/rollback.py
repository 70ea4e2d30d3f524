"""`trueup rollback`: go back to a good release, and stay there until the spec changes or `unpin`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

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

_SHA256: Final = "sha256:"
_SHOWN: Final = 12

if TYPE_CHECKING:
    from controller.cli.orders import Change
    from controller.model.record import Memory
    from controller.model.release import Kept
    from controller.model.status import TargetStatus


@click.command("rollback")
@env_argument
@target_argument
@click.option(
    "--to",
    metavar="VERSION",
    help="Which good release: a version, its digest, or that of an image of it; the newest other one if left out.",
)
@click.option("--keep-database", is_flag=True, help="Go back although what hooks did to the database stays.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@reason_option()
@actor_option
@store_option
def command(
    env: str,
    target: str,
    to: str | None,
    keep_database: bool,
    yes: bool,
    reason: str,
    actor: str | None,
    store: str,
) -> None:
    """Go back with TARGET of ENV, at once and past every gate.

    What it leaves is quarantined. The target stays on what it goes back to, whatever waits, until the spec wants
    something else than now, or `trueup unpin`. A hotfix that stands there ends.

    Hooks `onRollback` undo what the release did to the database, and it is said which; where a hook ran before a
    release since, and nothing undoes it, you are asked. Without a terminal: --keep-database, or --yes.
    """
    from controller.cli.undoing import ask

    by, memory = who(actor), opened(store)
    known(memory, env, target)
    remembered = memory.load(as_env(env)).targets.get(as_target(target))
    if remembered is None:
        raise Refusal(f"{env}/{target} has no history here yet; there is nothing to go back to")
    kept, shown = way_back(remembered, to), newest(memory, env, target)
    ask(remembered, kept, shown, keep=keep_database, yes=yes)
    orders = give(
        memory,
        env,
        target,
        f"rollback to {kept.release.version}: {reason}",
        by,
        _change(target, kept, shown, reason, by),
    )
    memory.close()
    paused = orders.pause or orders.targets[as_target(target)].pause
    click.echo(f"{env}/{target} goes back to {kept.release.version}; follow it: trueup status --watch")
    if paused:
        click.echo(f"But {env} is paused ({paused.reason}): nothing is sent until `trueup resume`.", err=True)


def _change(target: str, kept: "Kept", shown: "TargetStatus | None", reason: str, by: str) -> "Change":
    """Order to go back, and to stay there; a hotfix that stands ends."""
    from controller.app.memory import clock_now
    from controller.cli.hotfixes import ended
    from controller.cli.orders import for_target
    from controller.model.names import Digest
    from controller.model.orders import Pin, Rollback

    now, spec = clock_now(), Digest(shown.spec_digest) if shown and shown.spec_digest else None
    return for_target(
        as_target(target),
        lambda mine, number: replace(
            ended(mine, now),
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
    chosen = [kept for kept in ways if to is None or _is(kept, to)]
    if chosen:
        return chosen[0]
    listed = ", ".join(dict.fromkeys(k.release.version for k in ways)) or "none"
    if to is None:
        raise Refusal("there is no other good release to go back to")
    raise Refusal(f"{to} was never good here; there is to go back to: {listed}")


def _is(kept: "Kept", to: str) -> bool:
    """Whether a text names a release: by version, by digest, or by the digest of one of its images.

    Of a digest its first twelve digits are enough, as they are shown.
    """
    from controller.model.images import digests_in

    if to == kept.release.version:
        return True
    names = (kept.digest, *digests_in(kept.release.manifest).values())
    bare = to.removeprefix(_SHA256)
    return len(bare) >= _SHOWN and any(name.removeprefix(_SHA256).startswith(bare) for name in names)
