"""Where two rules meet: each of these sequences once ended wrong."""

from dataclasses import replace
from datetime import timedelta

from controller.gates.alarms import Alarms as AlarmGuard
from controller.model.manifest import Manifest
from controller.model.observation import OurTags, State
from controller.model.orders import Request
from controller.model.packed import Packed
from controller.model.release import Release
from controller.model.rollout import Terms
from controller.model.story import Event
from tests.platform import place
from tests.world import GUARD, Approval, FakeWorld, digest, grace, settled

LATENCY = AlarmGuard(account="111122223333", region="eu-west-1", role=None, names=("latency",))
EVERY = timedelta(minutes=3)


def baking(*goods):
    w = settled(*goods)
    w.version = "2"
    w.tick()
    while w.phase != "baking":
        w.tick(1)
    return w


def stalled(*goods):
    w = settled(*goods)
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(20)
    assert w.phase == "stalled"
    return w


# --- a look that is torn
def torn(w):
    """Let the list still show what failed, while the platform's own account says that it goes back already."""
    look_at = w.platform.look_at

    def older(name):
        live = look_at(name)
        failed = next((d for d in live.deployments if d.state in {State.RETURNING, State.RETURNED}), None)
        if failed is None:
            return live
        return replace(live, deployment=failed.id, manifest=failed.manifest, revision=failed.revision)

    w.platform.look_at = older
    return look_at


def test_while_the_platform_goes_back_by_itself_nothing_is_sent_though_it_does_not_show_yet():
    w = settled()
    w.platform.bad.add(digest("2"))
    whole = torn(w)
    w.version = "2"
    w.ticks(6, minutes=1)
    assert w.phase == "rolling" and "goes back to does not show yet" in w.said
    assert w.sent == [("forward", "2")]
    w.platform.look_at = whole
    w.ticks(6, minutes=1)
    assert w.sent == [("forward", "2")] and w.phase == "stalled"
    assert digest("2") in w.quarantine and w.running == "1"


def test_a_platform_that_says_it_goes_back_and_never_does_is_not_waited_for_beyond_the_deadline():
    w = settled()
    w.platform.bad.add(digest("2"))
    w.platform.trip = lambda name, s, p: setattr(p, "state", State.RETURNING)
    w.version = "2"
    w.ticks(9, minutes=3)
    assert w.sent == [("forward", "2")]
    w.ticks(6, minutes=3)
    assert w.sent == [("forward", "2"), ("back", "1")]
    assert digest("2") in w.quarantine and w.running == "1"


# --- retry, pin and rollback beside something else
def test_a_retry_that_waits_forces_no_other_wish():
    w = stalled()
    w.want["gates"] = (Approval(needed=1),)
    w.retry()
    w.tick()
    assert w.phase == "pending"
    w.version = "1"
    w.ticks(3)
    assert w.sent == [("forward", "2")] and w.phase == "idle"


def test_a_rollback_from_stalled_quarantines_what_it_leaves_and_not_only_what_failed_before():
    w = stalled("0", "1")
    before = w.memory.rollout.number
    w.rollback()
    w.ticks(8)
    assert w.running == "0" and {digest("1"), digest("2")} <= w.quarantine
    assert w.memory.rollout.number == before + 1 and w.phase == "stalled"


def test_a_pin_ends_with_the_wanted_content_though_nobody_may_act_on_it_then():
    w = settled()
    w.pin("7")
    w.ticks(14)
    w.pause("freeze")
    w.version = "2"
    w.tick()
    w.version = "1"
    w.tick()
    w.resume()
    w.ticks(14)
    assert w.running == "1"


def test_a_pin_that_has_ended_does_not_come_back_in_another_place():
    w = settled()
    w.pin("7")
    w.ticks(14)
    w.version = "2"
    w.ticks(14)
    w.version = "1"
    w.platform.by_hand("other", "0")
    w.platform.settle("other")
    w.want = {"place": place("other")}
    w.ticks(20)
    assert dict(w.platform.service("other").primary.manifest.fields) == {"taskDefinition.image": "api:1"}


