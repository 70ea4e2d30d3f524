"""`trueup pause`: a person's stop, with a reason and perhaps an end."""

import click

from controller.cli.common import (
    actor_option,
    env_argument,
    give,
    known,
    opened,
    reason_option,
    store_option,
    who,
)


@click.command("pause")
@env_argument
@click.argument("target", required=False)
@reason_option()
@click.option("--for", "span", metavar="DURATION", help="End by itself after this long, such as 2h.")
@click.option("--until", metavar="TIME", help="End by itself at this time, such as 2026-12-31T18:00:00Z.")
@click.option(
    "--rollback",
    type=click.Choice(["armed", "stopped"]),
    default="stopped",
    show_default=True,
    help="armed: a release that fails meanwhile is still rolled back.",
)
@actor_option
@store_option
def command(
    env: str,
    target: str | None,
    reason: str,
    span: str | None,
    until: str | None,
    rollback: str,
    actor: str | None,
    store: str,
) -> None:
    """Stop every call for ENV, or for one TARGET of it, from now on; the name of a group pauses all of its members.

    Nothing new starts, nothing is healed and, unless `--rollback armed`, nothing is rolled back. What ECS does by
    itself goes on. Clocks (deadline, bake) stand still.
    """
    from controller.app.memory import clock_now
    from controller.cli.groups import for_each, targets_of
    from controller.cli.orders import set_pause
    from controller.cli.times import end_of
    from controller.model.orders import Pause

    now = clock_now(exact=bool(span or until))
    pause = Pause(reason=reason, at=now, until=end_of(now, span, until), armed=rollback == "armed", by=who(actor))
    memory = opened(store)
    known(memory, env, target, groups=True)
    names = targets_of(memory, env, target) if target else [None]
    text = f"pause: {reason}" + (" (rollback armed)" if pause.armed else "")
    give(memory, env, target, text, pause.by, for_each([set_pause(name, pause, now) for name in names]))
    memory.close()
    ends = f" until {pause.until:%Y-%m-%dT%H:%M:%SZ}" if pause.until else ", until `trueup resume`"
    where = f"{env}/{target}" if target else env
    click.echo(f"{where} is paused{ends}: {reason}")
