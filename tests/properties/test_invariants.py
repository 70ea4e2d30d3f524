"""What never happens, whatever does: a test for each number, over lives from a settled and from an empty world."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.model.desired import Desired
from controller.model.orders import TargetOrders
from controller.model.record import Memory
from controller.model.rollout import Phase, Purpose, Result
from controller.model.story import Event
from controller.plan.calls import patient_until
from tests.invariants import check_call, check_cycle
from tests.properties.script import (
    WORLDS,
    beginnings,
    begun,
    briefs,
    lives,
    long_lives,
    moves,
    patience,
    play,
    scripts,
    step,
    without,
    worlds,
)
from tests.properties.test_replay import CODEC
from tests.properties.test_safety import check_brake
from tests.world import digest, settled

pytestmark = patience

BY_FLAG = {"HELD_BY_FLAG", "RECOVERED_BY_ORDER"}


def holds(name, *numbers):
    """A test that holds every turn of every life to the invariants with these numbers."""

    def test(world, beginning, life):
        w = begun(world, beginning)
        play(w, life)
        for cycle in w.cycles:
            check_cycle(cycle, *numbers)

    test.__name__ = test.__qualname__ = name  # by its name its lives are its own
    return settings(max_examples=lives(40), deadline=None)(given(worlds, beginnings, briefs)(test))


test_when_blind_be_still = holds("test_when_blind_be_still", 0)
test_invariant_01_no_second_intent_while_one_is_open = holds("test_invariant_01", 1)
test_invariant_02_no_call_over_a_deployment_of_somebody_else = holds("test_invariant_02", 2)
test_invariant_03_what_failed_is_not_deployed = holds("test_invariant_03", 3)
test_invariant_04_each_call_is_written_down_first_just_as_it_is_made = holds("test_invariant_04", 4)
test_invariant_07_paused_nothing_opens_and_observation_goes_on = holds("test_invariant_07", 7)
test_invariant_08_paused_it_goes_back_only_if_that_is_armed = holds("test_invariant_08", 8)
test_invariant_09_without_a_wish_that_can_be_read_nothing_opens = holds("test_invariant_09", 9)
test_invariant_12_what_is_deployed_passed_its_gates_just_then = holds("test_invariant_12", 12)
test_invariant_13_the_way_back_ran_here_and_did_not_fail = holds("test_invariant_13", 13)
test_invariant_14_a_rollback_is_not_rolled_back = holds("test_invariant_14", 14)
test_invariant_15_what_was_given_up_is_left_alone = holds("test_invariant_15", 15)
test_invariant_17_what_somebody_else_owns_is_left_alone = holds("test_invariant_17", 17)
test_invariant_19_an_old_read_proves_nothing = holds("test_invariant_19", 19)
test_invariant_20_good_is_only_what_the_platform_finished = holds("test_invariant_20", 20)
test_invariant_23_kept_is_only_what_was_surely_well_for_long_enough = holds("test_invariant_23", 23)

upsets = st.one_of(
    st.tuples(st.just("late"), st.tuples(st.integers(1, 4), st.integers(0, 90))),
    st.tuples(st.just("lease"), st.booleans()),
    st.tuples(st.just("pause at"), st.integers(1, 4)),
    st.tuples(st.just("by hand at"), st.integers(1, 4)),
)
# Not one_of: that would take each of the many kinds of moves for as likely as each kind of upset.
upset_lives = st.lists(st.booleans().flatmap(lambda upset: upsets if upset else moves), max_size=12)


def upset(w, what, arg):
    """Let something happen to the controller in its turn, just when it has something new to do."""
    if what in {"late", "pause at", "by hand at"} and "api" in w.versions:
        w.version = {"1": "2", "2": "3"}.get(w.version, "1")
    match what:
        case "late":
            at, seconds = arg
            w.at_effect[w.effects + at] = lambda: setattr(w, "now", w.now + timedelta(seconds=seconds))
            w.tick(1)
        case "lease":
            w.holds = arg
        case "pause at":
            w.at_effect[w.effects + arg] = lambda: w.pause("freeze")
            w.tick(1)
        case "by hand at":
            w.at_effect[w.effects + arg] = lambda: w.platform.by_hand("api", "9")
            w.tick(1)
        case _:
            step(w, what, arg)


@settings(max_examples=lives(40), deadline=None)
@given(worlds, upset_lives)
def test_invariant_05_no_call_leaves_late_without_its_intent_or_without_the_lease(world, life):
    w = WORLDS[world]()
    play(w, [])
    for what, arg in life:
        upset(w, what, arg)
    for action, record, now, held in w.left:
        check_call(action, record, now, held=held)
    for action, there in w.replaced:
        assert action.expect == there, "2: what it was to replace was no longer there"


@settings(max_examples=long_lives(40), deadline=None)
@given(upset_lives)
def test_invariant_07_a_pause_in_the_middle_of_a_turn_lets_no_intent_be_saved(life):
    w = settled("3", "1")
    play(w, [])
    for what, arg in life:
        upset(w, what, arg)
    for cycle in w.cycles:
        check_cycle(cycle, 7)
    for action, record, _, _ in w.left:
        pause = record.orders.targets.get(action.target, TargetOrders()).pause
        known = pause is None or pause.armed or record.version in w.store.given
        assert known, "7: an intent was saved over a pause"  # one that was given after it is the last write


@settings(max_examples=long_lives(40), deadline=None)
@given(worlds, scripts)
def test_invariant_08_each_call_is_told_in_the_journal_before_it_is_made(world, script):
    w = WORLDS[world]()
    play(w, script)
    told = [entry for entry in w.store.entries if entry.event is Event.INTENT]
    assert len(told) >= len(w.left)
    for cycle in w.cycles:
        for action in cycle.plan.actions:
            mine = [entry for entry in told if (entry.target, entry.at) == (action.target, cycle.plan.decided_at)]
            assert mine, f"{action.purpose} of {action.release.version} is not in the journal"


@settings(max_examples=long_lives(40), deadline=None)
@given(worlds, scripts)
def test_invariant_09_what_is_taken_out_of_the_spec_is_left_as_it_is(world, script):
    w = WORLDS[world]()
    play(w, script)
    w.ticks(40)
    w.versions.clear()
    step(w, "trouble", False)  # a rollout that was opened before is brought to its end, as soon as it can be
    w.ticks(40)
    calls = len(w.platform.calls)
    w.ticks(10)
    assert len(w.platform.calls) == calls
    assert all(service.desired for service in w.platform.services.values()) or "scale" in str(script)


@settings(max_examples=long_lives(40), deadline=None)
@given(worlds, scripts)
def test_invariant_14_a_rollout_goes_back_with_no_more_calls_than_its_budget(world, script):
    w = WORLDS[world]()
    play(w, script)
    calls = {}
    for cycle in w.cycles:
        for name, d in cycle.plan.decisions.items():
            if d.action is not None and d.action.purpose is Purpose.BACK and d.memory.rollout is not None:
                key = (name, d.memory.rollout.number, d.memory.place, d.memory.recovered)
                calls[key] = calls.get(key, 0) + 1
                assert calls[key] <= d.memory.rollout.terms.back_calls + 1


@settings(max_examples=long_lives(40), deadline=None)
@given(scripts)
def test_invariant_15_what_was_rolled_back_stays_so_until_somebody_decides_otherwise(script):
    w = settled("3", "1")
    play(w, without(script, "on_drift", "delete", "anew", "elsewhere", "remove"))
    w.ticks(60)
    if w.phase == "stalled":
        calls = len(w.platform.calls)
        w.ticks(20)
        assert w.phase == "stalled" and len(w.platform.calls) == calls


@settings(max_examples=long_lives(40), deadline=None)
@given(worlds, scripts)
def test_invariant_18_no_call_changes_how_many_should_run(world, script):
    w = WORLDS[world]()
    changed = []
    act = w.platform.act

    def watched(action, check):
        before = {name: service.desired for name, service in w.platform.services.items()}
        try:
            return act(action, check)
        finally:
            after = {name: service.desired for name, service in w.platform.services.items() if name in before}
            changed.append(after != {name: before[name] for name in after})

    w.platform.act = watched
    play(w, script)
    assert not any(changed)


@settings(max_examples=long_lives(40), deadline=None)
@given(st.sampled_from(["1", "2", "3"]), st.booleans(), st.lists(st.tuples(st.integers(0, 30), st.integers(1, 3))))
def test_invariant_21_events_that_repeat_or_come_in_any_order_change_only_when_it_is_looked(version, ill, events):
    def ended(extra):
        w = settled("0", "1")
        play(w, [])
        w.version = version
        if ill:
            w.sick.add(digest(version))
        for turn in range(40):
            w.tick(1)
            for at, times in extra:
                if at == turn:
                    for _ in range(times):
                        w.turn()
        return w.running, w.phase, set(w.quarantine), w.sent

    assert ended(events) == ended([])


@settings(max_examples=long_lives(40), deadline=None)
@given(worlds, scripts)
def test_invariant_24_however_it_is_split_over_turns_the_brake_holds(world, script):
    w = WORLDS[world]()
    play(w, script)
    check_brake(w)


@settings(max_examples=long_lives(40), deadline=None)
@given(scripts)
def test_invariant_27_a_new_process_over_an_old_record_calls_nothing_while_nothing_is_wanted_otherwise(script):
    w = settled("3", "1")
    play(w, script)
    w.ticks(90)
    calls = len(w.platform.calls)
    w.ticks(3)
    if len(w.platform.calls) > calls or w.phase in {"rolling", "baking", "rolling_back", "preparing"}:
        return
    cycle = CODEC.read_cycle(CODEC.write_cycle(w.cycles[-1]))
    w.store.record = cycle.after
    w.ticks(5)
    assert len(w.platform.calls) == calls


@settings(max_examples=long_lives(40), deadline=None)
@given(st.integers(1, 12), st.booleans())
@example(12, True)
def test_invariant_32_what_is_turned_away_is_tried_less_and_less_often_and_never_given_up(times, going_back):
    w = settled("0", "1")
    play(w, [])
    w.version = "2"
    if going_back:
        w.ticks(3)
        w.sick.add(digest("2"))
    w.platform.throttled = times
    tried = []
    for _ in range(3000):
        before = len(w.platform.calls)
        w.tick(0.25)
        tried += [w.now] * (len(w.platform.calls) - before)
        if not w.platform.throttled or w.memory.phase is Phase.STALLED:
            break
    gaps = [later - earlier for earlier, later in pairwise(tried)]
    assert all(longer >= shorter - timedelta(seconds=30) for shorter, longer in pairwise(gaps))
    assert all(gap <= timedelta(minutes=16) for gap in gaps)
    assert going_back or not w.platform.throttled


@settings(max_examples=long_lives(40), deadline=None)
@given(worlds, scripts)
def test_invariant_32_no_target_waits_longer_than_its_own_wait(world, script):
    w = WORLDS[world]()
    play(w, script)
    for cycle in w.cycles:
        for name, d in cycle.plan.decisions.items():
            rollout = cycle.before.targets.get(name, Memory()).rollout
            until = patient_until(rollout) if rollout is not None else None
            late = until is not None and cycle.now >= until
            if late and d.row[0] in {Phase.ROLLING, Phase.ROLLING_BACK} and isinstance(cycle.desired, Desired):
                waits = "again at" in d.reason
                assert not waits, d.reason


@settings(max_examples=long_lives(40), deadline=None)
@given(scripts)
def test_liveness_37_every_open_intent_is_resolved_or_a_person_is_told(script):
    w = settled("3", "1")
    play(w, without(script, "delete"))
    for _ in range(40):
        w.tick(1)
    w.platform.blind = False
    w.platform.lag = 0
    w.unread = False
    w.ticks(40, 1)
    rollout, memory = w.memory.rollout, w.memory
    call = rollout.call if rollout else None
    if call is None or call.result is not Result.UNKNOWN or rollout.deployment is not None:
        return
    signal = w.cycles[-1].plan.decisions["api"].row[1]
    assert memory.unknown or w.phase == "stalled" or signal in {"PAUSED", "GONE", "OBSERVED", *BY_FLAG}, signal


@settings(max_examples=long_lives(40), deadline=None)
@given(scripts)
def test_liveness_39_a_pause_holds_from_the_next_turn_on(script):
    w = settled("3", "1")
    play(w, script)
    w.pause("freeze")
    calls = [call for call in w.platform.calls if call.target == "api"]
    w.ticks(5)
    assert [call for call in w.platform.calls if call.target == "api"] == calls


@pytest.mark.parametrize("away", ["blind", "unread", "store"])
@settings(max_examples=long_lives(40), deadline=None)
@given(st.integers(0, 20), st.integers(1, 60))
def test_liveness_40_what_was_away_and_is_back_needs_no_restart(away, before, turns):
    w = settled("0", "1")
    play(w, [])
    w.version = "2"
    w.ticks(before, 0.5)
    for _ in range(turns):
        if away == "blind":
            w.platform.blind = True
        w.unread = away == "unread"
        w.now += timedelta(minutes=1)
        w.platform.time = w.now
        w.platform.advance()
        if away != "store":
            w.turn()
    w.platform.blind = w.unread = False
    w.ticks(40)
    assert (w.running, w.phase, w.goods[0]) == ("2", "idle", "2"), w.trail()[-5:]
