"""Guards: what they do when they shut, how often and how long; what was not watched; what gets no further."""

from datetime import timedelta

import pytest

from controller.model.gate import OnShut
from controller.model.questions import Alarm, AlarmHistory, AlarmState
from controller.model.story import Event
from controller.telemetry.metrics import Metrics
from tests.world import digest, settled

MINUTE = timedelta(minutes=1)


def baking(**guarding):
    w = settled("0", "1", guarding=guarding)
    w.version = "2"
    w.ticks(5, 1)
    assert w.phase == "baking", w.trail()
    return w


def rows(w, event):
    return [entry for entry in w.store.entries if entry.event is event]


def test_a_guard_that_warns_takes_nothing_back_and_is_said():
    w = baking(action=OnShut.WARN)
    w.sick.add(digest("2"))
    w.tick(1)
    assert w.phase == "baking" and "warning: alarms: ringing: 5xx" in w.said
    w.ticks(6)
    assert w.goods[0] == "2"
    (row,) = rows(w, Event.GUARD)
    assert "warning: alarms" in row.text


def test_a_guard_in_shadow_says_what_it_would_have_done_and_does_nothing():
    w = baking(shadow=True)
    w.sick.add(digest("2"))
    w.ticks(3, 1)
    assert "would roll back (shadow): alarms: ringing: 5xx" in w.said
    w.ticks(6)
    assert w.goods[0] == "2"
    assert [row.data["would"] for row in rows(w, Event.GUARD)] == ["rollback"], "told once"


def test_a_guard_in_shadow_would_only_have_held():
    w = baking(shadow=True, action=OnShut.HOLD)
    w.sick.add(digest("2"))
    w.tick(1)
    assert "would hold the bake (shadow)" in w.said


def test_a_guard_that_holds_lets_the_bake_stand_still_and_takes_nothing_back():
    w = baking(action=OnShut.HOLD)
    baked = w.memory.rollout.baked
    w.sick.add(digest("2"))
    w.ticks(10)
    assert w.phase == "baking" and w.memory.rollout.baked - baked <= 3 * MINUTE
    w.sick.clear()
    w.ticks(8)
    assert w.goods[0] == "2"


def test_a_guard_that_holds_for_too_long_calls_a_person_and_bars_nothing():
    w = baking(action=OnShut.HOLD)
    w.sick.add(digest("2"))
    w.ticks(130)
    assert w.phase == "stalled" and not w.quarantine and w.running == "2"


def test_one_bad_answer_is_not_enough_if_so_asked():
    w = baking(failures=3)
    w.sick.add(digest("2"))
    w.ticks(2, 1)
    assert w.phase == "baking" and "2 of 3 times in a row" in w.said
    w.sick.clear()
    w.tick(1)
    w.sick.add(digest("2"))
    w.ticks(2, 1)
    assert w.phase == "baking"
    w.tick(1)
    assert w.phase == "rolling_back"


def test_one_good_answer_is_not_enough_if_so_asked():
    w = settled("0", "1")
    w.guarding = {"passes": 12}
    w.version = "2"
    w.ticks(5, 1)
    assert "good 4 of 12 times in a row" in w.said
    w.ticks(12)
    assert w.goods[0] == "2"


def test_what_lasts_too_short_does_not_count():
    w = baking(lasting=5 * MINUTE)
    w.sick.add(digest("2"))
    w.ticks(5, 1)
    assert w.phase == "baking" and "for 4m of 5m" in w.said
    w.ticks(2, 1)
    assert w.phase == "rolling_back"


def test_an_answer_that_says_nothing_breaks_no_row():
    w = baking(failures=2)
    w.sick.add(digest("2"))
    w.tick(1)
    w.deaf = True
    w.ticks(2, 1)
    w.deaf = False
    w.tick(1)
    assert w.phase == "rolling_back"


# --- alarms that ring already


def test_alarms_that_ring_already_keep_a_wish_waiting():
    w = settled("0", "1")
    w.rings = True
    w.version = "2"
    w.ticks(5)
    assert w.running == "1" and "ringing: 5xx" in w.said


def test_during_an_incident_only_what_rings_anew_counts():
    w = settled("0", "1")
    w.terms["incident"] = "INC-42"
    w.rings = True
    w.version = "2"
    w.ticks(10)
    assert w.goods[0] == "2" and not w.quarantine


