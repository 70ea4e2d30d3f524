"""What its group means for one target in one turn."""

from dataclasses import dataclass
from typing import Final

from controller.model.desired import Supersede
from controller.model.group import Part

GROUP: Final = "group"
"""The gate that is shut while a group can not start, and the cause of what fails because another member does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """What a target has to heed of its group.

    `part` is what a rollout that opens now has a part in, `supersede` when the group may replace what is under way.
    `partly` says that not every member runs what is wanted. `back` says why it is called back, `is_back` that
    others went back in a turn before; `halts` why it stops and waits for a person. `waits` is what keeps it from
    being good, `after` what comes first on its way back, `lost` why it can not go back.
    """

    part: Part | None = None
    supersede: Supersede | None = None
    partly: bool = False
    back: str = ""
    is_back: bool = False
    halts: str = ""
    waits: str = ""
    after: str = ""
    lost: str = ""


ALONE: Final = Joint()
"""Nothing: what a target heeds that is in no group."""
