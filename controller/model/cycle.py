"""One turn of the loop, whole: enough to decide it again."""

from dataclasses import dataclass
from datetime import datetime

from controller.model.decision import Plan
from controller.model.desired import Reading
from controller.model.observation import Observation
from controller.model.outcome import Outcome
from controller.model.record import Record
from controller.model.status import TargetStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """Inputs, decision and result of one turn; `seconds` is how long it took, in real seconds."""

    desired: Reading
    seen: Observation
    before: Record
    now: datetime
    plan: Plan
    outcomes: tuple[Outcome, ...]
    after: Record
    status: tuple[TargetStatus, ...] = ()
    seconds: float = 0.0
