"""The state machine: every change of phase is a row of this table, and nothing else sets a phase."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias

from controller.model.rollout import Phase
from controller.plan.readings import Baking, Course, Preparing, Resting, Returning, Rolling, Signal, Still, Stuck


class Move(Enum):
    """What to do about it."""

    REST = "rest"
    RENAME = "rename"
    ADOPT = "adopt"
    WAIT = "wait"
    PREPARE = "prepare"
    START = "start a hook"
    AHEAD = "start a hook of what waits"
    STOP = "stop a hook"
    CONTINUE = "continue"
    DISMISS = "dismiss"
    DROP = "drop"
    OPEN = "deploy"
    MEND = "deploy instead of going back"
    SEND = "send"
    TAKE = "take as ours"
    HEAL = "heal"
    SET = "apply settings"
    NOTE = "note"
    WATCH = "watch"
    KEEP = "keep"
    ACCEPT = "accept"
    REOPEN = "reopen"
    RESTART = "restart"
    TURN_BACK = "roll back"
    RECOVER = "recovered"
    GIVE_UP = "give up"
    YIELD = "yield"


CALLING: Final = frozenset(
    {Move.OPEN, Move.MEND, Move.SEND, Move.HEAL, Move.SET, Move.RESTART, Move.TURN_BACK}
    | {Move.PREPARE, Move.START, Move.AHEAD, Move.STOP, Move.CONTINUE}
)
"""The moves that may make a call."""

Rows: TypeAlias = Mapping[tuple[Phase, Signal], tuple[Phase, Move]]

_STILL: Final[Rows] = MappingProxyType({(phase, signal): (phase, Move.REST) for phase in Phase for signal in Still})


def _resting(phase: Phase) -> Rows:
    return {
        (phase, Resting.FIRST): (phase, Move.ADOPT),
        (phase, Resting.EARNED): (phase, Move.KEEP),
        (phase, Resting.ALIGNED): (Phase.IDLE, Move.REST),
        (phase, Resting.RENAMED): (Phase.IDLE, Move.RENAME),
        (phase, Resting.UNREAD): (phase, Move.REST),
        (phase, Resting.GATED): (Phase.PENDING, Move.WAIT),
        (phase, Resting.HOOKED): (Phase.PREPARING, Move.PREPARE),
        (phase, Resting.CLEARED): (Phase.ROLLING, Move.OPEN),
        (phase, Resting.QUARANTINED): (Phase.IDLE, Move.REST),
        (phase, Resting.TAKEN): (Phase.ROLLING, Move.TAKE),
        (phase, Resting.DRIFTED): (phase, Move.NOTE),
        (phase, Resting.HEALABLE): (Phase.ROLLING, Move.HEAL),
        (phase, Resting.CHANGED): (phase, Move.NOTE),
        (phase, Resting.FOUGHT): (phase, Move.NOTE),
        (phase, Resting.LATE): (phase, Move.STOP),
        (phase, Resting.UNSET): (phase, Move.SET),
        (phase, Resting.RETURNED): (phase, Move.ACCEPT),
        (phase, Resting.RETRIED): (Phase.PENDING, Move.REOPEN),
        (phase, Resting.RESTARTED): (Phase.ROLLING, Move.RESTART),
        (phase, Resting.ORDERED): (Phase.ROLLING_BACK, Move.TURN_BACK),
    }


_PREPARING: Final[Rows] = MappingProxyType(
    {
        (Phase.PREPARING, Preparing.HOOKED): (Phase.PREPARING, Move.START),
        (Phase.PREPARING, Preparing.HOOKING): (Phase.PREPARING, Move.WATCH),
        (Phase.PREPARING, Preparing.LATE): (Phase.PREPARING, Move.STOP),
        (Phase.PREPARING, Preparing.READY): (Phase.ROLLING, Move.SEND),
        (Phase.PREPARING, Preparing.TAKEN): (Phase.ROLLING, Move.TAKE),
        (Phase.PREPARING, Preparing.FAILING): (Phase.STALLED, Move.GIVE_UP),
        (Phase.PREPARING, Preparing.UNSURE): (Phase.STALLED, Move.YIELD),
        (Phase.PREPARING, Preparing.LEFT): (Phase.IDLE, Move.DROP),
        (Phase.PREPARING, Preparing.CALLED_OFF): (Phase.STALLED, Move.GIVE_UP),
        (Phase.PREPARING, Preparing.OVERHOOKED): (Phase.PREPARING, Move.PREPARE),
        (Phase.PREPARING, Preparing.OVERTAKEN): (Phase.ROLLING, Move.OPEN),
        (Phase.PREPARING, Preparing.ORDERED): (Phase.ROLLING_BACK, Move.TURN_BACK),
    }
)


def _course(phase: Phase) -> Rows:
    return {
        (phase, Course.UNSENT): (Phase.ROLLING, Move.SEND),
        (phase, Course.TROUBLED): (phase, Move.WATCH),
        (phase, Course.STEADY): (Phase.BAKING, Move.WATCH),
        (phase, Course.TAKEN): (Phase.ROLLING, Move.TAKE),
        (phase, Course.FOREIGN): (Phase.STALLED, Move.YIELD),
        (phase, Course.FAILING): (Phase.ROLLING_BACK, Move.TURN_BACK),
        (phase, Course.LOST): (Phase.STALLED, Move.GIVE_UP),
        (phase, Course.BRAKED): (Phase.STALLED, Move.GIVE_UP),
        (phase, Course.OUSTED): (Phase.STALLED, Move.GIVE_UP),
        (phase, Course.UNSAFE): (Phase.STALLED, Move.GIVE_UP),
        (phase, Course.CALLED_BACK): (Phase.ROLLING_BACK, Move.TURN_BACK),
        (phase, Course.HALTED): (Phase.STALLED, Move.YIELD),
        (phase, Course.AHEAD): (phase, Move.AHEAD),
        (phase, Course.UNFIT): (phase, Move.DISMISS),
        (phase, Course.LATE): (phase, Move.STOP),
        (phase, Course.OVERTAKEN): (Phase.ROLLING, Move.OPEN),
        (phase, Course.MENDED): (Phase.ROLLING, Move.MEND),
        (phase, Course.ORDERED): (Phase.ROLLING_BACK, Move.TURN_BACK),
    }


_FORWARD: Final[Rows] = MappingProxyType(
    {
        (Phase.ROLLING, Rolling.MOVING): (Phase.ROLLING, Move.WATCH),
        (Phase.ROLLING, Rolling.AWAITING): (Phase.ROLLING, Move.WATCH),
        (Phase.ROLLING, Rolling.APPROVED): (Phase.ROLLING, Move.CONTINUE),
        (Phase.BAKING, Baking.HOOKED): (Phase.BAKING, Move.START),
        (Phase.BAKING, Baking.UNVERIFIED): (Phase.BAKING, Move.WATCH),
        (Phase.BAKING, Baking.UNSURE): (Phase.STALLED, Move.YIELD),
        (Phase.BAKING, Baking.EARLY): (Phase.BAKING, Move.WATCH),
        (Phase.BAKING, Baking.BAKED): (Phase.IDLE, Move.KEEP),
    }
)

_BACK: Final[Rows] = MappingProxyType(
    {
        (Phase.ROLLING_BACK, Returning.SPENT): (Phase.STALLED, Move.GIVE_UP),
        (Phase.ROLLING_BACK, Returning.FOLLOWING): (Phase.ROLLING_BACK, Move.WATCH),
        (Phase.ROLLING_BACK, Returning.HOOKED): (Phase.ROLLING_BACK, Move.START),
        (Phase.ROLLING_BACK, Returning.HOOKING): (Phase.ROLLING_BACK, Move.WATCH),
        (Phase.ROLLING_BACK, Returning.LATE): (Phase.ROLLING_BACK, Move.STOP),
        (Phase.ROLLING_BACK, Returning.AWAITING): (Phase.ROLLING_BACK, Move.CONTINUE),
        (Phase.ROLLING_BACK, Returning.UNSENT): (Phase.ROLLING_BACK, Move.SEND),
        (Phase.ROLLING_BACK, Returning.TROUBLED): (Phase.ROLLING_BACK, Move.WATCH),
        (Phase.ROLLING_BACK, Returning.MOVING): (Phase.ROLLING_BACK, Move.WATCH),
        (Phase.ROLLING_BACK, Returning.BARRED): (Phase.ROLLING_BACK, Move.TURN_BACK),
        (Phase.ROLLING_BACK, Returning.LOST): (Phase.STALLED, Move.GIVE_UP),
        (Phase.ROLLING_BACK, Returning.FOREIGN): (Phase.STALLED, Move.YIELD),
        (Phase.ROLLING_BACK, Returning.STEADY): (Phase.STALLED, Move.RECOVER),
    }
)

_STUCK: Final[Rows] = MappingProxyType(
    {
        (Phase.STALLED, Stuck.HELD): (Phase.STALLED, Move.REST),
        (Phase.STALLED, Stuck.LATE): (Phase.STALLED, Move.STOP),
        (Phase.STALLED, Stuck.UNREAD): (Phase.STALLED, Move.REST),
        (Phase.STALLED, Stuck.QUARANTINED): (Phase.STALLED, Move.REST),
        (Phase.STALLED, Stuck.GATED): (Phase.STALLED, Move.WAIT),
        (Phase.STALLED, Stuck.HOOKED): (Phase.PREPARING, Move.PREPARE),
        (Phase.STALLED, Stuck.CLEARED): (Phase.ROLLING, Move.OPEN),
        (Phase.STALLED, Stuck.TAKEN): (Phase.ROLLING, Move.TAKE),
        (Phase.STALLED, Stuck.RETURNED): (Phase.IDLE, Move.ACCEPT),
        (Phase.STALLED, Stuck.RETRIED): (Phase.PENDING, Move.REOPEN),
        (Phase.STALLED, Stuck.RESTARTED): (Phase.ROLLING, Move.RESTART),
        (Phase.STALLED, Stuck.ORDERED): (Phase.ROLLING_BACK, Move.TURN_BACK),
    }
)

TRANSITIONS: Final[Rows] = MappingProxyType(
    {
        **_STILL,
        **_resting(Phase.IDLE),
        **_resting(Phase.PENDING),
        **_PREPARING,
        **_course(Phase.ROLLING),
        **_course(Phase.BAKING),
        **_FORWARD,
        **_BACK,
        **_STUCK,
    }
)
