"""`trueup run`: keep converging."""

import click

from controller.cli.flags import (
    applications_option,
    cache_option,
    endpoint_option,
    people_option,
    prometheus_options,
    registries_options,
    specs_options,
    terraform_states_option,
)


@click.command("run")
@specs_options(branch="Branch to follow (main).")
@click.option("--store", metavar="URL", help="Where to remember (sqlite:///trueup.db).  [TRUEUP_STORE]")
@click.option("--listen", metavar="HOST:PORT", help="Metrics and health (127.0.0.1:9102).  [TRUEUP_LISTEN]")
@click.option("--poll", metavar="DURATION", help="How often to ask git (15s).  [TRUEUP_POLL]")
@endpoint_option
@cache_option
@click.option("--workers", metavar="N", help="How many environments turn at once (8).  [TRUEUP_WORKERS]")
@click.option("--lease", metavar="DURATION", help="How long a lease lasts unrenewed (30s).  [TRUEUP_LEASE]")
@click.option("--log", metavar="json|console", help="Form of the log (console on a terminal).  [TRUEUP_LOG]")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.  [TRUEUP_LOG_LEVEL]")
@click.option(
    "--save-cycles", metavar="DIR", help="Save turns that change something, for replay.  [TRUEUP_SAVE_CYCLES]"
)
@registries_options
@applications_option
@prometheus_options
@people_option
@terraform_states_option
@click.option("--once", is_flag=True, default=None, help="One turn for each environment, then exit.  [TRUEUP_ONCE]")
def command(**flags: object) -> int:
    """Keep converging what ECS runs to what git says, until SIGTERM or SIGINT.

    \b
    Example:
      trueup run --repo https://github.com/acme/releases --store sqlite:///trueup.db

    Credentials for git come from TRUEUP_GIT_TOKEN, TRUEUP_GIT_TOKEN_FILE or TRUEUP_GIT_SSH_KEY_FILE with
    TRUEUP_GIT_KNOWN_HOSTS_FILE; those for AWS from where every AWS tool takes them. TRUEUP_CLOCK=START*SPEED makes
    time run faster, for rehearsals beside --endpoint-url only.

    With --once: 0 if nothing is left to do, 1 if it acted or something moves, 4 if only blocked work is left.
    """  # noqa: D301  click's own mark for text that is not rewrapped
    from controller.app.run import run
    from controller.options import read

    return run(read(flags, needs=("repo",)))
