"""Adopting what somebody is still deploying: it counts once that has ended, however it does."""

from tests.platform import digest
from tests.world import Approval, FakeWorld


def found_moving(version="2", before="1", **kw):
    """A world in which somebody is deploying just when we look for the first time."""
    w = FakeWorld(**kw)
    w.version = version
    w.platform.by_hand("api", before)
    w.platform.settle("api")
    w.platform.by_hand("api", version)
    w.turn()
    return w


def test_a_deployment_that_ends_well_is_found_then_and_becomes_good():
    w = found_moving()
    assert w.memory.found.since is None
    w.ticks(4)
    assert (w.goods, w.phase, w.sent) == (["2"], "idle", [])
    assert w.memory.found.since is not None


def test_a_deployment_that_the_platform_takes_back_is_not_healed_to():
    w = found_moving()
    w.want["gates"] = (Approval(needed=1),)
    w.platform.bad.add(digest("2"))
    w.ticks(10)
    assert (w.running, w.sent, w.quarantine, w.memory.heals) == ("1", [], set(), ())
    assert w.memory.current.digest == w.memory.found.digest == digest("1")
    assert (w.phase, "1 approval(s) missing" in w.said) == ("pending", True)


def test_a_wish_that_the_platform_took_back_before_we_were_here_is_tried_once_as_a_rollout():
    w = found_moving()
    w.platform.bad.add(digest("2"))
    w.ticks(14)
    assert w.sent == [("forward", "2")]
    assert (w.running, w.quarantine) == ("1", {digest("2")})


def test_until_it_has_ended_it_is_a_way_back_like_any_other():
    w = found_moving()
    w.version = "3"
    w.sick.add(digest("3"))
    w.platform.bad.add(digest("3"))
    w.platform.breaker = False
    w.ticks(20)
    assert w.running == "2"


def test_one_that_ends_while_it_is_paused_counts_once_that_is_over_and_is_not_taken_for_new_again():
    w = found_moving()
    w.tick()
    w.pause("freeze")
    w.ticks(6)
    assert w.memory.found.since is None
    w.resume()
    w.ticks(3, 0)
    assert (w.goods, w.memory.found.since is not None) == (["2"], True)
