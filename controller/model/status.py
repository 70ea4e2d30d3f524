"""How a target stands, in the words that page, command line and metrics share."""

from dataclasses import dataclass, field
from datetime import datetime

from controller.model.decision import Blocker, OpenGate
from controller.model.hooks import Image, When
from controller.model.names import EnvName, TargetName
from controller.model.rollout import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftStatus:
    """How something else runs than what should: where it differs, against which revision, since when, and by whom.

    With `settings` it is the settings that differ. `heal` says what becomes of it, `heals_at` when it is healed, if
    it is; `fight_until` is when healing goes on after it was healed too often.
    """

    settings: bool
    paths: tuple[str, ...]
    revision: str
    version: str
    version_revision: str
    since: datetime
    heal: str
    by: str = ""
    call: str = ""
    call_at: datetime | None = None
    via: str = ""
    unknown: str = ""
    heals_at: datetime | None = None
    fight_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaiting:
    """A pause of the platform's own in the rollout of `version`, which waits for a person's yes or no.

    `stage` is where it stands, in the platform's word; `then` what the platform does at `until` without an answer.
    """

    version: str
    stage: str = ""
    until: datetime | None = None
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotfixStatus:
    """A hotfix that stands, or that nobody has reviewed yet: who asked for what, and who agreed.

    `review_due` is by when another person has to review it, `overdue` says that it was not. `skipped` are the kinds
    of gates that the open rollout skipped by it, or that a wish may skip now. `unmerged` reminds of what its
    application's branch is without.
    """

    number: int
    version: str
    by: str
    at: datetime
    reason: str = ""
    standing: bool = False
    until: datetime | None = None
    incident: str = ""
    broke_glass: bool = False
    second: str = ""
    review_due: datetime | None = None
    overdue: bool = False
    skipped: tuple[str, ...] = ()
    unmerged: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookStatus:
    """A hook of a target's release: when it runs, and with whose images."""

    name: str
    when: When
    image: Image


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStatus:
    """One target at the end of a turn.

    `follows` is where its version comes from if it follows one, `built` the commit of the application it is of.
    `group` is the group that it goes with, `bound` what a yes is bound to.
    `opened` are the gates that are open while others are waited for, and say what opened them.
    `gates` are the kinds of gates that its spec has, `hooks` those of the open rollout, else of its spec.
    """

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
    wanted_digest: str = ""
    group: str = ""
    bound: str = ""
    spec_digest: str = ""
    live: str = ""
    revision: str = ""
    commit: str = ""
    desired: int = 0
    running: int = 0
    synced: bool = False
    drifted: bool = False
    drift: DriftStatus | None = None
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
    follows: str = ""
    built: str = ""
    awaiting: Awaiting | None = None
    blockers: tuple[Blocker, ...] = field(default=())
    opened: tuple[OpenGate, ...] = ()
    gates: tuple[str, ...] = ()
    hooks: tuple[HookStatus, ...] = ()
    hotfixes: tuple[HotfixStatus, ...] = ()

    @property
    def asked_as(self) -> str:
        """Give the name by which people answer for it: that of its group, if it goes with one."""
        return self.group or self.target
