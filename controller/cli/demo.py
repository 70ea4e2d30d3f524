"""`trueup demo`: watch a release go out and a bad one come back."""

import signal
from pathlib import Path
from typing import Final

import click

from controller.codes import DONE, NEGATIVE
from controller.errors import SpecError

SIGNALLED: Final = (
    128  # what shells add to the number of the signal that ended a process; SIGINT makes it INTERRUPTED
)


@click.command("demo")
@click.option("--flow", is_flag=True, help="Play the whole flow of releases instead, from a build to a hotfix.")
@click.option("--keep", is_flag=True, help="Leave it running afterwards, and print where.")
def command(*, flow: bool, keep: bool) -> int:
    """Start the embedded ECS and the real controller, release to them from a real git repository, and tell it all.

    A good release, one that ECS takes back, one that trueup takes back, and a pause; under a minute. Exit code 0
    only if every step really happened, read from ECS and not from the controller.

    With --flow: a build on dev, a tag on stage and its tests, a release that waits in prod for people, a backup and
    a window, its hour of watching, one that goes back with its database, and a hotfix in a freeze, reviewed and
    merged afterwards; a minute and a half.
    """
    from controller.app.sandbox import needs_sandbox
    from controller.sandbox.demo import Demo
    from controller.sandbox.ending import Ended, Ending
    from controller.sandbox.flow import Flow

    needs_sandbox()
    code, ending = NEGATIVE, Ending()
    story = Flow if flow else Demo
    demo = story(example_specs(), click.echo, wait=ending.wait)
    with ending:
        try:
            code = demo.run()
            if keep and code == DONE:
                demo.keep()
        except Ended:
            was_asked_for = keep and code == DONE and ending.number == signal.SIGINT
            return DONE if was_asked_for else SIGNALLED + ending.number
        finally:
            demo.stop()
    return code


def example_specs() -> Path:
    """Find the example specs: beside the package in a checkout, inside it when installed."""
    import controller

    package = Path(controller.__file__).parent
    for folder in (package.parent / "specs", package / "sandbox" / "specs"):
        if (folder / "prod.yaml").is_file():
            return folder
    raise SpecError("the example specs are not here; run this in a checkout of trueup")
