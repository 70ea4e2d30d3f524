"""Somebody else deploys at the very moment: it is let be until it has ended, whatever was about to be sent."""

from datetime import timedelta

import pytest

from controller.model.observation import State
from controller.model.rollout import Purpose
from tests.invariants import check_cycle
from tests.world import digest, grace, settled


def test_a_wish_waits_while_somebody_else_deploys():
    w = settled("0", "1")
    w.platform.by_hand("api", "9")
    w.version = "2"
    w.tick(1)
    assert w.service.primary.by == "ana"
    assert [blocker.gate for blocker in w.cycles[-1].plan.decisions["api"].blockers] == ["foreign"]
    w.ticks(4, 1)
    assert w.running == "2"


def test_what_somebody_deploys_and_never_ends_is_not_waited_for_longer_than_a_rollout_may_take():
    w = settled("0", "1")
    w.platform.breaker = False
    w.platform.bad.add(digest("9"))
    w.platform.by_hand("api", "9")
    w.version = "2"
    w.ticks(9)
    assert w.service.primary.by == "ana"
    w.ticks(3)
    assert w.running == "2"


@pytest.mark.parametrize("say", ["pin", "retry"])
def test_a_person_who_says_what_is_to_run_is_not_kept_waiting(say):
    w = settled("0", "1")
    if say == "retry":
        w.sick.add(digest("2"))
        w.version = "2"
        w.ticks(14, 1)
        assert w.phase == "stalled"
        w.sick.clear()
    w.platform.by_hand("api", "9")
    w.pin("2") if say == "pin" else w.retry()
    w.ticks(2, 0.2)
    assert w.running == "2"


def test_settings_wait_too():
    w = settled("0", "1")
    w.platform.by_hand("api", "1")
    w.want["settings"] = grace(30)
    w.tick(1)
    assert not w.platform.calls
    w.ticks(4, 1)
    assert w.service.settings == {"service.grace": 30}


def test_invariant_02_a_call_that_was_stale_is_not_sent_over_a_foreign_deployment():
    w = settled("0", "1")
    w.version = "2"
    w.at_effect[w.effects + 2] = lambda: w.platform.by_hand("api", "0")  # written down, and not sent yet
    w.tick(1)
    assert [a.purpose for a in w.platform.calls] == [Purpose.FORWARD] and w.service.primary.by == "ana"
    w.tick(0.5)
    check_cycle(w.cycles[-1], 2)
    assert w.service.primary.by == "ana", w.trail()
    w.ticks(14)
    assert w.goods[0] == "2"


@pytest.mark.parametrize("phase", ["rolling", "baking"])
def test_a_foreign_deployment_is_let_be_though_the_platform_gave_up_ours(phase):
    w = settled("0", "1")
    if phase == "rolling":
        w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(3 if phase == "rolling" else 5, 1)
    assert w.phase == phase
    w.now += timedelta(minutes=1)
    w.platform.advance()
    if phase == "baking":
        w.service.primary.state, w.service.primary.why = State.FAILED, "alarm"
    w.platform.by_hand("api", "9")
    w.turn()
    assert w.service.primary.by == "ana" and w.phase == "stalled" and w.quarantine == {digest("2")}


def test_invariant_02_a_foreign_deployment_is_let_be_while_the_platform_goes_back_by_itself():
    w = settled("0", "1")
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(5, 1)
    assert w.phase == "rolling_back" and w.memory.rollout.call is None, w.trail()
    w.platform.by_hand("api", "9")
    w.turn()
    assert w.service.primary.by == "ana" and w.phase == "stalled", w.trail()


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


def test_invariant_02_a_known_wish_does_not_overtake_over_a_foreign_deployment():
    w = settled("0", "1")
    w.version = "2"
    w.at_effect[w.effects + 2] = lambda: w.platform.by_hand("api", "1")  # written down, and not sent yet
    w.tick(1)
    w.version = "1"
    w.tick(0.5)
    assert w.service.primary.by == "ana", w.trail()
