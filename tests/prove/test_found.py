"""What the proof has found, each in the fewest steps; what is not mended yet fails, and says so when it is."""

from datetime import timedelta

from controller.model.rollout import Purpose
from tests.invariants import check_cycle
from tests.world import digest, settled


def test_invariant_02_a_call_that_was_stale_is_not_sent_over_a_foreign_deployment():
    w = settled("0", "1")
    w.version = "2"
    w.at_effect[w.effects + 2] = lambda: w.platform.by_hand("api", "0")  # written down, and not sent yet
    w.tick(1)
    assert [a.purpose for a in w.platform.calls] == [Purpose.FORWARD] and w.service.primary.by == "ana"
    w.tick(0.5)
    check_cycle(w.cycles[-1], 2)
    assert w.service.primary.by == "ana", w.trail()


def test_invariant_02_a_foreign_deployment_is_let_be_though_the_platform_gave_up_ours():
    w = settled("0", "1")
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(4, 1)  # ECS's breaker has gone back by itself, and nobody has looked since
    w.now += timedelta(minutes=1)
    w.platform.advance()
    w.platform.by_hand("api", "9")
    assert w.service.primary.by == "ana"
    w.turn()
    assert w.service.primary.by == "ana", w.trail()


def test_invariant_02_a_foreign_deployment_is_let_be_while_the_platform_goes_back_by_itself():
    w = settled("0", "1")
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(5, 1)
    assert w.phase == "rolling_back" and w.memory.rollout.call is None, w.trail()
    w.platform.by_hand("api", "9")
    w.turn()
    assert w.service.primary.by == "ana", w.trail()


def test_invariant_02_a_known_wish_does_not_overtake_over_a_foreign_deployment():
    w = settled("0", "1")
    w.version = "2"
    w.at_effect[w.effects + 2] = lambda: w.platform.by_hand("api", "1")  # written down, and not sent yet
    w.tick(1)
    w.version = "1"
    w.tick(0.5)
    assert w.service.primary.by == "ana", w.trail()
