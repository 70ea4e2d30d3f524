"""Guards that no other story would miss: take one away, and its story here fails."""

import itertools
from dataclasses import replace
from datetime import timedelta

from controller.model.orders import Pause
from controller.model.rollout import Terms
from tests.platform import place
from tests.world import GUARD, FakeWorld, digest, settled

EVERY = timedelta(minutes=3)


def baking(*goods, **kw):
    w = settled(*goods, **kw)
    w.version = "2"
    w.tick()
    while w.phase != "baking":
        w.tick(1)
    return w


def calls_at(w):
    """When each call was made."""
    return [c.now for c in w.cycles for _ in c.plan.actions]


def test_what_is_baked_is_kept_though_a_newer_wish_comes_in_that_very_turn():
    w = baking()
    while w.memory.rollout.baked < timedelta(minutes=9):
        w.tick()
    w.version = "3"
    w.tick()
    assert w.goods[0] == "2"
    w.ticks(14)
    assert w.goods == ["3", "2", "1"]


def test_who_goes_back_by_hand_is_believed_though_a_newer_wish_comes_in_that_very_turn():
    w = baking()
    w.platform.by_hand("api", "1")
    w.platform.settle("api")
    w.version = "3"
    w.tick()
    assert w.phase == "stalled" and digest("2") in w.quarantine


def test_a_call_that_is_not_taken_is_repeated_ever_more_seldom():
    w = settled()
    w.version = "2"
    w.platform.throttled = 8
    w.ticks(400, 0.25)
    at = calls_at(w)
    waits = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(at)]
    assert [round(wait / 30) for wait in waits] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_call_that_may_have_registered_something_is_looked_for_before_it_is_repeated():
    w = settled()
    w.version = "2"
    w.platform.lose_call = 1
    w.ticks(14)
    assert [call.look_first for call in w.platform.calls] == [False, True]


def test_an_order_that_is_given_during_a_pause_is_served_after_it():
    w = settled()
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(20)
    w.platform.bad.clear()
    w.pause("freeze")
    w.retry()
    w.ticks(3)
    assert len(w.sent) == 1
    w.resume()
    w.ticks(14)
    assert w.goods[0] == "2"


def test_going_back_has_one_deadline_however_often_it_is_sent():
    terms = Terms(guards=(GUARD,), look_every=EVERY, back_deadline=timedelta(minutes=5), back_calls=1000)
    w = baking(want={"terms": terms})
    w.sick.add(digest("2"))
    w.platform.throttled = 1000
    w.ticks(12, 0.5)
    assert w.phase == "stalled" and "took too long" in " ".join(reason for _, reason in w.trail())


def test_who_goes_back_takes_the_only_token():
    w = FakeWorld(versions={"a": "1", "z": "1"})
    w.ticks(14)
    w.versions["z"] = "2"
    w.ticks(4)
    w.sick.add(digest("2"))
    w.versions["a"] = "3"
    w.platform.in_hand = {place().quota: 1}
    w.platform.calls.clear()
    w.tick(1)
    assert [(call.target, call.purpose.value) for call in w.platform.calls] == [("z", "back")]


def test_an_unanswered_call_is_waited_for_as_long_as_its_intent_lives_and_then_settles():
    w = settled()
    w.version = "2"
    w.platform.lose_call = 1
    w.tick()
    w.tick(80 / 60)
    assert "no answer yet" in w.said and len(w.sent) == 1
    w.tick(15 / 60)
    assert len(w.sent) == 2


def test_of_two_pauses_the_one_that_is_not_armed_counts():
    w = baking()
    w.give(replace(w.store.record.orders, pause=Pause(reason="audit", armed=True)))
    w.pause("freeze")
    w.sick.add(digest("2"))
    w.ticks(3)
    assert len(w.sent) == 1 and "WOULD ROLL BACK" in w.said
    w.resume()
    w.ticks(8)
    assert w.running == "1"


def test_what_failed_is_never_healed_back_even_if_a_person_began_again_from_it():
    w = FakeWorld()
    w.platform.breaker = False
    w.platform.bad.add(digest("1"))
    w.ticks(20)
    w.service.identity = "second"
    w.platform.bump()
    w.tick()
    w.recover()
    w.ticks(2)
    assert w.memory.current.digest == digest("1") and digest("1") in w.quarantine
    w.platform.by_hand("api", "9")
    w.platform.settle("api")
    w.ticks(10)
    assert w.running == "9" and len(w.sent) == 1
