"""Rows that ordinary lives seldom take, each with its own story."""

import pytest

from controller.model.desired import Supersede
from controller.model.observation import Blame, State
from tests.world import Approval, FakeWorld, digest, settled


def idle():
    return settled("0", "1")


def pending():
    w = idle()
    w.want["gates"] = (Approval(needed=1),)
    w.version = "2"
    w.tick()
    return w


def rolling():
    w = idle()
    w.version = "2"
    w.tick()
    return w


def baking():
    w = rolling()
    w.ticks(4, 1)
    return w


def rolling_back():
    w = baking()
    w.sick.add(digest("2"))
    w.tick(1)
    return w


def stalled():
    w = rolling_back()
    w.ticks(6)
    return w


PHASES = [idle, pending, rolling, baking, rolling_back, stalled]


every_phase = pytest.mark.parametrize("make", PHASES, ids=lambda make: make.__name__)


def stays(w, make, said):
    assert w.phase == make.__name__
    calls = len(w.platform.calls)
    w.ticks(3)
    assert w.phase == make.__name__ and said in w.said and (len(w.platform.calls) == calls)


@every_phase
def test_blind_is_still_in_every_phase(make):
    w = make()
    w.platform.blind = True
    stays(w, make, "timed out")


@every_phase
def test_paused_is_still_in_every_phase(make):
    w = make()
    w.pause("freeze")
    stays(w, make, "freeze")


@every_phase
def test_gone_is_still_in_every_phase(make):
    w = make()
    w.platform.delete("api")
    stays(w, make, "gone")


@every_phase
def test_an_older_read_is_still_in_every_phase(make):
    w = make()
    w.platform.lag = 30
    stays(w, make, "older than one before")


@pytest.mark.parametrize("make", [m for m in PHASES if m is not rolling_back], ids=lambda make: make.__name__)
def test_a_persons_rollback_is_heard_in_every_phase(make):
    w = make()
    runs = w.running
    w.rollback(to="0")
    w.ticks(8)
    assert w.running == "0" and runs != "0" and (w.phase == "stalled") and (w.sent[-1] == ("back", "0"))


def test_a_rollback_with_nothing_to_go_back_to_is_heard_and_changes_nothing():
    w = settled()
    w.rollback()
    w.ticks(3)
    assert (
        w.sent == []
        and w.phase == "idle"
        and (w.memory.ordered == w.orders.rollback.number)
        and ("nothing to go back to" in " ".join((r for _, r in w.trail())))
    )


def test_retry_at_rest_deploys_what_an_on_call_left():
    w = idle()
    w.platform.by_hand("api", "0")
    w.ticks(6)
    assert digest("1") in w.quarantine
    w.retry()
    w.ticks(14)
    assert w.running == "1" and w.goods[0] == "1" and (not w.quarantine)


def test_a_wish_that_waits_is_dropped_for_one_that_failed_and_for_what_runs():
    w = stalled()
    w.want["gates"] = (Approval(needed=1),)
    w.version = "1"
    w.ticks(2)
    w.version = "3"
    w.tick()
    assert w.phase == "pending"
    w.version = "2"
    w.tick()
    assert w.phase == "idle" and "failed here" in w.said
    w.version = "3"
    w.tick()
    w.version = "1"
    w.tick()
    assert w.phase == "idle" and w.memory.next is None


def test_an_on_calls_rollback_while_a_wish_waits_is_accepted():
    w = pending()
    w.platform.by_hand("api", "0")
    w.platform.settle("api")
    w.ticks(40)
    assert w.running == "0" and w.phase == "pending" and (digest("1") in w.quarantine) and (w.sent == [])


def test_what_waits_may_be_deployed_by_hand_and_is_then_watched():
    w = pending()
    w.platform.by_hand("api", "2")
    w.tick()
    assert w.phase == "rolling"
    w.ticks(10)
    assert w.goods[0] == "2" and w.sent == []


