"""Every sequence that broke the first table, and the rule that answers it."""

from datetime import timedelta

from controller.model.desired import OnDrift, Supersede
from controller.model.observation import Blame, State
from tests.world import GUARD, Approval, Crash, FakeWorld, digest, settled


def crash():
    raise Crash


def rolled(minutes=3):
    """Release 2 is out, and in its bake."""
    w = settled()
    w.version = "2"
    w.tick(minutes)
    while w.phase != "baking":
        w.tick(minutes)
    return w


def test_ecs_own_rollback_is_a_failed_release_and_never_drift():
    w = settled()
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(200)
    assert w.sent == [("forward", "2")] and w.phase == "stalled" and (digest("2") in w.quarantine)
    assert w.running == "1" and w.goods == ["1"]


def test_a_newer_gated_wish_does_not_hide_a_sick_bake():
    w = rolled()
    w.version, w.want["gates"] = ("3", (GUARD,))
    w.sick.add(digest("2"))
    w.ticks(2)
    assert w.sent[-1] == ("back", "1")
    w.ticks(20)
    assert w.running == "3" and w.goods[0] == "3"


def test_a_crash_between_intent_and_rollback_does_not_lose_the_rollback_behind_a_gate():
    w = rolled()
    w.sick.add(digest("2"))
    act = w.platform.act

    def boom(a):
        raise Crash

    w.platform.act = boom
    try:
        w.tick()
    except Crash:
        pass
    w.platform.act = act
    assert w.phase == "rolling_back"
    w.version, w.want["gates"] = ("3", (Approval(needed=1),))
    w.ticks(10)
    assert w.running == "1" and w.phase == "stalled" and ("approval" in w.said)


def test_a_rollback_that_is_refused_takes_the_next_good_one():
    w = settled("0", "1")
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    w.platform.no_image.add(digest("1"))
    w.version = "2"
    w.ticks(40)
    assert w.running == "0" and w.phase == "stalled"


def test_a_rollback_that_is_refused_for_ever_stalls_and_stays():
    w = settled()
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    w.platform.no_image.add(digest("1"))
    w.version = "2"
    w.ticks(400)
    assert w.phase == "stalled" and sum((p == "back" for p, _ in w.sent)) == 1
    assert any(("no way back" in r for _, r in w.trail()))


def test_a_rollback_that_is_never_accepted_spends_its_budget_and_stalls():
    w = settled()
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.tick()
    w.platform.throttled = 10000
    w.ticks(400)
    assert w.phase == "stalled" and sum((p == "back" for p, _ in w.sent)) <= 5


def test_retry_opens_a_new_rollout_that_really_deploys():
    w = settled()
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(20)
    w.platform.bad.clear()
    w.retry()
    w.ticks(14)
    assert w.goods == ["2", "1"] and w.sent == [("forward", "2"), ("forward", "2")] and (not w.quarantine)


def test_retry_of_what_is_already_primary_is_forced_once():
    w = FakeWorld()
    w.platform.breaker = False
    w.platform.bad.add(digest("1"))
    w.ticks(30)
    assert w.phase == "stalled" and len(w.sent) == 1
    w.platform.bad.clear()
    w.retry()
    w.ticks(14)
    assert [a.force for a in w.platform.calls] == [False, True] and w.goods == ["1"]


def test_a_forced_call_whose_answer_is_lost_is_not_sent_again():
    w = FakeWorld()
    w.platform.breaker = False
    w.platform.bad.add(digest("1"))
    w.ticks(30)
    w.platform.bad.clear()
    w.retry()
    w.platform.lose_answer = 1
    w.ticks(20)
    assert [a.force for a in w.platform.calls] == [False, True] and w.goods == ["1"]


def test_a_blind_bake_earns_nothing():
    w = rolled(1)
    w.want = dict(w.want)
    w.platform.blind = True
    w.ticks(20, 1)
    w.platform.blind = False
    w.tick(1)
    assert w.goods == ["1"]


def test_two_hours_of_absence_are_no_bake():
    w = rolled(1)
    w.now += timedelta(hours=2)
    w.tick(1)
    w.tick(1)
    assert w.goods == ["1"]
    w.ticks(14, 1)
    assert w.goods[0] == "2"


def test_a_deaf_bake_lasts_longer_and_does_not_roll_back():
    w = rolled()
    w.deaf = True
    w.ticks(10)
    assert w.phase == "baking" and "unreadable" in w.said
    w.deaf = False
    w.ticks(6)
    assert w.goods[0] == "2"


