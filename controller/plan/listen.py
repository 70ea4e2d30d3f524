"""How orders are marked as heard, and how clocks stop and start."""

from dataclasses import replace
from datetime import datetime

from controller.model.record import Memory
from controller.model.rollout import Phase
from controller.plan.look import Look
from controller.plan.transitions import Signal, Still

_ROLLBACK_HEARD = "ORDERED"


def listen(look: Look, memory: Memory, signal: Signal) -> Memory:
    """Mark people's orders as heard; a pause and a blind look hear nothing."""
    if isinstance(signal, Still):
        return memory
    pin, order, retry = look.orders.pin, look.orders.rollback, look.orders.retry
    ended = pin is not None and look.wish is not None and pin.spec not in {None, look.wish.want.release.digest}
    retried = retry.number if retry else memory.retried
    ordered = order.number if order else memory.ordered
    unpinned = pin.number if pin and ended else memory.unpinned
    if (retried, ordered, unpinned) == (memory.retried, memory.ordered, memory.unpinned):
        return memory
    return replace(memory, retried=retried, ordered=ordered, unpinned=unpinned)


def unheard(look: Look, signal: Signal) -> str:
    """Answer an order that cannot be carried out; it is never served later."""
    if isinstance(signal, Still):
        return ""
    if look.ordered and signal.name != _ROLLBACK_HEARD:
        return "; a rollback was asked for, but there is nothing to go back to"
    if look.retry and signal.name != "RETRIED":
        return "; a retry was asked for, but nothing that is wanted has failed"
    return ""


def tidy(memory: Memory, look: Look, signal: Signal) -> Memory:
    """Stop and start clocks, and drop what no longer waits."""
    rollout = memory.rollout
    if rollout is not None and signal in {Still.PAUSED, Still.BLIND}:
        still = replace(rollout, well_at=None) if signal is Still.PAUSED and rollout.well_at else rollout
        return replace(memory, halted=memory.halted or _halt(look, signal), rollout=still)
    if memory.halted is not None and rollout is not None and memory.phase is look.memory.phase:
        lost = look.now - memory.halted
        rollout = replace(
            rollout,
            since=rollout.since + lost,
            short_since=rollout.short_since + lost if rollout.short_since else None,
            unsure_since=rollout.unsure_since + lost if rollout.unsure_since else None,
            done=rollout.done + lost if rollout.done else None,
        )
    idle = memory.phase is Phase.IDLE
    if idle and (memory.halted, memory.rollout, memory.next) == (None, None, None):
        return memory
    if idle:
        return replace(memory, halted=None, rollout=None, next=None)
    return memory if memory.halted is None else replace(memory, halted=None, rollout=rollout)


def _halt(look: Look, signal: Signal) -> datetime:
    """Say when the clocks stopped: a pause has its own time, if the rollout was there by then."""
    at = look.pause.at if look.pause and signal is Still.PAUSED else None
    opened = look.memory.rollout.opened if look.memory.rollout else look.now
    return at if at is not None and opened < at < look.now else look.now