@pytest.mark.parametrize("make", [pending, stalled], ids=["pending", "stalled"])
def test_only_the_newest_wish_waits(make):
    w = make()
    w.want["gates"] = (Approval(needed=1),)
    w.version = "3"
    w.tick()
    since = w.memory.next.since
    w.tick()
    assert w.memory.next.release.version == "3" and w.memory.next.since == since
    w.version = "4"
    w.tick()
    assert w.memory.next.release.version == "4" and w.phase == make.__name__


def test_with_git_away_what_waits_keeps_waiting():
    w = pending()
    w.unread = True
    w.ticks(3)
    assert w.phase == "pending" and w.memory.next is not None


def test_a_bake_that_is_short_of_capacity_is_not_to_blame():
    w = baking()
    w.platform.trouble = "no capacity"
    w.platform.scale("api", 4)
    w.ticks(30)
    assert w.phase == "baking" and "no capacity" in w.said and (not w.quarantine)
    w.platform.trouble = ""
    w.ticks(8)
    assert w.goods[0] == "2"


def test_the_brake_also_holds_while_rolling_and_what_ecs_did_stands():
    w = FakeWorld(versions=dict.fromkeys(("a", "b", "c", "d", "e"), "1"))
    w.ticks(14)
    w.versions = dict.fromkeys(w.versions, "2")
    w.platform.bad.add(digest("2"))
    w.ticks(14)
    assert all(m.phase.value == "stalled" and digest("2") in m.quarantine for m in w.store.record.targets.values())
    assert all(s.primary.manifest.digest == digest("1") for s in w.platform.services.values())
    rows = [d.row for c in w.cycles for d in c.plan.decisions.values()]
    assert rows.count(("rolling", "FAILING")) == 3 and rows.count(("rolling", "BRAKED")) == 2


def test_after_bake_keeps_only_the_newest_and_does_not_mend():
    w = settled(want={"supersede": Supersede.AFTER_BAKE})
    w.version = "2"
    w.ticks(2)
    w.version = "3"
    w.tick()
    w.version = "4"
    w.sick.add(digest("2"))
    w.ticks(2)
    assert w.sent[-1] == ("back", "1")
    w.ticks(20)
    assert w.goods[0] == "4" and ("forward", "3") not in w.sent


def test_a_rollback_that_ecs_undoes_takes_the_next_way_back():
    w = baking()
    w.platform.bad.add(digest("1"))
    w.sick.add(digest("2"))
    w.ticks(30)
    assert w.running == "0" and w.phase == "stalled"


def test_a_rollback_waits_out_trouble_but_not_for_ever():
    w = rolling_back()
    w.platform.trouble = "no capacity"
    w.ticks(3)
    assert w.phase == "rolling_back" and "no capacity" in w.said
    w.ticks(12)
    assert w.phase == "stalled" and "took too long" in " ".join((r for _, r in w.trail()))


def test_somebody_who_deploys_while_we_go_back_is_not_fought():
    w = rolling_back()
    w.platform.by_hand("api", "9")
    w.tick()
    assert w.phase == "stalled" and "changed by ana" in w.said
    w.ticks(60)
    assert w.running == "9" and w.phase == "stalled" and (len(w.sent) == 2)


def test_a_lost_rollback_is_waited_for_and_sent_again():
    w = baking()
    w.sick.add(digest("2"))
    w.platform.lose_call = 1
    w.tick(1)
    w.tick(0.5)
    assert w.phase == "rolling_back" and "no answer yet" in w.said
    w.ticks(10)
    assert w.running == "1" and w.phase == "stalled"


def test_a_lost_forward_call_settles_in_the_bake_of_what_it_was():
    w = rolling()
    w.version = "1"
    w.platform.lose_answer = 1
    w.tick(1)
    w.ticks(14)
    assert w.running == "1" and w.phase == "idle"


