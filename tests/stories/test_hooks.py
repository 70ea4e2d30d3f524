"""Hooks: a migration before, smoke tests after, an undo on the way back; each started once, whatever happens."""

from datetime import timedelta

import pytest

from controller.model.desired import Supersede
from controller.model.hooks import Hook, Image, RunState, When
from controller.model.orders import Attested, Pause
from tests.world import Approval, Crash, digest, settled

MIGRATE = Hook(name="migrate", when=When.BEFORE, timeout=timedelta(minutes=10))
SEED = Hook(name="seed", when=When.BEFORE)
SMOKE = Hook(name="smoke", when=When.AFTER, timeout=timedelta(minutes=5))
E2E = Hook(name="e2e", when=When.AFTER, check="e2e", timeout=timedelta(minutes=20))
UNDO = Hook(name="undo", when=When.ON_ROLLBACK, timeout=timedelta(minutes=5))


def hooked(*hooks, **terms):
    """A settled world in which the next version has these hooks."""
    w = settled("0", "1")
    w.terms = {"hooks": hooks, **terms}
    w.version = "2"
    return w


def preparing(*hooks):
    w = hooked(*(hooks or (MIGRATE,)))
    w.tick(1)
    assert w.phase == "preparing", w.trail()
    return w


def tasks(w):
    return [(task.hook, task.version) for task in w.platform.tasks.values()]


def deployed(w):
    return [version for _, version, by in w.platform.began if by == "us"]


# --- before


def test_a_migration_runs_before_the_service_is_touched_and_then_it_is_deployed():
    w = preparing()
    assert tasks(w) == [("migrate", "2")] and not w.platform.began
    w.ticks(3, 1)
    assert w.phase == "rolling" and w.running == "2"
    w.ticks(12)
    assert w.phase == "idle" and w.goods[0] == "2" and len(w.platform.tasks) == 1


def test_hooks_run_one_after_the_other_in_their_order():
    w = preparing(MIGRATE, SEED)
    w.tick(1)
    assert tasks(w) == [("migrate", "2")]
    w.ticks(12)
    assert tasks(w) == [("migrate", "2"), ("seed", "2")] and w.goods[0] == "2"


def test_a_migration_that_fails_leaves_the_service_untouched_and_bars_the_release():
    w = hooked(MIGRATE)
    w.platform.exits_with["migrate"] = 3
    w.ticks(6, 1)
    assert w.phase == "stalled" and digest("2") in w.quarantine and not w.platform.began
    assert w.memory.quarantine[digest("2")].evidence == ("migrate: boom",)
    assert w.running == "1"
    w.ticks(20)
    assert len(w.platform.tasks) == 1, "nothing is tried again by itself"


def test_retry_of_a_failed_migration_starts_another_one():
    w = hooked(MIGRATE)
    w.platform.exits_with["migrate"] = 3
    w.ticks(6, 1)
    w.platform.exits_with.clear()
    w.retry()
    w.ticks(14)
    assert tasks(w) == [("migrate", "2"), ("migrate", "2")] and w.goods[0] == "2"


def test_a_hook_that_ecs_refuses_for_what_it_asks_fails():
    w = hooked(MIGRATE)
    w.platform.no_task.add("migrate")
    w.ticks(3, 1)
    assert w.phase == "stalled" and "refused" in w.memory.quarantine[digest("2")].why


def test_a_throttled_start_is_made_again_later_and_quarantines_nothing():
    w = hooked(MIGRATE)
    w.platform.throttled = 3
    w.ticks(2, 0.2)
    assert w.phase == "preparing" and "again at" in w.said
    w.ticks(16, 1)
    assert w.running == "2" and not w.quarantine and len(w.platform.tasks) == 1


def test_a_start_whose_answer_is_lost_is_found_by_reading_and_not_started_twice():
    w = hooked(MIGRATE)
    w.platform.lose_answer = 1
    w.ticks(14, 1)
    assert len(w.platform.tasks) == 1 and w.running == "2"
    assert sum(type(call).__name__ == "Start" for call in w.platform.calls) == 1


