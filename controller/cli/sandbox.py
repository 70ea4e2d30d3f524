"""`trueup sandbox`: the embedded ECS, as a server."""

from pathlib import Path

import click


@click.command("sandbox")
@click.option(
    "--listen",
    default="127.0.0.1:4510",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to serve; port 0 takes a free one.",
)
@click.option(
    "--seed",
    "seeds",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True),
    help="Make what these specs name, one version back.",
)
@click.option(
    "--speed",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.01, 10_000),
    help="Simulated seconds in a real one.",
)
@click.option("--start", metavar="TIME", help="When simulated time equals real time (now).")
@click.option("--faults", metavar="JSON", default=None, help='Such as {"throttle": true, "stale": {"seconds": 5}}.')
def command(listen: str, seeds: Path | None, speed: float, start: str | None, faults: str | None) -> None:
    """Serve an ECS that moves: deployments, tasks, circuit breaker, alarms, and AWS's refusals.

    Prints one line of JSON when it is ready, then how to use it. Any AWS client works with its endpoint. The tag of
    an image decides how its tasks behave: one that contains `crash`, `slow`, `unhealthy` or `pull-error` does that.
    """
    from controller.app.sandbox import serve_sandbox

    serve_sandbox(listen=listen, seeds=seeds, speed=speed, start=start, faults=faults)
