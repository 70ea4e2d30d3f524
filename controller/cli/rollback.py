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
    os_user,
    reason_option,
    store_option,
    target_argument,
    who,
)
from controller.cli.flags import (
    change_options,
    endpoint_option,
    github_options,
    people_option,
    read_role_option,
    registries_options,
    terraform_states_option,
)
from controller.errors import Refusal, SpecError, TrueupError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controller.app.reverting import Back
    from controller.model.record import Memory
    from controller.model.release import Kept


@click.command("rollback")
@env_argument
@target_argument
@click.option(
    "--to", metavar="VERSION", help="Which good release (a version or digest); the newest other one if left out."
)
@reason_option()
@click.option("--commit", is_flag=True, help="Change the version in git to match, on the specs' branch.")
@click.option("--pull-request", is_flag=True, help="Propose that change at GitHub instead.")
@change_options
@github_options
@people_option
@endpoint_option
@read_role_option
@registries_options
@terraform_states_option
@actor_option
@store_option
def command(
    env: str,
    target: str,
    to: str | None,
    reason: str,
    *,
    commit: bool,
    pull_request: bool,
    branch_of_specs: str | None,
    actor: str | None,
    store: str,
    **flags: object,
) -> None:
    """Go back with TARGET of ENV, at once and past every gate.

    What it leaves is quarantined. The target stays on what it goes back to, whatever waits, until the spec wants
    something else than now, or `trueup unpin`.

    With --commit or --pull-request the version in git follows, once going back has been ordered: that does not wait
    for git. If git cannot be changed, it goes back all the same, and the exit code says so.
    """
    if commit and pull_request:
        raise SpecError("--commit and --pull-request exclude each other")
    kept = _order(env, target, to, reason, who(actor), store)
    if commit or pull_request:
        from controller.app.reverting import Back

        back = Back(env=as_env(env), target=as_target(target), kept=kept, reason=reason)
        _change_git(back, {**flags, "branch": branch_of_specs, "store": store}, propose=pull_request)


def _order(env: str, target: str, to: str | None, reason: str, by: str, store: str) -> "Kept":
    """Order that it goes back, and stays there; gives what it goes back to."""
    from controller.cli.orders import for_target
    from controller.model.names import Digest
    from controller.model.orders import Pin, Rollback

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
    return kept


def _change_git(back: "Back", flags: "Mapping[str, object]", *, propose: bool) -> None:
    """Change git to match; an error says that going back was ordered all the same."""
    from controller.app.reverting import revert
    from controller.cli.changed import told
    from controller.options import read

    name = f"{back.env}/{back.target}"
    try:
        made = revert(back, read(flags, needs=("repo",)), os_user(), propose=propose)
    except TrueupError as error:
        raise type(error)(f"{name} goes back, but git was not changed: {error}") from error
    click.echo(told(name, made))


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
