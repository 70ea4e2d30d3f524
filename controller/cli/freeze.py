"""`trueup freeze`: nothing new starts in an environment."""

import click

from controller.cli.common import actor_option, env_argument, give, known, opened, reason_option, store_option, who


@click.command("freeze")
@env_argument
@reason_option()
@click.option("--for", "span", metavar="DURATION", help="End by itself after this long, such as 2h.")
@click.option("--until", metavar="TIME", help="End by itself at this time, such as 2026-12-31T18:00:00Z.")
@actor_option
@store_option
def command(env: str, reason: str, span: str | None, until: str | None, actor: str | None, store: str) -> None:
    """Let nothing new start in ENV: no release, no setting, no hook.

    What is under way is watched on, and finished or taken back. Going back is allowed, by itself, by commit, by
    order; so is a pin. To stop that too: trueup pause.
    """
    from controller.app.memory import clock_now
    from controller.cli.orders import set_freeze
    from controller.cli.times import end_of
    from controller.model.orders import Freeze

    now = clock_now(exact=bool(span or until))
    freeze = Freeze(reason=reason, at=now, until=end_of(now, span, until), by=who(actor))
    memory = opened(store)
    known(memory, env, None)
    give(memory, env, None, f"freeze: {reason}", freeze.by, set_freeze(freeze))
    memory.close()
    ends = f" until {freeze.until:%Y-%m-%dT%H:%M:%SZ}" if freeze.until else f", until `trueup unfreeze {env}`"
    click.echo(f"{env} is frozen{ends}: {reason}")
