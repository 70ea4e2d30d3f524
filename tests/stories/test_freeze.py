"""A freeze: nothing new starts, what is under way is watched on, and going back needs no leave."""

from dataclasses import replace
from datetime import timedelta

from controller.model.orders import Freeze
from tests.platform import digest
from tests.world import grace, settled


def freeze(w, **kw):
    given = Freeze(reason="inventory", at=w.now, by="ana", **kw)
    w.give(replace(w.store.record.orders, freeze=given))


def thaw(w):
    w.give(replace(w.store.record.orders, freeze=None))


def blockers(w):
    return [(one.gate, one.why, one.until) for one in w.cycles[-1].plan.decisions["api"].blockers]


def test_nothing_new_starts_until_it_ends_and_then_it_does():
    w = settled("1", "2")
    freeze(w)
    w.version = "3"
    w.ticks(5)
    assert (w.sent, w.phase) == ([], "pending")
    assert blockers(w) == [("freeze", "frozen by ana: inventory", None)]
    thaw(w)
    w.tick()
    assert w.sent == [("forward", "3")]


def test_it_ends_by_itself_just_then():
    w = settled("1", "2")
    until = w.now + timedelta(hours=2)
    freeze(w, until=until)
    w.version = "3"
    w.tick()
    assert blockers(w)[0][2] == until
    w.now = until - timedelta(seconds=10)
    w.turn()
    assert timedelta() < w.cycles[-1].plan.decisions["api"].again - until < timedelta(seconds=1)
    w.now = until
    w.turn()
    assert w.sent == [("forward", "3")]


def test_what_is_under_way_goes_on_and_what_fails_goes_back():
    w = settled("1", "2")
    w.version = "3"
    w.tick()
    freeze(w)
    w.ticks(14)
    assert w.goods[0] == "3"

    w = settled("1", "2")
    w.version = "3"
    w.sick.add(digest("3"))
    w.tick()
    freeze(w)
    w.ticks(14)
    assert (w.running, w.quarantine) == ("2", {digest("3")})


def test_going_back_by_commit_and_by_order_is_let_through():
    w = settled("1", "2")
    freeze(w)
    w.version = "1"
    w.ticks(3)
    assert w.running == "1"

    w = settled("1", "2")
    freeze(w)
    w.rollback("1")
    w.ticks(3)
    assert w.running == "1"


def test_new_settings_wait_and_what_somebody_changed_by_hand_is_put_back():
    w = settled("1", "2")
    w.want["settings"] = grace(1)
    w.ticks(4)
    sent = len(w.sent)
    freeze(w)
    w.want["settings"] = grace(2)
    w.ticks(4)
    assert len(w.sent) == sent
    w.want["settings"] = grace(1)
    w.platform.by_hand("api", "9")
    w.platform.settle("api")
    w.ticks(8)
    assert (w.running, w.sent[-1]) == ("2", ("heal", "2"))


def test_a_retry_waits_for_its_end():
    w = settled("1", "2")
    w.version = "3"
    w.sick.add(digest("3"))
    w.ticks(14)
    freeze(w)
    w.sick.clear()
    sent = list(w.sent)
    w.retry()
    w.ticks(4)
    assert w.sent == sent
    thaw(w)
    w.ticks(14)
    assert w.goods[0] == "3"
