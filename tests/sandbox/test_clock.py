"""The sandbox's time: simulated = START + (real - START) * SPEED, and nothing else to agree on."""

import math
import time
from itertools import pairwise

import pytest

from controller.clock import Clock as ControllerClock
from controller.clock import parse
from controller.sandbox.clock import Clock, instant, rfc3339


def test_simulated_time_runs_at_its_speed_from_the_instant_of_both():
    start = time.time() - 10
    clock = Clock(start, 60)
    assert clock.now() == pytest.approx(start + 600, abs=5)


def test_a_controller_given_the_same_setting_lives_in_the_same_time():
    clock = Clock(time.time() - 100, 120)
    controller = ControllerClock(parse(clock.setting()))
    assert controller.now().timestamp() == pytest.approx(clock.now(), abs=2)


@pytest.mark.parametrize(("speed", "written"), [(60, "*60"), (1, "*1"), (0.5, "*0.5"), (10_000, "*10000")])
def test_the_setting_is_start_and_speed(speed, written):
    assert Clock(1_790_000_000.1234, speed).setting() == f"2026-09-21T14:13:20.123Z{written}"


def test_a_clock_that_stands_still_has_no_setting_and_is_moved_by_hand():
    clock = Clock(1000.0, 0)
    clock.advance(2.5)
    assert (clock.now(), clock.setting()) == (1002.5, None)


def test_stamps_never_repeat_and_never_go_back():
    clock = Clock(1000.0, 0)
    stamps = [clock.stamp() for _ in range(1000)]
    assert all(one < other for one, other in pairwise(stamps))
    assert stamps[0] == 1000.0


@pytest.mark.parametrize("speed", [-1, math.inf, math.nan, 10_001])
def test_a_speed_that_nobody_can_follow_is_refused(speed):
    with pytest.raises(ValueError, match="simulated seconds a real second"):
        Clock(0.0, speed)


def test_only_a_clock_at_rest_is_moved_and_only_forward():
    with pytest.raises(ValueError, match="speed 0"):
        Clock(0.0, 1).advance(1)
    with pytest.raises(ValueError, match="only forward"):
        Clock(0.0, 0).advance(-1)


def test_instants_are_written_and_read_in_utc():
    assert rfc3339(instant("2026-01-31T10:00:00+01:00")) == "2026-01-31T09:00:00.000Z"
    with pytest.raises(ValueError, match="no time zone"):
        instant("2026-01-31T10:00:00")
