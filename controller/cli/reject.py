"""`trueup reject`: a person's no to what waits for an answer."""

import click

from controller.cli.common import actor_option, env_argument, reason_option, store_option, target_argument
from controller.cli.flags import aws_option, people_option


@click.command("reject")
@env_argument
@target_argument
@click.argument("version")
@reason_option()
@actor_option
@people_option
@aws_option
@store_option
def command(
    env: str,
    target: str,
    version: str,
    reason: str,
    actor: str | None,
    people: str | None,
    aws: bool,
    store: str,
) -> None:
    """Say no to VERSION of TARGET in ENV, which waits at its approval gate, or stands in a pause of ECS's own.

    A hotfix to VERSION that has not begun is refused: it ends, and the target goes by its spec again. At a gate it
    does not start until you say yes after all, or its content changes. In a pause it failed here, and
    goes back; it is quarantined: not tried again until its content changes or a person says `trueup retry`.

    Exit code 4 if nothing waits for an answer, or another version does; 5 if a gate waits, and the people.yaml of
    the controller does not know who you are.
    """
    from controller.cli.answers import answer
    from controller.cli.approvals import Said

    answer(env, target, version, Said(yes=False, reason=reason, actor=actor, people=people, aws=aws), store)
