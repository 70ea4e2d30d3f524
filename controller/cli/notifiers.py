"""`trueup notifiers`: how people are told, and how far that has come."""

from typing import TYPE_CHECKING

import click

from controller.cli.common import opened, output_option, store_option
from controller.cli.flags import endpoint_option, github_options, notifiers_option
from controller.cli.show import instant, listing, span, table
from controller.codes import DONE, NEGATIVE
from controller.errors import SpecError

if TYPE_CHECKING:
    from controller.app.notifiers_shown import Shown


@click.group("notifiers", invoke_without_command=True)
@notifiers_option
@output_option
@store_option
@click.option("--dead", is_flag=True, help="List dead letters instead: what was given up, and why.")
@click.pass_context
def command(ctx: click.Context, notifiers: str | None, output: str, store: str, dead: bool) -> int:
    """Show each notifier: how far it has come, how many messages wait, and its dead letters.

    \b
    Example:
      trueup notifiers test releases --notifiers notifiers.yaml
      trueup notifiers resend releases

    Exit code 1 if one has messages that wait after a try that failed, or dead letters.
    """  # noqa: D301  click's own mark for text that is not rewrapped
    ctx.obj = notifiers
    if ctx.invoked_subcommand is not None:
        return DONE
    from controller.app.memory import clock_now
    from controller.app.notifiers_shown import shown
    from controller.options import read

    options = read({"notifiers": notifiers})
    memory = opened(store)
    try:
        found = shown(options.notifiers, memory, clock_now())
    finally:
        memory.close()
    if dead:
        click.echo(_dead(found, output))
    else:
        click.echo(
            listing("Notifier", [data(one) for one in found], output) if output != "table" else render(found)
        )
    return NEGATIVE if any(one.why or one.dead for one in found) else DONE


@command.command("test")
@click.argument("name")
@notifiers_option
@github_options
@endpoint_option
@click.pass_obj
def test(given: str | None, /, name: str, notifiers: str | None, **flags: object) -> int:
    """Send a test message through the notifier NAME, now and once."""
    from controller.app.notifiers_shown import send_test
    from controller.options import read

    send_test(read({**flags, "notifiers": notifiers or given}, needs=("notifiers",)), name)
    click.echo(f"{name}: the test message was taken")
    return DONE


@command.command("resend")
@click.argument("name")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@store_option
def resend(name: str, ids: tuple[str, ...], store: str) -> int:
    """Let the controller send the dead letters of NAME once more: all, or those with these IDs."""
    from controller.loop.noting import NOTES

    memory = opened(store)
    try:
        known = {one: delivery for one, delivery in memory.deliveries().items() if one != NOTES}
        if name not in known:
            raise SpecError(f"no notifier {name!r} is known to this store; known: {', '.join(known) or 'none yet'}")
        dead = {letter.id for letter in known[name].dead}
        strange = [one for one in ids if one not in dead]
        if strange:
            raise SpecError(f"{name} has no dead letter {strange[0]!r}; list them: trueup notifiers --dead")
        if not dead:
            click.echo(f"{name} has no dead letters")
            return DONE
        memory.send_again(name, ids)
    finally:
        memory.close()
    click.echo(f"{name}: {len(ids) or len(dead)} are sent again by the running controller; see: trueup notifiers")
    return DONE


def data(one: "Shown") -> dict[str, object]:
    """Give one notifier as data."""
    return {
        "name": one.name,
        "kind": one.kind,
        "cursor": one.cursor,
        "waiting": one.waiting,
        "waitingSince": one.since,
        "sent": one.sent,
        "lastSent": one.last,
        "failed": one.failed,
        "why": one.why,
        "dead": len(one.dead),
        "died": one.died,
    }


def render(found: "tuple[Shown, ...]") -> str:
    """Print notifiers, one line each."""
    if not found:
        return "nobody is told anything: there is no notifier; see --notifiers"
    heads = ("NOTIFIER", "KIND", "CURSOR", "WAITING", "LAG", "SENT", "LAST", "DEAD", "WHY")
    return table(heads, [_row(one) for one in found])


def _row(one: "Shown") -> tuple[str, ...]:
    lag = span(one.lag) if one.lag is not None else "-"
    waiting = "-" if one.waiting is None else str(one.waiting)
    last, dead = instant(one.last) or "-", str(len(one.dead))
    return one.name, one.kind or "-", str(one.cursor), waiting, lag, str(one.sent), last, dead, one.why or "-"


def _dead(found: "tuple[Shown, ...]", output: str) -> str:
    """Print dead letters, one line each."""
    letters = [(one.name, letter) for one in found for letter in one.dead]
    if output != "table":
        items = [
            {"notifier": name, "id": letter.id, "at": letter.at, "title": letter.title}
            | {"tries": letter.tries, "why": letter.why}
            for name, letter in letters
        ]
        return listing("DeadLetter", items, output)
    if not letters:
        return "there are no dead letters"
    rows = [
        (name, letter.id, instant(letter.at), str(letter.tries), letter.title, letter.why)
        for name, letter in letters
    ]
    return table(("NOTIFIER", "ID", "GIVEN UP", "TRIES", "MESSAGE", "WHY"), rows)