def test_a_start_that_was_lost_on_the_way_is_made_again_with_the_same_id():
    w = hooked(MIGRATE)
    w.platform.lose_call = 1
    w.ticks(10, 1)
    starts = [call.id for call in w.platform.calls if type(call).__name__ == "Start"]
    assert len(starts) == 2 and len(set(starts)) == 1 and len(w.platform.tasks) == 1 and w.running == "2"


def test_a_start_of_which_nothing_can_be_read_any_more_is_never_made_again_by_itself():
    w = hooked(MIGRATE)
    w.platform.lose_answer = 1
    w.tick(1)
    for task in w.platform.tasks.values():
        task.gone = True
    w.pause()
    w.ticks(2, 60)
    w.resume()
    w.ticks(3, 1)
    assert w.phase == "stalled" and not w.quarantine and len(w.platform.tasks) == 1
    assert sum(type(call).__name__ == "Start" for call in w.platform.calls) == 1


def test_a_crash_at_any_effect_starts_a_migration_once():
    for k in range(1, 12):
        w = hooked(MIGRATE)

        def crash():
            raise Crash

        w.effects, w.at_effect[k] = 0, crash
        for _ in range(30):
            try:
                w.tick(1)
            except Crash:
                pass
        assert len(w.platform.tasks) == 1 and w.running == "2", k
        assert deployed(w) == [digest("2")], k


def test_a_migration_that_takes_too_long_is_stopped_and_has_failed():
    w = hooked(MIGRATE)
    w.platform.takes["migrate"] = 100
    w.ticks(11, 1)
    assert w.phase == "preparing"
    w.ticks(4, 1)
    assert w.phase == "stalled" and "not done after 10m" in w.memory.quarantine[digest("2")].why
    assert [type(call).__name__ for call in w.platform.calls] == ["Start", "Stop"] and w.running == "1"


def test_a_stop_that_was_not_taken_is_told_again():
    w = hooked(MIGRATE)
    w.platform.takes["migrate"] = 100
    w.ticks(10, 1)
    w.platform.throttled = 1
    w.ticks(6, 1)
    assert [type(call).__name__ for call in w.platform.calls] == ["Start", "Stop", "Stop"]
    assert w.phase == "stalled"


def test_a_task_that_never_ran_for_want_of_capacity_is_started_anew_and_blames_nobody():
    w = hooked(MIGRATE)
    w.platform.task_trouble = 2
    w.ticks(12, 1)
    assert [task.code for task in w.platform.tasks.values()] == [None, None, 0]
    assert w.running == "2" and not w.quarantine


def test_a_migration_of_which_nobody_can_tell_how_it_ended_waits_for_a_person():
    w = preparing()
    for task in w.platform.tasks.values():
        task.gone = True
    w.ticks(4, 1)
    assert (
        w.phase == "stalled"
        and not w.quarantine
        and "gone" in w.trail()[-2][1] + w.trail()[-1][1] + w.trail()[-3][1]
    )
    assert w.running == "1" and w.memory.runs[-1].state is RunState.UNKNOWN
    w.retry()
    w.ticks(14)
    assert len(w.platform.tasks) == 2 and w.goods[0] == "2"


def test_a_newer_wish_waits_for_the_task_that_runs_and_then_takes_its_place():
    w = hooked(MIGRATE)
    w.platform.takes["migrate"] = 5
    w.tick(1)
    w.version = "3"
    w.ticks(3, 1)
    assert tasks(w) == [("migrate", "2")] and w.phase == "preparing"
    w.platform.takes.clear()
    w.ticks(14)
    assert tasks(w) == [("migrate", "2"), ("migrate", "3")] and w.goods[0] == "3" and deployed(w) == [digest("3")]


def test_a_newer_wish_without_hooks_is_deployed_once_the_task_has_ended():
    w = preparing()
    w.terms = {}
    w.version = "3"
    w.ticks(4, 1)
    assert w.running == "3" and deployed(w) == [digest("3")]


