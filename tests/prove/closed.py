"""A small closed world: one target, two releases, a person, a platform, two controllers; one effect at a time."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from controller.errors import Conflict, Refusal
from controller.loop.act import act
from controller.loop.observe import observe
from controller.loop.reconcile import _remember
from controller.model.cycle import Cycle
from controller.model.decision import Action, Plan
from controller.model.desired import Brake, Desired, DesiredTarget, Reading
from controller.model.names import Commit, DeploymentId, Revision, TargetName
from controller.model.observation import Live, Observation
from controller.model.outcome import Lost, NotSent, Outcome, Stale
from controller.model.questions import Alarm, Alarms, AlarmsOf, AlarmState, ChangedBy, Changer
from controller.model.record import Memory, Owner, Record
from controller.model.rollout import Expect, Terms
from controller.plan.decide import decide
from controller.plan.remember import intend
from controller.ports import World
from tests.platform import FakePlatform, Made, Service, place, release
from tests.world import ENV, guard

API = TargetName("api")
OLD, NEW = "1", "2"
TICK = timedelta(seconds=30)
TERMS = Terms(
    guards=(guard(),),
    bake=2 * TICK,
    deadline=5 * TICK,
    progress=2 * TICK,
    back_deadline=5 * TICK,
    back_calls=2,
    settle=TICK,
    look_every=2 * TICK,
    unsure=3 * TICK,
)
BRAKE = Brake(limit=2, window=4 * TICK)
NOBODY = Changer(unknown="nobody may ask CloudTrail here")


@cache
def desired(version: str) -> Desired:
    """What the spec says while it names this version."""
    want = DesiredTarget(place=place(API), release=release(version), terms=TERMS, heal_after=TICK, owner="payments")
    return Desired(env=ENV, commit=Commit(f"c{version}"), targets={API: want}, brake=BRAKE)


@dataclass(frozen=True, slots=True)
class Turn:
    """How far one controller has come in its turn, with what it has in hand.

    `step` is what it has done: nothing, loaded, looked, intended, called, answered. `holds` is whether it believes
    that the lease is its own.
    """

    holds: bool = False
    step: str = "nothing"
    before: Record | None = None
    seen: Observation | None = None
    reading: Reading | None = None
    plan: Plan | None = None
    intent: Record | None = None
    outcomes: tuple[Outcome, ...] = ()

    def over(self) -> "Turn":
        """The turn is over."""
        return Turn(holds=self.holds)


@dataclass(frozen=True, slots=True)
class Flight:
    """A call that passed its last check and is on its way; `by` waits for the answer, if it did not die."""

    action: Action
    by: int | None


@dataclass(frozen=True, slots=True)
class Left:
    """What may still go wrong, or be done by the person, on one path."""

    people: int = 2
    faults: int = 2
    stalls: int = 2


@dataclass(slots=True)
class State:
    """Everything there is at one instant; nothing in it is changed once it has been reached."""

    platform: FakePlatform
    record: Record = field(default_factory=Record)
    writes: int = 0
    now: datetime = datetime(2030, 1, 1, tzinfo=UTC)
    changed: datetime = datetime(2030, 1, 1, tzinfo=UTC)
    wish: str = OLD
    rings: frozenset[str] = frozenset()
    turns: tuple[Turn, Turn] = (Turn(), Turn())
    owner: int | None = None
    free: bool = True
    air: tuple[Flight, ...] = ()
    left: Left = field(default_factory=Left)
    cycle: Cycle | None = None
    landed: tuple[Flight, Outcome] | None = None

    @property
    def memory(self) -> Memory:
        return self.record.targets.get(API, Memory())

    @property
    def live(self) -> Live:
        return self.platform.services["api"].past[-1]

    def after(self, **changes: object) -> "State":
        """The state that follows; what was just seen of a turn or a call is of the one before."""
        return replace(self, **{"cycle": None, "landed": None, **changes})

    def with_turn(self, i: int, turn: Turn, **changes: object) -> "State":
        turns = (turn, self.turns[1]) if i == 0 else (self.turns[0], turn)
        return self.after(turns=turns, **changes)

    def moved(self, move) -> "State":
        """The state after something has happened to the platform."""
        platform = cloned(self.platform)
        platform.time = self.now
        move(platform)
        return self.on(platform)

    def on(self, platform: FakePlatform) -> "State":
        """The state on this platform; when it last changed is when an old read was true last."""
        changed = platform.services["api"].past[-1].asof != self.live.asof
        return self.after(platform=trimmed(platform), changed=self.now if changed else self.changed)

    @property
    def may_look_old(self) -> bool:
        """Whether a read may still show what was before: never for longer than an answer is waited for."""
        return len(self.platform.services["api"].past) > 1 and self.now - self.changed <= 2 * TICK


def cloned(platform: FakePlatform) -> FakePlatform:
    """The same platform, to be moved without moving this one."""
    services = {}
    for name, service in platform.services.items():
        made = [replace(one) for one in service.made]
        primary = next((copy for copy, one in zip(made, service.made, strict=True) if one is service.primary), None)
        services[name] = replace(service, made=made, primary=primary, past=list(service.past))
    tasks = {name: replace(task) for name, task in platform.tasks.items()}
    return replace(platform, services=services, tasks=tasks, bad=set(platform.bad), calls=[], began=[])


def trimmed(platform: FakePlatform) -> FakePlatform:
    """What a read may still show: now, and as it was one change before."""
    for service in platform.services.values():
        by_change = {live.asof: live for live in service.past}
        service.past = list(by_change.values())[-2:]
        service.made = [one for one in service.made if relevant(one, service)][-6:]
    platform.calls, platform.began = [], []
    return platform


def relevant(one: Made, service: Service) -> bool:
    """Keep what moves, what runs, and the last few: older ones prove nothing any more."""
    return one is service.primary or one in service.made[-5:]


# ---- the world as one controller sees it


@dataclass(slots=True)
class Eyes:
    """The ports of a controller in one state; `stale` looks one change late."""

    state: State
    by: int
    stale: bool = False
    checked: Action | None = None

    def world(self) -> World:
        probes = dict.fromkeys((AlarmsOf, ChangedBy), self)
        return World(
            now=lambda: self.state.now,
            elapsed=float,
            source=self,
            store=self,
            targets={"fake": self},
            probes=probes,
        )

    def read(self, env, accepted, instead=None):
        return desired(self.state.wish)

    def look(self, wanted):
        past = self.state.platform.services["api"].past
        return {one.target: past[0] if self.stale else past[-1] for one in wanted}

    def tokens(self, places):
        return {}

    def follow(self, tasks):
        return {}

    def answer(self, questions):
        return {question: self.one(question) for question in questions}

    def one(self, question):
        if not isinstance(question, AlarmsOf):
            return NOBODY
        rings = self.state.live.manifest.digest in self.state.rings
        state = AlarmState.ALARM if rings else AlarmState.OK
        return Alarms(alarms=tuple(Alarm(name=name, state=state) for name in question.names))

    def act(self, action, check):
        """Let a call go: what is compared with `expect` is what a look shows just before, not when it lands."""
        check()
        live = self.state.live
        if action.expect != Expect(deployment=live.deployment, revision=live.revision):
            return Stale(action=action)
        self.checked = action
        return NotSent(action=action, why="it is on its way")

    # --- the store: a save is refused if anything was saved, ordered, or leased meanwhile

    def load(self, env):
        return self.state.record

    def save(self, before, after, env, entries=()):
        if before.version != self.state.record.version:
            raise Conflict("somebody else saved first")
        if self.state.owner != self.by:
            raise Conflict("somebody else took the lease")
        if after is before:
            return before
        writes = self.state.writes + 1
        claims = {m.place.claim: Owner(env=env, target=name) for name, m in after.targets.items() if m.place}
        orders = self.state.record.orders
        saved = replace(after, version=str(writes), claims=claims, orders=orders)
        self.state = self.state.after(record=saved, writes=writes)
        return saved


# ---- one effect of a turn


def load(s: State, i: int) -> State:
    return s.with_turn(i, replace(s.turns[i], step="loaded", before=s.record))


def look(s: State, i: int, *, stale: bool = False) -> State:
    turn, world = s.turns[i], Eyes(s, i, stale=stale).world()
    reading, seen = observe(world.source.read(ENV, None), turn.before, None, world)
    return s.with_turn(i, replace(turn, step="looked", reading=reading, seen=seen))


def save_intent(s: State, i: int) -> State:
    """Decide, and say it before doing it."""
    turn, eyes = s.turns[i], Eyes(s, i)
    plan = decide(turn.reading, turn.seen, turn.before, turn.seen.at)
    try:
        intent = eyes.save(turn.before, intend(turn.before, plan, turn.reading), ENV)
    except Conflict:
        return s.with_turn(i, turn.over())
    cycle = Cycle(
        desired=turn.reading, seen=turn.seen, before=turn.before, now=turn.seen.at, plan=plan, outcomes=(),
        after=intent,
    )  # fmt: skip
    if not plan.actions:
        return eyes.state.with_turn(i, turn.over(), cycle=cycle)
    done = replace(turn, step="intended", plan=plan, intent=intent)
    return eyes.state.with_turn(i, done, cycle=cycle)


def send(s: State, i: int) -> State:
    """The last check, and off it goes."""
    turn, eyes = s.turns[i], Eyes(s, i)

    def check(action: Action) -> None:
        if not turn.holds:
            raise Refusal("the lease is no longer ours")

    (action,) = turn.plan.actions
    outcome = act(action, eyes.world(), check)
    if eyes.checked is None:
        return s.with_turn(i, replace(turn, step="answered", outcomes=(outcome,)), landed=None)
    return s.with_turn(i, replace(turn, step="called"), air=(*s.air, Flight(action, i)))


def land(s: State, flight: Flight, *, how: str = "") -> State:
    """A call arrives, or gets lost, or is turned away, or its answer gets lost."""
    air = tuple(one for one in s.air if one is not flight)
    outcome: Outcome = Lost(action=flight.action, why="reset")
    after = s.after(air=air)
    if how == "throttled":
        outcome = NotSent(action=flight.action, why="ThrottlingException")
    elif how != "dropped":
        platform = cloned(s.platform)
        platform.time = s.now
        p = platform.services["api"].primary
        here = Expect(deployment=DeploymentId(p.id), revision=Revision(p.revision))
        came = platform.act(replace(flight.action, expect=here), lambda: None)
        after = after.on(platform)
        outcome = replace(came, action=flight.action) if how != "unanswered" else outcome
    if flight.by is not None:
        i = flight.by
        after = after.with_turn(i, replace(after.turns[i], step="answered", outcomes=(outcome,)))
    after.landed = (flight, outcome)
    return after


def save_outcome(s: State, i: int) -> State:
    turn, eyes = s.turns[i], Eyes(s, i)
    try:
        _remember(ENV, turn.intent, turn.outcomes, eyes.world())
    except Conflict:
        pass
    return eyes.state.with_turn(i, turn.over())
