"""Alive while turns go on; ready while specs, memory and a lease are there."""

import threading

import pytest

from controller.web.health import Health, Limits, Pulse

LIMITS = Limits(beat=10, turn=60)


class Seconds:
    """Real seconds, moved by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def pulse(seconds):
    return Pulse(seconds, LIMITS)


def readied(pulse):
    pulse.source_ok(True)
    pulse.store_ok(True)
    pulse.environments(["dev", "prod"])
    pulse.lease("prod", True)
    return pulse


def test_a_process_that_has_just_begun_is_alive_and_not_ready(pulse):
    assert pulse.alive() == (True, ())
    assert pulse.ready() == (False, ("the source was not read yet", "the store was not read yet"))


def test_a_loop_that_falls_silent_is_not_alive_until_it_beats_again(pulse, seconds):
    pulse.beat()
    seconds.now += 10
    assert pulse.alive() == (True, ())
    seconds.now += 1
    assert pulse.alive() == (False, ("the loop has been silent for 11s, and may be for 10s",))
    pulse.beat()
    assert pulse.alive() == (True, ())


def test_a_loop_that_never_beats_is_found_out(pulse, seconds):
    assert pulse.alive(seconds.now + 11)[0] is False


def test_a_turn_that_does_not_end_fails_liveness_and_its_end_mends_it(pulse, seconds):
    pulse.turn_started("prod")
    seconds.now += 61
    pulse.beat()
    assert pulse.alive() == (False, ("a turn of prod has been due for 61s, and may be for 60s",))
    pulse.turn_finished("prod")
    assert pulse.alive() == (True, ())


def test_a_turn_that_is_due_and_never_begins_fails_liveness_too(pulse, seconds):
    pulse.turn_due("prod")
    seconds.now += 50
    pulse.turn_due("prod")
    pulse.turn_started("prod")
    seconds.now += 11
    pulse.beat()
    assert pulse.alive()[0] is False


def test_turns_that_end_in_time_are_no_concern_however_many_there_are(pulse, seconds):
    for _ in range(100):
        pulse.turn_due("prod")
        pulse.turn_started("prod")
        seconds.now += 5
        pulse.beat()
        pulse.turn_finished("prod")
    assert pulse.alive() == (True, ())


def test_all_turns_that_hang_are_named_the_oldest_first(pulse, seconds):
    pulse.turn_started("stage")
    seconds.now += 5
    pulse.turn_started("dev")
    seconds.now += 70
    pulse.beat()
    assert [reason.split()[3] for reason in pulse.alive()[1]] == ["stage", "dev"]


def test_a_turn_of_an_environment_that_is_gone_or_not_ours_any_more_is_not_waited_for(pulse, seconds):
    pulse.turn_due("gone")
    pulse.turn_due("lost")
    pulse.environments(["lost"])
    pulse.lease("lost", False)
    seconds.now += 100
    pulse.beat()
    assert pulse.alive() == (True, ())


def test_it_is_ready_once_source_and_store_were_read_and_a_lease_is_held(pulse):
    assert readied(pulse).ready() == (True, ())


def test_with_the_store_away_it_is_alive_and_not_ready_until_the_store_is_back(pulse):
    readied(pulse).store_ok(False)
    assert pulse.ready() == (False, ("the store is away: nothing is changed until it is back",))
    assert pulse.alive() == (True, ())
    pulse.store_ok(True)
    assert pulse.ready() == (True, ())


def test_a_source_that_goes_away_after_it_was_read_leaves_it_ready(pulse):
    readied(pulse).source_ok(False)
    assert pulse.ready() == (True, ())


def test_a_source_that_was_never_read_does_not(pulse):
    pulse.source_ok(False)
    assert "the source was not read yet" in pulse.ready()[1]


def test_a_process_that_holds_no_lease_stands_by_and_is_not_ready(pulse):
    readied(pulse).lease("prod", False)
    assert pulse.ready() == (False, ("no environment's lease is held here",))
    pulse.lease("dev", True)
    assert pulse.ready() == (True, ())


def test_a_repository_without_environments_needs_no_lease(pulse):
    readied(pulse).environments([])
    assert pulse.ready() == (True, ())


def test_a_lease_stays_held_when_the_environments_are_named_again(pulse):
    readied(pulse).environments(["prod", "stage"])
    assert pulse.ready() == (True, ())


def test_the_judgement_is_a_function_of_facts_and_limits():
    health = Health(beat=0, due={"prod": 0}, read=True, store=True)
    assert health.alive(60, Limits(beat=60, turn=60)) == (True, ())
    assert len(health.alive(61, Limits(beat=60, turn=60))[1]) == 2
    assert health.ready() == (True, ())


def test_many_threads_may_tell_it_things_at_once(pulse):
    def live(env):
        for _ in range(200):
            pulse.turn_due(env)
            pulse.turn_started(env)
            pulse.lease(env, True)
            pulse.beat()
            pulse.turn_finished(env)

    threads = [threading.Thread(target=live, args=(f"env-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert pulse._health.due == {}
    assert len(pulse._health.leases) == 8
