"""`trueup verify`: is what a release names there, and can it be read?"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from controller.cli.common import output_option
from controller.cli.flags import (
    cache_option,
    endpoint_option,
    read_role_option,
    specs_options,
    terraform_states_option,
)
from controller.cli.show import listing, table
from controller.codes import DONE, NEGATIVE, UNREACHABLE, WRONG, worst

if TYPE_CHECKING:
    from controller.model.checked import Checked


@click.command("verify")
@click.argument("env")
@click.argument("target", required=False)
@specs_options()
@endpoint_option
@read_role_option
@cache_option
@terraform_states_option
@output_option
def command(env: str, target: str | None, output: str, **flags: object) -> int:
    """Check that images, roles, secrets, log groups, subnets and target groups that releases name are there.

    OK: it is, and fits. NG: it is not, and why. SKIP: it could not be found out, and which permission is missing.
    Everything is only read, and no secret is decrypted.

    Exit code 0 if nothing is NG, 1 if something is, 2 for a spec that is wrong, 5 if nobody could be asked.
    """
    from controller.app.verify import verified
    from controller.options import read

    found, problems = verified(read(flags, needs=("repo",)), env, target)
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    click.echo(listing("Check", [data(one) for one in found], output) if output != "table" else render(found))
    return worst((WRONG if problems else DONE, code_of(found)))


def code_of(found: "Sequence[Checked]") -> int:
    """Give the exit code: 1 if anything is not as it has to be, 5 if nobody answered."""
    from controller.model.checked import Result

    if any(one.answer.result is Result.NG for one in found):
        return NEGATIVE
    return UNREACHABLE if found and not any(one.answer.asked for one in found) else DONE


def data(one: "Checked") -> dict[str, object]:
    """Give one check as data."""
    return {
        "target": one.target,
        "check": one.what,
        "result": one.answer.result.value,
        "name": one.name,
        "where": one.where,
        "why": one.answer.why,
    }


def render(found: "Sequence[Checked]") -> str:
    """Print checks, one line each, and how many there are of each result."""
    if not found:
        return "nothing to check"
    rows = [(one.target, one.what, one.answer.result.value, one.name, one.answer.why) for one in found]
    counts = Counter(one.answer.result.value for one in found)
    said = ", ".join(f"{counts[result]} {result}" for result in ("OK", "NG", "SKIP"))
    return f"{table(('TARGET', 'CHECK', 'RESULT', 'NAME', 'WHY'), rows)}\n{said}"
