"""`trueup promote`: what is good in one environment is asked for in another, by a commit or a pull request."""

from typing import TYPE_CHECKING

import click

from controller.cli.changed import told
from controller.cli.common import as_env, as_target, os_user, store_option, target_argument
from controller.cli.flags import (
    change_options,
    endpoint_option,
    github_options,
    people_option,
    policy_option,
    prometheus_options,
    read_role_option,
    registries_options,
    terraform_states_option,
)
from controller.errors import SpecError

if TYPE_CHECKING:
    from controller.app.promotion import Promotion, Wish


@click.command("promote")
@target_argument
@click.option("--from", "source", required=True, metavar="ENV", help="Where it is good now.")
@click.option("--to", required=True, metavar="ENV", help="Where it is to run.")
@click.option("--pull-request", is_flag=True, help="Propose it at GitHub instead of committing it.")
@click.option("--branch", "push_to", metavar="NAME", help="Push to this branch instead.")
@click.option("--back", is_flag=True, help="A lower version than is there now is meant.")
@click.option("--dry-run", is_flag=True, help="Check and say everything; push nothing.")
@change_options
@github_options
@people_option
@policy_option
@endpoint_option
@read_role_option
@registries_options
@prometheus_options
@terraform_states_option
@store_option
def command(
    target: str,
    source: str,
    to: str,
    *,
    pull_request: bool,
    push_to: str | None,
    back: bool,
    dry_run: bool,
    branch_of_specs: str | None,
    **flags: object,
) -> None:
    """Change the version of TARGET in the specs of one environment to what is good in another.

    Only the version changes: comments, quotes and layout stay. The commit says where it was good, since when, as
    which images, and who approved it there; its author is who people.yaml or git says you are.

    What the gates would refuse by now is not done: a release that is not good there or whose soak is not over,
    another image under the same tag, a quarantined release, a lower version without --back, a major step that is
    not acknowledged, a target below a floor of the --policy. What only time or people open is said.

    Exit codes: 4 if it is refused, or the server does not take it; 5 if something cannot be reached or seen.
    """
    from controller.app.promotion import Wish, promote
    from controller.options import read

    if source == to:
        raise SpecError("--from and --to are the same environment")
    options = read({**flags, "branch": branch_of_specs}, needs=("repo",))
    # The same for every promotion of that target to there, so that there is one pull request.
    branch = push_to or (f"trueup/{to}/{target}" if pull_request else "")
    wish = Wish(target=as_target(target), source=as_env(source), to=as_env(to), back=back, branch=branch)
    pulls = None
    if pull_request and not dry_run:
        from controller.app.identity import remote_of
        from controller.app.pulls import pulls_of

        pulls = pulls_of(options, remote_of(options.repo))
    found = promote(wish, options, os_user(), pulls=pulls, dry_run=dry_run)
    click.echo(render(wish, found, dry_run=dry_run))


def render(wish: "Wish", found: "Promotion", *, dry_run: bool) -> str:
    """Tell a person what was done, and what it will wait for."""
    lines = [told(f"{wish.to}/{wish.target}", found.made, dry_run=dry_run)]
    if found.proof.moving:
        lines.append(f"note: {found.proof.moving}; what is promoted is {found.proof.name}")
    if found.made.edition.is_new:
        lines += [f"it will wait for {one}" for one in found.waits]
    return "\n".join(lines)
