"""What holds a target until a person acts, and how settings, quota and alarms that ring before the start behave."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.model.desired import Complaint, OnDrift, Supersede
from controller.model.names import ClaimKey, Commit, EnvName, TargetName
from controller.model.observation import OurTags, State
from controller.model.orders import Moved, Pause, Request
from controller.model.record import Owner
from controller.model.rollout import Terms
from tests.platform import place
from tests.world import GUARD, Approval, FakeWorld, digest, grace, settled


def rolled():
    w = settled()
    w.version = "2"
    w.tick()
    while w.phase != "baking":
        w.tick()
    return w


# --- flags
def test_a_service_that_another_target_claims_is_held_and_never_touched():
    w = FakeWorld()
    w.platform.by_hand("api", "0")
    claim = ClaimKey(place("api").claim)
    w.store.record = replace(w.store.record, claims={claim: Owner(env=EnvName("stage"), target=TargetName("api"))})
    w.ticks(5)
    assert w.sent == [] and "claimed by stage/api" in w.said and "trueup move" in w.said
    assert "api" not in w.store.record.targets


def test_a_move_order_hands_the_claim_over():
    w = FakeWorld()
    w.platform.by_hand("api", "1")
    w.platform.settle("api")
    owner = Owner(env=EnvName("old"), target=TargetName("api"))
    w.store.record = replace(w.store.record, claims={place("api").claim: owner})
    w.order(moved=Moved(number=9, env=owner.env, target=owner.target))
    w.ticks(3)
    assert w.goods == ["1"] and w.sent == []


def test_an_empty_store_that_meets_our_own_tags_holds_until_recover():
    w = FakeWorld()
    w.platform.by_hand("api", "7")
    w.platform.settle("api")
    w.service.tags = OurTags(digest=digest("7"), version="7")
    w.ticks(5)
    assert w.sent == [] and "does not remember" in w.said and "trueup recover prod api" in w.said
    w.recover()
    w.ticks(14)
    assert w.memory.found.release.version == "7" and w.goods[0] == "1"


def test_after_lost_memory_the_first_release_is_looked_for_before_it_is_registered():
    w = FakeWorld()
    w.platform.by_hand("api", "1")
    w.platform.settle("api")
    w.service.tags = OurTags(digest=digest("1"))
    w.version = "2"
    w.ticks(2)
    w.recover()
    w.ticks(2)
    (call,) = w.platform.calls
    assert call.look_first
    w.ticks(14)
    w.version = "3"
    w.ticks(14)
    assert [call.look_first for call in w.platform.calls] == [True, False]


def test_a_service_made_anew_under_the_same_name_is_held_until_recover():
    w = settled()
    w.service.identity = "second"
    w.version = "2"
    w.ticks(5)
    assert w.sent == [] and "deleted and made again" in w.said
    w.recover()
    w.ticks(14)
    assert w.goods[0] == "2"


def test_an_accepted_call_that_the_platform_never_heard_of_is_unknown_and_held_until_a_person_closes_it():
    w = settled()
    before = w.service.primary
    w.version = "2"
    w.tick()
    ours = w.service.primary
    w.platform.hide.add(ours.id)
    ours.state, before.state, w.service.primary = State.STOPPED, State.SUCCESSFUL, before
    w.platform.bump()
    w.ticks(30)
    assert len(w.sent) == 1 and "does not list it" in w.said and w.phase == "rolling"
    w.recover()
    w.ticks(16)
    assert w.goods[0] == "2" and not w.quarantine


def test_a_spec_that_moves_a_target_elsewhere_waits_for_the_open_rollout_and_then_begins_anew():
    w = settled()
    w.version = "2"
    w.tick()
    w.platform.by_hand("other", "1")
    w.platform.settle("other")
    w.want = {"place": place("other")}
    w.tick()
    assert w.phase == "rolling" and w.memory.place == place("api")
    w.ticks(30)
    assert w.memory.place == place("other") and w.memory.found is not None
    assert dict(w.platform.service("other").primary.manifest.fields) == {"taskDefinition.image": "api:2"}


# --- pause
def test_a_pause_in_the_spec_holds_like_a_persons():
    w = settled()
    w.pause_in_spec = Pause(reason="quarter end")
    w.version = "2"
    w.ticks(5)
    assert w.sent == [] and "quarter end" in w.said
    w.pause_in_spec = None
    w.ticks(14)
    assert w.goods[0] == "2"


def test_a_pause_that_has_ended_by_itself_holds_no_longer():
    w = settled()
    w.pause(until=w.now + timedelta(minutes=10))
    w.version = "2"
    w.ticks(3)
    assert w.sent == []
    w.ticks(14)
    assert w.goods[0] == "2"


def test_a_pause_stops_the_clocks_from_its_own_time_and_not_from_the_next_look():
    w = settled()
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(2)
    w.pause("audit")
    w.tick(25)
    w.resume()
    w.tick(1)
    assert w.phase == "rolling", w.trail()[-3:]


# --- settings
def test_settings_are_applied_once_and_start_no_rollout():
    w = settled()
    w.want = {"settings": grace(30)}
    w.ticks(3)
    assert w.sent == [("settings", "1")] and w.phase == "idle" and w.service.settings == {"service.grace": 30}
    assert w.goods == ["1"] and w.platform.began == []


def test_settings_travel_with_a_rollout_in_the_same_call():
    w = settled()
    w.want = {"settings": grace(30)}
    w.version = "2"
    w.ticks(14)
    assert w.sent == [("forward", "2")] and w.service.settings == {"service.grace": 30}


def test_settings_that_never_show_are_tried_three_times_and_then_only_said():
    w = settled()
    w.platform.ignore_settings = True
    w.want = {"settings": grace(30)}
    w.ticks(60)
    assert w.sent == [("settings", "1")] * 3 and "settings are not as declared" in w.said


def test_settings_do_not_wait_for_the_gates_of_a_release():
    w = settled()
    w.want["gates"] = (Approval(needed=1),)
    w.version = "2"
    w.tick()
    w.want["settings"] = grace(30)
    w.ticks(3)
    assert w.sent == [("settings", "1")] and w.phase == "pending" and w.service.settings == {"service.grace": 30}


def test_settings_wait_while_paused():
    w = settled()
    w.pause("freeze")
    w.want = {"settings": grace(30)}
    w.ticks(5)
    assert w.sent == []


def by_hand(w, seconds):
    w.service.settings["service.grace"] = seconds
    w.platform.bump()


def test_settings_that_were_already_so_when_we_first_looked_are_never_sent():
    w = FakeWorld(want={"settings": grace(30)})
    w.platform.by_hand("api", "1")
    w.platform.settle("api")
    by_hand(w, 30)
    w.ticks(5)
    assert w.sent == [] and w.goods == ["1"]


def test_settings_changed_by_hand_are_only_reported_if_drift_is():
    w = settled(want={"settings": grace(30), "on_drift": OnDrift.REPORT})
    by_hand(w, 5)
    w.ticks(20)
    assert w.sent == [] and "settings are not as declared: somebody changed them" in w.said
    w.want["settings"] = grace(60)
    w.ticks(3)
    assert w.sent == [("settings", "1")] and w.service.settings == {"service.grace": 60}


def test_settings_changed_by_hand_are_healed_at_most_three_times():
    w = settled(want={"settings": grace(30)})
    for seconds in range(6):
        by_hand(w, seconds)
        w.ticks(5)
    assert w.sent == [("settings", "1")] * 3 and w.service.settings == {"service.grace": 5}


# --- quota
def test_what_has_no_token_waits_and_goes_back_first():
    w = FakeWorld(versions=dict.fromkeys("abc", "1"))
    w.ticks(14)
    w.versions = dict.fromkeys("abc", "2")
    w.platform.in_hand = {place().quota: 1}
    w.tick()
    assert len([c for c in w.platform.calls if c.release.version == "2"]) == 1
    waiting = [d for d in w.cycles[-1].plan.decisions.values() if "waits for AWS quota" in str(d.blockers)]
    assert len(waiting) == 2 and all(d.reason.startswith("wait: for AWS quota") for d in waiting)
    w.ticks(20)
    assert all(m.goods[0].release.version == "2" for m in w.store.record.targets.values())


# --- alarms that ring before the start
def test_an_alarm_that_already_rings_keeps_a_release_from_starting_and_is_named():
    w = settled()
    w.rings = True
    w.version = "2"
    w.ticks(5)
    assert w.sent == [] and w.phase == "pending" and "ringing: 5xx" in w.said
    w.rings = False
    w.ticks(14)
    assert w.goods[0] == "2"


def test_a_way_back_by_commit_is_not_kept_by_an_alarm_that_rings():
    w = settled("1", "2")
    w.rings = True
    w.version = "1"
    w.tick()
    assert w.sent == [("forward", "1")]
    w.rings = False
    w.ticks(10)
    assert w.running == "1" and not w.quarantine


def test_an_alarm_that_rang_before_a_fix_and_never_falls_silent_sends_the_fix_back_too():
    w = settled("0", "1")
    w.version = "2"
    w.ticks(4, 1)
    assert w.phase == "baking"
    w.rings = True
    w.version = "3"
    w.tick(1)
    assert w.sent[-1] == ("forward", "3")
    w.ticks(30, 2)
    assert w.running == "1" and {digest("2"), digest("3")} <= w.quarantine


# --- bakes that cannot be watched
def test_a_bake_that_stays_deaf_too_long_waits_for_a_person_and_quarantines_nothing():
    w = settled(want={"terms": Terms(guards=(GUARD,), look_every=timedelta(minutes=3), unsure=timedelta(hours=1))})
    w.version = "2"
    w.ticks(4)
    w.deaf = True
    w.ticks(40)
    assert w.phase == "stalled" and not w.quarantine and w.running == "2"
    w.deaf = False
    w.version = "3"
    w.ticks(14)
    assert w.goods[0] == "3"


# --- orders
def test_unpin_goes_back_to_what_the_spec_wants():
    w = settled()
    w.pin("7")
    w.ticks(14)
    assert w.running == "7" and w.goods[0] == "7"
    w.order(pin=None)
    w.ticks(14)
    assert w.running == "1"


def test_a_rollback_with_a_pin_settles_idle_and_stays_whatever_waits():
    w = settled("1", "2")
    w.want["gates"] = (Approval(needed=1),)
    w.version = "3"
    w.tick()
    assert w.phase == "pending"
    w.rollback(to="1")
    w.pin("1")
    w.ticks(12)
    assert w.running == "1" and w.phase == "idle" and digest("2") in w.quarantine
    w.approvals["3"] = frozenset({"ana"})
    w.ticks(5)
    assert w.running == "1"


@pytest.mark.parametrize("order", ["retry", "rollback"])
def test_an_order_that_cannot_be_carried_out_is_answered_once_and_never_served_later(order):
    w = settled()
    getattr(w, order)()
    w.tick()
    assert "was asked for, but" in w.said
    w.tick()
    assert "was asked for" not in w.said and w.sent == []


# --- what the spec names
def test_a_slip_of_the_hand_in_the_place_loses_nothing_and_calls_nothing():
    w = settled("1", "2")
    w.sick.add(digest("3"))
    w.version = "3"
    w.ticks(14)
    assert (w.running, w.quarantine) == ("2", {digest("3")})
    before, calls = w.memory, len(w.sent)
    w.want = {"place": place("typo"), "create": False}
    w.ticks(3)
    assert w.said.startswith(
        "hold: the spec names typo in c now, and that was not seen yet: there is no such service"
    )
    assert w.cycles[-1].plan.decisions["api"].blockers[0].gate == "held"
    w.want = {}
    w.ticks(5)
    assert (w.memory, len(w.sent)) == (before, calls)


def test_a_place_that_cannot_be_looked_at_loses_nothing():
    w = settled("1", "2")
    before = w.memory
    w.want = {"place": place("typo")}
    w.platform.blind = True
    w.tick()
    assert "describe timed out" in w.said and w.phase == "idle"
    w.platform.blind = False
    w.want = {}
    w.ticks(3)
    assert w.memory == before


def forget(w, name="api"):
    w.order(name, forget=Request(number=w.next_number()))


def test_what_the_spec_names_is_not_forgotten_and_the_order_is_not_served_later():
    w = settled()
    forget(w)
    w.tick()
    assert w.said.endswith("; it was to be forgotten, but the spec names it: take it out first")
    w.tick()
    assert "forgotten" not in w.said
    w.versions.clear()
    w.ticks(2)
    assert w.memory.goods


def test_what_the_spec_no_longer_names_is_forgotten():
    w = settled()
    w.versions.clear()
    w.tick()
    forget(w)
    w.tick()
    assert w.cycles[-1].plan.dropped == {"api"}


@pytest.mark.parametrize("how", ["unread", "complaint"])
def test_nothing_is_forgotten_while_the_spec_cannot_be_read_whole(how):
    w = settled()
    w.versions.clear()
    w.tick()
    forget(w)
    w.unread = how == "unread"
    w.complaints = (Complaint(path="specs/prod.yaml", what="is not valid"),) if how == "complaint" else ()
    w.ticks(3)
    assert w.memory.goods and all(cycle.plan.dropped == set() for cycle in w.cycles)


# --- what is said of it
def test_a_wish_that_waits_for_a_bake_says_so_and_until_when():
    w = settled()
    w.want["supersede"] = Supersede.AFTER_BAKE
    w.version = "2"
    while w.phase != "baking":
        w.tick(1)
    w.version = "3"
    w.tick(1)
    (blocker,) = w.cycles[-1].plan.decisions["api"].blockers
    assert (blocker.gate, blocker.why) == ("rollout", "3 waits for 2, which is baking (supersede: afterBake)")
    assert w.now < blocker.until <= w.now + timedelta(minutes=10)


def test_a_target_of_a_broken_file_says_what_is_wrong_and_at_which_commit_it_stands():
    w = settled()
    w.complaints = (Complaint(path="specs/prod.yaml", line=14, column=9, what="'v1.2' is no version"),)
    w.broken_files = {"prod.yaml": Commit("d" * 40)}
    w.want["file"] = "specs/prod.yaml"
    w.tick()
    (blocker,) = w.cycles[-1].plan.decisions["api"].blockers
    assert blocker.gate == "source"
    assert blocker.why == "specs/prod.yaml:14:9: 'v1.2' is no version; it stands as at commit dddddddddddd"
    assert w.cycles[-1].status[0].commit == "d" * 40
