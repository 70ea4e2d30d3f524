"""`trueup accept-history`: accept a branch whose history was rewritten."""

import re
from dataclasses import replace
from typing import Final

import click

from controller.cli.approvals import whoever
from controller.cli.common import (
    actor_option,
    as_env,
    env_argument,
    give,
    known,
    opened,
    os_user,
    reason_option,
    store_option,
    who,
)
from controller.cli.flags import aws_option, people_option

_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")


@click.command("accept-history")
@env_argument
@click.option("--commit", metavar="C", help="The newest commit that you looked at: another is not accepted.")
@reason_option()
@actor_option
@people_option
@aws_option
@store_option
def command(
    env: str, commit: str | None, reason: str, actor: str | None, people: str | None, aws: bool, store: str
) -> None:
    """Let ENV go on from the newest commit although it does not descend from the last one that was accepted.

    Commits only move forward; after a force push, or a restored older branch, nothing new starts until this. It
    also goes past commits that are not signed; the newest one has to be, where the environment asks for it.

    Exit code 5 if --people is given, and does not know who you are.
    """
    from controller.model.names import Commit
    from controller.model.orders import Request

    if commit is not None and not _COMMIT.fullmatch(commit):
        raise click.BadParameter("write the commit's id, or its first seven digits or more", param_hint="--commit")
    by = whoever(people, actor, os_user(), aws=aws)[0].name if people or aws else who(actor)
    only = Commit(commit) if commit else None
    memory = opened(store)
    known(memory, env, None)
    before = memory.load(as_env(env)).accepted
    give(
        memory,
        env,
        None,
        f"accept-history{f' of {only[:12]}' if only else ''}: {reason}",
        by,
        lambda orders, number: replace(orders, accept=Request(number=number, reason=reason, by=by, commit=only)),
    )
    memory.close()
    last = before.commit[:12] if before else "none"
    newest = f"{only[:12]}, if that is the newest commit or what follows it" if only else "the newest commit"
    click.echo(f"{env} goes on from {newest}; the last accepted one was {last}")
