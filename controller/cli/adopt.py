"""`trueup adopt`: specs for services that run already."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from controller.cli.common import output_option
from controller.cli.show import listing, table
from controller.codes import DONE, NEGATIVE

if TYPE_CHECKING:
    from controller.app.adopt import Adoption
    from controller.app.confirm import Change
    from controller.app.draft import Row


@click.group("adopt", invoke_without_command=True)
@click.option("--cluster", metavar="C", help="The cluster whose services are adopted.")
@click.option("--service", "services", multiple=True, metavar="S", help="One service; may be said again.")
@click.option("--all", "everything", is_flag=True, help="Every service of the cluster.")
@click.option("--out", type=click.Path(path_type=Path), help="The environment's folder, such as specs/prod/.")
@click.option("--region", metavar="R", help="The cluster's region (as every AWS tool finds it).")
@click.option("--account", metavar="ID", help="The account; without it, that of the role, or as STS says.")
@click.option(
    "--role-arn", "role", metavar="ARN", help="The role to read with; it is written into the environment."
)
@click.option(
    "--endpoint-url", envvar="TRUEUP_ENDPOINT_URL", metavar="URL", help="Another AWS.  [TRUEUP_ENDPOINT_URL]"
)
@click.option(
    "--terraform-hints",
    "terraform",
    is_flag=True,
    help="Leave service fields to Terraform, and say what to tell it.",
)
@click.option(
    "--plain", multiple=True, metavar="PLACE", help="It looks like a secret and is none; may be said again."
)
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@output_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    cluster: str | None,
    services: tuple[str, ...],
    everything: bool,
    out: Path | None,
    plain: tuple[str, ...],
    output: str,
    **flags: Any,  # noqa: ANN401 - the fields of Ask that are taken as they come
) -> int:
    """Write specs and task definitions for services that run, such that the first plan is empty.

    Reads the cluster and changes nothing there. Every target is written with `mode: observe`: it says what it would
    do and does nothing, until `trueup adopt confirm ENV`. What is written was compiled and compared with what runs;
    a service that holds a secret in plain text, or that a spec cannot say, is left out and named.

    Exit code 0 if all was adopted that can be, 1 if something needs a hand, 4 if files are in the way.
    """
    if ctx.invoked_subcommand is not None:
        return DONE
    if not cluster or out is None or bool(services) == everything:
        raise click.UsageError("say --cluster, --out, and either --service or --all", ctx)
    from controller.app.adopt import adopt
    from controller.app.draft import Ask

    name = cluster.rpartition("/")[2]
    found = adopt(Ask(cluster=name, out=out, services=services, plain=frozenset(plain), **flags))
    click.echo(listing("Adoption", found.rows, output) if output != "table" else told(found, out))
    return _code(found, named=bool(services))


def _code(found: "Adoption", *, named: bool) -> int:
    from controller.app.draft import Outcome

    left = {Outcome.HAND, Outcome.SKIPPED} if named else {Outcome.HAND}
    return NEGATIVE if any(row.outcome in left for row in found.rows) else DONE


def told(found: "Adoption", out: Path) -> str:
    """Tell a person what became of each service."""
    from controller.app.draft import Outcome

    rows = [(row.target or "-", row.service, row.outcome.value, row.version, _remark(row)) for row in found.rows]
    lines = [table(("TARGET", "SERVICE", "OUTCOME", "VERSION", "REMARKS"), rows)] if rows else ["no services"]
    for row in found.rows:
        if row.outcome is Outcome.HAND:
            lines += [
                f"\n{row.service} needs a hand; nothing was written for it:",
                *(f"  {why}" for why in row.why),
            ]
    lines += [f"\n{row.terraform}" for row in found.rows if row.terraform and row.outcome is Outcome.ADOPTED]
    count = sum(row.outcome is Outcome.ADOPTED for row in found.rows)
    lines.append(f"\n{count} of {len(found.rows)} services adopted, with {found.calls} calls that only read")
    if count:
        lines.append(f"written to {out}; next: commit it, `trueup plan`, then `trueup adopt confirm {found.env}`")
    return "\n".join(lines)


def _remark(row: "Row") -> str:
    from controller.app.draft import Outcome

    return "see below" if row.outcome is Outcome.HAND else "; ".join((*row.why, *row.hints))


@command.command("confirm")
@click.argument("env")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option(
    "--path", type=click.Path(path_type=Path), default=Path("specs"), show_default=True, help="The folder of specs."
)
@output_option
def confirm(env: str, targets: tuple[str, ...], path: Path, output: str) -> int:
    """Let what was adopted release: take `mode: observe` out of an environment's files, and touch nothing else.

    Edits files of the working copy; look at the change, and commit it.

    Exit code 0 if nothing that was named only observes any more, 1 if something still does.
    """
    from controller.app.confirm import confirm_environment

    done = confirm_environment(path, env, targets)
    if output != "table":
        click.echo(listing("Confirmation", done.changes, output))
    else:
        click.echo("\n".join(map(_line, done.changes)) or f"nothing left to confirm in {env}")
        if any(change.done for change in done.changes):
            click.echo("commit it, and it is released from the next turn on")
    return DONE if all(change.done for change in done.changes) else NEGATIVE


def _line(change: "Change") -> str:
    return f"{change.file}: {change.target}: {change.why or 'no longer only observes'}"
