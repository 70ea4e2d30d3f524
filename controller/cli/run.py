"""`trueup run`: keep converging."""

import click


@click.command("run")
@click.option("--repo", metavar="URL|PATH", help="Git repository of the specs, or a plain folder.  [TRUEUP_REPO]")
@click.option("--branch", metavar="NAME", help="Branch to follow (main).  [TRUEUP_BRANCH]")
@click.option("--path", metavar="DIR", help="Folder of the specs in it (specs).  [TRUEUP_PATH]")
@click.option("--store", metavar="URL", help="Where to remember (sqlite:///trueup.db).  [TRUEUP_STORE]")
@click.option("--listen", metavar="HOST:PORT", help="Metrics and health (127.0.0.1:9102).  [TRUEUP_LISTEN]")
@click.option("--poll", metavar="DURATION", help="How often to ask git (15s).  [TRUEUP_POLL]")
@click.option("--endpoint-url", metavar="URL", help="Another AWS, such as the sandbox.  [TRUEUP_ENDPOINT_URL]")
@click.option("--cache", metavar="DIR", help="Where the git mirror lies (~/.cache/trueup).  [TRUEUP_CACHE]")
@click.option("--workers", metavar="N", help="How many environments turn at once (8).  [TRUEUP_WORKERS]")
@click.option("--lease", metavar="DURATION", help="How long a lease lasts unrenewed (30s).  [TRUEUP_LEASE]")
@click.option("--log", metavar="json|console", help="Form of the log (console on a terminal).  [TRUEUP_LOG]")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.  [TRUEUP_LOG_LEVEL]")
@click.option(
    "--save-cycles", metavar="DIR", help="Save turns that change something, for replay.  [TRUEUP_SAVE_CYCLES]"
)
@click.option("--registries", metavar="LIST", help="Registries that may be asked (all).  [TRUEUP_REGISTRIES]")
@click.option("--docker-config", metavar="FILE", help="Logins for registries.  [TRUEUP_DOCKER_CONFIG]")
@click.option("--prometheus-url", metavar="URL", help="Prometheus for guards.  [TRUEUP_PROMETHEUS_URL]")
@click.option(
    "--prometheus-token-file",
    metavar="FILE",
    help="Token for it, and for it alone.  [TRUEUP_PROMETHEUS_TOKEN_FILE]",
)
@click.option(
    "--terraform-states", metavar="DIR", help="Folder of Terraform states for specs.  [TRUEUP_TERRAFORM_STATES]"
)
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