def test_an_order_that_is_given_while_we_go_back_is_answered_as_what_it_is():
    for order, answer in (("retry", "say it again"), ("rollback", "already going back")):
        w = baking("0", "1")
        w.sick.add(digest("2"))
        w.tick(1)
        assert w.phase == "rolling_back"
        getattr(w, order)()
        w.tick(1)
        assert answer in w.said


def test_forget_is_served_once_and_not_again_when_the_target_comes_back_and_goes():
    w = settled()
    w.versions.clear()
    w.order(forget=Request(number=w.next_number()))
    w.tick()
    assert "api" not in w.store.record.targets
    w.versions["api"] = "1"
    w.ticks(5)
    w.versions.clear()
    w.ticks(5)
    assert "api" in w.store.record.targets


def test_an_order_is_not_unheard_by_a_target_that_waits_for_quota_at_first_sight():
    w = FakeWorld()
    w.platform.in_hand = {place().quota: 0}
    w.rollback()
    w.ticks(3)
    w.platform.in_hand = {}
    w.ticks(14)
    assert w.sent == [("forward", "1")] and w.goods == ["1"]


# --- recover
def test_what_a_person_recovers_to_becomes_good_once_it_was_watched():
    w = FakeWorld()
    w.platform.by_hand("api", "1")
    w.platform.settle("api")
    w.ticks(3)
    w.platform.by_hand("api", "9")
    w.platform.settle("api")
    w.service.identity = "second"
    w.version = "9"
    w.ticks(3)
    assert "deleted and made again" in w.said
    w.recover()
    w.ticks(5)
    assert w.goods == ["9", "1"] and w.sent == [] and w.phase == "idle"


def test_recover_from_an_open_rollout_ends_it_in_the_journal():
    w = baking()
    w.service.identity = "second"
    w.tick()
    w.recover()
    w.ticks(3)
    ended = [e for e in w.store.entries if e.event is Event.ENDED and e.version == "2"]
    assert len(ended) == 1 and w.memory.found.release.version == "2"


def test_recover_waits_for_a_read_that_is_not_older_than_what_we_know():
    w = settled("1", "2")
    w.platform.lag = 30
    w.recover()
    w.ticks(2)
    assert w.memory.recovered == 0
    w.platform.lag = 0
    w.ticks(2)
    assert w.memory.current.release.version == "2" and w.memory.recovered > 0


def test_a_service_that_we_created_ourselves_is_no_lost_memory():
    w = FakeWorld()
    w.tick()
    w.service.tags = OurTags(digest=digest("1"), version="1")
    w.ticks(14)
    assert w.goods == ["1"]


# --- calls that do not show
def test_an_accepted_call_that_a_read_does_not_show_yet_is_waited_for():
    w = settled()
    before = w.service.primary
    w.version = "2"
    w.tick()
    ours = w.service.primary
    w.platform.hide.add(ours.id)
    w.service.primary = before
    w.tick(0.5)
    assert w.phase == "rolling" and not w.quarantine
    w.platform.hide.clear()
    w.service.primary = ours
    w.ticks(14)
    assert w.goods[0] == "2" and len(w.sent) == 1


def test_an_accepted_call_is_unknown_too_when_every_read_stays_older_than_its_answer():
    w = settled()
    before = w.service.primary
    w.version = "2"
    w.tick()
    ours = w.service.primary
    w.service.made.remove(ours)
    w.service.primary, before.state = before, State.SUCCESSFUL
    w.platform.clock -= 1
    w.ticks(30)
    assert len(w.sent) == 1 and "does not list it" in w.said
    w.recover()
    w.ticks(16)
    assert w.goods[0] == "2" and not w.quarantine


def test_an_outcome_that_could_not_be_written_down_is_written_over_what_came_between():
    w = settled()
    w.version = "2"
    w.effects = 0
    w.at_effect = {4: lambda: w.pause("lunch")}
    w.tick()
    assert w.conflicts == 0 and w.memory.rollout.deployment == w.service.primary.id
    w.tick()
    assert "lunch during rolling" in w.said


