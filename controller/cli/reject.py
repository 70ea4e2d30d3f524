"""`trueup reject`: a person's no to what waits for an answer."""

import click

from controller.cli.common import actor_option, env_argument, reason_option, store_option, target_argument


@click.command("reject")
@env_argument
@target_argument
@click.argument("version")
@reason_option()
@actor_option
@store_option
def command(env: str, target: str, version: str, reason: str, actor: str | None, store: str) -> None:
    """Say no to VERSION of TARGET in ENV, which stands in a pause of ECS's own: it failed here, and goes back.

    It is quarantined: not tried again until its content changes or a person says `trueup retry`.

    Exit code 4 if nothing waits for an answer, or another version does.
    """
    from controller.cli.answers import answer

    answer(env, target, version, yes=False, reason=reason, actor=actor, store=store)
