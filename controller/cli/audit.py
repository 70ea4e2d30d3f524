"""`trueup audit`: is the journal whole, and a copy of it where nobody who writes it can change it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from controller.cli.common import output_option, store_option
from controller.cli.flags import endpoint_option
from controller.cli.show import listing
from controller.codes import DONE, NEGATIVE
from controller.errors import SpecError

if TYPE_CHECKING:
    from controller.app.audit import Verified
    from controller.app.audit_export import Exported


@click.group("audit")
def command() -> None:
    """Check the journal, in which each row is chained to the one before it, and keep it elsewhere."""


@command.command("verify")
@click.option("--head", metavar="HASH", help="A head that was kept elsewhere: it has to be in the chain.")
@click.option(
    "--file",
    "path",
    metavar="EXPORT",
    type=click.Path(path_type=Path),
    help="What `trueup audit export` wrote, instead of a store.",
)
@output_option
@store_option
@click.pass_context
def verify(ctx: click.Context, /, head: str | None, path: Path | None, output: str, store: str) -> int:
    """Walk the chain over the whole journal: how many rows, the head, and the first row that does not fit.

    A row that was changed, taken, or put in between does not fit what follows. Rows that were cut off at the end,
    and a chain that was made anew, are found by --head: a head that was kept where the controller cannot write.

    Exit code 0 if it fits, 1 if it does not.
    """
    from controller.app.audit import verify_file, verify_store

    if path is not None and ctx.get_parameter_source("store") is click.core.ParameterSource.COMMANDLINE:
        raise SpecError("--file and --store exclude each other")
    done = verify_file(path, head) if path is not None else verify_store(store, head)
    click.echo(listing("AuditVerdict", [done], output) if output != "table" else _told(done))
    return DONE if done.fits else NEGATIVE


@command.command("export")
@click.argument("target")
@click.option(
    "--after",
    default=0,
    show_default=True,
    metavar="N",
    type=click.IntRange(min=0),
    help="Only what came after row N.",
)
@output_option
@store_option
@endpoint_option
def export(target: str, after: int, output: str, **flags: object) -> int:
    """Write the journal to TARGET: a new file, s3://bucket/key, or - for the standard output.

    One JSON object a line, each with the chain before it and its own, and at the end one with the head. Nothing
    that is there is overwritten. `trueup audit verify --file` checks it, without the store.

    \b
    Examples:
      trueup audit export s3://acme-audit/trueup/2026-11-27.jsonl
      trueup audit export --after 4711 -

    Exit codes: 0 it is written; 1 a row does not fit, and nothing is; 4 there is something there already.
    """  # noqa: D301  click's own mark for text that is not rewrapped
    from controller.app.audit_export import STDOUT, export
    from controller.options import read
    from controller.stores.chain import Broken

    try:
        done = export(target, after, read(flags))
    except Broken as broken:
        click.echo(f"trueup: the journal does not fit, and was not written to its end: {broken.why}", err=True)
        return NEGATIVE
    click.echo(listing("AuditExport", [done], output) if output != "table" else _said(done), err=target == STDOUT)
    return DONE


def _told(done: "Verified") -> str:
    rows = f"{done.where}: {_rows(done.rows, done.first, done.number)}"
    if done.fits:
        return f"{rows}, and each fits\nhead {done.head} at row {done.number}"
    return f"{rows}, as far as it fits\nDOES NOT FIT: {done.why}"


def _said(done: "Exported") -> str:
    rows = _rows(done.rows, done.after + 1, done.number)
    return f"{done.target}: {rows} written\nhead {done.head} at row {done.number}"


def _rows(rows: int, first: int, last: int) -> str:
    if rows == 0:
        return "no rows" if last == 0 else f"no rows after row {last}"
    return f"{rows} row{'s' if rows > 1 else ''} ({first} to {last})"
