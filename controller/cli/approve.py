"""`trueup approve`: a person's yes to what waits for one."""

import click

from controller.cli.common import actor_option, env_argument, reason_option, store_option, target_argument


@click.command("approve")
@env_argument
@target_argument
@click.argument("version")
@reason_option(required=False)
@actor_option
@store_option
def command(env: str, target: str, version: str, reason: str, actor: str | None, store: str) -> None:
    """Say yes to VERSION of TARGET in ENV, which stands in a pause of ECS's own: let it go on.

    `trueup why ENV TARGET` says what waits, until when, and what ECS does without an answer.

    Exit code 4 if nothing waits for an answer, or another version does.
    """
    from controller.cli.answers import answer

    answer(env, target, version, yes=True, reason=reason, actor=actor, store=store)
