"""From any state, once nothing goes wrong any more and every controller gets its turns: it comes to rest."""

from dataclasses import dataclass, field

from controller.model.rollout import MOVING, Phase, Result
from tests.prove.canon import key
from tests.prove.closed import NEW, State, Turn, desired, land, load, look, save_intent, save_outcome, send
from tests.prove.moves import passed

PATIENCE = 150
ON = {"loaded": look, "looked": save_intent, "intended": send, "answered": save_outcome}


@dataclass
class Rests:
    """Which states are known to come to rest, and how many turns that took at most."""

    known: set[int] = field(default_factory=set)
    longest: int = 0
    turns: int = 0

    def follow(self, state: State) -> None:
        """Go on fairly until it rests, or until where it is known to."""
        s, path = settled(state), []
        at = key(s)
        while at not in self.known:
            path.append(at)
            assert len(path) <= PATIENCE, f"it does not come to rest: {s.memory.phase} {s.memory.rollout}"
            after, called = round_of(s)
            self.turns += 1
            then = key(after)
            if then == at:
                assert not called, "it rests, and calls all the same"
                check_rest(after)
                break
            s, at = after, then
        self.known.update(path)
        self.longest = max(self.longest, len(path))


def settled(state: State) -> State:
    """No more faults, nobody acts; what was begun is ended, and somebody has the lease."""
    s = state.after(left=type(state.left)(people=0, faults=0, stalls=0))
    for flight in s.air:
        s = land(s, flight)
    for i in (0, 1):
        s = finished(s, i)[0]
    if s.free:
        s = s.with_turn(0, Turn(holds=True), owner=0, free=False)
    return s


def finished(s: State, i: int) -> tuple[State, bool]:
    """Let one controller end its turn; whether it made a call."""
    called = False
    while s.turns[i].step != "nothing":
        if s.turns[i].step == "called":
            called = True
            s = land(s, s.air[0])
        else:
            s = ON[s.turns[i].step](s, i)
    return s, called


def round_of(s: State) -> tuple[State, bool]:
    """One whole turn of the holder, and time passes."""
    s, called = finished(load(s, s.owner), s.owner)
    return passed(s), called


def check_rest(s: State) -> None:
    """At rest nothing is open, and what is wanted runs unless a person or a failure keeps it out."""
    memory, orders = s.memory, s.record.orders.targets.get("api")
    paused = orders is not None and orders.pause is not None
    if paused or memory.unknown:
        return  # a person knows, and has to act
    assert memory.phase not in MOVING, f"at rest in {memory.phase}"
    call = memory.rollout.call if memory.rollout else None
    unanswered = call is not None and call.result is Result.UNKNOWN and memory.rollout.deployment is None
    assert not unanswered or memory.phase is Phase.STALLED, "an open intent at rest, and nobody is told"
    want = desired(s.wish).targets["api"].release
    if memory.bars(want) is None and memory.phase is not Phase.STALLED:
        assert want.runs_in(s.live.manifest), f"{want.version} is wanted, and does not run"
        assert s.live.complete or s.wish == NEW
