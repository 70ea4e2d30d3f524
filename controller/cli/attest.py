"""`trueup attest`: a verdict from outside on what a target runs, or is to run."""

from dataclasses import replace

import click

from controller.cli.common import (
    actor_option,
    as_env,
    as_target,
    env_argument,
    give,
    known,
    opened,
    reason_option,
    store_option,
    target_argument,
    who,
)


@click.command("attest")
@env_argument
@target_argument
@click.option(
    "--check", "checks", multiple=True, required=True, metavar="NAME=pass|fail", help="A check; may be said again."
)
@click.option("--digest", help="An image's sha256:… or a release's; that of the rollout under way if left out.")
@click.option("--url", default="", help="Where the result can be read.")
@reason_option(required=False)
@actor_option
@store_option
def command(
    env: str,
    target: str,
    checks: tuple[str, ...],
    digest: str | None,
    url: str,
    reason: str,
    actor: str | None,
    store: str,
) -> None:
    """Record what came of checks outside, such as tests in CI, on an image or a release of TARGET in ENV.

    \b
    Example:
      trueup attest stage api --check e2e=pass --digest "$IMAGE_DIGEST"

    A rollout with a hook that names the check waits for it. The newest verdict on a check and digest counts.
    Nothing is printed when all is well, and saying the same again changes nothing.

    Exit codes: 0 it is recorded, whatever the verdict; 4 without --digest if no rollout is under way.
    """  # noqa: D301  click's own mark for text that is not rewrapped
    from controller.app.memory import clock_now
    from controller.cli import attested
    from controller.cli.orders import for_target
    from controller.model.orders import TargetOrders

    said, link = attested.verdicts(checks), attested.link_of(url)
    about = attested.digest_of(digest) if digest is not None else None
    name, by = as_target(target), who(actor)
    memory = opened(store)
    known(memory, env, target)
    about = about or attested.under_way(memory.load(as_env(env)).targets.get(name), f"{env}/{target}")
    new = attested.signed(said, about, clock_now(), by, link)
    mine = memory.orders(as_env(env)).targets.get(name, TargetOrders()).attested
    if not all(attested.is_said(mine, one) for one in new):
        change = for_target(
            name, lambda old, number: replace(old, attested=attested.merged(old.attested, new, number))
        )
        give(memory, env, target, attested.told(said, about, link, reason), by, change)
    memory.close()
