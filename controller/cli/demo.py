"""`trueup demo`: watch a release go out and a bad one come back."""

from pathlib import Path

import click

from controller.codes import INTERRUPTED
from controller.errors import SpecError


@click.command("demo")
@click.option("--keep", is_flag=True, help="Leave it running afterwards, and print where.")
def command(keep: bool) -> int:
    """Start the embedded ECS and the real controller, release to them from a real git repository, and tell it all.

    A good release, one that ECS takes back, one that trueup takes back, and a pause; under a minute. Exit code 0
    only if every step really happened, read from ECS and not from the controller.
    """
    from controller.app.sandbox import needs_sandbox
    from controller.sandbox.demo import Demo

    needs_sandbox()
    demo = Demo(example_specs(), click.echo)
    try:
        code = demo.run()
        if keep and code == 0:
            demo.keep()
    except KeyboardInterrupt:
        return 0 if keep else INTERRUPTED
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
