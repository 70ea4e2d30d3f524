"""Sequences that were found wanting when hooks, pauses and guards that count were looked over."""

from datetime import timedelta

import pytest

from controller.model.gate import OnShut
from controller.model.hooks import Hook, Image, When
from controller.model.observation import Awaits
from controller.model.orders import Answer
from controller.model.story import Event
from tests.stories.test_hooks import (
    E2E,
    MIGRATE,
    UNDO,
    attest,
    hooked,
    in_flight,
    preparing,
    tasks,
)
from tests.stories.test_pauses import answer, awaiting
from tests.world import FakeWorld, digest, settled

FOREVER = 10**6


def test_a_revert_frees_a_rollout_whose_hook_cannot_be_started():
    w = hooked(MIGRATE)
    w.platform.throttled = 3
    w.tick(0.2)
    assert w.phase == "preparing"
    w.platform.throttled = FOREVER
    w.version = "1"
    w.ticks(40, 1)
    assert w.phase == "idle"


def test_a_start_that_never_got_out_keeps_no_later_hook_waiting():
    w = hooked(MIGRATE)
    w.platform.throttled = FOREVER
    w.ticks(2, 0.2)
    w.rollback()
    w.tick(1)
    assert w.phase == "stalled"
    w.platform.throttled = 0
    w.version = "3"
    w.ticks(40, 1)
    assert w.running == "3"


def test_a_start_ahead_that_never_got_out_keeps_no_later_hook_waiting():
    w = in_flight()
    w.platform.throttled = FOREVER
    w.ticks(2, 0.2)
    w.platform.throttled = 0
    w.version = "4"
    w.ticks(40, 1)
    assert w.running == "4"


def test_a_newer_wish_without_hooks_waits_for_a_migration_that_runs_ahead():
    w = in_flight()
    w.platform.takes["migrate"] = 8
    w.tick(1)
    assert tasks(w) == [("migrate", "3")] and w.phase == "baking"
    w.terms = {}
    w.version = "4"
    w.ticks(3, 1)
    assert w.running == "2"


def test_a_wish_after_a_rollback_while_preparing_waits_for_the_migration_that_runs():
    w = hooked(MIGRATE)
    w.platform.takes["migrate"] = 8
    w.tick(1)
    w.rollback()
    w.tick(1)
    w.terms = {}
    w.version = "3"
    w.ticks(3, 1)
    assert w.running == "1"


def test_a_migration_that_outlives_its_rollout_is_stopped_when_its_time_is_up():
    w = hooked(MIGRATE)
    w.platform.takes["migrate"] = FOREVER
    w.tick(1)
    w.rollback()
    w.ticks(30, 1)
    assert "Stop" in [type(c).__name__ for c in w.platform.calls]


def test_an_alarm_that_rings_before_the_service_is_touched_quarantines_nothing():
    w = preparing()
    w.rings = True
    w.ticks(40, 1)
    assert w.running == "1" and not w.quarantine and "ringing: 5xx" in w.said
    w.rings = False
    w.ticks(14)
    assert w.goods[0] == "2"


def test_a_retry_does_not_meet_the_old_verdict_of_a_check():
    w = hooked(E2E)
    w.ticks(6, 1)
    attest(w, passed=False)
    w.ticks(12, 1)
    assert w.running == "1" and w.quarantine
    w.retry()
    w.ticks(10, 1)
    attest(w, passed=True)
    w.ticks(10)
    assert w.goods[0] == "2"


def test_a_stop_that_is_refused_is_told_again_once_a_minute():
    w = hooked(MIGRATE)
    w.platform.takes["migrate"] = FOREVER
    w.ticks(10, 1)
    w.platform.throttled = FOREVER
    w.ticks(240, 0.25)
    stops = [c for c in w.platform.calls if type(c).__name__ == "Stop"]
    assert 50 <= len(stops) <= 61 and "could not be stopped: ThrottlingException" in w.said


def test_going_back_is_bounded_though_the_undo_cannot_be_started():
    w = hooked(UNDO)
    w.ticks(8, 1)
    w.platform.throttled = FOREVER
    w.sick.add(digest("2"))
    w.ticks(120, 1)
    assert w.phase == "stalled"


