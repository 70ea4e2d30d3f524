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
    from controller.cli.orders import Change
    from controller.model.names import Digest, TargetName
    from controller.model.orders import Pin
    from controller.model.record import Memory
    from controller.model.release import Kept
    from controller.model.status import TargetStatus
    from controller.ports import Store

    Ways = Mapping[TargetName, tuple[Kept, Digest | None]]

_SHA256: Final = "sha256:"
_SHOWN: Final = 12


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
    keep_database: bool,
    yes: bool,
    commit: bool,
    pull_request: bool,
    branch_of_specs: str | None,
    actor: str | None,
    store: str,
    **flags: object,
) -> None:
    """Go back with TARGET of ENV, at once and past every gate.

    What it leaves is quarantined. The target stays on what it goes back to, whatever waits, until the spec wants
    something else than now, or `trueup unpin`. The name of a group goes back with all of its members that have
    changed, to what was good together; a member alone is refused. A hotfix that stands there ends.

    Hooks `onRollback` undo what the release did to the database, and it is said which; where a hook ran before a
    release since, and nothing undoes it, you are asked. Without a terminal: --keep-database, or --yes.

    With --commit or --pull-request the version in git follows, once going back has been ordered: that does not wait
    for git. If git cannot be changed, it goes back all the same, and the exit code says so.
    """
    if commit and pull_request:
        raise SpecError("--commit and --pull-request exclude each other")
    memory = opened(store)
    known(memory, env, target, groups=True)
    ways = chosen(memory, env, target, to)
    _ask(memory, env, ways, keep=keep_database, yes=yes)
    _order_all(memory, env, target, ways, reason, who(actor))
    if commit or pull_request:
        from controller.app.reverting import Back

        name, (kept, _) = next(iter(ways.items()))
        back = Back(env=as_env(env), target=name, kept=kept, reason=reason)
        _change_git(back, {**flags, "branch": branch_of_specs, "store": store}, propose=pull_request)


def _ask(store: "Store", env: str, ways: "Ways", *, keep: bool, yes: bool) -> None:
    """Say what it does to the database, and ask about what nothing undoes. Raises Refusal."""
    from controller.cli.undoing import ask

    record = store.load(as_env(env)).targets
    for name, (kept, _) in ways.items():
        ask(record[name], kept, newest(store, env, name), keep=keep, yes=yes)


def _order_all(store: "Store", env: str, target: str, ways: "Ways", reason: str, by: str) -> None:
    """Order that a target, or each member of a group, goes back, and stays there."""
    from controller.cli.groups import for_each, paused_of

    change = for_each([_order(name, kept, spec, reason, by) for name, (kept, spec) in ways.items()])
    versions = ", ".join(dict.fromkeys(kept.release.version for kept, _ in ways.values()))
    give(store, env, target, f"rollback to {versions}: {reason}", by, change)
    orders = store.orders(as_env(env))
    store.close()
    click.echo(f"{env}/{target} goes back to {versions}; follow it: trueup status --watch")
    paused = paused_of(orders, list(ways))
    if paused:
        click.echo(f"But {env} is paused ({paused}): nothing is sent until `trueup resume`.", err=True)


def chosen(store: "Store", env: str, target: str, to: str | None) -> "Ways":
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
    mine = store.orders(as_env(env)).targets.get(name)
    return {name: (way_back(record[name], to), _bound(shown, mine.pin if mine else None) if shown else None)}


def _bound(shown: "TargetStatus", pin: "Pin | None") -> "Digest | None":
    """Say what the pin ends with: other words of the spec, or, where these stay as builds come, another content."""
    from controller.model.names import Digest
    from controller.model.version import LATEST

    if not shown.follows or shown.wanted != LATEST:
        return Digest(shown.spec_digest) if shown.spec_digest else None
    return pin.spec if shown.pinned and pin is not None else Digest(shown.wanted_digest)


def _order(name: "TargetName", kept: "Kept", spec: "Digest | None", reason: str, by: str) -> "Change":
    """Order to go back, and to stay there; a hotfix that stands ends."""
    from controller.app.memory import clock_now
    from controller.cli.hotfixes import ended
    from controller.cli.orders import for_target
    from controller.model.orders import Pin, Rollback

    now = clock_now()
    return for_target(
        name,
        lambda mine, number: replace(
            ended(mine, now),
            rollback=Rollback(number=number, to=kept.digest, reason=reason, by=by),
            pin=Pin(number=number, release=kept.release, spec=spec, reason=reason, by=by),
        ),
    )


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
    chosen = [kept for kept in ways if to is None or _is(kept, to)]
    if chosen:
        return chosen[0]
    listed = ", ".join(dict.fromkeys(k.release.version for k in ways)) or "none"
    if to is None:
        raise Refusal("there is no other good release to go back to")
    runs = any(kept.digest == running and _is(kept, to) for kept in memory.known)
    raise Refusal(f"{to} {_why_not(memory, to, runs=runs)}; there is to go back to: {listed}")


def _why_not(memory: "Memory", to: str, *, runs: bool) -> str:
    """Say why what was asked for is not among the ways back."""
    if runs:
        return "is what runs"
    barred = next((one for one in memory.quarantine.values() if one.version == to), None)
    return f"is quarantined until `trueup retry` ({barred.why})" if barred else "was never good here"


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
