"""What may be read of a target in each phase: one small enum a reader, so that the state table is total."""

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
    HOOKED = "every gate is open, and a hook comes first"
    CLEARED = "every gate is open"
    QUARANTINED = "what is wanted has failed here"
    TAKEN = "somebody else deployed just this"
    DRIFTED = "something else runs"
    HEALABLE = "something else runs, and long enough"
    CHANGED = "the settings are not as declared: somebody changed them"
    FOUGHT = "fight"
    LATE = "a hook takes too long"
    UNSET = "the settings are not as declared"
    RETURNED = "somebody went back to a good release"
    RETRIED = "a person said retry"
    RESTARTED = "a person said restart"
    ORDERED = "a person said roll back"


class Preparing(Enum):
    """What may be read of a rollout that has not touched its target yet: its hooks come first."""

    HOOKED = "a hook comes first"
    HOOKING = "a hook is waited for"
    LATE = "a hook takes too long"
    READY = "every hook before it passed"
    TAKEN = "somebody else deployed just this"
    FAILING = "a hook failed"
    UNSURE = "nobody can tell how a hook ended"
    LEFT = "it is not wanted any more"
    CALLED_OFF = "another of its group is not well, so it does not begin"
    OVERHOOKED = "a newer wish may replace it, and a hook comes first"
    OVERTAKEN = "a newer wish may replace it"
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
    OUSTED = "it is not well, and somebody else deploys already"
    UNSAFE = "it is not well, and going back is not safe: its owner decides"
    CALLED_BACK = "another of its group is not well, and they go back together"
    HALTED = "another of its group has stopped, and waits for a person"
    AHEAD = "a newer wish may replace it, and a hook of that comes first"
    UNFIT = "a hook of a newer wish failed"
    LATE = "a hook takes too long"
    OVERTAKEN = "a newer wish may replace it"
    MENDED = "it is not well, and a newer wish may replace it"
    ORDERED = "a person said roll back"


class Rolling(Enum):
    """What may be read only while the platform works."""

    MOVING = "the platform is working"
    AWAITING = "the platform waits for a yes or a no"
    APPROVED = "the platform waits, and a person said yes"


class Baking(Enum):
    """What may be read only while it bakes."""

    HOOKED = "a hook comes after it"
    UNVERIFIED = "nothing of it runs"
    UNSURE = "it could not be watched for too long"
    EARLY = "it stayed well, and waits for its group"
    BAKED = "it stayed well"


class Returning(Enum):
    """What may be read of a rollout that goes back."""

    SPENT = "going back took too long, or too many calls"
    FOLLOWING = "others of its group come first"
    HOOKED = "a hook comes before going back"
    HOOKING = "a hook is waited for"
    LATE = "a hook takes too long"
    AWAITING = "the platform waits for a yes, and going back needs none"
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
    LATE = "a hook takes too long"
    UNREAD = "no wish can be read"
    QUARANTINED = "what is wanted has failed here"
    GATED = "a gate is shut"
    HOOKED = "every gate is open, and a hook comes first"
    CLEARED = "every gate is open"
    TAKEN = "somebody else deployed just this"
    RETURNED = "somebody went back to a good release"
    RETRIED = "a person said retry"
    RESTARTED = "a person said restart"
    ORDERED = "a person said roll back"


Signal: TypeAlias = Still | Resting | Preparing | Course | Rolling | Baking | Returning | Stuck

READ: Final[Mapping[Phase, tuple[type[Enum], ...]]] = MappingProxyType(
    {
        Phase.IDLE: (Still, Resting),
        Phase.PENDING: (Still, Resting),
        Phase.PREPARING: (Still, Preparing),
        Phase.ROLLING: (Still, Course, Rolling),
        Phase.BAKING: (Still, Course, Baking),
        Phase.ROLLING_BACK: (Still, Returning),
        Phase.STALLED: (Still, Stuck),
    }
)