def test_a_revert_while_preparing_ends_it_without_a_deployment():
    w = preparing()
    w.version = "1"
    w.ticks(6, 1)
    assert w.phase == "idle" and not w.platform.began and not w.quarantine
    w.version = "2"
    w.ticks(14)
    assert len(w.platform.tasks) == 1 and w.goods[0] == "2", "it ran for this release already"


def test_a_persons_rollback_while_preparing_bars_the_release_and_touches_nothing():
    w = preparing()
    w.rollback()
    w.tick(1)
    assert w.phase == "stalled" and digest("2") in w.quarantine and not w.platform.began


def test_a_persons_rollback_to_an_older_version_while_preparing_goes_there():
    w = preparing()
    w.rollback("0")
    w.ticks(8, 1)
    assert w.running == "0" and digest("2") in w.quarantine


def test_what_somebody_deployed_by_hand_meanwhile_is_taken():
    w = preparing()
    w.platform.by_hand("api", "2")
    w.tick(1)
    assert w.phase == "rolling" and not deployed(w)


def test_while_somebody_else_deploys_what_is_prepared_waits():
    w = hooked(MIGRATE)
    w.platform.takes["migrate"] = 1
    w.tick(1)
    w.platform.by_hand("api", "9")
    w.platform.services["api"].primary.left = 9
    w.ticks(4, 1)
    assert w.phase == "preparing" and "somebody else deploys" in w.said
    w.ticks(14)
    assert w.running == "2"


def test_a_retry_in_stalled_prepares_again():
    w = hooked(MIGRATE)
    w.platform.exits_with["migrate"] = 1
    w.ticks(5, 1)
    w.platform.exits_with.clear()
    w.version = "3"
    w.tick(1)
    assert w.phase == "preparing" and tasks(w)[-1] == ("migrate", "3")


def test_a_wish_behind_a_gate_starts_no_hook():
    w = hooked(MIGRATE)
    w.want["gates"] = (Approval(needed=1),)
    w.ticks(5)
    assert w.phase == "pending" and not w.platform.tasks
    w.approvals["2"] = frozenset({"ana"})
    w.tick()
    assert w.phase == "preparing"


def test_paused_blind_or_gone_a_rollout_that_prepares_stands_still():
    for lever in (
        lambda w: w.pause(),
        lambda w: setattr(w.platform, "blind", True),
        lambda w: w.platform.delete("api"),
    ):
        w = preparing(MIGRATE, SEED)
        lever(w)
        calls = len(w.platform.calls)
        w.ticks(4)
        assert w.phase == "preparing" and len(w.platform.calls) == calls


def test_an_older_read_while_preparing_proves_nothing():
    w = preparing(MIGRATE, SEED)
    w.platform.bump()
    w.platform.snap("api")
    w.tick(0.1)
    w.platform.lag = 50
    w.tick(1)
    assert "older" in w.said and w.phase == "preparing"


def test_where_nothing_may_be_called_a_hook_is_only_said():
    w = hooked(MIGRATE, observe=True)
    w.ticks(3)
    assert "would prepare" in w.said and not w.platform.tasks


def test_a_rollout_that_prepares_where_only_observing_is_left_begins_nothing_more():
    w = preparing(MIGRATE, SEED)
    w.terms = {"hooks": (MIGRATE, SEED), "observe": True}
    w.ticks(4)
    assert "would start a hook" in w.said and tasks(w) == [("migrate", "2")]


# --- while another rollout is under way


def in_flight(**kw):
    """Version 2 bakes, and version 3, which has a migration, replaces it."""
    w = settled("0", "1")
    w.version = "2"
    w.ticks(5, 1)
    assert w.phase == "baking"
    w.terms = {"hooks": (MIGRATE,), **kw}
    w.version = "3"
    return w


def test_the_hooks_of_what_waits_go_first_while_the_rollout_under_way_is_watched():
    w = in_flight()
    w.tick(1)
    assert w.phase == "baking" and tasks(w) == [("migrate", "3")]
    w.ticks(3, 1)
    assert w.phase == "rolling" and w.running == "3"