# --- going back
def test_the_budget_of_calls_counts_for_every_way_back():
    w = settled("0", "1", "3", "4", "5", "6", "7", "8")
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    w.platform.no_image |= {kept.digest for kept in w.memory.goods}
    w.version = "2"
    w.ticks(60)
    assert w.phase == "stalled" and sum(p == "back" for p, _ in w.sent) == 5


def test_a_change_by_hand_while_stalled_is_named():
    w = stalled()
    w.platform.by_hand("api", "9")
    w.ticks(3)
    assert w.phase == "stalled" and "changed by ana" in w.said and w.running == "9"


# --- good is earned
def test_with_git_away_nothing_that_was_found_becomes_good():
    w = FakeWorld(rings=True)
    w.platform.by_hand("api", "1")
    w.platform.settle("api")
    w.ticks(3)
    w.unread = True
    w.ticks(5)
    assert w.goods == []
    w.unread = w.rings = False
    w.ticks(3)
    assert w.goods == ["1"]


def test_what_was_found_is_still_found_under_another_name_and_becomes_good():
    w = FakeWorld(rings=True)
    seen = {"taskDefinition.image": "api:1", "service.launch": "FARGATE"}
    w.platform.deploy("api", Manifest.of(seen))
    w.platform.settle("api")
    w.ticks(3)
    owned = Manifest.of(seen, owns=("taskDefinition", "service.launch"))
    w.want = {"release": Release(version="1", manifest=owned, shape=Packed.of("{}"))}
    w.ticks(3)
    assert w.goods == []
    w.rings = False
    w.ticks(3)
    assert w.goods == ["1"] and w.sent == []


def test_a_good_release_that_somebody_is_just_deploying_is_watched_and_not_taken_for_done():
    w = settled("1", "2")
    w.platform.bad.add(digest("1"))
    w.platform.by_hand("api", "1")
    w.version = "1"
    w.tick()
    assert w.phase == "rolling"
    w.ticks(20)
    assert w.running == "2" and digest("1") in w.quarantine


# --- alarms
def test_a_heal_is_not_blamed_for_the_alarm_that_the_drift_rang():
    w = settled("0", "1")
    w.platform.by_hand("api", "9")
    w.rings = True
    w.ticks(3)
    assert w.sent[-1] == ("heal", "1")
    w.tick(1)
    w.rings = False
    w.ticks(12)
    assert w.running == "1" and not w.quarantine and w.phase == "idle"


def test_an_alarm_that_is_not_heard_for_a_while_has_not_fallen_silent():
    w = baking("1")
    w.rings = True
    w.version = "3"
    w.tick(1)
    assert w.sent[-1] == ("forward", "3")
    w.deaf = True
    w.tick(1)
    w.deaf = False
    w.tick(1)
    w.rings = False
    w.ticks(14)
    assert w.goods[0] == "3" and digest("3") not in w.quarantine


def test_a_newer_release_is_not_blamed_for_an_alarm_that_only_it_watches_and_that_rang_before():
    w = settled(want={"terms": Terms(guards=(), look_every=EVERY)})
    w.version = "2"
    w.tick()
    w.rings = True
    w.want["terms"] = Terms(guards=(LATENCY,), look_every=EVERY)
    w.version = "3"
    w.ticks(2, 1)
    w.rings = False
    w.ticks(14)
    assert w.goods[0] == "3" and not w.quarantine


# --- clocks of the bake
def test_the_progress_deadline_of_a_bake_begins_with_the_bake():
    w = settled()
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.tick()
    w.service.running = 1
    w.ticks(2)
    w.platform.settle("api")
    w.ticks(2, 1)
    assert w.phase == "baking", w.trail()[-2:]
    w.platform.bad.clear()
    w.ticks(8)
    assert w.goods[0] == "2"