def test_during_an_incident_what_fell_silent_and_rings_again_counts():
    w = settled("0", "1")
    w.terms["incident"] = "INC-42"
    w.rings = True
    w.version = "2"
    w.ticks(4, 1)
    w.rings = False
    w.tick(1)
    w.rings = True
    w.tick(1)
    assert w.phase == "rolling_back", w.trail()


# --- what was not watched


QUIET = AlarmHistory(changes=())
RANG = AlarmHistory(changes=(Alarm(name="5xx", state=AlarmState.ALARM),))


@pytest.mark.parametrize("history", [QUIET, RANG, None], ids=["quiet", "rang", "unread"])
def test_a_gap_in_the_watch_counts_only_if_the_history_says_that_nothing_rang(history):
    w = settled("0", "1")
    w.terms["bake"] = 60 * MINUTE
    w.version = "2"
    w.ticks(6, 1)
    baked = w.memory.rollout.baked
    w.history = history or w.history
    w.now += 30 * MINUTE  # nobody looks
    w.tick(1)
    gained, counts = w.memory.rollout.baked - baked, history is QUIET
    assert w.phase == "baking" and (gained == 31 * MINUTE) is counts and (gained == timedelta()) is not counts
    assert w.gaps_asked


def test_what_was_not_watched_for_longer_than_an_hour_is_watched_anew():
    w = settled("0", "1")
    w.terms["bake"] = 600 * MINUTE
    w.history = QUIET
    w.version = "2"
    w.ticks(6, 1)
    w.now += 90 * MINUTE
    w.tick(1)
    assert w.memory.rollout.baked < 5 * MINUTE and not w.gaps_asked


def test_no_history_is_asked_for_while_nothing_is_missed():
    w = baking()
    w.ticks(8)
    assert w.goods[0] == "2" and not w.gaps_asked


# --- what gets no further


def test_a_rollout_that_gets_no_further_fails_before_its_deadline():
    w = settled("0", "1")
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    w.terms["deadline"] = 90 * MINUTE
    w.version = "2"
    w.tick(1)
    w.service.running = 1
    w.ticks(10, 1)
    assert w.phase == "rolling"
    w.ticks(2, 1)
    assert w.phase == "rolling_back" and "no further for 10m: 1 of 2 run" in w.memory.quarantine[digest("2")].why


def test_what_gets_on_slowly_has_its_time_again():
    w = settled("0", "1")
    w.platform.breaker = False
    w.platform.bad.add(digest("2"))
    w.terms["deadline"] = 90 * MINUTE
    w.version = "2"
    w.tick(1)
    w.service.running = 1
    for reached in range(1, 5):
        w.service.primary.reached = reached
        w.ticks(8, 1)
        assert w.phase == "rolling"
    w.ticks(4, 1)
    assert w.phase == "rolling_back"


# --- evidence


def test_what_failed_is_journaled_with_all_that_can_be_gathered():
    w = settled("0", "1")
    w.history = RANG
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(10, 1)
    (row,) = rows(w, Event.EVIDENCE)
    text = row.data["text"]
    assert row.data["digest"] == digest("2") and row.version == "2"
    assert "verdict: " in text and "task 1: api exited 1" in text and "alarm 5xx: ALARM" in text


def test_evidence_that_cannot_be_gathered_stops_nothing():
    w = settled("0", "1")
    w.platform.evidence = lambda *_: 1 / 0
    w.platform.bad.add(digest("2"))
    w.version = "2"
    w.ticks(10, 1)
    (row,) = rows(w, Event.EVIDENCE)
    assert "nothing more could be gathered: ZeroDivisionError" in row.data["text"] and w.running == "1"


DOES = {
    "warn": {"action": OnShut.WARN},
    "hold": {"action": OnShut.HOLD},
    "would_hold": {"shadow": True, "action": OnShut.HOLD},
    "would_rollback": {"shadow": True},
}


@pytest.mark.parametrize("does", sorted(DOES))
def test_what_a_guard_did_or_would_have_done_is_counted_once(does):
    w, metrics = baking(**DOES[does]), Metrics(version="1")
    w.cycles.clear()
    w.sick.add(digest("2"))
    w.ticks(3, 1)
    for cycle in w.cycles:
        metrics.watch(cycle)
    text = metrics.scrape()[0].decode()
    counted = [
        line for line in text.splitlines() if line.startswith("trueup_guards_shut_total{") and line[-4:] != " 0.0"
    ]
    assert counted == [f'trueup_guards_shut_total{{does="{does}",environment="prod"}} 1.0']