def test_a_hook_of_what_waits_that_fails_bars_only_that():
    w = in_flight()
    w.platform.exits_with["migrate"] = 1
    w.ticks(5, 1)
    assert w.phase == "baking" and w.quarantine == {digest("3")}
    w.ticks(6)
    assert w.goods[0] == "2"


def test_a_failing_rollout_goes_back_before_the_hooks_of_what_waits():
    w = in_flight()
    w.sick.add(digest("2"))
    w.tick(1)
    assert w.phase == "rolling_back"
    w.ticks(14)
    assert w.goods[0] == "3" and w.quarantine == {digest("2")}


@pytest.mark.parametrize("phase", ["rolling", "baking"])
def test_a_hook_of_what_waits_that_takes_too_long_is_stopped(phase):
    w = settled("0", "1")
    if phase == "rolling":
        w.platform.bad.add(digest("2"))
        w.platform.breaker = False
    w.version = "2"
    w.ticks(5, 1)
    assert w.phase == phase
    hook = Hook(name="migrate", when=When.BEFORE, timeout=timedelta(minutes=3))
    w.terms = {"hooks": (hook,), "bake": timedelta(hours=1)}
    w.platform.takes["migrate"] = 100
    w.version = "3"
    w.ticks(6, 1)
    assert "Stop" in [type(call).__name__ for call in w.platform.calls]
    assert digest("3") in w.quarantine and w.phase == phase


def test_what_waits_for_the_end_of_the_bake_starts_its_hooks_then():
    w = in_flight()
    w.want["supersede"] = Supersede.AFTER_BAKE
    w.ticks(2, 1)
    assert not w.platform.tasks and w.phase == "baking"
    w.ticks(24)
    assert w.goods[:2] == ["3", "2"]


# --- after


def test_smoke_tests_run_after_it_and_it_is_good_only_when_they_passed():
    w = hooked(SMOKE)
    w.platform.takes["smoke"] = 3
    w.ticks(6, 1)
    assert w.phase == "baking" and tasks(w) == [("smoke", "2")]
    w.ticks(10)
    assert w.goods[0] == "2" and len(w.platform.tasks) == 1


def test_smoke_tests_that_fail_take_the_release_back():
    w = hooked(SMOKE)
    w.platform.exits_with["smoke"] = 1
    w.ticks(20, 1)
    assert w.phase == "stalled" and w.running == "1" and "after hook smoke" in w.memory.quarantine[digest("2")].why


def test_smoke_tests_that_take_too_long_take_the_release_back():
    w = hooked(SMOKE)
    w.platform.takes["smoke"] = 100
    w.ticks(30, 1)
    assert w.running == "1" and digest("2") in w.quarantine


def test_smoke_tests_of_which_nobody_can_tell_how_they_ended_wait_for_a_person():
    w = hooked(SMOKE)
    w.platform.takes["smoke"] = 50
    w.ticks(7, 1)
    for task in w.platform.tasks.values():
        task.gone = True
    w.ticks(4, 1)
    assert w.phase == "stalled" and not w.quarantine and w.running == "2"


def attest(w, passed, version="2"):
    told = Attested(number=w.next_number(), check="e2e", digest=digest(version), passed=passed)
    w.order(attested=(*w.orders.attested, told))


def test_a_verdict_from_outside_is_waited_for():
    w = hooked(E2E)
    w.ticks(10, 1)
    assert w.phase == "baking" and "waits for a verdict of the check e2e" in w.said
    attest(w, passed=True, version="1")
    w.ticks(6, 1)
    assert w.phase == "baking", "it is about another release"
    attest(w, passed=True)
    w.ticks(6)
    assert w.goods[0] == "2"


def test_a_verdict_from_outside_may_be_no():
    w = hooked(E2E)
    w.ticks(6, 1)
    attest(w, passed=False)
    w.ticks(8, 1)
    assert w.running == "1" and "e2e failed" in w.memory.quarantine[digest("2")].why


def test_a_verdict_from_before_a_retry_is_not_one_on_it():
    w = hooked(E2E)
    w.ticks(6, 1)
    attest(w, passed=False)
    w.ticks(12, 1)
    assert w.phase == "stalled"
    w.retry()
    w.ticks(8, 1)
    assert w.phase == "baking" and "waits for a verdict" in w.said
    attest(w, passed=True)
    w.ticks(6)
    assert w.goods[0] == "2"


