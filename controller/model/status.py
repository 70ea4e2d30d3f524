"""How a target stands, in the words that page, command line and metrics share."""

from dataclasses import dataclass, field
from datetime import datetime

from controller.model.decision import Blocker
from controller.model.names import EnvName, TargetName
from controller.model.rollout import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStatus:
    """One target at the end of a turn."""

    env: EnvName
    target: TargetName
    phase: Phase
    reason: str
    since: datetime
    kind: str = ""
    account: str = ""
    region: str = ""
    cluster: str = ""
    service: str = ""
    owner: str = ""
    wanted: str = ""
    spec_digest: str = ""
    live: str = ""
    revision: str = ""
    commit: str = ""
    desired: int = 0
    running: int = 0
    synced: bool = False
    drifted: bool = False
    seen: bool = True
    quarantined: bool = False
    paused: str = ""
    paused_since: datetime | None = None
    rollout: int = 0
    rollout_since: datetime | None = None
    baked: float = 0.0
    bake: float = 0.0
    last_good: str = ""
    pinned: str = ""
    blockers: tuple[Blocker, ...] = field(default=())
