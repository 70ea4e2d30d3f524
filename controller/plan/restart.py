"""A restart: the tasks of what should run are started anew, with the same content, because a person said so."""

from dataclasses import replace
from typing import Final

from controller.model.release import Kept
from controller.model.rollout import MOVING, Purpose
from controller.plan.calls import others_deploy
from controller.plan.look import Look
from controller.plan.open import ensure, new_rollout
from controller.plan.step import Step

_NEWER: Final = "something newer is deployed, which starts every task anew"


def is_asked(look: Look) -> bool:
    """Whether a person said restart since we last listened."""
    order = look.orders.restart
    return order is not None and order.number > look.memory.restarted


def hindrance(look: Look) -> str:
    """Say why what runs cannot be restarted now; empty if it can."""
    memory, live = look.memory, look.live
    if memory.phase in MOVING:
        return f"{look.rollout.goal.version} is {memory.phase.value}: say it again after that"
    if live is None or memory.current is None:
        return "it is not known yet what should run"
    if look.wish is None:
        return f"no wish can be read: {look.unread}"
    if not look.runs(memory.current.release):
        return f"what runs is not {memory.current.release.version}, which should"
    if memory.bars(memory.current.release) is not None:
        return f"{memory.current.release.version}, which runs, has failed here"
    if look.lets_be:
        return others_deploy(look)
    return "" if live.desired else "it runs no task"


def unserved(look: Look) -> str:
    """Answer a restart that was asked for and is not made; it is never made later."""
    return f"; a restart was asked for, but {hindrance(look) or _NEWER}"


def restart(look: Look) -> Step:
    """Open a rollout of what runs, of the very revision; its one call is forced, as it would else start nothing."""
    current, wish, live = look.memory.current, look.wish, look.live
    if current is None or wish is None or live is None:
        raise AssertionError("a restart is of what runs, and should")
    # As it runs: what others own of it may have changed since it was kept, and is not to be put back.
    release = replace(current.release, shape=live.shape)
    rollout = new_rollout(look, release, wish.want.terms, Purpose.RESTART, "restart")
    return Step(**ensure(look, look.memory, replace(rollout, revision=live.revision), live.revision))


def as_before(look: Look, kept: Kept) -> Kept:
    """Count what was restarted since when it counted before: it was the same content all the time."""
    rollout = look.memory.rollout
    if rollout is None or rollout.purpose is not Purpose.RESTART:
        return kept
    return next((good for good in look.memory.goods if good.digest == kept.digest), kept)
