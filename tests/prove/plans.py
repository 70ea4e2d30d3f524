"""Plans: a fixed workload with one or two things that go wrong, each at one effect; and what must come of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from controller.errors import Conflict, PlatformError
from controller.loop.reconcile import reconcile
from controller.model.decision import Start
from controller.model.hooks import When
from controller.model.rollout import MOVING, Phase
from controller.ports import World
from tests.invariants import check_call, check_cycle
from tests.prove.stages import Stage
from tests.rows import note
from tests.world import ENV

QUIET = 4
PATIENCE = 80
JUMP = timedelta(minutes=4)


class Crash(BaseException):
    """The process died here."""


class Violated(BaseException):
    """An invariant did not hold; nothing that takes an error of the platform's in its stride may swallow it."""


# ---- workloads: what is set up, and what people do before which turn


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What somebody does with a target at rest on v1, by the turn before which it is done."""

    script: Mapping[int, Callable[[Stage], None]]


def wishes(version: str) -> Callable[[Stage], None]:
    return lambda stage: setattr(stage, "wish", version)


def bad(stage: Stage) -> None:
    stage.rings.add("v2")
    stage.wish = "v2"


def broken(stage: Stage) -> None:
    stage.breaks("v2")
    stage.wish = "v2"


def hooked(stage: Stage) -> None:
    hooks = (stage.hook("migrate", When.BEFORE), stage.hook("smoke", When.AFTER))
    stage.terms = replace(stage.terms, hooks=hooks)
    stage.wish = "v2"


WORKLOADS = {
    "deploy": Workload(script={0: wishes("v2")}),
    "bad deploy": Workload(script={0: bad}),
    "breaker rollback": Workload(script={0: broken}),
    "supersede": Workload(script={0: wishes("v2"), 2: wishes("v3")}),
    "drift": Workload(script={0: lambda stage: stage.by_hand("v9")}),
    "pause": Workload(script={0: wishes("v2"), 2: lambda stage: stage.pause(), 5: lambda stage: stage.resume()}),
    "hook": Workload(script={0: hooked}),
}


# ---- what goes wrong, and where it can


@dataclass(frozen=True, order=True)
class Wrong:
    """One thing that goes wrong at one effect, counted from the beginning of the workload."""

    at: int
    what: str

    def __str__(self) -> str:
        return f"{self.what} at {self.at}"


AT = {
    "load": ("outage", "clock forward", "clock back", "again", "foreign"),
    "look": ("crash before", "crash after", "stale", "blind"),
    "save": ("crash before", "crash after", "lost answer", "outage"),
    "act": ("crash before", "crash after", "lost answer", "lost call", "throttle", "foreign"),
}


def singles(effects: Sequence[str]) -> list[Wrong]:
    """Everything that can go wrong, once, in a life that had these effects."""
    return [Wrong(at, what) for at, name in enumerate(effects) for what in AT[name]]


def told_apart(effects: Sequence[str]) -> list[Wrong]:
    """The same without what is the same: a crash after an effect is one before the next of that turn."""
    followed = {at for at, name in enumerate(effects[1:]) if name in {"look", "save", "act"}}
    return [one for one in singles(effects) if one.what != "crash after" or one.at not in followed]


@dataclass(frozen=True)
class End:
    """How a life ended: what runs, where the target stands, what is barred and what is good."""

    running: str
    phase: str
    barred: frozenset[str]
    goods: tuple[str, ...]


@dataclass(frozen=True)
class Life:
    """The end of a life, the calls that were made, and its effects."""

    end: End
    told: tuple[str, ...]
    effects: tuple[str, ...]
    tasks: int


@dataclass
class Player:
    """The loop over a stage, with what is planned to go wrong at each effect."""

    stage: Stage
    wrong: tuple[Wrong, ...] = ()
    begun: int = 0
    effects: list[str] = field(default_factory=list)
    away: int = 0
    again: bool = False
    turns: int = 0
    quiet: int = 0
    kept: "list[Player] | None" = None  # itself before each turn, if that is asked for

    def effect(self, name: str, fn: Callable[[], Any]) -> Any:
        """Carry out one effect of a turn, unless something goes wrong."""
        planned = [one.what for one in self.wrong if one.at == len(self.effects)]
        self.effects.append(name)
        # What is to go wrong with our call must not meet that of whoever deploys by hand.
        for what in sorted(planned, key=lambda what: what != "foreign"):
            self.before(what, name)
        answer = fn()
        self.stage.look_new()
        if "crash after" in planned:
            raise Crash
        if "lost answer" in planned and name == "save":
            raise PlatformError("the answer of the store was lost")
        return answer

    def before(self, what: str, name: str) -> None:
        stage = self.stage
        match what:
            case "crash before":
                raise Crash
            case "outage":
                self.away = 3
                raise PlatformError("the store is away")
            case "blind":
                raise PlatformError("describe timed out")
            case "stale":
                stage.look_old()
            case "throttle":
                stage.throttle()
            case "lost call":
                stage.lose_call()
            case "lost answer" if name == "act":
                stage.lose_answer()
            case "foreign":
                stage.by_hand("v9")
            case "again":
                self.again = True
            case "clock forward":
                stage.skew += JUMP
            case "clock back":
                stage.skew -= JUMP

    def world(self) -> World:
        whole = self.stage.world()
        (kind, target), store = next(iter(whole.targets.items())), whole.store
        return replace(whole, store=Recalling(self, store), targets={kind: Doing(self, target)})

    def turn(self) -> bool:
        """One turn; whether it was over and changed nothing."""
        if self.away:
            self.away -= 1
            return False
        try:
            cycle = reconcile(ENV, None, self.world())
        except Crash:
            self.stage.restart()
            return False
        except Violated as violated:
            raise AssertionError(str(violated)) from violated
        except (Conflict, PlatformError):
            return False
        note(cycle)
        check_cycle(cycle)
        if self.again:
            self.again = False
            return self.turn()
        memory = cycle.after.targets.get("api")
        waits = (
            memory is None or memory.phase in MOVING or (memory.drift is not None and memory.phase is Phase.IDLE)
        )
        return not cycle.plan.actions and not waits

    def play(self, workload: Workload) -> None:
        """Play the workload, and on until it has been quiet for some turns."""
        last = max(workload.script)
        while self.turns < PATIENCE:
            if self.kept is not None:
                self.kept.append(self.copied())
            if self.turns in workload.script:
                workload.script[self.turns](self.stage)
            self.quiet = self.quiet + 1 if self.turn() and self.turns > last else 0
            if self.quiet > QUIET:
                return
            self.stage.pass_time()
            self.turns += 1
        raise AssertionError(f"after {PATIENCE} turns it is not quiet: {self.stage.memory.phase}")

    def copied(self) -> "Player":
        """The same life so far, to be played on without touching this one."""
        return replace(self, stage=self.stage.copied(), effects=list(self.effects), kept=None)

    def life(self) -> Life:
        """How it ended, and what was done in it."""
        stage, memory = self.stage, self.stage.memory
        end = End(
            running=stage.running(),
            phase=memory.phase.value,
            barred=frozenset(one.version for one in memory.quarantine.values()),
            goods=tuple(kept.release.version for kept in memory.goods),
        )
        return Life(
            end=end, told=tuple(stage.told()[self.begun :]), effects=tuple(self.effects), tasks=stage.tasks()
        )


@dataclass
class Recalling:
    """The store, one effect at a time."""

    player: Player
    store: Any

    def load(self, env: Any) -> Any:
        return self.player.effect("load", lambda: self.store.load(env))

    def save(self, before: Any, after: Any, env: Any, entries: Any = ()) -> Any:
        if after is before and not entries:
            return before
        return self.player.effect("save", lambda: self.store.save(before, after, env, entries))


@dataclass
class Doing:
    """The platform, one effect at a time; each call is held to its intent just before it leaves."""

    player: Player
    target: Any

    def look(self, wanted: Any) -> Any:
        return self.player.effect("look", lambda: self.target.look(wanted))

    def act(self, action: Any, check: Any) -> Any:
        def checked() -> None:
            check()
            stage = self.player.stage
            try:
                check_call(action, stage.opened().load(ENV), stage.now(), held=True)
            except AssertionError as error:
                raise Violated(str(error)) from error

        self.player.stage.operation = "RunTask" if isinstance(action, Start) else "UpdateService"
        return self.player.effect("act", lambda: self.target.act(action, checked))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)


# ---- what must come of it


def resting(stage: Stage) -> None:
    """Come to rest on v1, which is good from then on."""
    Player(stage).play(Workload(script={0: wishes("v1")}))


def lived(stage: Stage, workload: Workload, wrong: tuple[Wrong, ...] = ()) -> Life:
    """Come to rest on v1, then play the workload with what goes wrong."""
    if not stage.rests:
        resting(stage)
    player = Player(stage, wrong=wrong, begun=len(stage.told()))
    player.play(workload)
    return player.life()


def lived_on(stage: Stage, workload: Workload, first: Wrong, seconds: Sequence[Wrong]) -> Iterator[Life]:
    """Play what goes wrong first only once, and on from there, with each of what goes wrong later."""
    once = Player(stage, wrong=(first,), begun=len(stage.told()), kept=[])
    once.play(workload)
    for second in seconds:
        begun = [player for player in once.kept or () if len(player.effects) <= second.at]
        player = replace(begun[-1].copied(), wrong=(first, second))
        player.play(workload)
        yield player.life()


def check_life(life: Life, faultless: Life, wrong: tuple[Wrong, ...]) -> None:
    """The same end as without any fault, and at most one more call for each thing that went wrong."""
    assert life.tasks <= faultless.tasks, f"a hook ran twice: {life.tasks} for {faultless.tasks}"
    foreign = any(one.what == "foreign" for one in wrong)
    # What somebody deployed is what ECS itself goes back to, and going from there to what was good is a call more.
    most = len(faultless.told) + len(wrong) + foreign
    assert len(life.told) <= most, f"too many calls: {life.told} for {faultless.told}"
    if foreign and life.end != faultless.end:  # a deployment of somebody else's is not fought
        assert life.end.phase in {"stalled", "idle"}, life.end
        return
    assert life.end == faultless.end, f"{life.end} is not {faultless.end}"
    left = iter(once(faultless.told))
    assert foreign or all(version in left for version in once(life.told)), f"{life.told} is not {faultless.told}"


def once(told: tuple[str, ...]) -> list[str]:
    """What was told, with what was told again at once left out."""
    return [version for at, version in enumerate(told) if at == 0 or told[at - 1] != version]


def pairs(effects: Sequence[str]) -> dict[Wrong, list[Wrong]]:
    """What can go wrong first, with everything that can go wrong after it."""
    wrong = told_apart(effects)
    return {first: later for first in wrong if (later := [one for one in wrong if one.at > first.at])}
