"""`trueup check`: one item of a checklist is done."""

import click

from controller.cli.common import actor_option, env_argument, store_option, target_argument
from controller.cli.flags import people_option


@click.command("check")
@env_argument
@target_argument
@click.argument("item")
@click.option("--comment", "--reason", "comment", default="", help="What was done; shown to all.")
@click.option("--undo", is_flag=True, help="Take it back: it is not done, or not any more.")
@actor_option
@people_option
@store_option
def command(
    env: str,
    target: str,
    item: str,
    comment: str,
    undo: bool,
    actor: str | None,
    people: str | None,
    store: str,
) -> None:
    """Tick ITEM of the checklist at which TARGET in ENV waits.

    It counts for just the content that was shown, until it expires, and for one rollout: gates in docs/spec.md.
    Anybody known may take a tick back until the release has started. Members of a group are ticked for together, by
    the name of their group.

    `trueup why ENV TARGET` names the items that are open, and who may tick them.

    Exit code 4 if nothing waits for that item; 5 if the people.yaml of the controller does not know who you are, or
    you are in none of the groups that tick it.
    """
    from controller.cli.ticks import Said, tick

    tick(env, target, Said(item=item, undo=undo, comment=comment, actor=actor, people=people), store)
