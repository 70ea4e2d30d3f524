"""`trueup taskdef`: are two task definitions the same?"""

from pathlib import Path

import click

from controller.cli.common import output_option
from controller.cli.differing import as_data, line_of
from controller.cli.show import listing
from controller.codes import DONE, NEGATIVE


@click.group("taskdef")
def command() -> None:
    """Compare task definitions by the rules by which a spec is compared with what runs."""


@command.command("diff")
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@output_option
def diff(first: Path, second: Path, output: str) -> int:
    """Say, path by path, what file B says otherwise than file A.

    A file is JSON or YAML: the input of RegisterTaskDefinition, or an answer of DescribeTaskDefinition. What AWS
    fills in by itself, order that means nothing, and what only AWS can say are no differences.

    Exit code 0 if they are the same, 1 if they differ, 2 if one cannot be read.
    """
    from controller.app.taskdefs import differences_of

    found = differences_of(first, second)
    if output != "table":
        click.echo(listing("Difference", as_data(found), output))
    else:
        click.echo("\n".join(map(line_of, found)) or "no difference")
    return NEGATIVE if found else DONE
