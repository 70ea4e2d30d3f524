"""`trueup move`: hand what one target remembers to another, when its file or name changed."""

from dataclasses import replace

import click

from controller.cli.common import actor_option, as_env, as_target, give, known, opened, store_option, who
from controller.errors import SpecError


@click.command("move")
@click.argument("source", metavar="OLD_ENV/TARGET")
@click.argument("destination", metavar="NEW_ENV/TARGET")
@actor_option
@store_option
def command(source: str, destination: str, actor: str | None, store: str) -> None:
    """Let NEW_ENV/TARGET own the ECS service that OLD_ENV/TARGET owns, with all that is remembered of it."""
    from controller.cli.orders import for_target
    from controller.model.orders import Moved

    by = who(actor)
    old_env, old = _pair(source)
    new_env, new = _pair(destination)
    memory = opened(store)
    known(memory, old_env, old)
    change = for_target(
        as_target(new),
        lambda mine, number: replace(
            mine, moved=Moved(number=number, env=as_env(old_env), target=as_target(old), by=by)
        ),
    )
    give(memory, new_env, new, f"move from {source}", by, change)
    memory.close()
    click.echo(f"{destination} takes over from {source} at its next turn")


def _pair(text: str) -> tuple[str, str]:
    env, slash, target = text.partition("/")
    if not slash or not env or not target or "/" in target:
        raise SpecError(f"{text!r} is not ENV/TARGET, such as prod/api")
    return env, target
