"""`trueup`: finds the command, runs it, and turns what went wrong into one line and an exit code."""

import importlib
import os
import sys
import threading
from collections.abc import Sequence
from typing import Final

import click

from controller.codes import BLOCKED, INTERRUPTED, UNREACHABLE, WRONG
from controller.errors import AccessError, Conflict, PlatformError, Refusal, SpecError, TrueupError

COMMANDS: Final = {
    "run": "Keep converging what ECS runs to what git says.",
    "plan": "Say what would change, and why; changes nothing.",
    "validate": "Check spec files, offline.",
    "verify": "Check that what releases name is there: images, roles, secrets.",
    "schema": "Print the JSON Schema of the spec.",
    "adopt": "Write specs for services that run already.",
    "doctor": "Can I read git, assume the role, see the cluster?",
    "taskdef": "Compare two task definitions: are they the same?",
    "status": "Show how every target stands, one line each.",
    "wait": "Wait until a target is good, for CI.",
    "why": "Say what blocks a target, and until when.",
    "windows": "Say when releases may start, and open windows.",
    "history": "Show rollouts, orders and who gave them.",
    "notifiers": "How people are told, and what could not be.",
    "audit": "Check the journal's chain, and export it.",
    "pause": "Stop every call for an environment or target.",
    "resume": "Let it go on.",
    "hotfix": "Let one version past soak and window, on record.",
    "freeze": "Let nothing new start in an environment.",
    "unfreeze": "Let releases start there again.",
    "confirm": "Let go on a change of very many targets.",
    "approve": "Say yes to a version that waits for an answer.",
    "reject": "Say no to it: it goes back.",
    "check": "Tick an item of a checklist that a release waits for.",
    "attest": "Record the verdict of a check outside, such as tests in CI.",
    "retry": "Try again what failed here.",
    "restart": "Start every task anew, with the same release.",
    "rollback": "Go back to a good release, and stay there.",
    "ways-back": "List what there is to go back to, and whether it exists.",
    "unpin": "Follow the spec again after a rollback.",
    "recover": "Close what only a person can: begin again from what runs.",
    "accept-history": "Accept a branch whose history was rewritten.",
    "move": "Hand what one target remembers to another.",
    "forget": "Forget a target that the spec no longer names.",
    "promote": "Ask for what is good in one environment in another, in git.",
    "promote-image": "Copy an image to another repository, same digest.",
    "replay": "Decide a saved turn again.",
    "sandbox": "Serve the embedded ECS.",
    "demo": "Watch a release go out and a bad one come back.",
}

_EPILOG: Final = """\b
Exit codes: 0 done or no difference; 1 a negative answer (differs, failed);
2 wrong usage or spec; 3 timed out; 4 blocked; 5 cannot reach, or not allowed;
130 interrupted.  Every flag has a variable: --repo is TRUEUP_REPO.
"""

_CODES: Final[Sequence[tuple[type[TrueupError], int]]] = (
    (SpecError, WRONG),
    (AccessError, UNREACHABLE),
    (PlatformError, UNREACHABLE),
    (Conflict, BLOCKED),
    (Refusal, BLOCKED),
)


class Lazy(click.Group):
    """A group whose commands are imported when they run, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of their importance."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one that is asked for."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"controller.cli.{cmd_name.replace('-', '_')}")
        command = module.command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest what was probably meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            meant = f"; did you mean {close[0]!r}?" if close else "; see `trueup --help`"
            raise click.UsageError(f"no command {args[0]!r}{meant}", ctx)
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    del param
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"trueup {version('trueup')}")
    ctx.exit()


@click.group(
    cls=Lazy, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version."
)
def trueup() -> None:
    """Release to Amazon ECS from git, and go back by itself.

    Teams release by committing a version to specs/prod.yaml; trueup deploys it, watches it, and goes back when it
    is not well.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code.

    A thread that still waits for an answer of AWS's does not keep a process that is done: it is left behind.
    """
    code = run(args)
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def run(args: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit code."""
    try:
        code = trueup.main(args=list(args) if args is not None else None, standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return WRONG
    except BrokenPipeError:
        return 0  # whoever read us has seen enough
    except TrueupError as error:
        click.echo(f"trueup: {error}", err=True)
        return next((code for kind, code in _CODES if isinstance(error, kind)), WRONG)
    return code if isinstance(code, int) else 0
