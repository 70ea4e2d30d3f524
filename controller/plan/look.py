"""One target, seen from every side at one instant."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.model.decision import Blocker
from controller.model.desired import DesiredTarget, OnDrift, Supersede
from controller.model.gate import NotOpen, Shut, Unsure
from controller.model.manifest import Manifest
from controller.model.names import Digest, EnvName, TargetName
from controller.model.observation import Deployment, Live, Sight, State
from controller.model.orders import Pause, TargetOrders
from controller.model.place import Place
from controller.model.record import Memory, Owner
from controller.model.release import Kept, Release
from controller.model.rollout import MOVING, Phase, Rollout
from controller.plan.beside import conflict_of
from controller.plan.who import heals_again


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The effective wish: a pin, else the spec; `free` passes no gate and waits for no bake."""

    release: Release
    free: bool
    want: DesiredTarget

    @property
    def digest(self) -> Digest:
        """Name what is wanted by its content."""
        return self.release.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A gate or guard that is not open, by its kind."""

    kind: str
    verdict: NotOpen


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Everything that a decision about one target may depend on.

    `guards` are those of the open rollout, or of the wish when there is none; `alarmed` are the wish's own guards
    that already ring before it starts. `claimed_by` is another target that owns this place, `moved_to` the one that
    the spec names now while `memory` is still of another.
    """

    env: EnvName
    name: TargetName
    place: Place
    wish: Wish | None
    sight: Sight
    memory: Memory
    orders: TargetOrders
    pause: Pause | None
    gates: tuple[Judged, ...]
    guards: tuple[Judged, ...]
    alarmed: tuple[Judged, ...]
    braked: bool
    unread: str
    moved_to: Place | None
    claimed_by: Owner | None
    now: datetime

    @property
    def live(self) -> Live | None:
        """What is there, if it is."""
        return self.sight if isinstance(self.sight, Live) else None

    @property
    def observes(self) -> bool:
        """Whether nothing may be called here: the spec says so, or said so when the open rollout began."""
        terms = self.wish.want.terms if self.wish else self.memory.rollout.terms if self.memory.rollout else None
        return terms is not None and terms.observe

    @property
    def manifest(self) -> Manifest | None:
        """What is there, by its content."""
        return self.live.manifest if self.live else None

    def runs(self, release: Release | None) -> bool:
        """Whether this release is what is there."""
        return release is not None and self.manifest is not None and release.runs_in(self.manifest)

    @property
    def rollout(self) -> Rollout:
        """The rollout that this phase cannot be without."""
        if self.memory.rollout is None:
            raise AssertionError(f"{self.name} is {self.memory.phase} without a rollout")
        return self.memory.rollout

    @property
    def clock(self) -> datetime:
        """What time it is for clocks that stand still while paused or blind."""
        return self.memory.halted or self.now

    @property
    def ours(self) -> Deployment | None:
        """The deployment that the open rollout made or took."""
        rollout = self.memory.rollout
        return self.live.find(rollout.deployment) if self.live and rollout else None

    @property
    def rings(self) -> frozenset[str]:
        """Every alarm that rings now, of the guards and of those that the wish would bring."""
        shut = (judged.verdict for judged in (*self.guards, *self.alarmed) if isinstance(judged.verdict, Shut))
        return frozenset().union(*(verdict.rings for verdict in shut))

    @property
    def rang(self) -> frozenset[str]:
        """Alarms that rang before our call and were not heard quiet since; an unsure guard was not heard."""
        unheard = any(isinstance(judged.verdict, Unsure) for judged in self.guards)
        return self.rollout.rang if unheard else self.rollout.rang & self.rings

    @property
    def excused(self) -> frozenset[str]:
        """Alarms that rang before our call, until they had time to fall silent after it was done."""
        rollout = self.memory.rollout
        if rollout is None or (rollout.done and self.clock - rollout.done > rollout.terms.progress):
            return frozenset()
        return rollout.rang & self.rings

    @property
    def ringing(self) -> tuple[str, ...]:
        """What the shut guards say; unsure ones and excused alarms are no reason to go back."""
        shut = (judged.verdict for judged in self.guards if isinstance(judged.verdict, Shut))
        return tuple(verdict.why for verdict in shut if not verdict.rings or verdict.rings - self.excused)

    @property
    def barred(self) -> bool:
        """Whether what is wanted failed here."""
        return self.wish is not None and self.memory.bars(self.wish.release) is not None

    @property
    def conflict(self) -> str:
        """Say which fixed field is wanted otherwise than it is; while one is, nothing is sent for the wish."""
        return conflict_of(self.wish.want, self.live) if self.wish and self.live else ""

    @property
    def is_open(self) -> bool:
        """Whether the wish may start now, as far as gates are concerned."""
        if self.wish is None or self.barred or self.conflict:
            return False
        return self.wish.free or not self.gates

    @property
    def may_start(self) -> bool:
        """Whether the wish may start from rest: gates open, and none of its alarms ringing already."""
        return self.is_open and self.wish is not None and (self.wish.free or not self.alarmed)

    @property
    def again(self) -> bool:
        """Whether a person asked to retry just what is wanted, and it waits for that."""
        waits, wish = self.memory.next, self.wish
        return waits is not None and waits.again and wish is not None and waits.release.digest == wish.digest

    @property
    def is_waiting(self) -> bool:
        """Whether the wish is something else than what should run, and waits."""
        current = self.memory.current
        return self.wish is not None and (current is None or self.wish.digest != current.digest)

    @property
    def is_stuck(self) -> bool:
        """Whether just what is wanted was given up, or given way to somebody else's deployment."""
        memory, wish = self.memory, self.wish
        if memory.phase is not Phase.STALLED or memory.rollout is None or wish is None:
            return False
        return wish.digest == memory.rollout.release.digest

    @property
    def retry(self) -> bool:
        """Whether a person said retry since we last listened."""
        return self.orders.retry is not None and self.orders.retry.number > self.memory.retried

    @property
    def ordered(self) -> bool:
        """Whether a person said roll back since we last listened."""
        return self.orders.rollback is not None and self.orders.rollback.number > self.memory.ordered

    @property
    def well(self) -> bool:
        """Whether this look may count for the bake."""
        live, ours = self.live, self.ours
        done = ours is not None and ours.state is State.SUCCESSFUL
        return live is not None and done and live.running >= live.desired > 0 and not self.guards

    @property
    def baked(self) -> timedelta:
        """Bake time earned up to this look."""
        rollout = self.rollout
        gap = self.now - rollout.well_at if rollout.well_at and self.well else timedelta()
        return rollout.baked + (gap if gap <= 2 * rollout.terms.look_every else timedelta())

    @property
    def supersede(self) -> Supersede:
        """When the wish may replace a rollout."""
        return self.wish.want.supersede if self.wish else Supersede.AFTER_BAKE

    @property
    def ways(self) -> tuple[Kept, ...]:
        """Where a failing rollout can go back to, best first."""
        memory, rollout = self.memory, self.memory.rollout
        closed = set(memory.quarantine) | (rollout.barred | {rollout.release.digest} if rollout else set())
        found = (memory.found,) if memory.found and not memory.is_good(memory.found.digest) else ()
        return tuple(kept for kept in (*memory.goods, *found) if kept.digest not in closed)

    @property
    def asked(self) -> tuple[Kept, ...]:
        """Where a person's order can go back to, best first."""
        order = self.orders.rollback
        to = order.to if order else None
        return tuple(
            kept
            for kept in self.ways
            if not self.runs(kept.release) and to in {None, kept.release.version, kept.digest}
        )

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """What keeps the wish from being deployed now, in the order in which it would be met."""
        found: list[Blocker] = []
        if self.pause is not None:
            found.append(Blocker(gate="pause", why=self.pause.reason, until=self.pause.until))
        if self.unread:
            found.append(Blocker(gate="source", why=self.unread))
        if self.observes:
            found.append(Blocker(gate="mode", why=f"mode: observe; `trueup adopt confirm {self.env}` ends it"))
        if self.wish is None:
            return tuple(found)
        if self.is_stuck and not self.barred:
            found.append(Blocker(gate="stalled", why="only a person or a new wish moves it"))
        found += self._fight
        if self.conflict:
            found.append(Blocker(gate="fixed", why=self.conflict))
        if not self.is_waiting:
            return tuple(found)
        barred = self.memory.bars(self.wish.release)
        if barred:
            found.append(Blocker(gate="quarantine", why=f"{self.wish.release.version} failed here: {barred.why}"))
        shut = (*self.gates, *self.alarmed) if not self.wish.free else ()
        found += [Blocker(gate=judged.kind, why=judged.verdict.why) for judged in shut]
        return (*found, *self._underway) if not barred and not shut else tuple(found)

    @property
    def _fight(self) -> tuple[Blocker, ...]:
        """The drift that was healed too often, as long as it is there and would be healed."""
        memory, until = self.memory, heals_again(self.memory, self.now)
        heals = self.wish is not None and self.wish.want.on_drift is OnDrift.HEAL
        if until is None or not heals or memory.fight is None or memory.drift is None:
            return ()
        why = "it was healed three times in 24h, and somebody changes it back; it is not healed any more"
        return (Blocker(gate="fight", why=why, until=until),)

    @property
    def _underway(self) -> tuple[Blocker, ...]:
        """The rollout of another release that the wish has to wait for."""
        memory, rollout, wish = self.memory, self.memory.rollout, self.wish
        if rollout is None or wish is None or memory.phase not in MOVING or wish.digest == rollout.release.digest:
            return ()
        left = rollout.terms.bake - rollout.baked if memory.phase is Phase.BAKING else None
        what = f"{wish.release.version} waits for {rollout.release.version}, which is {memory.phase.value}"
        why = what if rollout.back else f"{what} (supersede: {wish.want.supersede.value})"
        return (Blocker(gate="rollout", why=why, until=self.now + left if left else None),)
