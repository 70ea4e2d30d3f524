"""Stories of targets that are only observed: whatever is due, nothing is called, and it is said."""

from datetime import timedelta

import pytest

from controller.model.rollout import Terms
from tests.world import Approval, FakeWorld, guard, settled


def observe(w):
    """Let a commit say `mode: observe`."""
    w.want = {**w.want, "terms": Terms(guards=(guard(),), look_every=timedelta(minutes=3), observe=True)}
    return w


def confirm(w):
    """Let a commit take `mode: observe` away."""
    w.want = {key: value for key, value in w.want.items() if key != "terms"}
    return w


def idle():
    return settled("1")


def pending():
    w = settled("1")
    w.want = {"gates": (Approval(),)}
    w.version = "2"
    w.tick()
    w.approvals = {"2": frozenset({"ann"})}
    return w


def rolling():
    w = settled("1")
    w.version = "2"
    w.tick()
    w.version = "3"
    return w


def baking():
    w = rolling()
    while w.phase != "baking":
        w.version = "2"
        w.tick()
    w.rings = True
    return w


def rolling_back():
    w = baking()
    w.platform.throttled = 1
    w.tick()
    return w


def stalled():
    w = FakeWorld()
    w.tick()
    w.rings = True
    while w.phase != "stalled":
        w.tick()
    w.rings = False
    w.version = "2"
    return w


@pytest.mark.parametrize("begin", [idle, pending, rolling, baking, rolling_back, stalled])
def test_what_is_only_observed_is_never_called_in_any_phase(begin):
    w = observe(begin())
    if begin is idle:
        w.version = "2"
    phase, calls = w.phase, len(w.platform.calls)
    assert phase == begin.__name__, w.trail()
    w.tick(1)
    assert len(w.platform.calls) == calls, w.trail()
    w.ticks(30)
    assert len(w.platform.calls) == calls, w.trail()
    assert any("would " in reason for _, reason in w.trail()), w.trail()
    assert any(b.gate == "mode" for b in w.cycles[-1].plan.decisions["api"].blockers)


def test_after_confirming_what_was_due_is_done():
    w = observe(settled("1"))
    w.version = "2"
    w.ticks(3)
    assert (w.sent, w.said) == ([], "rest: it is only observed: would deploy: every gate is open: 2")
    confirm(w).ticks(14)
    assert (w.running, w.sent) == ("2", [("forward", "2")])


def test_a_target_is_adopted_and_found_good_while_it_is_only_observed():
    w = settled("1")
    w.store.record = type(w.store.record)()
    observe(w).ticks(3)
    assert (w.phase, w.goods, w.sent) == ("idle", ["1"], [])


def test_with_git_away_a_rollout_that_was_only_observed_is_not_taken_back():
    """Somebody deploys just what is wanted: it is watched as ours, and going back is theirs too."""
    w = observe(settled("1"))
    w.version = "2"
    w.tick()
    w.platform.by_hand("api", "2")
    w.tick(1)
    assert w.memory.rollout is not None, w.trail()
    w.unread = w.rings = True
    w.ticks(20)
    assert w.sent == [], w.trail()
