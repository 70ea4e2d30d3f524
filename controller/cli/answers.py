"""A person's yes or no to what waits for one, as `approve` and `reject` give it, and as others show it."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from controller.cli.common import as_target, give, known, newest, opened, who
from controller.cli.show import instant
from controller.errors import Refusal

if TYPE_CHECKING:
    from controller.model.status import Awaiting, TargetStatus


def answer(env: str, target: str, version: str, *, yes: bool, reason: str, actor: str | None, store: str) -> None:
    """Write the answer; raises Refusal if nothing, or another version, waits for one."""
    from controller.cli.orders import for_target
    from controller.model.orders import Answer

    by, verb = who(actor), "approve" if yes else "reject"
    memory = opened(store)
    known(memory, env, target)
    waits = _waiting(newest(memory, env, target), env, target, version)
    change = for_target(
        as_target(target),
        lambda mine, number: replace(
            mine,
            answer=Answer(number=number, version=version, yes=yes, stage=waits.stage, reason=reason, by=by),
        ),
    )
    at = f" at {waits.stage}" if waits.stage else ""
    text = f"{verb} {version}{at}" + (f": {reason}" if reason else "")
    orders = give(memory, env, target, text, by, change)
    memory.close()
    paused = orders.pause or orders.targets[as_target(target)].pause
    click.echo(f"{env}/{target}: {version} {'goes on' if yes else 'is rejected'}{at}, from its next turn")
    if paused:
        click.echo(f"But it is paused ({paused.reason}): nothing is sent until `trueup resume`.", err=True)


def _waiting(shown: "TargetStatus | None", env: str, target: str, version: str) -> "Awaiting":
    name = f"{env}/{target}"
    if shown is None:
        raise Refusal(f"nothing of {name} waits for an answer: no turn of it was made yet")
    if shown.awaiting is None:
        raise Refusal(f"nothing of {name} waits for an answer; it is {shown.phase.value}: {shown.reason}")
    if shown.awaiting.version != version:
        raise Refusal(f"{version} of {name} waits for no answer; what waits is {shown.awaiting.version}")
    return shown.awaiting


def waits(status: "TargetStatus") -> str:
    """Say what waits for a person's answer, until when, what then, and how it is given; empty if nothing does."""
    one = status.awaiting
    if one is None:
        return ""
    at = f" at {one.stage}" if one.stage else ""
    until = f" until {instant(one.until)}" if one.until else ""
    then = f", then {one.then}" if one.then else ""
    how = f"trueup approve {status.env} {status.target} {one.version}"
    return f"waits for an answer{at}{until}{then}: {how}"
