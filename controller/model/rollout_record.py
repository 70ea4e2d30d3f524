"""The whole record of one rollout, put together from the journal and what is still remembered of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.model.names import EnvName, TargetName
from controller.model.reviews import Brought


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something that a row of the journal tells: when, of what, in words, and who did it."""

    at: datetime
    what: str
    text: str
    by: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time that a rollout, or the wish before it, spent in one phase; while it lasts it has no end."""

    phase: str
    since: datetime
    until: datetime | None
    seconds: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookTold:
    """One hook that was started: its state, its exit code (None: it never ran to its end), why it failed."""

    name: str
    when: str
    state: str
    started: str
    ended: str
    code: int | None
    task: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a rollout ended; `result` is empty while it is under way. `back` is the version that was gone back to."""

    result: str = ""
    cause: str = ""
    why: str = ""
    back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRecord:
    """One rollout of one target, from the commit that asked for it to its verdict.

    `author` wrote the commit. `built` is the application's commit that it is of, `follows` where its version came
    from. `commits` were accepted since the rollout before it, `orders` were given since that ended: what
    concerned the target alone, or all of its environment, a hotfix too. `replaced` is the version that ran before,
    `images` are digests by path, `alarms` rang already when it was opened. Instants that the journal does not have
    are None; texts are empty. `brought` is what the git host knew of the commit when it was opened, None if that
    is not known. `rows` are the numbers of the rows of the journal that it was made of.
    """

    env: EnvName
    target: TargetName
    rollout: int
    version: str
    digest: str
    commit: str
    author: str
    purpose: str
    way: str
    replaced: str
    images: Mapping[str, str]
    opened: datetime | None
    ended: datetime | None
    seconds: float | None
    phase: str
    verdict: Verdict
    commits: tuple[Told, ...] = ()
    phases: tuple[Stretch, ...] = ()
    gates: tuple[Told, ...] = ()
    orders: tuple[Told, ...] = ()
    calls: tuple[Told, ...] = ()
    hooks: tuple[HookTold, ...] = ()
    guards: tuple[Told, ...] = ()
    alarms: tuple[str, ...] = ()
    failures: tuple[Told, ...] = ()
    evidence: tuple[str, ...] = ()
    built: str = ""
    follows: str = ""
    brought: Brought | None = None
    rows: tuple[int, ...] = field(default=())
