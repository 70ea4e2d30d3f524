"""`trueup windows`: when releases may start."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from controller.cli.common import env_argument, output_option
from controller.cli.flags import cache_option, specs_options
from controller.cli.openings import close_windows, open_windows
from controller.cli.show import listing, table
from controller.codes import DONE, NEGATIVE, WRONG, worst
from controller.errors import SpecError

if TYPE_CHECKING:
    from controller.app.windows import Tested


@click.group("windows")
def command() -> None:
    """Say when releases may start, and open windows for a while."""


command.add_command(open_windows)
command.add_command(close_windows)


@command.command("test")
@env_argument
@click.argument("target", required=False)
@click.option(
    "--at", metavar="TIME", help="The moment: 2026-12-24T22:00, in each window's own zone. Now if absent."
)
@specs_options()
@cache_option
@output_option
def test(env: str, target: str | None, at: str | None, output: str, **flags: object) -> int:
    """Say of every window of ENV, or of one TARGET of it, whether it is open at a moment, and when that changes.

    Reads the newest specs, and nothing else: other gates may be shut all the same. Exit code 0 if all are open, 1
    if one is shut, 2 for a spec that is wrong.
    """
    from controller.app.windows import windows_at
    from controller.options import read

    found, problems = windows_at(read(flags, needs=("repo",)), env, target, _moment(at) if at else None)
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    click.echo(listing("Window", [data(one) for one in found], output) if output != "table" else render(env, found))
    return worst((WRONG if problems else DONE, NEGATIVE if any(one.why for one in found) else DONE))


def data(one: "Tested") -> dict[str, object]:
    """Give one window as data."""
    return {
        "target": one.target,
        "at": one.at,
        "open": not one.why,
        "why": one.why,
        "opens": one.opens,
        "shuts": one.shuts,
    }


def render(env: str, found: "tuple[Tested, ...]") -> str:
    """Print windows, one line each."""
    if not found:
        return f"{env}: no target has a window: releases may start at any time"
    return table(("TARGET", "AT", "OPEN", "UNTIL", "WHY"), [_row(one) for one in found])


def _row(one: "Tested") -> tuple[str, ...]:
    changes = one.opens if one.why else one.shuts
    until = f"{changes.astimezone(one.at.tzinfo):%a %Y-%m-%d %H:%M}" if changes else "-"
    return one.target, f"{one.at:%a %Y-%m-%d %H:%M %Z}", "no" if one.why else "yes", until, one.why or "-"


def _moment(text: str) -> datetime:
    """Read a time with or without a zone; raises SpecError."""
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        raise SpecError(
            f"{text!r} is not a time; write 2026-12-24T22:00, or with a zone 2026-12-24T22:00Z"
        ) from None
