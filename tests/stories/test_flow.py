"""The ordinary life of a target."""

from tests.world import Approval, FakeWorld, release, settled


def test_a_new_environment_converges_and_then_nothing_is_called_or_written():
    w = settled()
    assert (w.running, w.phase, w.goods) == ("1", "idle", ["1"])
    writes = w.store.writes
    w.ticks(5)
    assert w.platform.calls == [] and w.store.writes <= writes + 1


def test_a_bump_is_deployed_in_the_turn_in_which_it_is_seen():
    w = settled()
    w.version = "2"
    w.tick()
    assert w.sent == [("forward", "2")]
    w.ticks(14)
    assert w.goods == ["2", "1"] and w.phase == "idle" and (len(w.sent) == 1)


def test_a_bump_waits_for_approval_and_says_so():
    w = settled()
    w.want["gates"] = (Approval(needed=1),)
    w.version = "2"
    w.ticks(3)
    assert w.phase == "pending" and "1 approval(s) missing" in w.said and (w.sent == [])
    w.approvals["2"] = frozenset({"ana"})
    w.ticks(14)
    assert w.goods[0] == "2"


def test_blind_means_still_and_a_missing_spec_stops_nothing():
    w = settled()
    w.version = "2"
    w.tick()
    w.platform.blind = True
    assert w.tick().plan.actions == () and "describe timed out" in w.said
    w.platform.blind = False
    w.versions.clear()
    w.ticks(14)
    assert w.memory.goods[0].release == release("2")


def test_with_git_away_a_rollout_in_flight_is_rolled_back_under_its_own_terms():
    w = settled()
    w.version = "2"
    w.tick()
    w.unread = True
    w.sick.add(release("2").digest)
    w.ticks(14)
    assert w.running == "1" and w.phase == "stalled"


def test_adoption_of_what_runs_restarts_nothing():
    w = FakeWorld()
    w.platform.by_hand("api", "1")
    w.platform.settle("api")
    w.ticks(4)
    assert w.goods == ["1"] and w.platform.calls == [] and (w.phase == "idle")
