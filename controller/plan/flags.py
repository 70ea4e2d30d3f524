"""What is looked at before the table: things that hold a target until a person acts, and the act itself."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from controller.model.decision import Blocker, Decision
from controller.model.observation import Live, Unseen
from controller.model.place import Place
from controller.model.record import Memory
from controller.model.rollout import MOVING, Phase
from controller.plan.blocking import blockers_of
from controller.plan.keep import kept_live
from controller.plan.look import Look

HELD: Final = "HELD_BY_FLAG"
RECOVERED: Final = "RECOVERED_BY_ORDER"
RECOVER: Final = "recover"
LOOK_AGAIN: Final = timedelta(seconds=60)


def flagged(look: Look) -> Decision | None:
    """Hold for a person, or carry out what the person ordered; None in the ordinary life of a target."""
    why = held(look)
    order = look.orders.recover
    if order is not None and order.number > look.memory.recovered and _may_recover(look, held=bool(why)):
        return _recovered(look, order.number)
    if not why:
        return None
    return Decision(
        memory=replace(look.memory, place=None) if look.claimed_by and not look.moved_to else look.memory,
        row=(look.memory.phase, HELD),
        move="hold",
        reason=f"hold: {why}",
        again=look.now + LOOK_AGAIN,
        blockers=(Blocker(gate="held", why=why), *blockers_of(look)),
        wanted=look.wish.digest if look.wish else None,
    )


def _may_recover(look: Look, *, held: bool) -> bool:
    """Whether what runs is ours to begin from, and known: an old read is, once it is what cannot be settled."""
    live = look.live
    if live is None or look.pause is not None or look.claimed_by is not None:
        return False
    return held or live.asof >= look.memory.watermark


def held(look: Look) -> str:
    """Say what only a person can settle, or nothing."""
    memory, live = look.memory, look.live
    if look.moved_to is not None:
        return _lost(look, look.moved_to)
    if look.claimed_by:
        return (
            f"its service is claimed by {look.claimed_by}; remove one of the two, or "
            f"`trueup move {look.claimed_by} {look.env}/{look.name}`"
        )
    recover = f"`trueup recover {look.env} {look.name} --confirm`"
    if memory.unknown:
        return f"{memory.unknown}; look at the service, then {recover}"
    if live is None:
        return ""
    if memory.identity and live.identity and memory.identity != live.identity:
        return f"the service was deleted and made again since we knew it; {recover} adopts the new one"
    if _has_lost_memory(memory, live):
        ran = live.tags.version if live.tags else ""
        return (
            f"it runs {ran or 'a release'} that trueup registered, but this store does not remember it: "
            f"check that this is the right store, then {recover}"
        )
    return ""


def _lost(look: Look, place: Place) -> str:
    """Keep what is remembered until what the spec names instead was seen: it may be a slip of the hand."""
    why = look.sight.why if isinstance(look.sight, Unseen) else "there is no such service"
    old = f"; what is remembered is of {look.memory.place.service}" if look.memory.place else ""
    return f"the spec names {place.service} in {place.cluster} now, and that was not seen yet: {why}{old}"


def _has_lost_memory(memory: Memory, live: Live) -> bool:
    return memory.current is None and memory.rollout is None and live.tags is not None


def _recovered(look: Look, number: int) -> Decision:
    """Begin again from what runs now, which is found, not good; what failed here is not forgotten."""
    live, found = look.live, kept_live(look)
    fresh = replace(
        look.memory,
        phase=Phase.IDLE,
        current=found,
        found=found,
        rollout=None,
        next=None,
        drift=None,
        applied=None,
        unknown="",
        halted=None,
        seen=True,
        identity=live.identity if live else "",
        watermark=live.asof if live else 0,
        recovered=number,
    )
    return Decision(
        memory=fresh,
        row=(look.memory.phase, RECOVERED),
        move=RECOVER,
        reason="recover: a person said that what runs now is where to begin",
        again=look.now,
        wanted=look.wish.digest if look.wish else None,
        ended="stalled:person" if look.memory.phase in MOVING else "",
    )
