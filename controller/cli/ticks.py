"""A person's word on an item of a checklist, as `check` gives it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import click

from controller.cli.approvals import whoever
from controller.cli.common import as_env, as_target, give, known, newest, opened, os_user
from controller.cli.groups import asked_as, members, refuse_a_member
from controller.errors import AccessError, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.model.orders import Tick
    from controller.model.status import TargetStatus
    from controller.ports import Store

GATE: Final = "checklist"
KEPT: Final = 60
"""How many ticks are kept for a target: the newest, and all of the newest content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said of an item: whether it is taken back, why, by whom, as they say and in whose list of people."""

    item: str
    undo: bool
    comment: str
    actor: str | None
    people: str | None


def tick(env: str, target: str, said: Said, store: str) -> None:
    """Write the word on an item of what waits at its checklist, by the name of a target or of a group.

    Raises Refusal if nothing waits for it, or for a member of a group alone; AccessError if nobody knows who this
    is or the person may not tick it.
    """
    from controller.cli.orders import for_target
    from controller.model.orders import TargetOrders

    memory = opened(store)
    try:
        known(memory, env, target, groups=True)
        shown = _shown(memory, env, target)
        mine = memory.orders(as_env(env)).targets.get(as_target(target), TargetOrders())
        word = _word(_waiting(f"{env}/{target}", shown, said, mine.ticks), said)
        how = "open again" if said.undo else "ticked"
        what = f"{said.item} is {how} for {word.version} ({word.digest[:12]})"
        text = f"check: {what}" + (f": {said.comment}" if said.comment else "")
        change = for_target(
            as_target(target), lambda old, number: replace(old, ticks=merged(old.ticks, word, number))
        )
        give(memory, env, target, text, word.by, change)
    finally:
        memory.close()
    click.echo(f"{env}/{target}: {what}, by {word.by}; what is left says: trueup why {env} {target}")


def _shown(memory: "Store", env: str, target: str) -> "Sequence[TargetStatus]":
    """Give how a target, or each member of a group, stands. Raises Refusal for a member alone."""
    shown = members(memory, env, target)
    if not shown and (alone := newest(memory, env, target)) is not None:
        refuse_a_member(alone, "check")
        return (alone,)
    return shown


def _word(shown: "Sequence[TargetStatus]", said: Said) -> "Tick":
    """Make the word on exactly what was shown, if the person may give it; it has no number yet."""
    from controller.app.memory import clock_now
    from controller.model.names import Digest
    from controller.model.orders import Tick

    person, via = whoever(said.people, said.actor, os_user())
    groups = {group for items, groups in _lists(shown) if said.item in items for group in groups}
    if groups and not said.undo and not groups & {*person.groups}:
        raise AccessError(f"{person.name} is not in {' or '.join(sorted(groups))}, who tick {said.item}")
    latest = max(shown, key=lambda one: one.since)
    return Tick(
        number=0,
        item=said.item,
        version=latest.wanted,
        digest=Digest(latest.bound),
        by=person.name,
        # The command's clock may be behind; what is ticked was shown before.
        at=max(clock_now(exact=True), latest.since),
        undo=said.undo,
        groups=person.groups,
        comment=said.comment,
        via=via,
    )


def how_to_tick(shown: "TargetStatus") -> str:
    """Say how the first item that is open is ticked, and how many more there are; empty if none is open."""
    items = [item for items, _ in _lists((shown,)) for item in items]
    more = f" (and {len(items) - 1} more)" if items[1:] else ""
    return f"trueup check {shown.env} {asked_as(shown)} {items[0]}{more}" if items else ""


def _lists(shown: "Sequence[TargetStatus]") -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(one.items, one.groups) for status in shown for one in status.blockers if one.gate == GATE]


def _waiting(
    name: str, shown: "Sequence[TargetStatus]", said: Said, given: "Sequence[Tick]"
) -> "Sequence[TargetStatus]":
    """Give what waits for this item, or was ticked for it and has not started; raises Refusal."""
    if not shown:
        raise Refusal("no turn of it was made yet, so that nothing is known to wait")
    waits = [one for one in shown if one.blockers and one.bound and not one.synced]
    left = list(dict.fromkeys(item for items, _ in _lists(waits) for item in items))
    mine = [one for one in given if one.digest in {status.bound for status in waits}]
    ticked = sorted({one.item for one in mine if not one.undo} - {*left})
    if not (left or ticked):
        unread = [one.why for status in shown for one in status.blockers if one.gate == GATE]
        why = unread[0] if unread else f"it is {shown[0].phase.value}: {shown[0].reason}"
        raise Refusal(f"nothing of {name} waits to be ticked; {why}")
    if said.item in ticked or (said.item in left and not said.undo):
        return waits
    if said.undo:
        raise Refusal(f"nobody ticked {said.item} for {waits[0].wanted} of {name}; ticked: {_listed(ticked)}")
    raise Refusal(f"{said.item} is no item that {name} waits for; open: {_listed(left)}")


def _listed(items: "Sequence[str]") -> str:
    return ", ".join(items) or "none"


def merged(before: "Sequence[Tick]", new: "Tick", number: int) -> "tuple[Tick, ...]":
    """Add one under a number: the last word of a person on an item of a content counts."""
    same = (new.item, new.by, new.digest)
    others = [one for one in before if (one.item, one.by, one.digest) != same]
    mine = [one for one in others if one.digest == new.digest]
    rest = [one for one in others if one.digest != new.digest]
    kept = [*rest[max(0, len(rest) - max(0, KEPT - len(mine) - 1)) :], *mine]
    return (*sorted(kept, key=lambda one: one.number), replace(new, number=number))
