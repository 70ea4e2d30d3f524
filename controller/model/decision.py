"""What one turn decided: for every target that was due one decision, each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from controller.model.hooks import Hook
from controller.model.names import DeploymentId, Digest, EnvName, Revision, TargetName, TaskId
from controller.model.place import Place
from controller.model.record import Memory
from controller.model.release import Release, Settings
from controller.model.rollout import Expect, Phase, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensure:
    """Make this release the running one, if what we expect to replace is still there.

    `revision` is one that is known to hold this release (None: register it); `look_first` says that a call for it
    may have arrived before, so that the family's newest revisions are searched before registering. With
    `purpose` settings nothing but the settings is sent. `not_after` is when this intent is too old to be sent.
    """

    target: TargetName
    place: Place
    release: Release
    revision: Revision | None
    purpose: Purpose
    expect: Expect | None
    not_after: datetime
    settings: Settings | None = None
    force: bool = False
    look_first: bool = False
    rollout: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Start a one-off task with this id, if there is none yet: it runs `hook` with a release's images.

    The release's revision is ensured first, as for `Ensure`.
    """

    target: TargetName
    place: Place
    id: TaskId
    hook: Hook
    release: Release
    revision: Revision | None
    purpose: Purpose
    not_after: datetime
    look_first: bool = False
    rollout: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Stop a one-off task of ours that took too long."""

    target: TargetName
    place: Place
    id: TaskId
    task: str
    release: Release
    why: str
    purpose: Purpose
    not_after: datetime
    rollout: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """Let the platform go on with a deployment that it paused for a person, who said yes."""

    target: TargetName
    place: Place
    deployment: DeploymentId
    pause: str
    release: Release
    not_after: datetime
    purpose: Purpose = Purpose.FORWARD
    rollout: int = 0


Action: TypeAlias = Ensure | Start | Stop | Continue


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One thing that stands in the way: which gate (or pause, quarantine, quota …), and why.

    `since` is since when it does, `until` when it opens by itself, as far as that is known. `groups` are those
    whose people can open it, `items` what they have to tick one by one.
    """

    gate: str
    why: str
    since: datetime | None = None
    until: datetime | None = None
    groups: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGate:
    """A gate that is open, by its kind: what opened it, and when it shuts by itself, if that is known."""

    gate: str
    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The next memory of a target, the action that makes it true, why, and when to look again.

    `row` is the row of the state table that was taken: (phase before, signal). `blockers` say what keeps the
    wish from being deployed. `wanted` is the effective wish's digest. `opened` are its gates that are open
    and say what opened them.
    """

    memory: Memory
    row: tuple[Phase, str]
    move: str
    reason: str
    again: datetime
    action: Action | None = None
    blockers: tuple[Blocker, ...] = ()
    wanted: Digest | None = None
    ended: str = ""
    opened: tuple[OpenGate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole of what one turn will do."""

    env: EnvName
    decided_at: datetime
    decisions: Mapping[TargetName, Decision]
    rollbacks: tuple[datetime, ...] = ()
    dropped: frozenset[TargetName] = field(default=frozenset())

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions to carry out: going back first, then in order of name."""
        found = [d.action for _, d in sorted(self.decisions.items()) if d.action is not None]
        return tuple(sorted(found, key=lambda action: action.purpose is not Purpose.BACK))
