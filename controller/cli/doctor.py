"""`trueup doctor`: can I read git, assume the role, see the cluster?"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from controller.cli.common import output_option
from controller.cli.flags import (
    applications_option,
    cache_option,
    endpoint_option,
    people_option,
    signers_option,
    specs_options,
)
from controller.cli.show import listing, table
from controller.codes import DONE, NEGATIVE, UNREACHABLE

if TYPE_CHECKING:
    from controller.app.finding import Finding


@click.command("doctor")
@click.argument("env", required=False)
@specs_options()
@click.option("--store", metavar="URL", help="Where the controller remembers.  [TRUEUP_STORE]")
@endpoint_option
@cache_option
@people_option
@signers_option
@applications_option
@click.option("--region", default="", metavar="R", help="A region to look at before there are specs.")
@click.option("--role-arn", default=None, metavar="ARN", help="The role to assume there.")
@click.option("--cluster", default="", metavar="C", help="The cluster to see there.")
@click.option(
    "--terraform",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="A folder of .tf files, or what `terraform show -json` wrote; may be said again.",
)
@output_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    env: str | None,
    region: str,
    role_arn: str | None,
    cluster: str,
    terraform: tuple[Path, ...],
    output: str,
    **flags: object,
) -> int:
    """Try, read-only, what the controller needs: git, signatures, specs, store, roles, clusters; and Terraform.

    Repositories of applications that the specs name are tried too. Each line is OK, NG with what to do, or SKIP
    with what it would take.

    Exit code 0 if nothing is NG, 1 if something is, 5 if something cannot be reached or is not allowed.
    """
    from controller.app.doctor import Asked, examine
    from controller.options import read

    options = read(flags)
    if not options.repo and not region:
        raise click.UsageError("say --repo, or --region with --role-arn and --cluster", ctx)
    asked = Asked(options=options, env=env, region=region, role=role_arn, cluster=cluster, terraform=terraform)
    found = examine(asked)
    click.echo(listing("Finding", found, output) if output != "table" else told(found))
    return code_of(found)


def code_of(found: "tuple[Finding, ...]") -> int:
    """Give the exit code: 5 before 1, for what cannot be reached hides what is wrong behind it."""
    from controller.app.finding import Result

    bad = [finding for finding in found if finding.result is Result.NG]
    if any(finding.unreachable for finding in bad):
        return UNREACHABLE
    return NEGATIVE if bad else DONE


def told(found: "tuple[Finding, ...]") -> str:
    """Tell it to a person, a line each."""
    rows = [
        (
            one.result.value,
            one.check,
            one.about or "-",
            f"{one.found}; {one.todo}" if one.todo else one.found,
        )
        for one in found
    ]
    return table(("RESULT", "CHECK", "OF", "FOUND"), rows)
