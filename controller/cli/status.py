"""`trueup status`: every target, one line each."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from controller.cli.answers import waits
from controller.cli.common import known, opened, output_option, store_option
from controller.cli.show import listing, span, table
from controller.codes import DONE, NEGATIVE

if TYPE_CHECKING:
    from datetime import datetime

    from controller.model.status import TargetStatus

WATCH_SECONDS = 2.0


@click.command("status")
@click.argument("env", required=False)
@click.argument("target", required=False)
@click.option("--exit-code", is_flag=True, help="Exit 1 if anything is not as the spec wants it.")
@click.option("--watch", "-w", is_flag=True, help="Print again when something changes, until interrupted.")
@output_option
@store_option
def command(
    env: str | None,
    target: str | None,
    exit_code: bool,
    watch: bool,
    output: str,
    store: str,
) -> int:
    """Show how every target stands: what is wanted, what runs, and what is being done about it.

    Reads what the controller last wrote; it asks neither git nor AWS.
    """
    from controller.app.memory import clock_now

    memory = opened(store)
    if env and (memory.shown() or memory.environments()):
        known(memory, env, target, groups=True)
    last = ""
    while True:
        found = [s for s in memory.shown() if env in {None, s.env} and target in {None, s.target, s.group}]
        text = render(found, output, clock_now(), env)
        if text != last:
            click.echo(text)
            sys.stdout.flush()
            last = text
        if not watch:
            memory.close()
            return NEGATIVE if exit_code and not all(settled(s) for s in found) else DONE
        from controller.app.memory import pause_for

        pause_for(WATCH_SECONDS)


def settled(status: "TargetStatus") -> bool:
    """Whether a target runs what its spec wants, and rests."""
    return status.synced and status.phase.value == "idle" and not status.drifted and status.seen


def render(found: "Sequence[TargetStatus]", output: str, now: "datetime", env: str | None) -> str:
    """Print statuses as a table, or as data."""
    if output != "table":
        return listing("TargetStatus", found, output)
    if not found and env:
        return f"No target of {env} is shown. What happened there: trueup history {env}"
    if not found:
        return "No target is known to this store yet. Start one with: trueup run --repo …"
    rows = [
        (
            s.env,
            s.target,
            s.wanted or "-",
            s.live or "-",
            s.phase.value + (" (paused)" if s.paused else ""),
            f"{s.running}/{s.desired}",
            span((now - s.since).total_seconds()),
            "; ".join(filter(None, (s.reason, s.follows and f"follows {s.follows}", waits(s)))),
        )
        for s in found
    ]
    return table(("ENV", "TARGET", "WANTED", "RUNS", "PHASE", "TASKS", "LOOKED", "WHY"), rows)
