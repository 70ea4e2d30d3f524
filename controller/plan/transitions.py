"""The state machine: every change of phase is a row of this table, and nothing else sets a phase."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias

from controller.model.rollout import Phase


class Still(Enum):
    """What may be read in every phase, and always means: wait."""

    BLIND = "we could not look"
    PAUSED = "a person paused it"
    GONE = "it was there and is gone, or may not be created"
    SETTLING = "our last call, or this read, proves nothing yet"
    OBSERVED = "it is only observed"


class Resting(Enum):
    """What may be read of a target that is idle or pending."""

    FIRST = "seen for the first time"
    EARNED = "what was found is well"
    ALIGNED = "runs what is wanted"
    RENAMED = "runs what is wanted, under another name"
    UNREAD = "no wish can be read"
    GATED = "a gate is shut"
    CLEARED = "every gate is open"
    QUARANTINED = "what is wanted has failed here"
    TAKEN = "somebody else deployed just this"
    DRIFTED = "something else runs"
    HEALABLE = "something else runs, and long enough"
    CHANGED = "the settings are not as declared: somebody changed them"
    FOUGHT = "fight"
    UNSET = "the settings are not as declared"
    RETURNED = "somebody went back to a good release"
    RETRIED = "a person said retry"
    ORDERED = "a person said roll back"


class Course(Enum):
    """What may be read of a rollout that goes forward, rolling or baking."""

    UNSENT = "our call did not arrive"
    TROUBLED = "the platform is in trouble, the release is not to blame"
    STEADY = "the platform is done"
    TAKEN = "somebody else deployed just this"
    FOREIGN = "somebody else deployed meanwhile"
    FAILING = "it is not well"
    LOST = "it is not well and there is no way back"
    BRAKED = "too many automatic rollbacks here"
    OVERTAKEN = "a newer wish may replace it"
    MENDED = "it is not well, and a newer wish may replace it"
    ORDERED = "a person said roll back"


class Rolling(Enum):
    """What may be read only while the platform works."""

    MOVING = "the platform is working"


class Baking(Enum):
    """What may be read only while it bakes."""

    UNVERIFIED = "nothing of it runs"
    UNSURE = "it could not be watched for too long"
    BAKED = "it stayed well"


class Returning(Enum):
    """What may be read of a rollout that goes back."""

    SPENT = "going back took too long, or too many calls"
    UNSENT = "our call did not arrive"
    TROUBLED = "the platform is in trouble, the release is not to blame"
    MOVING = "the platform is working"
    BARRED = "this way back is closed, there is another"
    LOST = "it is not well and there is no way back"
    FOREIGN = "somebody else deployed meanwhile"
    STEADY = "the platform is done"


class Stuck(Enum):
    """What may be read of a target that waits for a person or a new wish."""

    HELD = "it waits for a person or a new wish"
    UNREAD = "no wish can be read"
    QUARANTINED = "what is wanted has failed here"
    GATED = "a gate is shut"
    CLEARED = "every gate is open"
    TAKEN = "somebody else deployed just this"
    RETURNED = "somebody went back to a good release"
    RETRIED = "a person said retry"
    ORDERED = "a person said roll back"


Signal: TypeAlias = Still | Resting | Course | Rolling | Baking | Returning | Stuck

READ: Final[Mapping[Phase, tuple[type[Enum], ...]]] = MappingProxyType(
    {
        Phase.IDLE: (Still, Resting),
        Phase.PENDING: (Still, Resting),
        Phase.ROLLING: (Still, Course, Rolling),
        Phase.BAKING: (Still, Course, Baking),
        Phase.ROLLING_BACK: (Still, Returning),
        Phase.STALLED: (Still, Stuck),
    }
)


class Move(Enum):
    """What to do about it."""

    REST = "rest"
    RENAME = "rename"
    ADOPT = "adopt"
    WAIT = "wait"
    OPEN = "deploy"
    MEND = "deploy instead of going back"
    SEND = "send again"
    TAKE = "take as ours"
    HEAL = "heal"
    SET = "apply settings"
    NOTE = "note"
    WATCH = "watch"
    KEEP = "keep"
    ACCEPT = "accept"
    REOPEN = "reopen"
    TURN_BACK = "roll back"
    RECOVER = "recovered"
    GIVE_UP = "give up"
    YIELD = "yield"


CALLING: Final = frozenset({Move.OPEN, Move.MEND, Move.SEND, Move.HEAL, Move.SET, Move.TURN_BACK})
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
        (phase, Resting.CLEARED): (Phase.ROLLING, Move.OPEN),
        (phase, Resting.QUARANTINED): (Phase.IDLE, Move.REST),
        (phase, Resting.TAKEN): (Phase.ROLLING, Move.TAKE),
        (phase, Resting.DRIFTED): (phase, Move.NOTE),
        (phase, Resting.HEALABLE): (Phase.ROLLING, Move.HEAL),
        (phase, Resting.CHANGED): (phase, Move.NOTE),
        (phase, Resting.FOUGHT): (phase, Move.NOTE),
        (phase, Resting.UNSET): (phase, Move.SET),
        (phase, Resting.RETURNED): (phase, Move.ACCEPT),
        (phase, Resting.RETRIED): (Phase.PENDING, Move.REOPEN),
        (phase, Resting.ORDERED): (Phase.ROLLING_BACK, Move.TURN_BACK),
    }


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
        (phase, Course.OVERTAKEN): (Phase.ROLLING, Move.OPEN),
        (phase, Course.MENDED): (Phase.ROLLING, Move.MEND),
        (phase, Course.ORDERED): (Phase.ROLLING_BACK, Move.TURN_BACK),
    }


_FORWARD: Final[Rows] = MappingProxyType(
    {
        (Phase.ROLLING, Rolling.MOVING): (Phase.ROLLING, Move.WATCH),
        (Phase.BAKING, Baking.UNVERIFIED): (Phase.BAKING, Move.WATCH),
        (Phase.BAKING, Baking.UNSURE): (Phase.STALLED, Move.YIELD),
        (Phase.BAKING, Baking.BAKED): (Phase.IDLE, Move.KEEP),
    }
)

_BACK: Final[Rows] = MappingProxyType(
    {
        (Phase.ROLLING_BACK, Returning.SPENT): (Phase.STALLED, Move.GIVE_UP),
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
        (Phase.STALLED, Stuck.UNREAD): (Phase.STALLED, Move.REST),
        (Phase.STALLED, Stuck.QUARANTINED): (Phase.STALLED, Move.REST),
        (Phase.STALLED, Stuck.GATED): (Phase.STALLED, Move.WAIT),
        (Phase.STALLED, Stuck.CLEARED): (Phase.ROLLING, Move.OPEN),
        (Phase.STALLED, Stuck.TAKEN): (Phase.ROLLING, Move.TAKE),
        (Phase.STALLED, Stuck.RETURNED): (Phase.IDLE, Move.ACCEPT),
        (Phase.STALLED, Stuck.RETRIED): (Phase.PENDING, Move.REOPEN),
        (Phase.STALLED, Stuck.ORDERED): (Phase.ROLLING_BACK, Move.TURN_BACK),
    }
)

TRANSITIONS: Final[Rows] = MappingProxyType(
    {
        **_STILL,
        **_resting(Phase.IDLE),
        **_resting(Phase.PENDING),
        **_course(Phase.ROLLING),
        **_course(Phase.BAKING),
        **_FORWARD,
        **_BACK,
        **_STUCK,
    }
)
