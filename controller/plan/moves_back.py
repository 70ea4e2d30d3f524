"""The moves that go back, or stop and wait for a person."""

from dataclasses import replace

from controller.model.record import Memory
from controller.model.release import Kept
from controller.model.rollout import Phase, Purpose, Terms
from controller.plan.drift import noted
from controller.plan.hooking import before_back
from controller.plan.keep import PERSON, kept_live, quarantined
from controller.plan.look import Look
from controller.plan.open import ensure, new_rollout, opened
from controller.plan.step import Step


def turn_back(look: Look, cause: str, why: str) -> Step:
    """Go back from what failed, or take the next way back when one is closed."""
    memory, rollout = look.memory, look.memory.rollout
    if rollout is not None and rollout.back is not None and memory.phase is Phase.ROLLING_BACK:
        barred = rollout.barred | {rollout.back.digest}
        look = replace(look, memory=replace(memory, rollout=replace(rollout, barred=barred)))
        return _go(look, look.ways[0])
    if memory.phase is Phase.STALLED:
        look = replace(look, memory=replace(memory, rollout=None))
    look = replace(look, memory=_leave(look, cause, why))
    asked = look.asked if look.ordered else ()
    return _go(look, (asked or look.ways)[0])


def _leave(look: Look, cause: str, why: str) -> Memory:
    """Quarantine what we go back from; without an open rollout that is what runs, by a person's order."""
    memory = look.memory
    release = look.rollout.release if memory.rollout else kept_live(look).release
    terms = look.wish.want.terms if look.wish else Terms()
    number = look.orders.rollback.number if look.orders.rollback else 0
    rollout = memory.rollout or new_rollout(look, release, terms, Purpose.BACK, "rollback", retry=number)
    evidence = look.ours.evidence if look.ours is not None else ()
    left = replace(
        rollout,
        purpose=Purpose.BACK,
        since=look.now,
        back=None,
        left=memory.rollout.deployment if memory.rollout else look.live.deployment if look.live else None,
        barred=frozenset(),
        cause=cause,
        evidence=evidence or rollout.evidence,
    )
    after = quarantined(look, memory, release, cause, why)
    return replace(opened(after, left), next=None, drift=None)


def _go(look: Look, back: Kept) -> Step:
    first = look.rollout.back is None
    rollout = replace(
        look.rollout,
        back=back,
        deployment=None,
        call=None,
        revision=None,
        well_at=None,
        since=look.now if first else look.rollout.since,
        tries=0 if first else look.rollout.tries,
    )
    first_hook = before_back(replace(look, memory=replace(look.memory, rollout=rollout)))
    if first_hook is not None or look.joint.after or look.runs(back.release):
        return Step(memory=replace(look.memory, rollout=rollout))
    return Step(**ensure(look, look.memory, rollout, back.revision))


def recover(look: Look) -> Step:
    """Let what was gone back to be what should run."""
    back = look.rollout.back
    if back is None:
        raise AssertionError("only a rollout that goes back recovers")
    return Step(memory=replace(look.memory, current=kept_live(look, back.release), drift=None))


def give_up(look: Look, cause: str, why: str) -> Step:
    """Stop, and wait for a person or a new wish."""
    rollout = look.rollout
    if look.memory.phase is Phase.ROLLING_BACK:
        return Step(memory=replace(look.memory, drift=None))
    restarts = rollout.purpose is Purpose.RESTART  # it was good, and what is wrong now came from elsewhere
    memory = look.memory if restarts else quarantined(look, look.memory, rollout.release, cause, why)
    return Step(memory=replace(memory, rollout=replace(rollout, cause=cause), drift=None))


def give_way(look: Look) -> Step:
    """Leave what somebody else made, or what nobody can tell; what they went back from has failed."""
    went_back = look.live is not None and look.memory.way_back(look.live.manifest) is not None
    untouched = look.memory.phase in {Phase.PREPARING, Phase.ROLLING_BACK}
    if not went_back or untouched or look.runs(look.rollout.release):
        return Step(memory=noted(look, look.memory))
    left = "somebody went back from it by hand"
    return Step(memory=quarantined(look, noted(look, look.memory), look.rollout.release, PERSON, left))