def test_what_was_short_of_capacity_gets_its_time_when_there_is_some_again():
    w = baking()
    w.platform.trouble = "no capacity"
    w.platform.scale("api", 4)
    w.ticks(10)
    w.platform.trouble = ""
    w.platform.bad.add(digest("2"))
    w.tick(1)
    assert w.phase == "baking", w.trail()[-2:]
    w.platform.bad.clear()
    w.ticks(8)
    assert w.goods[0] == "2" and not w.quarantine


def test_a_release_of_nothing_that_cannot_be_watched_either_does_not_run_out_of_patience():
    w = settled(want={"terms": Terms(guards=(GUARD,), look_every=EVERY, unsure=timedelta(hours=1))})
    w.platform.scale("api", 0)
    w.version = "2"
    w.ticks(4)
    w.deaf = True
    w.ticks(40)
    w.platform.scale("api", 2)
    w.ticks(2)
    assert w.phase == "baking"
    w.deaf = False
    w.ticks(8)
    assert w.goods[0] == "2"


def test_no_clock_is_set_into_the_future_by_a_look_after_a_long_blindness():
    w = baking()
    w.platform.blind = True
    w.ticks(20)
    w.platform.blind = False
    w.platform.bad.add(digest("2"))
    w.service.running = 1
    w.platform.bump()
    w.tick(1)
    assert w.memory.rollout.short_since == w.now
    w.ticks(8)
    assert w.running == "1" and digest("2") in w.quarantine


# --- when to look again
def test_a_bake_that_cannot_be_watched_near_its_end_is_not_looked_at_every_second():
    w = settled()
    w.version = "2"
    w.ticks(3)
    while w.memory.rollout.terms.bake - w.memory.rollout.baked > timedelta(minutes=2):
        w.tick(1.999)
    w.deaf = True
    cycle = w.tick(1)
    assert cycle.plan.decisions["api"].again - w.now >= timedelta(minutes=1)


def test_a_wish_that_waited_for_the_end_of_a_rollout_is_looked_at_at_once():
    w = baking()
    w.want["gates"] = (Approval(needed=1),)
    w.version = "3"
    while w.phase == "baking":
        w.tick()
    assert w.goods[0] == "2" and w.cycles[-1].plan.decisions["api"].again == w.now


# --- settings
def test_settings_changed_by_hand_are_healed_three_times_a_day_and_not_three_times_ever():
    w = settled(want={"settings": grace(30)})
    for day in range(3):
        for seconds in range(5):
            w.service.settings["service.grace"] = seconds
            w.platform.bump()
            w.ticks(5)
        assert w.sent == [("settings", "1")] * (3 * (day + 1) + day)  # what is left is healed when the day is over
        w.ticks(2, 60 * 25)
        w.ticks(3)


# --- quota
def test_a_release_that_waits_for_quota_is_opened_once_in_the_journal():
    w = settled()
    w.version = "2"
    w.tick()
    w.store.entries.clear()
    w.version = "3"
    w.platform.in_hand = {place().quota: 0}
    writes = w.store.writes
    w.ticks(5, 0.1)
    assert [e for e in w.store.entries if e.event is Event.OPENED] == [] and w.store.writes == writes + 1
    w.platform.in_hand = {place().quota: 1}
    w.ticks(14)
    assert len([e for e in w.store.entries if e.event is Event.OPENED]) == 1 and w.goods[0] == "3"


def test_many_that_wait_for_quota_do_not_all_look_again_at_once():
    w = FakeWorld(versions=dict.fromkeys((f"t{index:02}" for index in range(40)), "1"))
    w.platform.in_hand = {place().quota: 1}
    cycle = w.tick()
    times = sorted(d.again - w.now for d in cycle.plan.decisions.values() if not d.action)
    seconds = [time.total_seconds() for time in times]
    assert [seconds.count(10), seconds.count(20), seconds.count(30)] == [10, 10, 19], "in tens, one call a ten"


def test_one_that_waits_for_quota_alone_looks_again_in_a_second():
    w = FakeWorld(versions=dict.fromkeys("ab", "1"))
    w.platform.in_hand = {place().quota: 1}
    cycle = w.tick()
    assert [d.again - w.now for d in cycle.plan.decisions.values() if not d.action] == [timedelta(seconds=1)]
