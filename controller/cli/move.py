"""`trueup move`: hand what one target remembers to another, when its file or name changed."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from controller.cli.common import actor_option, as_env, as_target, give, known, newest, opened, store_option, who
from controller.errors import SpecError

if TYPE_CHECKING:
    from controller.model.names import ClaimKey
    from controller.model.record import Owner
    from controller.ports import Store


@click.command("move")
@click.argument("source", metavar="OLD_ENV/TARGET")
@click.argument("destination", metavar="NEW_ENV/TARGET")
@actor_option
@store_option
def command(source: str, destination: str, actor: str | None, store: str) -> None:
    """Let NEW_ENV/TARGET own the ECS service that OLD_ENV/TARGET owns, with all that is remembered of it.

    First commit the spec that names the service under its new name, and let the controller see it: NEW_ENV/TARGET
    holds, because its service is claimed. Then move.
    """
    from controller.cli.orders import for_target
    from controller.model.orders import Moved

    by = who(actor)
    old, new = _owner(source), _owner(destination)
    memory = opened(store)
    known(memory, old.env, old.target)
    _refuse_unless_it_names_what_is_owned(memory, old, new)
    change = for_target(
        new.target,
        lambda mine, number: replace(mine, moved=Moved(number=number, env=old.env, target=old.target, by=by)),
    )
    give(memory, new.env, new.target, f"move from {source}", by, change)
    memory.close()
    click.echo(f"{destination} takes over from {source} at its next turn")


def _owner(text: str) -> "Owner":
    from controller.model.record import Owner

    env, slash, target = text.partition("/")
    if not slash or not env or not target or "/" in target:
        raise SpecError(f"{text!r} is not ENV/TARGET, such as prod/api")
    return Owner(env=as_env(env), target=as_target(target))


def _refuse_unless_it_names_what_is_owned(memory: "Store", old: "Owner", new: "Owner") -> None:
    """Refuse a destination that was not seen to name the very service: else a slip of the hand gives it away."""
    if old == new:
        raise SpecError(f"{old} is moved to itself")
    first = (
        f"commit the spec that names the service under {new} first, and let the controller see it: it holds, "
        f"because the service is claimed by {old}; then move"
    )
    try:
        known(memory, new.env, new.target)
    except SpecError as unknown:
        raise SpecError(f"{unknown}; {first}") from None
    owned, named = _owned(memory, old), _named(memory, new)
    if not owned:
        raise SpecError(f"{old} owns no service that could be moved")
    if named != owned:
        raise SpecError(f"{new} names {named or 'no service yet'}, and {old} owns {owned}; {first}")


def _owned(memory: "Store", owner: "Owner") -> "ClaimKey | None":
    """Give the claim of the service that a target owns: as it is remembered, else as it was last shown."""
    record = memory.load(owner.env)
    remembered = record.targets.get(owner.target)
    if remembered and remembered.place:
        return remembered.place.claim
    shown = _named(memory, owner)
    return shown if shown and record.claims.get(shown, owner) == owner else None


def _named(memory: "Store", owner: "Owner") -> "ClaimKey | None":
    """Give the claim of the service that a target was last seen to name."""
    from controller.model.place import Place

    shown = newest(memory, owner.env, owner.target)
    if shown is None or not shown.service:
        return None
    return Place(
        kind=shown.kind,
        account=shown.account,
        region=shown.region,
        cluster=shown.cluster,
        service=shown.service,
    ).claim
