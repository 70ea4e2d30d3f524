"""Random lives before a window, around changes of clocks: what is new starts inside it, and back needs no gate."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.gates.window import Window
from controller.model.decision import Ensure
from controller.model.orders import Freeze
from controller.model.record import Memory
from controller.model.rollout import Purpose
from tests.gates.kinds import UNMET
from tests.properties.script import long_lives, patience
from tests.properties.wall import AROUND, DAY, MINUTE, SEASONS, WINDOWS
from tests.world import FakeWorld, digest, settled

pytestmark = patience

LATER = timedelta(seconds=20)
VERSIONS = ("1", "2", "3", "4")


@dataclass(frozen=True, kw_only=True)
class Watch(Window):
    """A window that keeps the moments for which it was asked."""

    asked: list = field(default_factory=list, compare=False)

    def judge(self, candidate, answers, now):
        self.asked.append(now)
        return Window.judge(self, candidate, answers, now)


class Hurried(FakeWorld):
    """A world in which time goes on while a turn is made: each look at the clock shows another."""

    def world(self):
        def now():
            self.now += LATER
            return self.now

        return replace(super().world(), now=now)


versions, moves = (
    st.sampled_from(VERSIONS),
    st.sampled_from(("bump", "bump", "bump", "sick", "cure", "retry", "wait", "wait")),
)
# What happens, and the minutes until each of some turns; clocks that are set are set back as well.
jumps = st.sampled_from((1, 3, 3, 7, 29, 61, 240, -2, -61))
steps = st.lists(st.tuples(moves, versions, st.lists(jumps, min_size=1, max_size=3)), min_size=3, max_size=10)

STARTING = {
    "season": st.sampled_from(SEASONS),
    "times": st.sampled_from(WINDOWS),
    "hour": st.integers(-12, 26),
    "life": steps,
}
FAILING = {
    "turns": st.integers(1, 5),
    "shut": st.sets(st.sampled_from(sorted(UNMET)), min_size=1),
    "frozen": st.booleans(),
    "bad": st.booleans(),
}


def do(w, move, version):
    match move:
        case "bump":
            w.version = version
        case "sick":
            w.sick.add(digest(version))
        case "cure":
            w.sick.clear()
        case "retry":
            w.retry()


def check_opened(w, window, is_open):
    """Judge the turn that was just made: in one moment, and inside the window if it opened something new."""
    if not w.cycles:
        return
    cycle = w.cycles.pop()
    asked, decision = set(window.asked), cycle.plan.decisions["api"]
    window.asked.clear()
    assert asked <= {cycle.now} and cycle.plan.decided_at == cycle.now, f"31: more than one moment: {asked}"
    before, action = cycle.before.targets.get("api", Memory()), decision.action
    if not isinstance(action, Ensure) or action.purpose is not Purpose.FORWARD:
        return
    if decision.memory.rollouts > before.rollouts and not before.is_known(action.release.digest):
        assert decision.memory.rollout.opened == cycle.now
        assert is_open(cycle.now), f"31: {action.release.version} started at {cycle.now}, outside its window"


@settings(max_examples=long_lives(80))
@given(**STARTING)
def test_invariant_31_nothing_new_starts_outside_its_window_whatever_clocks_do(season, times, hour, life):
    w = Hurried(**vars(settled("0", "1")))
    window = times.window(season, Watch)
    w.want["gates"] = (window,)
    w.now = season.first + AROUND * DAY + hour * 60 * MINUTE
    for move, version, minutes in life:
        do(w, move, version)
        for minute in minutes:
            w.tick(minute)
            check_opened(w, window, lambda now: times.is_open(season, now))


@settings(max_examples=long_lives(60))
@given(**FAILING)
def test_invariant_31_whatever_gates_are_shut_what_fails_goes_back(turns, shut, frozen, bad):
    w = settled("0", "1")
    w.platform.breaker = False
    if bad:
        w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(turns)
    w.want["gates"] = tuple(UNMET[kind] for kind in sorted(shut))
    if frozen:
        w.give(replace(w.store.record.orders, freeze=Freeze(reason="inventory", at=w.now)))
    w.sick.add(digest("2"))
    w.ticks(15)
    assert w.sent == [("forward", "2"), ("back", "1")], "31: it does not go back"
    assert (w.running, w.quarantine) == ("1", {digest("2")})
