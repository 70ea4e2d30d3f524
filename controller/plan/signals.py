"""Read exactly one signal from what is wanted, seen and remembered."""

from dataclasses import replace
from typing import Final

from controller.model.observation import Absent, Unseen
from controller.model.orders import Pause
from controller.model.rollout import Phase
from controller.plan.back import read_back
from controller.plan.calls import settling
from controller.plan.forward import read_forward
from controller.plan.look import Look
from controller.plan.prepare import read_preparing
from controller.plan.readings import Course, Returning, Signal, Still
from controller.plan.rest import read_at_rest, read_stalled
from controller.plan.said import Said, say
from controller.plan.transitions import CALLING, TRANSITIONS

_WORSE: Final = frozenset(
    {Course.FAILING, Course.LOST, Course.BRAKED, Course.OUSTED, Course.UNSAFE, Returning.SPENT}
    | {Course.CALLED_BACK, Course.HALTED}
)


def read_signal(look: Look) -> Said[Signal]:
    """Say what this look means: unseen first, then paused, then all the rest."""
    if isinstance(look.sight, Unseen):
        return say(Still.BLIND, look.sight.why)
    if look.pause is not None:
        return _paused(look, look.pause)
    return _observed(look, _awake(look)) if look.observes else _awake(look)


def _observed(look: Look, said: Said[Signal]) -> Said[Signal]:
    """Say what would be done where nothing may be; what needs no call goes on."""
    _, move = TRANSITIONS[look.memory.phase, said.signal]
    return say(Still.OBSERVED, f"would {move.value}: {said.why}") if move in CALLING else said


def _paused(look: Look, pause: Pause) -> Said[Signal]:
    calm = replace(look.orders, retry=None, restart=None, rollback=None)
    under = _awake(replace(look, wish=None, orders=calm))
    going_back = look.memory.phase is Phase.ROLLING_BACK or under.signal in {Course.FAILING, Course.CALLED_BACK}
    if pause.armed and going_back:
        return under
    shout = "WOULD ROLL BACK: " if going_back or under.signal in _WORSE else ""
    open_rollout = look.memory.rollout is not None and look.memory.phase is not Phase.STALLED
    during = f" during {look.memory.phase}: {shout}{under.why}" if open_rollout else ""
    return say(Still.PAUSED, f"{pause.reason}{during}")


def _awake(look: Look) -> Said[Signal]:
    if isinstance(look.sight, Absent) and (look.memory.seen or not _may_create(look)):
        return say(Still.GONE)
    if look.live and look.live.asof < look.memory.watermark:
        return say(Still.SETTLING, "this read is older than one before it")
    match look.memory.phase:
        case Phase.IDLE | Phase.PENDING:
            return read_at_rest(look)
        case Phase.PREPARING:
            return read_preparing(look)
        case Phase.ROLLING | Phase.BAKING:
            return settling(look) or read_forward(look)
        case Phase.ROLLING_BACK:
            return read_back(look, settling(look))
        case Phase.STALLED:
            return read_stalled(look)


def _may_create(look: Look) -> bool:
    """Ask the rollout in flight, which was opened with leave to create; else the spec."""
    return look.memory.rollout is not None or (look.wish is not None and look.wish.want.create)