def test_somebody_who_deploys_during_the_bake_is_not_fought():
    w = baking()
    w.platform.by_hand("api", "9")
    w.ticks(60)
    assert w.running == "9" and w.phase == "stalled" and (len(w.sent) == 1) and (not w.quarantine)


def test_an_on_calls_console_rollback_during_the_bake_quarantines_what_it_leaves():
    w = baking()
    w.platform.by_hand("api", "1")
    w.ticks(20)
    assert w.running == "1" and w.phase == "stalled" and (digest("2") in w.quarantine) and (len(w.sent) == 1)


def test_a_first_release_with_no_way_back_stalls_and_says_so():
    w = FakeWorld()
    w.ticks(4)
    w.sick.add(digest("1"))
    w.ticks(30)
    assert w.phase == "stalled" and len(w.sent) == 1 and any(("no way back" in r for _, r in w.trail()))


@pytest.mark.parametrize("sick", [False, True])
def test_a_newer_wish_replaces_a_bake(sick):
    w = baking()
    w.version = "3"
    if sick:
        w.sick.add(digest("2"))
    w.tick(1)
    w.ticks(14)
    assert (
        w.sent == [("forward", "2"), ("forward", "3")]
        and w.goods[0] == "3"
        and ((digest("2") in w.quarantine) is sick)
    )


def test_what_is_wanted_and_already_put_there_by_hand_is_baked_not_sent():
    w = idle()
    w.platform.by_hand("api", "2")
    w.version = "2"
    w.ticks(14)
    assert w.goods[0] == "2" and w.sent == []


def test_what_was_found_ill_is_good_once_it_is_well_though_a_wish_waits():
    w = FakeWorld()
    w.want["gates"] = (Approval(needed=1),)
    w.version = "2"
    w.platform.by_hand("api", "1")
    w.ticks(2, 1)
    assert w.goods == [] and w.phase == "pending"
    w.ticks(6)
    assert w.memory.goods[0].digest == digest("1") and w.phase == "pending"


def test_a_service_that_somebody_creates_while_ours_waits_is_adopted():
    w = FakeWorld()
    w.want["gates"] = (Approval(needed=1),)
    w.ticks(2)
    assert w.phase == "pending"
    w.platform.by_hand("api", "0")
    w.ticks(3)
    assert w.memory.found.digest == digest("0") and w.sent == []


def test_somebody_forcing_a_new_deployment_while_ours_rolls_is_followed():
    w = rolling()
    w.platform.by_hand("api", "2")
    w.ticks(14)
    assert w.goods[0] == "2" and len(w.sent) == 1


def test_a_new_wish_that_a_person_already_deployed_while_stalled_is_watched():
    w = stalled()
    w.platform.by_hand("api", "fix")
    w.version = "fix"
    w.ticks(14)
    assert w.goods[0] == "fix" and w.phase == "idle" and (len(w.sent) == 2)


def test_what_is_taken_over_has_a_deadline_too():
    w = idle()
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    w.platform.by_hand("api", "2")
    w.version = "2"
    w.ticks(30)
    assert w.running == "1" and digest("2") in w.quarantine and (w.sent == [("back", "1")])


def test_what_the_platform_broke_in_the_bake_is_sent_again_and_not_to_blame():
    w = baking()
    p = w.service.primary
    p.state, p.blame, p.why = (State.FAILED, Blame.PLATFORM, "host lost")
    w.ticks(20)
    assert w.goods[0] == "2" and (not w.quarantine) and ([a.force for a in w.platform.calls] == [False, True])


def test_retry_of_a_wish_that_comes_back_while_another_waits():
    w = stalled()
    w.version = "1"
    w.ticks(2)
    w.want["gates"] = (Approval(needed=1),)
    w.version = "3"
    w.tick()
    assert w.phase == "pending"
    w.sick.clear()
    w.version = "2"
    w.retry()
    w.tick()
    assert w.phase == "pending" and digest("2") not in w.quarantine
    w.approvals["2"] = frozenset({"ana"})
    w.ticks(14)
    assert w.goods[0] == "2"
