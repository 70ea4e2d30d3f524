"""Breadth first through a closed world: each state once, every step held to the invariants."""

from collections import Counter, deque
from dataclasses import dataclass, field

from tests.invariants import check_call, check_cycle
from tests.platform import FakePlatform, release
from tests.prove.canon import key
from tests.prove.closed import OLD, Left, State, Turn, land, load, look, save_intent, save_outcome, send, trimmed
from tests.prove.moves import passed, successors
from tests.prove.rest import Rests


@dataclass
class Explored:
    """What was met: how many states, how they were reached, and how far off the last of them was."""

    states: int = 0
    steps: int = 0
    deepest: int = 0
    whole: bool = False
    rests: Rests = field(default_factory=Rests)
    phases: Counter[str] = field(default_factory=Counter)
    rows: set[tuple[str, str]] = field(default_factory=set)
    came: dict[int, tuple[int | None, str]] = field(default_factory=dict)

    def path(self, at: int | None) -> list[str]:
        """Say what led to a state."""
        words: list[str] = []
        while at is not None:
            at, what = self.came[at]
            words.append(what)
        return words[::-1]


def begun(*, breaker: bool, left: Left) -> State:
    """A target at rest on a good release, and a newer one has just been committed."""
    platform = FakePlatform(breaker=breaker)
    platform.deploy("api", release(OLD).manifest)
    platform.settle("api")
    s = State(platform=trimmed(platform), turns=(Turn(holds=True), Turn()), owner=0, free=False)
    for _ in range(14):
        s = save_intent(look(load(s, 0), 0), 0)
        if s.turns[0].step == "intended":
            s = send(s, 0)
            s = save_outcome(land(s, s.air[0]), 0)
        s = passed(s)
    assert s.memory.goods, "it begins at rest"
    return s.after(wish="2", left=left)


def explore(start: State, limit: int) -> Explored:
    """Visit each state once until there are no more, or as many as this."""
    begin = key(start)
    found = Explored(came={begin: (None, "start")})
    queue = deque([(start, begin, 0)])
    while queue:
        state, name, depth = queue.popleft()
        found.states, found.deepest = found.states + 1, depth
        found.phases[state.memory.phase.value] += 1
        try:
            found.rests.follow(state)
            for what, after in successors(state):
                found.steps += 1
                at = key(after)
                new = at not in found.came and len(found.came) < limit
                if new:
                    found.came[at] = (name, what)
                check(found, state, after)
                if new:
                    queue.append((after, at, depth + 1))
        except AssertionError as error:
            raise AssertionError(f"{error}\nafter {' > '.join([*found.path(name), '...'])}") from error
    found.whole = len(found.came) < limit
    return found


def check(found: Explored, before: State, after: State) -> None:
    """Hold one step to the invariants: a turn that was decided, and a call that leaves."""
    if after.cycle is not None:
        check_cycle(after.cycle)
        found.rows |= {(decision.row[0].value, decision.row[1]) for decision in after.cycle.plan.decisions.values()}
    if len(after.air) > len(before.air):
        flight = after.air[-1]
        check_call(flight.action, before.record, before.now, held=before.turns[flight.by].holds)
