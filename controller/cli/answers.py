"""A person's yes or no to what waits for one, as `approve` and `reject` give it, and as others show it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from controller.cli.approvals import (
    Said,
    is_asked,
    may_reject,
    refuse_a_stranger,
    signed,
    waits_for,
    whoever,
    write,
)
from controller.cli.common import as_env, as_target, give, known, newest, opened, os_user, who
from controller.cli.groups import asked_as, members, refuse_a_member
from controller.cli.hotfixes import not_before, refusable, refuse
from controller.cli.show import instant
from controller.cli.ticks import how_to_tick
from controller.errors import Refusal

if TYPE_CHECKING:
    from controller.model.hotfix import Hotfix
    from controller.model.status import Awaiting, TargetStatus
    from controller.ports import Store


def answer(env: str, target: str, version: str, said: Said, store: str) -> None:
    """Write the answer to what waits for one: a pause of the platform's own, or a gate.

    Raises Refusal if nothing, or another version, waits; AccessError if a gate waits and nobody knows who this is.
    """
    from controller.model.orders import TargetOrders

    memory = opened(store)
    try:
        if of_group := members(memory, env, target):
            _answer_group(memory, of_group, version, said)
            return
        known(memory, env, target)
        shown = newest(memory, env, target)
        at_pause = shown is not None and shown.awaiting is not None and shown.awaiting.version == version
        asked = None if said.yes or at_pause else refusable(memory, shown, env, target, version)
        if asked is not None:
            _refuse(memory, shown, env, target, asked, said)
            return
        if shown is not None and not at_pause:
            given = memory.orders(as_env(env)).targets.get(as_target(target), TargetOrders()).approvals
            if is_asked(shown, version) or (not said.yes and may_reject(shown, version, given)):
                refuse_a_member(shown, "approve" if said.yes else "reject")
                _approve(memory, (shown,), shown.target, said)
                return
        _continue(memory, _waiting(shown, env, target, version), env, target, said)
    finally:
        memory.close()


def _answer_group(memory: "Store", shown: "Sequence[TargetStatus]", version: str, said: Said) -> None:
    """Write the answer to what a group waits for: one person's word counts for all its members."""
    from controller.model.orders import TargetOrders

    env, group = shown[0].env, shown[0].group
    given = memory.orders(env).targets.get(as_target(group), TargetOrders()).approvals
    asked = [one for one in shown if is_asked(one, version)]
    asked += [one for one in shown if not said.yes and may_reject(one, version, given)]
    if not asked:
        waiting = ", ".join(sorted({name for one in shown if (name := waits_for(one))}))
        raise Refusal(
            f"{version} of {env}/{group} waits for no answer" + (f"; what waits is {waiting}" if waiting else "")
        )
    _approve(memory, asked, group, said)


def _approve(memory: "Store", asked: "Sequence[TargetStatus]", target: str, said: Said) -> None:
    """Write a yes or no to what waits at its gate, by the name of a target or of a group."""
    from controller.app.memory import clock_now

    person, via = whoever(said.people, said.actor, os_user(), aws=said.aws)
    if said.yes:
        refuse_a_stranger(asked, person)
    shown = max(asked, key=lambda one: one.since)
    given = signed(shown, person, via, clock_now(exact=True), yes=said.yes, comment=said.reason)
    write(memory, given, shown.env, target)
    name, how = f"{shown.env}/{target}", "approved" if said.yes else "rejected"
    click.echo(
        f"{name}: {given.version} ({given.digest[:12]}) is {how} by {person.name}; "
        f"what that comes to says: trueup why {shown.env} {target}"
    )


def _refuse(
    memory: "Store", shown: "TargetStatus | None", env: str, target: str, asked: "Hotfix", said: Said
) -> None:
    """Write a no to a hotfix that has not begun."""
    from controller.app.memory import clock_now
    from controller.model.hotfix import Refused

    person, via = whoever(said.people, said.actor, os_user(), aws=said.aws)
    at = not_before(shown, clock_now(exact=True))
    no = Refused(by=person.name, at=at, reason=said.reason, groups=person.groups, via=via)
    refuse(memory, env, target, asked, no)
    runs = f"; {shown.live} runs" if shown and shown.live else ""
    click.echo(
        f"{env}/{target}: the hotfix to {asked.version} of {asked.by} is refused by {person.name}, and its spec "
        f"counts again{runs}; what that comes to says: trueup why {env} {target}"
    )


def _continue(memory: "Store", waits: "Awaiting", env: str, target: str, said: Said) -> None:
    """Write a yes or no to a pause of the platform's own."""
    from controller.cli.orders import for_target
    from controller.model.orders import Answer

    proven = whoever(said.people, said.actor, os_user(), aws=True)[0].name if said.aws else ""
    by, verb, yes, reason = proven or who(said.actor), "approve" if said.yes else "reject", said.yes, said.reason
    version = waits.version
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
    paused = orders.pause or orders.targets[as_target(target)].pause
    click.echo(f"{env}/{target}: {version} {'goes on' if yes else 'is rejected'}{at}, from its next turn")
    if paused:
        click.echo(f"But it is paused ({paused.reason}): nothing is sent until `trueup resume`.", err=True)


def _waiting(shown: "TargetStatus | None", env: str, target: str, version: str) -> "Awaiting":
    name = f"{env}/{target}"
    if shown is None:
        raise Refusal(f"nothing of {name} waits for an answer: no turn of it was made yet")
    if shown.awaiting is None and waits_for(shown):
        raise Refusal(f"{version} of {name} waits for no answer; what waits is {waits_for(shown)}")
    if shown.awaiting is None:
        raise Refusal(f"nothing of {name} waits for an answer; it is {shown.phase.value}: {shown.reason}")
    if shown.awaiting.version != version:
        raise Refusal(f"{version} of {name} waits for no answer; what waits is {shown.awaiting.version}")
    return shown.awaiting


def waits(status: "TargetStatus") -> str:
    """Say what waits for a person's answer, until when, what then, and how it is given; empty if nothing does.

    Of what failed here nobody is asked: a yes alone would not let it start.
    """
    one, how = status.awaiting, f"trueup approve {status.env} {status.target}"
    if one is None and status.quarantined:
        return ""
    if one is None:
        version, tick = waits_for(status), how_to_tick(status)
        yes = f"trueup approve {status.env} {asked_as(status)} {version}"
        approval = f"waits for approval: {yes}" if version else ""
        return "; ".join(filter(None, (approval, f"waits to be ticked: {tick}" if tick else "")))
    at = f" at {one.stage}" if one.stage else ""
    until = f" until {instant(one.until)}" if one.until else ""
    then = f", then {one.then}" if one.then else ""
    return f"waits for an answer{at}{until}{then}: {how} {one.version}"