def test_the_next_way_back_is_taken_where_the_image_of_an_undo_is_gone():
    w = hooked(Hook(name="undo", when=When.ON_ROLLBACK, image=Image.OLD))
    w.platform.no_image.add(digest("1"))
    w.ticks(8, 1)
    w.sick.add(digest("2"))
    w.ticks(20, 1)
    assert w.running == "0"


def test_retry_of_what_was_found_migrates_again():
    w = FakeWorld()
    w.platform.by_hand("api", "2")
    w.platform.settle("api")
    w.version = "2"
    w.ticks(6)
    w.version = "1"
    w.ticks(14)
    assert w.goods[0] == "1"
    w.version = "2"
    w.terms = {"hooks": (MIGRATE, UNDO)}
    w.ticks(14)
    assert w.running == "2"
    w.rollback()
    w.ticks(14)
    assert w.running == "1" and ("undo", "2") in tasks(w)
    w.retry()
    w.ticks(14)
    assert ("migrate", "2") in tasks(w) and w.running == "2"


@pytest.mark.parametrize("how", [{"shadow": True}, {"action": OnShut.WARN}])
def test_a_guard_that_is_not_heeded_keeps_nothing_from_starting(how):
    w = settled("0", "1", guarding=how)
    w.rings = True
    w.version = "2"
    w.ticks(5)
    assert w.running == "2"


def test_a_yes_to_a_pause_is_none_to_the_next_one_of_the_same_hook():
    w = awaiting()
    answer(w, yes=True)
    w.tick(0.2)
    w.service.primary.awaits = Awaits(pause="hook-1", stage="POST_PRODUCTION_TRAFFIC_SHIFT")
    w.platform.bump()
    w.ticks(10, 1)
    assert w.service.primary.awaits is not None and "POST_PRODUCTION_TRAFFIC_SHIFT" in w.said
    answer(w, yes=True)
    w.ticks(14)
    assert w.goods[0] == "2"


def test_a_start_ahead_that_was_lost_on_the_way_is_soon_waited_for_no_more():
    w = in_flight(bake=timedelta(hours=3))
    w.platform.lose_call = 1
    w.tick(1)
    w.terms = {}
    w.version = "4"
    w.tick(1)
    assert w.running == "2"
    w.ticks(3, 1)
    assert w.running == "4"


def test_what_failed_hooks_logged_does_not_fill_what_is_remembered_of_a_target():
    w = hooked(MIGRATE)
    w.platform.exits_with["migrate"] = 1
    w.platform.says = ("x" * 300,) * 20
    for version in range(2, 30):
        w.version = str(version)
        w.ticks(5, 1)
    memory = w.memory
    said = [entry.data["text"] for entry in w.store.entries if entry.event is Event.EVIDENCE]
    assert len(memory.quarantine) == 28 and said[-1].count("x" * 300) >= 20
    kept = [line for run in memory.runs for line in run.lines]
    kept += [line for barred in memory.quarantine.values() for line in barred.evidence]
    assert sum(map(len, kept)) < 64 * 1024


def test_a_yes_to_a_pause_that_was_over_by_then_is_none_to_the_next():
    w = awaiting()
    said = Answer(number=w.next_number(), version="2", yes=True, stage="POST_SCALE_UP", by="ana")
    w.order(answer=said)
    w.service.primary.awaits = Awaits(pause="hook-2", stage="POST_PRODUCTION_TRAFFIC_SHIFT")
    w.platform.bump()
    w.ticks(4, 1)
    assert w.service.primary.awaits is not None and "POST_PRODUCTION_TRAFFIC_SHIFT" in w.said
    assert any("was approved at POST_SCALE_UP" in reason for _, reason in w.trail())


def test_no_undo_runs_after_the_migration_of_a_newer_release():
    w = hooked(UNDO)
    w.ticks(8, 1)
    assert w.phase == "baking"
    w.terms = {"hooks": (MIGRATE,)}
    w.version = "3"
    w.ticks(2, 1)
    assert tasks(w) == [] and "3 waits: its hooks come after this bake" in w.said
    w.sick.add(digest("2"))
    w.ticks(30, 1)
    assert tasks(w) == [("undo", "2"), ("migrate", "3")] and w.goods[0] == "3"
