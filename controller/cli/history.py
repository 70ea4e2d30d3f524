"""`trueup history`: rollouts, orders, and who gave them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from controller.cli.common import as_env, as_target, known, opened, output_option, store_option
from controller.cli.evidence import piece
from controller.cli.show import instant, listing, span, table
from controller.errors import SpecError

if TYPE_CHECKING:
    from controller.model.story import Entry
    from controller.ports import Store

_FAR: Final = 10_000
_TOLD: Final = frozenset({
    "rollout opened", "rollout ended", "quarantined", "order", "adopted", "drift", "fight", "commit accepted",
    "hotfix",
})  # fmt: skip


@click.command("history")
@click.argument("env", required=False)
@click.argument("target", required=False)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many rows.")
@click.option("--all", "everything", is_flag=True, help="Every row of the journal: intents, outcomes, phases too.")
@click.option("--evidence", is_flag=True, help="All that was gathered of what failed, instead of the rows.")
@click.option(
    "--show", type=click.IntRange(min=1), metavar="ROLLOUT", help="The whole record of one rollout of ENV TARGET."
)
@output_option
@store_option
def command(
    env: str | None,
    target: str | None,
    limit: int,
    show: int | None,
    *,
    everything: bool,
    evidence: bool,
    output: str,
    store: str,
) -> None:
    """Show what was released, what failed and why, and what people ordered; newest last.

    The journal outlives what it tells of: a target that was forgotten still has its history. With --evidence it is
    what was gathered of each release that failed: stopped tasks with their exit codes, health checks, events of the
    service, alarms and the last lines logged. What they hold that cannot be seen is spelled out.

    With --show it is all that is known of one rollout, by its number: commit and author, digests, phases and how
    long each took, what its gates said, orders and who gave them, hooks, calls, guards, evidence, verdict.
    """
    if everything and evidence:
        raise SpecError("--all and --evidence exclude each other")
    if show is not None:
        if env is None or target is None or everything or evidence:
            raise SpecError("--show takes ENV and TARGET, and neither --all nor --evidence")
        _show(env, target, show, output, store)
        return
    memory = opened(store)
    rows = _rows(memory, env, target, _FAR if evidence else limit if everything else limit * 20)
    memory.close()
    wanted = {"evidence"} if evidence else _TOLD
    told = [row for row in rows if everything or row.event.value in wanted][-limit:]
    if output != "table":
        click.echo(listing("JournalEntry", told, output))
    elif evidence:
        click.echo("\n\n".join(map(piece, told)) or "No evidence is kept: nothing has failed since it is gathered.")
    else:
        click.echo(render(told) if told else "Nothing has happened yet.")


def _rows(memory: "Store", env: str | None, target: str | None, limit: int) -> "Sequence[Entry]":
    """Read the newest rows; refuse what was never heard of."""
    names = (as_env(env) if env else None, as_target(target) if target else None)
    rows = memory.journal(env=names[0], target=names[1], limit=limit)
    if env and not rows:
        known(memory, env, target)
    return rows


def _show(env: str, target: str, number: int, output: str, store: str) -> None:
    from controller.app.recount import rollout_record
    from controller.cli import recounted

    memory = opened(store)
    _rows(memory, env, target, 1)
    record = rollout_record(memory, as_env(env), as_target(target), number)
    memory.close()
    click.echo(recounted.render(record) if output == "table" else listing("RolloutRecord", [record], output))


def render(rows: "Sequence[Entry]") -> str:
    """Print rows of the journal as a table."""
    return table(
        ("WHEN", "TARGET", "ROLLOUT", "VERSION", "WHAT", "BY", "TEXT"),
        [
            (
                instant(row.at),
                f"{row.env}/{row.target}" if row.target else row.env,
                str(row.rollout or ""),
                row.version,
                _what(row),
                row.by,
                row.text,
            )
            for row in rows
        ],
    )


def _what(row: "Entry") -> str:
    if row.event.value != "rollout ended":
        return row.event.value
    took = span(float(row.data.get("seconds", "0")))
    return f"{row.data.get('result', 'ended')} after {took}"