def test_scaling_does_not_start_a_bake_again():
    w = rolled()
    for i in range(12):
        w.platform.scale("api", 2 + i % 3)
        w.tick()
    w.ticks(4)
    assert w.goods[0] == "2"


def test_fast_builds_after_bake_are_sometimes_good():
    w = settled(want={"supersede": Supersede.AFTER_BAKE})
    for i in range(60):
        w.version = f"b{i}"
        w.ticks(2, 2)
    assert len(w.goods) >= 4


def test_when_failing_lets_a_healthy_rollout_finish_and_replaces_a_failing_one():
    w = settled(want={"supersede": Supersede.WHEN_FAILING})
    w.version = "2"
    w.ticks(2)
    w.version = "3"
    w.tick()
    assert w.sent == [("forward", "2")]
    w.sick.add(digest("2"))
    w.ticks(3)
    assert w.sent == [("forward", "2"), ("forward", "3")] and digest("2") in w.quarantine


def test_always_deploys_the_newer_wish_in_the_turn_it_opens():
    w = settled()
    w.version = "2"
    w.tick()
    w.version = "3"
    w.tick()
    assert w.sent == [("forward", "2"), ("forward", "3")]


def test_a_quarantined_wish_never_stops_a_rollout():
    w = settled()
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(14)
    w.version = "3"
    w.ticks(2)
    w.version = "2"
    w.ticks(14)
    assert w.goods[0] == "3" and w.running == "3" and ("failed here" in w.said)


def test_a_throttled_call_keeps_its_rollout_backs_off_and_quarantines_nothing():
    w = settled()
    w.version = "2"
    w.platform.throttled = 8
    w.ticks(60)
    assert w.goods[0] == "2" and (not w.quarantine) and (len(w.sent) == 9)
    assert {r for _, r in w.trail() if r.startswith("deploy")} == {"deploy: every gate is open: 2"}


def test_one_crash_before_the_send_is_sent_again_in_the_same_rollout():
    w = settled()
    w.version = "2"
    w.at_effect = {3: crash}
    w.effects = 0
    try:
        w.tick()
    except Crash:
        pass
    assert w.phase == "rolling" and w.sent == []
    w.ticks(14)
    assert w.sent == [("forward", "2")] and w.goods[0] == "2"


def test_a_lost_answer_is_found_by_reading_and_not_sent_twice():
    w = settled()
    w.version = "2"
    w.platform.lose_answer = 1
    w.ticks(14)
    assert w.sent == [("forward", "2")] and w.goods[0] == "2"


def test_a_lost_answer_and_then_ecs_rolls_back_before_we_look_is_still_a_failed_release():
    w = settled()
    w.version = "2"
    w.platform.lose_answer = 1
    w.platform.bad.add(digest("2"))
    w.tick()
    for _ in range(9):
        w.platform.advance()
    w.ticks(9)
    assert w.sent == [("forward", "2")] and digest("2") in w.quarantine and (w.phase == "stalled")


def test_a_call_lost_on_the_way_is_sent_again_after_settle():
    w = settled()
    w.version = "2"
    w.platform.lose_call = 1
    w.tick()
    w.now -= timedelta(minutes=2.5)
    w.tick()
    assert "no answer yet" in w.said
    w.ticks(14)
    assert len(w.sent) == 2 and w.goods[0] == "2"


def test_a_target_removed_while_rolling_is_finished_and_can_come_back():
    w = settled()
    w.version = "2"
    w.tick()
    w.versions.clear()
    w.ticks(14)
    assert w.phase == "idle" and w.memory.current.release.version == "2" and ("no wish" in w.said)
    w.versions["api"] = "2"
    w.ticks(10)
    assert w.phase == "idle" and len(w.sent) == 1 and (not w.quarantine)


def test_a_console_change_during_a_rollout_is_not_fought():
    w = settled()
    w.version = "2"
    w.tick()
    w.platform.by_hand("api", "9")
    w.ticks(200)
    assert w.sent == [("forward", "2")] and w.phase == "stalled" and (w.running == "9")
    assert any(("changed by ana" in r for _, r in w.trail())) and (not w.quarantine)


