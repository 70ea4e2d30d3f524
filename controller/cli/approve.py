"""`trueup approve`: a person's yes to what waits for one."""

import click

from controller.cli.common import actor_option, env_argument, store_option, target_argument
from controller.cli.flags import aws_option, people_option


@click.command("approve")
@env_argument
@target_argument
@click.argument("version")
@click.option("--comment", "--reason", "reason", default="", help="What you looked at; shown to all.")
@click.option("--hotfix", is_flag=True, help="Say yes to the hotfix itself, or review one that broke the glass.")
@actor_option
@people_option
@aws_option
@store_option
def command(
    env: str,
    target: str,
    version: str,
    reason: str,
    *,
    hotfix: bool,
    actor: str | None,
    people: str | None,
    aws: bool,
    store: str,
) -> None:
    """Say yes to VERSION of TARGET in ENV, which waits at its approval gate, or stands in a pause of ECS's own.

    At a gate a yes counts for just the content that was shown, and until it expires: gates in docs/spec.md.

    With --hotfix it is the yes of another of the group `emergency` to `trueup hotfix`, for the content that was
    shown; or the review of a hotfix that one person pushed through with --break-glass.

    `trueup why ENV TARGET` says what waits, until when, and what ECS does without an answer.

    Exit code 4 if nothing waits for an answer, or another version does; 5 if a gate waits, and the people.yaml of
    the controller does not know who you are, or not in a group that the gate asks for.
    """
    from controller.cli.answers import answer
    from controller.cli.approvals import Said
    from controller.cli.hotfixes import second

    if hotfix:
        second(env, target, version, Said(yes=True, reason=reason, actor=actor, people=people, aws=aws), store)
        return
    answer(env, target, version, Said(yes=True, reason=reason, actor=actor, people=people, aws=aws), store)
