"""`trueup validate`: check spec files, offline."""

from pathlib import Path

import click

from controller.cli.common import output_option
from controller.cli.show import listing
from controller.codes import DONE, WRONG


@click.command("validate")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")
@click.option(
    "--policy",
    envvar="TRUEUP_POLICY",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What no spec can go below: policy.yaml.  [TRUEUP_POLICY]",
)
@output_option
def command(paths: tuple[Path, ...], quiet: bool, policy: Path | None, output: str) -> int:
    """Check spec files: a file, an environment's folder, or the folder that holds them all.

    Prints every problem as path:line:column: where: what. Exit code 2 if there is any.
    """
    from controller.app.specs import validate

    checked, complaints = validate(paths, policy.expanduser() if policy else None)
    if output != "table":
        if complaints or not quiet:
            click.echo(listing("Complaint", complaints, output))
        return WRONG if complaints else DONE
    for complaint in complaints:
        click.echo(str(complaint))
    if complaints:
        return WRONG
    if not quiet:
        click.echo(f"{', '.join(checked)}: no problems")
    return DONE
