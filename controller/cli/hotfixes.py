"""Hotfixes as they are asked for, agreed to, reviewed, ended and shown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from controller.cli.approvals import whoever
from controller.cli.common import as_env, as_target, give, known, newest, opened, os_user
from controller.cli.show import instant
from controller.errors import AccessError, Refusal

if TYPE_CHECKING:
    from controller.cli.approvals import Said
    from controller.model.hotfix import Hotfix, Refused
    from controller.model.orders import Orders, TargetOrders
    from controller.model.people import Person
    from controller.model.record import Memory
    from controller.model.status import HotfixStatus, TargetStatus
    from controller.ports import Store

KEPT: Final = 10
"""How many hotfixes are kept for a target; one that nobody has reviewed yet is always kept."""


def emergency(people: str | None, actor: str | None, *, aws: bool = False) -> "tuple[Person, str]":
    """Find who gives the order, who has to be of the emergency group. Raises AccessError."""
    from controller.model.hotfix import EMERGENCY

    person, via = whoever(people, actor, os_user(), aws=aws)
    if EMERGENCY not in person.groups:
        raise AccessError(f"{person.name} is not in {EMERGENCY} in {people}; nothing was written")
    return person, via


def not_before(shown: "TargetStatus | None", now: datetime) -> datetime:
    """Say when an order is given: a command's clock may be behind, and what was shown was shown before."""
    return max(now, shown.since) if shown is not None else now


def added(mine: "TargetOrders", new: "Hotfix", number: int) -> "TargetOrders":
    """Let a hotfix stand, instead of the last one and of a pin."""
    before = ended(mine, new.at).hotfixes
    rest = [one for one in before[-KEPT + 1 :] if not one.review_due]
    waiting = [one for one in before if one.review_due]
    kept = sorted((*rest, *waiting), key=lambda one: one.number)
    return replace(mine, pin=None, hotfixes=(*kept, replace(new, number=number)))


def ended(mine: "TargetOrders", at: datetime) -> "TargetOrders":
    """End the hotfix that stands, if one does; what has to be reviewed still has to be."""
    if mine.hotfix(at) is None:
        return mine
    return replace(mine, hotfixes=(*mine.hotfixes[:-1], replace(mine.hotfixes[-1], ended=at)))


def second(env: str, target: str, version: str, said: "Said", store: str) -> None:
    """Write another person's yes to a hotfix, or the review of what one person did alone.

    Raises Refusal if no hotfix to this version waits for that, AccessError for whoever may not give it.
    """
    from controller.app.memory import clock_now
    from controller.cli.orders import for_target
    from controller.model.hotfix import Seconded
    from controller.model.names import Digest
    from controller.model.orders import TargetOrders

    memory = opened(store)
    try:
        known(memory, env, target)
        person, via = emergency(said.people, said.actor, aws=said.aws)
        shown = newest(memory, env, target)
        now = not_before(shown, clock_now(exact=True))
        mine = memory.orders(as_env(env)).targets.get(as_target(target), TargetOrders())
        waiting = _waiting(mine.hotfixes, shown, f"{env}/{target}", version, now)
        if any(one.by == person.name for one in waiting):
            raise Refusal(f"{person.name} asked for it: another of the group has to say yes")
        digest = Digest(shown.wanted_digest if shown and shown.wanted == version else "")
        yes = Seconded(by=person.name, at=now, digest=digest, groups=person.groups, via=via, comment=said.reason)
        numbers = {one.number for one in waiting}
        change = for_target(
            as_target(target),
            lambda old, _: replace(
                old,
                hotfixes=tuple(replace(one, second=yes) if one.number in numbers else one for one in old.hotfixes),
            ),
        )
        verb = "review" if any(one.review_due for one in waiting) else "agree to"
        why = f": {said.reason}" if said.reason else ""
        text = f"{verb} the hotfix to {version} of {waiting[0].by} ({digest[:12]}){why}"
        give(memory, env, target, text, person.name, change)
    finally:
        memory.close()
    click.echo(f"{env}/{target}: the hotfix to {version} of {waiting[0].by} has the yes of {person.name}")


