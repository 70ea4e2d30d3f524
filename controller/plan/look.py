"""One target, seen from every side at one instant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from controller.model.decision import OpenGate
from controller.model.desired import Supersede
from controller.model.gate import OnShut, Shut
from controller.model.manifest import Manifest
from controller.model.names import EnvName, TargetName
from controller.model.observation import Deployment, Live, Sight, State
from controller.model.orders import Answer, Pause, TargetOrders
from controller.model.place import Place
from controller.model.record import Memory, Owner
from controller.model.release import Kept, Release
from controller.model.rollout import Heard, Phase, Rollout, Terms
from controller.plan.beside import conflict_of
from controller.plan.joint import ALONE, Joint
from controller.plan.judged import Judged
from controller.plan.wish import Wish

_MICROS: Final = 1_000_000

FREEZE: Final = "freeze"
"""The gate that is shut while a person lets nothing new start in an environment; new settings meet it too."""
SLOTS: Final = "slots"
"""The gate that is shut while there is no room for another rollout; whatever has to be healed meets it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Everything that a decision about one target may depend on.

    `guards` are those of the open rollout that count, or all of the wish when there is none; `said` those that are
    only to be told of. `alarmed` are the wish's own guards that already ring before it starts. `rings` is all that
    rings now, `unheard` says that not every guard could be heard, and `heard` is what the rollout is to remember of
    them. `filled` says that nothing rang since the last look that counted, as far back as that is. `claimed_by` is
    another target that owns this place, `moved_to` the one that the spec names now while `memory` is of another.
    `opened` are the gates that are open and say what opened them.
    `reviews` are the numbers of what the git host has of people's yes to the wish.
    `joint` is what its group means for it.
    `skipped` are the gates that are shut, and that the wish does not wait for. `unmerged` reminds of a hotfix.
    `reread` says that the spec was read for a hotfix that has ended, and is read again.
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
    skipped: tuple[Judged, ...] = ()
    unmerged: str = ""
    said: tuple[Judged, ...] = ()
    rings: frozenset[str] = frozenset()
    unheard: bool = False
    heard: tuple[Heard, ...] = ()
    filled: bool = False
    reviews: tuple[int, ...] = ()
    braked: bool = False
    opened: tuple[OpenGate, ...] = ()
    joint: Joint = ALONE
    unread: str
    reread: bool = False
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
    def paused_deployment(self) -> Deployment | None:
        """The deployment that stands in a pause of the platform's own: ours, or the one that goes back for us."""
        live = self.live
        made = self.ours or (live.primary if live and self.runs(self.rollout.goal) else None)
        return made if made is not None and made.awaits is not None else None

    @property
    def answer(self) -> Answer | None:
        """A person's yes or no to this rollout that we have not heard yet."""
        answer, rollout = self.orders.answer, self.memory.rollout
        if answer is None or rollout is None or answer.number <= self.memory.answered:
            return None
        return answer if answer.version == rollout.release.version else None

    @property
    def rang(self) -> frozenset[str]:
        """Alarms that rang before our call and were not heard quiet since; an unsure guard was not heard."""
        return self.rollout.rang if self.unheard else self.rollout.rang & self.rings

    @property
    def excused(self) -> frozenset[str]:
        """Alarms that rang before our call, until they had time to fall silent after it was done."""
        rollout = self.memory.rollout
        if rollout is None:
            return frozenset()
        late = rollout.done is not None and self.clock - rollout.done > rollout.terms.progress
        return frozenset() if late and not rollout.terms.incident else rollout.rang & self.rings

    @property
    def ringing(self) -> tuple[str, ...]:
        """What the shut guards say that take a release back; unsure ones and excused alarms are no reason to."""
        back = (judged.verdict for judged in self.guards if judged.action is OnShut.ROLLBACK)
        shut = (verdict for verdict in back if isinstance(verdict, Shut))
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
        """Whether the wish may start from rest: gates open, none of its alarms ringing, nobody else deploying."""
        if self.wish is None or not self.is_open or self.lets_be:
            return False
        return self.wish.free or not self.alarmed or bool(self.wish.want.terms.incident)

    @property
    def frozen(self) -> bool:
        """Whether a person lets nothing new start here."""
        return any(judged.kind == FREEZE for judged in (*self.gates, *self.skipped))

    @property
    def busy(self) -> bool:
        """Whether somebody else's deployment is under way, and not for longer than the wish's own may take."""
        live, rollout = self.live, self.memory.rollout
        made = live.primary if live and live.moving else None
        if made is None or made.automatic:
            return False
        if rollout is not None and made.id in {rollout.deployment, rollout.left}:
            return False
        limit = self.wish.want.terms.deadline if self.wish else Terms().deadline
        return self.now.timestamp() - made.born / _MICROS <= limit.total_seconds()

    @property
    def lets_be(self) -> bool:
        """Whether nothing may be sent, because somebody else's deployment is under way and no person said more."""
        return self.busy and not self.takes_over

    @property
    def takes_over(self) -> bool:
        """Whether a person said what is to run here, whatever others are doing: a pin, or a retry."""
        return self.again or (self.wish is not None and self.wish.pinned)

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
        part = memory.rollout.part
        if part is not None and wish.whole not in {None, part.whole}:
            return False  # with its group something else is wanted
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
        watched = self.filled or gap <= 2 * rollout.terms.look_every
        return rollout.baked + (gap if watched else timedelta())

    @property
    def supersede(self) -> Supersede:
        """When the wish may replace a rollout."""
        if self.joint.supersede is not None:
            return self.joint.supersede
        return self.wish.want.supersede if self.wish else Supersede.AFTER_BAKE

    @property
    def ways(self) -> tuple[Kept, ...]:
        """Where a failing rollout can go back to, best first."""
        memory, rollout = self.memory, self.memory.rollout
        closed = set(memory.quarantine) | (rollout.barred | {rollout.release.digest} if rollout else set())
        return tuple(kept for kept in memory.known if kept.digest not in closed)

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
    def no_slot(self) -> tuple[str, ...]:
        """Why there is no room for a rollout here, be it one that heals."""
        return tuple(judged.verdict.why for judged in self.gates if judged.kind == SLOTS)
