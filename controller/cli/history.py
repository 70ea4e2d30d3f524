"""`trueup history`: rollouts, orders, and who gave them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from controller.cli.common import as_env, as_target, known, newest, opened, output_option, store_option
from controller.cli.evidence import piece, shown
from controller.cli.show import instant, listing, span, table
from controller.errors import SpecError

if TYPE_CHECKING:
    from controller.model.story import Entry
    from controller.ports import Store

_FAR: Final = 10_000
_ALL: Final = 10**9
_TOLD: Final = frozenset({
    "rollout opened", "rollout ended", "quarantined", "order", "adopted", "drift", "fight", "commit accepted",
    "followed", "hotfix",
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
@click.option(
    "--notes", is_flag=False, flag_value="", metavar="[VERSION]", help="Release notes of ENV TARGET; of the newest."
)
@output_option
@store_option
def command(
    env: str | None,
    target: str | None,
    limit: int,
    show: int | None,
    notes: str | None,
    *,
    everything: bool,
    evidence: bool,
    output: str,
    store: str,
) -> None:
    """Show what was released, what failed and why, and what people ordered; newest last.

    The name of a group shows all of its members. The journal outlives what it tells of: a target that was forgotten
    still has its history. With --evidence it is
    what was gathered of each release that failed: stopped tasks with their exit codes, health checks, events of the
    service, alarms and the last lines logged. What they hold that cannot be seen is spelled out.

    With --show it is all that is known of one rollout, by its number: commit and author, digests, phases and how
    long each took, what its gates said, orders and who gave them, hooks, calls, guards, evidence, verdict.

    With --notes it is what the newest release that became good brought, or the one of that version.
    """
    if everything and evidence:
        raise SpecError("--all and --evidence exclude each other")
    if show is not None or notes is not None:
        flag, other = ("--notes", "--show") if show is None else ("--show", "--notes")
        if env is None or target is None or everything or evidence or None not in {show, notes}:
            raise SpecError(f"{flag} takes ENV and TARGET, and neither --all nor --evidence nor {other}")
        click.echo(_one(env, target, show, notes or "", output, store))
        return
    memory = opened(store)
    rows = _rows(memory, env, target, _FAR if evidence else limit if everything else limit * 20)
    memory.close()
    wanted = {"evidence"} if evidence else _TOLD
    told = [row for row in rows if everything or row.event.value in wanted][-limit:]
    click.echo(_printed(told, output, evidence=evidence))


def _printed(told: "Sequence[Entry]", output: str, *, evidence: bool) -> str:
    """Print rows, or what was gathered of failures in them."""
    if output != "table":
        return listing("JournalEntry", told, output)
    if evidence:
        return "\n\n".join(map(piece, told)) or "No evidence is kept: nothing has failed since it is gathered."
    return render(told) if told else "Nothing has happened yet."


def _rows(memory: "Store", env: str | None, target: str | None, limit: int) -> "Sequence[Entry]":
    """Read the newest rows; refuse what was never heard of."""
    from controller.cli.groups import members

    names = (as_env(env) if env else None, as_target(target) if target else None)
    rows = memory.journal(env=names[0], target=names[1], limit=limit)
    for one in members(memory, env, target) if env and target else ():
        rows = (*rows, *memory.journal(env=names[0], target=one.target, limit=limit))
    rows = sorted(rows, key=lambda row: row.number)
    if env and not rows:
        known(memory, env, target)
    return rows


def _one(env: str, target: str, show: int | None, version: str, output: str, store: str) -> str:
    """Show one rollout by its number, or else the notes of one release."""
    return _notes(env, target, version, output, store) if show is None else _show(env, target, show, output, store)


def _show(env: str, target: str, number: int, output: str, store: str) -> str:
    from controller.app.recount import rollout_record
    from controller.cli import recounted

    memory = opened(store)
    _rows(memory, env, target, 1)
    record = rollout_record(memory, as_env(env), as_target(target), number)
    memory.close()
    return recounted.render(record) if output == "table" else listing("RolloutRecord", [record], output)


def _notes(env: str, target: str, version: str, output: str, store: str) -> str:
    memory = opened(store)
    rows = _rows(memory, env, target, _ALL)
    status = newest(memory, env, target)
    if status is not None and status.group:  # what was told of its group is told of it
        rows = [*rows, *memory.journal(env=as_env(env), target=as_target(status.group), limit=_ALL)]
    memory.close()
    found = sorted((row for row in rows if row.event.value == "release notes"), key=lambda row: row.number)
    mine = [row for row in found if version in {"", row.version}][-1:]
    if not mine:
        had = ", ".join(dict.fromkeys(row.version for row in found)) or "none"
        which = f" of {version}" if version else ""
        raise SpecError(f"{env}/{target} has no release notes{which}; there are: {had}")
    return shown(mine[0].text.splitlines()) if output == "table" else listing("ReleaseNotes", mine, output)


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
