"""How orders are marked as heard, and how clocks stop and start."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from controller.model.record import Memory
from controller.model.rollout import Phase, Rollout
from controller.plan.look import Look
from controller.plan.readings import Preparing, Rolling, Signal, Still
from controller.plan.restart import is_asked, unserved

_ROLLBACK: Final = "ORDERED"
_RETRY: Final = "RETRIED"
_RESTART: Final = "RESTARTED"


def listen(look: Look, memory: Memory, signal: Signal) -> Memory:
    """Mark people's orders as heard; a pause and a blind look hear nothing."""
    if isinstance(signal, Still):
        return memory
    orders = look.orders
    heard = replace(
        memory,
        retried=orders.retry.number if orders.retry else memory.retried,
        restarted=orders.restart.number if orders.restart else memory.restarted,
        ordered=orders.rollback.number if orders.rollback else memory.ordered,
        recovered=_forgetting(look) or memory.recovered,
        answered=orders.answer.number if orders.answer else memory.answered,
    )
    return memory if _heard(heard) == _heard(memory) else heard


def _heard(memory: Memory) -> tuple[int, ...]:
    return memory.retried, memory.restarted, memory.ordered, memory.recovered, memory.answered


def _forgetting(look: Look) -> int:
    """Give the number of an order to forget what the spec names; 0 if there is none that was not heard yet."""
    forget = look.orders.forget
    if forget is None or look.wish is None or forget.number <= look.memory.recovered:
        return 0
    return forget.number


def unheard(look: Look, signal: Signal) -> str:
    """Answer an order that cannot be carried out; it is never served later."""
    if isinstance(signal, Still):
        return ""
    if _forgetting(look):
        return "; it was to be forgotten, but the spec names it: take it out first"
    going_back = look.memory.phase is Phase.ROLLING_BACK
    if look.ordered and signal is not Preparing.FAILING and signal.name != _ROLLBACK:
        why = "it is already going back" if going_back else "there is nothing to go back to"
        return f"; a rollback was asked for, but {why}"
    if look.retry and signal.name != _RETRY and look.memory.fight is None:
        why = "it is going back: say it again after that" if going_back else "nothing that is wanted has failed"
        return f"; a retry was asked for, but {why}"
    if is_asked(look) and signal.name != _RESTART:
        return unserved(look)
    return _unasked(look, signal)


def _unasked(look: Look, signal: Signal) -> str:
    """Say that nobody asked for an answer that was given."""
    answer = look.orders.answer
    if answer is None or answer.number <= look.memory.answered:
        return ""
    waits = look.memory.rollout is not None and look.paused_deployment is not None and look.answer is not None
    if waits and (signal is Rolling.APPROVED or not answer.yes):
        return ""
    said, at = "approved" if answer.yes else "rejected", f" at {answer.stage}" if answer.stage else ""
    return f"; {answer.version} was {said}{at}, but nothing waits for an answer{' to that' if waits else ''}"


def tidy(memory: Memory, look: Look, signal: Signal) -> Memory:
    """Stop and start clocks, and drop what no longer waits."""
    rollout = memory.rollout
    if rollout is not None and signal in {Still.PAUSED, Still.BLIND}:
        still = replace(rollout, well_at=None) if signal is Still.PAUSED and rollout.well_at else rollout
        return replace(memory, halted=memory.halted or _halt(look, signal), rollout=still)
    before = look.memory.rollout
    if memory.halted is not None and rollout is not None and before is not None:
        rollout = _started(rollout, before, look.now - memory.halted, look.now)
    idle = memory.phase is Phase.IDLE
    if idle and (memory.halted, memory.rollout, memory.next) == (None, None, None):
        return memory
    if idle:
        return replace(memory, halted=None, rollout=None, next=None)
    return memory if memory.halted is None else replace(memory, halted=None, rollout=rollout)


def _started(rollout: Rollout, before: Rollout, lost: timedelta, now: datetime) -> Rollout:
    """Let the clocks run on from where they stopped, but for those that this very look has set."""
    if rollout.number != before.number:
        return rollout

    def later(at: datetime | None, was: datetime | None) -> datetime | None:
        return min(at + lost, now) if at is not None and at == was else at

    return replace(
        rollout,
        since=later(rollout.since, before.since) or rollout.since,
        short_since=later(rollout.short_since, before.short_since),
        unsure_since=later(rollout.unsure_since, before.unsure_since),
        done=later(rollout.done, before.done),
    )


def _halt(look: Look, signal: Signal) -> datetime:
    """Say when the clocks stopped: a pause has its own time, if the rollout was there by then."""
    at = look.pause.at if look.pause and signal is Still.PAUSED else None
    opened = look.memory.rollout.opened if look.memory.rollout else look.now
    return at if at is not None and opened < at < look.now else look.now
