"""A person's word on an item of a checklist, as `check` gives it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import click

from controller.cli.approvals import whoever
from controller.cli.common import as_env, as_target, give, known, newest, opened, os_user
from controller.errors import AccessError, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.model.orders import Tick
    from controller.model.status import TargetStatus

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
    """Write the word on an item of what waits at its checklist.

    Raises Refusal if nothing waits for it, AccessError if nobody knows who this is or the person may not tick it.
    """
    from controller.cli.orders import for_target
    from controller.model.orders import TargetOrders

    memory = opened(store)
    try:
        known(memory, env, target)
        mine = memory.orders(as_env(env)).targets.get(as_target(target), TargetOrders())
        shown = _waiting(newest(memory, env, target), said, mine.ticks)
        word = _word(shown, said)
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


def _word(shown: "TargetStatus", said: Said) -> "Tick":
    """Make the word on exactly what was shown, if the person may give it; it has no number yet."""
    from controller.app.memory import clock_now
    from controller.model.names import Digest
    from controller.model.orders import Tick

    person, via = whoever(said.people, said.actor, os_user())
    groups = {group for items, groups in _lists(shown) if said.item in items for group in groups}
    if groups and not said.undo and not groups & {*person.groups}:
        raise AccessError(f"{person.name} is not in {' or '.join(sorted(groups))}, who tick {said.item}")
    return Tick(
        number=0,
        item=said.item,
        version=shown.wanted,
        digest=Digest(shown.wanted_digest),
        by=person.name,
        # The command's clock may be behind; what is ticked was shown before.
        at=max(clock_now(exact=True), shown.since),
        undo=said.undo,
        groups=person.groups,
        comment=said.comment,
        via=via,
    )


def how_to_tick(shown: "TargetStatus") -> str:
    """Say how the first item that is open is ticked, and how many more there are; empty if none is open."""
    items = [item for items, _ in _lists(shown) for item in items]
    more = f" (and {len(items) - 1} more)" if items[1:] else ""
    return f"trueup check {shown.env} {shown.target} {items[0]}{more}" if items else ""


def _lists(shown: "TargetStatus") -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(one.items, one.groups) for one in shown.blockers if one.gate == GATE]


def _waiting(shown: "TargetStatus | None", said: Said, given: "Sequence[Tick]") -> "TargetStatus":
    """Give what waits for this item, or was ticked for it and has not started; raises Refusal."""
    if shown is None:
        raise Refusal("no turn of it was made yet, so that nothing is known to wait")
    name, unread = f"{shown.env}/{shown.target}", [one for one in shown.blockers if one.gate == GATE]
    left = [item for items, _ in _lists(shown) for item in items]
    mine = [one for one in given if one.digest == shown.wanted_digest]
    ticked = sorted({one.item for one in mine if not one.undo} - {*left})
    if not shown.blockers or shown.synced or not (left or ticked):
        why = unread[0].why if unread else f"it is {shown.phase.value}: {shown.reason}"
        raise Refusal(f"nothing of {name} waits to be ticked; {why}")
    if said.item in ticked or (said.item in left and not said.undo):
        return shown
    if said.undo:
        raise Refusal(f"nobody ticked {said.item} for {shown.wanted} of {name}; ticked: {_listed(ticked)}")
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
