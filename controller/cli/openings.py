"""A person's word that the windows of an environment are open for a while, and its end."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from controller.cli.approvals import whoever
from controller.cli.common import (
    actor_option,
    as_env,
    env_argument,
    give,
    known,
    opened,
    os_user,
    reason_option,
    store_option,
    who,
)
from controller.cli.flags import people_option
from controller.errors import AccessError, Refusal, SpecError

if TYPE_CHECKING:
    from controller.model.people import Person
    from controller.ports import Store

_GATE: Final = "window"
_MOST: Final = timedelta(hours=24)


@click.command("open")
@env_argument
@click.option("--for", "span", metavar="DURATION", required=True, help="How long, such as 2h; 24h at most.")
@reason_option()
@actor_option
@people_option
@store_option
def open_windows(env: str, span: str, reason: str, actor: str | None, people: str | None, store: str) -> None:
    """Open the windows of ENV for a while, from now on: those that name a group of yours as `override`.

    Other gates stay as they are. It ends by itself, or with `trueup windows close ENV`.

    Exit code 5 if the people.yaml of the controller does not know who you are, or what waits for a window may be
    opened by others only.
    """
    from controller.app.memory import clock_now
    from controller.cli.times import duration
    from controller.model.orders import Opening

    lasts = duration(span)
    if not timedelta() < lasts <= _MOST:
        raise SpecError(f"--for {span} is not between 1s and 24h")
    memory = opened(store)
    try:
        known(memory, env, None)
        person, via = whoever(people, actor, os_user())
        _allowed(memory, env, person)
        now = clock_now(exact=True)
        before = memory.orders(as_env(env)).opening
        if before is not None and before.holds(now) and before.by != person.name:
            raise Refusal(f"{before.by} holds the windows of {env} open; first: trueup windows close {env}")
        opening = Opening(reason=reason, at=now, until=now + lasts, by=person.name, groups=person.groups, via=via)
        text = f"windows open until {opening.until:%Y-%m-%dT%H:%M:%SZ}: {reason}"
        give(memory, env, None, text, person.name, lambda orders, _: replace(orders, opening=opening))
    finally:
        memory.close()
    ends = f"{opening.until:%Y-%m-%dT%H:%M:%SZ}"
    click.echo(f"{env}: windows that {person.name} may open are open until {ends}: {reason}")


@click.command("close")
@env_argument
@reason_option(required=False)
@actor_option
@store_option
def close_windows(env: str, reason: str, actor: str | None, store: str) -> None:
    """End what `trueup windows open ENV` began: windows are as the specs say. What has started goes on."""
    from controller.app.memory import clock_now

    memory = opened(store)
    try:
        known(memory, env, None)
        opening = memory.orders(as_env(env)).opening
        if opening is None or not opening.holds(clock_now()):
            raise SpecError(f"nobody holds the windows of {env} open")
        text = f"windows close: {reason}" if reason else "windows close"
        give(memory, env, None, text, who(actor), lambda orders, _: replace(orders, opening=None))
    finally:
        memory.close()
    click.echo(f"{env}: windows are as the specs say again; {opening.by} had opened them: {opening.reason}")


def _allowed(memory: "Store", env: str, person: "Person") -> None:
    """Refuse who may open none of the windows that something waits for; the gate itself decides in the end."""
    waits = [one for status in memory.shown() if status.env == env for one in status.blockers if one.gate == _GATE]
    groups = sorted({group for one in waits for group in one.groups})
    if waits and not {*groups} & {*person.groups}:
        may = f"that is for {' or '.join(groups)}" if groups else "nobody may: they name no `override`"
        raise AccessError(f"{person.name} may open no window that {env} waits for; {may}")