def test_a_hand_made_fix_while_stalled_is_left():
    w = settled()
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(20)
    w.platform.calls.clear()
    w.platform.by_hand("api", "fix")
    w.ticks(200)
    assert w.running == "fix" and w.sent == []
    w.version = "3"
    w.ticks(14)
    assert w.goods[0] == "3"


def test_a_quarantined_release_put_there_by_hand_never_becomes_good():
    w = settled()
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(20)
    w.version = "1"
    w.ticks(4)
    w.platform.bad.clear()
    w.platform.by_hand("api", "2")
    w.version = "2"
    w.ticks(20)
    assert w.goods == ["1"] and digest("2") in w.quarantine


def test_adopting_a_broken_service_finds_it_and_does_not_call_it_good():
    w = FakeWorld()
    w.platform.breaker = False
    w.platform.bad.add(digest("1"))
    w.platform.by_hand("api", "1")
    w.ticks(3)
    assert w.goods == [] and w.memory.found.release.version == "1"
    w.version = "2"
    w.sick.add(digest("2"))
    w.ticks(10)
    assert w.sent[-1] == ("back", "1")


def test_pause_stops_calls_and_clocks():
    w = settled()
    w.version = "2"
    w.tick()
    w.platform.trouble = ""
    w.pause("lunch")
    w.ticks(3, 20)
    assert "lunch during rolling" in w.said
    w.resume()
    w.tick()
    assert not w.quarantine
    w.ticks(14)
    assert w.goods[0] == "2" and len(w.sent) == 1


def test_pause_stops_the_deadline_too():
    w = settled()
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(2)
    w.pause("audit")
    w.tick(1)
    w.ticks(5, 60)
    w.resume()
    w.tick()
    assert w.phase == "rolling"
    w.ticks(12)
    assert digest("2") in w.quarantine


def test_pause_stops_the_rollback_and_shouts_and_armed_keeps_it():
    w = rolled()
    w.pause("audit")
    w.sick.add(digest("2"))
    w.ticks(5)
    assert "WOULD ROLL BACK" in w.said and len(w.sent) == 1
    w.pause("audit", armed=True)
    w.ticks(8)
    assert w.running == "1" and w.sent[-1] == ("back", "1")


def test_a_service_that_is_gone_holds_for_a_person():
    w = settled()
    w.platform.delete("api")
    w.ticks(10)
    assert w.sent == [] and "gone" in w.said


def test_a_service_that_never_was_is_only_created_when_allowed():
    w = FakeWorld(want={"create": False})
    w.ticks(5)
    assert w.sent == [] and "may not be created" in w.said


def test_drift_is_healed_after_five_minutes_and_three_times_a_day():
    w = settled()
    w.platform.by_hand("api", "9")
    w.tick()
    assert w.sent == []
    for _ in range(6):
        w.ticks(14)
        w.platform.by_hand("api", "9")
    w.ticks(14)
    assert w.sent == [("heal", "1")] * 3 and "not healed any more" in w.said
    w.ticks(500)
    assert len(w.sent) == 4


def test_drift_is_only_reported_if_so_asked():
    w = settled(want={"on_drift": OnDrift.REPORT})
    w.platform.by_hand("api", "9")
    w.ticks(30)
    assert w.sent == [] and "changed by ana" in w.said


def test_drift_is_healed_though_a_newer_wish_waits_behind_a_gate():
    w = settled()
    w.want["gates"] = (Approval(needed=1),)
    w.version = "2"
    w.ticks(3)
    w.platform.by_hand("api", "9")
    w.ticks(14)
    assert w.running == "1" and w.sent == [("heal", "1")] and (w.phase == "pending")


def test_an_on_calls_rollback_in_the_console_is_never_healed_and_quarantines():
    w = settled("1", "2")
    w.platform.by_hand("api", "1")
    w.ticks(60)
    assert w.sent == [] and w.running == "1" and (digest("2") in w.quarantine) and (w.phase == "idle")
    w.version = "3"
    w.ticks(14)
    assert w.goods == ["3", "1"]


def test_going_back_by_commit_passes_no_gate_even_while_rolling():
    w = settled("1", "2")
    w.want["gates"] = (Approval(needed=1),)
    w.version = "1"
    w.tick()
    assert w.sent == [("forward", "1")]


def test_a_deregistered_way_back_is_registered_again():
    w = rolled()
    w.platform.inactive.add(w.memory.goods[0].revision)
    w.sick.add(digest("2"))
    w.ticks(10)
    assert w.running == "1" and w.phase == "stalled"