def test_a_verdict_that_never_comes_calls_a_person_and_bars_nothing():
    w = hooked(E2E)
    w.ticks(14)
    assert w.phase == "stalled" and not w.quarantine and w.running == "2"


# --- going back


def failing(*hooks, **terms):
    w = hooked(*hooks, **terms)
    w.ticks(8, 1)
    assert w.phase == "baking", w.trail()
    w.sick.add(digest("2"))
    w.tick(1)
    return w


def test_the_undo_runs_before_the_service_goes_back():
    w = failing(UNDO)
    assert w.phase == "rolling_back" and w.running == "2"
    w.tick(1)
    assert tasks(w) == [("undo", "2")] and w.running == "2"
    w.ticks(8, 1)
    assert w.running == "1" and w.phase == "stalled" and len(w.platform.tasks) == 1


def test_the_undo_runs_the_old_image_if_so_asked():
    w = failing(Hook(name="undo", when=When.ON_ROLLBACK, image=Image.OLD))
    w.tick(1)
    assert tasks(w) == [("undo", "1")]


def test_an_undo_that_fails_stalls_loudly_and_leaves_the_service():
    w = hooked(UNDO)
    w.platform.exits_with["undo"] = 1
    w.ticks(8, 1)
    w.sick.add(digest("2"))
    w.ticks(8, 1)
    assert w.phase == "stalled" and w.running == "2"
    assert any("onRollback hook undo" in reason for _, reason in w.trail())


def test_an_undo_that_takes_too_long_is_stopped_and_stalls():
    w = hooked(UNDO)
    w.platform.takes["undo"] = 100
    w.ticks(8, 1)
    w.sick.add(digest("2"))
    w.ticks(12, 1)
    assert w.phase == "stalled" and w.running == "2"
    assert [type(call).__name__ for call in w.platform.calls][-1] == "Stop"


def test_a_persons_rollback_at_rest_runs_the_undo_too():
    w = hooked(UNDO)
    w.ticks(14)
    assert w.goods[0] == "2"
    w.rollback()
    w.ticks(3, 1)
    assert tasks(w) == [("undo", "2")] and w.running == "2"
    w.ticks(8, 1)
    assert w.running == "1"


def test_a_release_that_is_not_safe_to_go_back_from_waits_for_its_owner():
    w = failing(rollback_safe=False)
    assert w.phase == "stalled" and w.running == "2" and digest("2") in w.quarantine
    assert "rollbackSafe: false" in w.said
    w.ticks(10)
    assert w.running == "2"
    w.rollback()
    w.ticks(8, 1)
    assert w.running == "1"


def test_rolling_too_it_waits_for_its_owner():
    w = hooked(rollback_safe=False)
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    w.ticks(14)
    assert w.phase == "stalled" and w.running == "2"


def test_a_pause_in_the_spec_stands_still_while_preparing():
    w = preparing(MIGRATE, SEED)
    w.pause_in_spec = Pause(reason="quarter end")
    w.ticks(4)
    assert w.phase == "preparing" and tasks(w) == [("migrate", "2")]


@pytest.mark.parametrize("phase", ["idle", "pending", "stalled"])
def test_a_task_that_outlives_what_it_was_for_is_stopped_once_its_time_is_up(phase):
    w = hooked(MIGRATE) if phase == "stalled" else in_flight()
    w.platform.takes["migrate"] = 1000
    w.tick(1)
    if phase == "stalled":
        w.rollback()
    else:
        w.version = "2"
        w.want["gates"] = (Approval(needed=1),)
        w.ticks(8, 0.9)
    if phase == "pending":
        w.version = "4"
    w.ticks(2, 1)
    assert w.phase == phase, w.trail()[-3:]
    w.ticks(12, 1)
    stops = [call for call in w.platform.calls if type(call).__name__ == "Stop"]
    assert len(stops) == 1 and w.phase == phase
    assert w.memory.runs[-1].state is RunState.FAILED
