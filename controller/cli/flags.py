"""Flags that commands share which read specs or ask AWS, each with the variable that it has."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

repo_option: Final = click.option(
    "--repo", metavar="URL|PATH", help="Git repository of the specs, or a plain folder.  [TRUEUP_REPO]"
)
path_option: Final = click.option("--path", metavar="DIR", help="Folder of the specs in it (specs).  [TRUEUP_PATH]")
endpoint_option: Final = click.option(
    "--endpoint-url", metavar="URL", help="Another AWS, such as the sandbox.  [TRUEUP_ENDPOINT_URL]"
)
read_role_option: Final = click.option(
    "--read-role", metavar="NAME", help="Role to come as, instead of the specs'; - for none.  [TRUEUP_READ_ROLE]"
)
cache_option: Final = click.option(
    "--cache", metavar="DIR", help="Where the git mirror lies (~/.cache/trueup).  [TRUEUP_CACHE]"
)
terraform_states_option: Final = click.option(
    "--terraform-states", metavar="DIR", help="Folder of Terraform states for specs.  [TRUEUP_TERRAFORM_STATES]"
)

people_option: Final = click.option(
    "--people", envvar="TRUEUP_PEOPLE", metavar="FILE", help="Who is who: people.yaml.  [TRUEUP_PEOPLE]"
)


def specs_options(*, branch: str = "Branch to read (main).") -> Callable[[F], F]:
    """Take where specs come from: the repository, the branch and the folder."""
    branch_option = click.option("--branch", metavar="NAME", help=f"{branch}  [TRUEUP_BRANCH]")
    return lambda command: repo_option(branch_option(path_option(command)))


applications_option: Final = click.option(
    "--applications", metavar="LIST", help="Repositories of applications that may be read.  [TRUEUP_APPLICATIONS]"
)


def registries_options(command: F) -> F:
    """Take which registries may be asked, and with whose logins."""
    asked = click.option(
        "--registries", metavar="LIST", help="Registries that may be asked (all).  [TRUEUP_REGISTRIES]"
    )
    logins = click.option("--docker-config", metavar="FILE", help="Logins for registries.  [TRUEUP_DOCKER_CONFIG]")
    return asked(logins(command))


def prometheus_options(command: F) -> F:
    """Take which Prometheus guards ask, and with what token."""
    server = click.option("--prometheus-url", metavar="URL", help="Prometheus for guards.  [TRUEUP_PROMETHEUS_URL]")
    token = click.option(
        "--prometheus-token-file",
        metavar="FILE",
        help="Token for it, and for it alone.  [TRUEUP_PROMETHEUS_TOKEN_FILE]",
    )
    return server(token(command))