def test_the_way_back_may_already_run_after_ecs_went_there():
    w = settled("0", "1")
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(30)
    assert w.running == "1" and w.phase == "stalled" and (w.sent == [("forward", "2")])


def test_nothing_leaves_stalled_by_itself_and_a_new_wish_does():
    w = settled()
    w.sick.add(digest("2"))
    w.version = "2"
    w.ticks(20)
    w.sick.clear()
    w.platform.calls.clear()
    w.ticks(300)
    assert w.phase == "stalled" and w.sent == []
    w.version = "1"
    w.ticks(2)
    assert w.phase == "idle" and w.sent == []


def test_no_capacity_is_not_the_contents_fault_however_long_it_lasts():
    w = settled()
    w.version = "2"
    w.tick()
    w.platform.trouble = "RESOURCE:MEMORY"
    w.ticks(100)
    assert w.phase == "rolling" and "RESOURCE:MEMORY" in w.said and (not w.quarantine) and (len(w.sent) == 1)
    w.platform.trouble = ""
    w.ticks(14)
    assert w.goods[0] == "2"


def test_an_attempt_that_the_platform_itself_broke_is_made_again_later():
    w = settled()
    w.version = "2"
    w.tick()
    p = w.service.primary
    p.state, p.blame, p.why = (State.FAILED, Blame.PLATFORM, "registry down")
    w.ticks(20)
    assert w.goods[0] == "2" and (not w.quarantine) and ([a.force for a in w.platform.calls] == [False, True])


def test_a_release_of_nothing_is_unverified_and_its_clock_stands_still():
    w = settled()
    w.platform.scale("api", 0)
    w.version = "2"
    w.ticks(30)
    assert w.phase == "baking" and "nothing of it runs" in w.said and (w.goods == ["1"])
    w.platform.scale("api", 2)
    w.ticks(8)
    assert w.goods[0] == "2"


def test_a_release_that_loses_tasks_in_its_bake_goes_back():
    w = rolled()
    w.service.exits = 2
    w.platform.bump()
    w.ticks(8)
    assert w.running == "1" and digest("2") in w.quarantine
    w = rolled()
    w.platform.bad.add(digest("2"))
    w.service.running = 1
    w.platform.bump()
    w.ticks(10)
    assert w.running == "1" and digest("2") in w.quarantine


def test_a_person_forcing_a_new_deployment_of_the_same_starts_the_bake_again():
    w = rolled()
    w.platform.deploy("api", w.service.primary.manifest, w.service.primary.revision, by="ana")
    w.tick()
    assert w.phase == "rolling" and "just this" in w.said
    w.ticks(14)
    assert w.goods[0] == "2" and len(w.sent) == 1


def test_pin_passes_no_gate_obeys_pause_and_ends_with_the_wanted_content():
    w = settled()
    w.want["gates"] = (Approval(needed=1),)
    w.pause("freeze")
    w.pin("7")
    w.ticks(3)
    assert w.sent == []
    w.resume()
    w.ticks(14)
    assert w.running == "7"
    w.version = "2"
    w.ticks(2)
    assert "2: 1 approval(s) missing" in w.said
    w.version = "1"
    w.ticks(14)
    assert w.running == "1"


def test_a_persons_rollback_from_rest_quarantines_what_it_leaves():
    w = settled("1", "2", "3")
    w.rollback(to="1")
    w.ticks(12)
    assert (
        w.running == "1" and digest("3") in w.quarantine and (w.phase == "stalled") and (w.sent == [("back", "1")])
    )


def test_the_fourth_automatic_rollback_in_ten_minutes_calls_a_person():
    w = FakeWorld(versions=dict.fromkeys(("a", "b", "c", "d", "e"), "1"))
    w.ticks(14)
    w.versions = dict.fromkeys(w.versions, "2")
    w.tick()
    while any(m.phase.value != "baking" for m in w.store.record.targets.values()):
        w.tick()
    w.sick.add(digest("2"))
    w.tick()
    phases = [m.phase.value for m in w.store.record.targets.values()]
    assert sorted(phases) == ["rolling_back"] * 3 + ["stalled"] * 2


def test_an_old_read_never_passes_for_an_on_calls_rollback():
    w = settled("1", "2")
    w.version = "3"
    w.ticks(14)
    w.platform.lag = 50
    w.ticks(3)
    assert not w.quarantine and "older than one before" in w.said