def refusable(
    memory: "Store", shown: "TargetStatus | None", env: str, target: str, version: str
) -> "Hotfix | None":
    """Find the hotfix to this version that a no would end. Raises Refusal for one that has begun."""
    from controller.app.memory import clock_now
    from controller.plan.lane import is_over

    mine, name = memory.orders(as_env(env)).targets.get(as_target(target)), f"{env} {target}"
    one = mine.hotfix(not_before(shown, clock_now(exact=True))) if mine else None
    there = memory.load(as_env(env)).targets.get(as_target(target))
    if one is None or one.version != version or is_over(there, one):
        return None
    if there is not None and version in _begun(there):
        raise Refusal(
            f"the hotfix of {env}/{target} to {version} has begun, and a no comes too late: go back with "
            f"trueup rollback {name} --reason …, or only end it: trueup unpin {name}"
        )
    return one


def refuse(memory: "Store", env: str, target: str, one: "Hotfix", no: "Refused") -> None:
    """End a hotfix by a person's no to it, and write that."""
    from controller.cli.orders import for_target

    text = f"refuse the hotfix to {one.version} of {one.by}: {no.reason}"
    give(memory, env, target, text, no.by, for_target(as_target(target), lambda old, _: _refused(old, no, one)))


def _begun(memory: "Memory") -> set[str]:
    """Name what runs, or is on its way."""
    kept, rollout = memory.current, memory.rollout
    return {release.version for release in (kept and kept.release, rollout and rollout.release) if release}


def _refused(mine: "TargetOrders", no: "Refused", asked: "Hotfix") -> "TargetOrders":
    """End the hotfix that was refused, unless another took its place meanwhile."""
    standing = mine.hotfix(no.at)
    if standing is None or standing.number != asked.number:
        raise Refusal(f"the hotfix to {asked.version} of {asked.by} has ended meanwhile; nothing was written")
    return replace(mine, hotfixes=(*mine.hotfixes[:-1], replace(standing, ended=no.at, refused=no)))


def _waiting(
    hotfixes: "Sequence[Hotfix]", shown: "TargetStatus | None", name: str, version: str, now: datetime
) -> "list[Hotfix]":
    """Find what waits for another person: all that one person did alone, else what stands and was shown."""
    mine = [one for one in hotfixes if one.version == version]
    unreviewed = [one for one in mine if one.review_due]
    if unreviewed:
        return unreviewed
    last = hotfixes[-1] if hotfixes else None
    if last is None or last not in mine or not last.stands(now):
        raise Refusal(f"no hotfix of {name} to {version} waits for another person")
    numbers = {one.number for one in shown.hotfixes} if shown else set()
    if shown is None or last.number not in numbers or shown.wanted != version or not shown.wanted_digest:
        raise Refusal(
            f"what the hotfix of {name} comes to was not shown yet; see: trueup why {name.replace('/', ' ')}"
        )
    if last.second is not None and last.second.digest == shown.wanted_digest:
        raise Refusal(f"{last.second.by} said yes to the hotfix to {version} already")
    return [last]


def lines(status: "TargetStatus") -> list[str]:
    """Tell of each hotfix that stands or waits for its review."""
    return [line for one in status.hotfixes for line in _lines(status, one)]


def _lines(status: "TargetStatus", one: "HotfixStatus") -> list[str]:
    how = "broke the glass" if one.broke_glass else "asked"
    second = f", {one.second} agreed" if one.second else ""
    incident = f", during {one.incident}" if one.incident else ""
    until = f", until {instant(one.until)}" if one.until else ""
    skips = f"; skips {', '.join(one.skipped)}" if one.skipped else ""
    over = "" if one.standing else " (over)"
    said = f"  hotfix  to {one.version}{over}: {one.by} {how} at {instant(one.at)}{second}{incident}{until}"
    told = [f"{said}: {one.reason}{skips}"]
    if one.review_due is not None:
        due = (
            f"NOBODY REVIEWED it by {instant(one.review_due)}"
            if one.overdue
            else f"until {instant(one.review_due)}"
        )
        told.append(f"  review  {due}: trueup approve {status.env} {status.target} {one.version} --hotfix")
    if one.unmerged:
        told.append(f"  branch  {one.unmerged}")
    return told


def end_in(store: "Store", env: str, target: str, orders: "Orders", text: str, by: str) -> str:
    """End the hotfix of a target; gives its version, or nothing if none stands."""
    from controller.app.memory import clock_now
    from controller.cli.orders import for_target

    now, mine = clock_now(exact=True), orders.targets.get(as_target(target))
    standing = mine.hotfix(now) if mine else None
    if standing is None:
        return ""
    change = for_target(as_target(target), lambda old, _: ended(old, now))
    give(store, env, target, f"end the hotfix to {standing.version}{text}", by, change)
    return standing.version
