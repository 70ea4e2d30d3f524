"""Leases: one holder, a record that does not change is free, and clocks that need not agree."""

import pytest

from controller.errors import PlatformError
from controller.loop.lease import Leases
from controller.ports import Lease


class Bench:
    """A store's lease items, and two holders with their own clocks."""

    def __init__(self):
        self.items, self.away = {}, False
        self.clocks = {"a": 100.0, "b": 9_000_000.0}

    def lease(self, env):
        if self.away:
            raise PlatformError("store away")
        return self.items.get(env)

    def hold(self, env, lease, over):
        if self.away:
            raise PlatformError("store away")
        if self.items.get(env) != over:
            return False
        self.items[env] = lease
        return True

    def release(self, env, lease):
        if self.items.get(env) == lease:
            del self.items[env]

    def holder(self, name, **kw):
        return Leases(self, name, 30.0, lambda: self.clocks[name], **kw)

    def passes(self, seconds):
        for name in self.clocks:
            self.clocks[name] += seconds


@pytest.fixture
def bench():
    return Bench()


def test_the_first_takes_it_and_the_second_does_not(bench):
    a, b = bench.holder("a"), bench.holder("b")
    assert a.keep("prod") and not b.keep("prod")
    assert a.holds("prod") and a.held() == ("prod",) and not b.holds("prod")


def test_renewing_keeps_it_for_ever(bench):
    a, b = bench.holder("a"), bench.holder("b")
    for _ in range(20):
        assert a.keep("prod") and not b.keep("prod")
        bench.passes(15)
    assert bench.items["prod"].epoch == 1


def test_one_that_is_not_renewed_for_its_time_on_our_own_clock_is_free(bench):
    a, b = bench.holder("a"), bench.holder("b")
    a.keep("prod")
    assert not b.keep("prod")
    bench.passes(29)
    assert not b.keep("prod")
    bench.passes(2)
    assert b.keep("prod") and not a.holds("prod")
    assert bench.items["prod"].epoch == 2


def test_the_holder_stops_believing_before_another_may_take_it(bench):
    a, b = bench.holder("a"), bench.holder("b")
    a.keep("prod")
    b.keep("prod")
    bench.passes(20.5)
    assert not a.holds("prod") and not b.keep("prod")


def test_a_holder_that_comes_back_late_does_not_take_it_back(bench):
    a, b = bench.holder("a"), bench.holder("b")
    a.keep("prod")
    b.keep("prod")
    bench.passes(31)
    b.keep("prod")
    assert not a.keep("prod") and not a.holds("prod")


def test_with_the_store_away_it_is_held_until_its_deadline_and_no_longer(bench):
    a = bench.holder("a")
    a.keep("prod")
    bench.away = True
    bench.passes(10)
    assert a.keep("prod")
    bench.passes(11)
    assert not a.keep("prod")


def test_a_store_that_takes_no_lease_is_told_as_trouble_until_it_takes_one(bench):
    a = bench.holder("a")
    a.keep("prod")
    assert a.trouble is None
    bench.away = True
    assert a.keep("prod") and str(a.trouble) == "store away"
    bench.away = False
    assert a.keep("prod") and a.trouble is None


def test_alone_behind_a_lock_a_dead_holders_lease_is_taken_at_once(bench):
    bench.items["prod"] = Lease(owner="dead", epoch=7, stamp="x", seconds=30)
    a = bench.holder("a", alone=True)
    assert a.keep("prod") and bench.items["prod"].epoch == 8


def test_release_lets_the_next_one_in_at_once(bench):
    a, b = bench.holder("a"), bench.holder("b")
    a.keep("prod")
    a.release()
    assert b.keep("prod") and not a.holds("prod")
