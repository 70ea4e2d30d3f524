"""What keeps a wish from being deployed now, for people and for machines."""

from collections.abc import Iterator
from typing import Final

from controller.model.decision import Blocker
from controller.model.desired import OnDrift
from controller.model.rollout import MOVING, Phase
from controller.plan.calls import others_deploy
from controller.plan.joint import GROUP
from controller.plan.look import SLOTS, Look
from controller.plan.versions import called
from controller.plan.who import heals_again
from controller.plan.wish import Wish

MOVED_TAG: Final = "movedTag"
"""What blocks while a tag that is followed stands for something else than when it was followed."""


def blockers_of(look: Look) -> tuple[Blocker, ...]:
    """List what keeps the wish from being deployed now, in the order in which it would be met."""
    found: list[Blocker] = []
    if look.pause is not None:
        found.append(Blocker(gate="pause", why=look.pause.reason, since=look.pause.at, until=look.pause.until))
    if look.unread:
        found.append(Blocker(gate="source", why=look.unread))
    if look.observes:
        found.append(Blocker(gate="mode", why=f"mode: observe; `trueup adopt confirm {look.env}` ends it"))
    if look.wish is None:
        return tuple(found)
    found += _moved(look.wish)
    if look.is_stuck and not look.barred:
        found.append(Blocker(gate="stalled", why="only a person or a new wish moves it"))
    found += _fight(look)
    if look.lets_be and look.memory.rollout is None:
        found.append(Blocker(gate="foreign", why=others_deploy(look)))
    if look.conflict:
        found.append(Blocker(gate="fixed", why=look.conflict))
    found += [Blocker(gate=GROUP, why=why) for why in _of_its_group(look)]
    if not look.is_waiting:
        return (*found, *(Blocker(gate=SLOTS, why=why) for why in look.no_slot))
    barred = look.memory.bars(look.wish.release)
    if barred:
        why = f"{look.wish.release.version} failed here: {barred.why}"
        found.append(Blocker(gate="quarantine", why=why, since=barred.since))
    gates = () if _has_begun(look) else look.gates
    shut = (*gates, *look.alarmed) if not look.wish.free else ()
    found += [judged.blocker for judged in shut]
    return (*found, *_underway(look)) if not barred and not shut else tuple(found)


def _of_its_group(look: Look) -> Iterator[str]:
    """Say whom a member waits for that is done with its own part: to be good, or to go back."""
    if look.joint.after:
        yield look.joint.after
    if look.joint.waits and look.memory.phase is Phase.BAKING and look.baked >= look.rollout.terms.bake:
        yield look.joint.waits


def _has_begun(look: Look) -> bool:
    """Whether the wish has passed its gates: its own rollout is under way."""
    rollout, wish = look.memory.rollout, look.wish
    if rollout is None or wish is None or look.memory.phase not in MOVING:
        return False
    return rollout.back is None and rollout.release.digest == wish.digest


def _moved(wish: Wish) -> tuple[Blocker, ...]:
    """Name the tag that was moved, and is not followed."""
    followed = wish.want.followed
    return (Blocker(gate=MOVED_TAG, why=followed.refused),) if followed is not None and followed.refused else ()


def _fight(look: Look) -> tuple[Blocker, ...]:
    """Name the drift that was healed too often, as long as it is there and would be healed."""
    memory, until = look.memory, heals_again(look.memory, look.now)
    heals = look.wish is not None and look.wish.want.on_drift is OnDrift.HEAL
    if until is None or not heals or memory.fight is None or memory.drift is None:
        return ()
    why = "it was healed three times in 24h, and somebody changes it back; it is not healed any more"
    return (Blocker(gate="fight", why=why, since=memory.fight, until=until),)


def _underway(look: Look) -> tuple[Blocker, ...]:
    """Name the rollout of another release that the wish has to wait for."""
    memory, rollout, wish = look.memory, look.memory.rollout, look.wish
    if rollout is None or wish is None or memory.phase not in MOVING or wish.digest == rollout.release.digest:
        return ()
    left = rollout.terms.bake - rollout.baked if memory.phase is Phase.BAKING else None
    what = f"{wish.release.version} waits for {rollout.release.version}, which is {memory.phase.value}"
    why = what if rollout.back else f"{what} (supersede: {wish.want.supersede.value})"
    step = called(look, wish)
    why = why if step == wish.release.version else f"{why}; it {step}"
    return (Blocker(gate="rollout", why=why, since=rollout.opened, until=look.now + left if left else None),)
