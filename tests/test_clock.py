"""Time is asked for in one place, and can run faster for a rehearsal."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.clock import Clock, Pace, parse
from controller.errors import SpecError


def test_without_a_pace_time_is_what_the_system_says_it_is():
    clock = Clock()

    before, said, after = datetime.now(UTC), clock.now(), datetime.now(UTC)

    assert before <= said <= after
    assert said.tzinfo is UTC
    assert clock.speed == 1.0


def test_simulated_time_equals_real_time_at_the_start_and_runs_so_many_times_faster_from_there():
    start = datetime.now(UTC) - timedelta(hours=1)
    clock = Clock(Pace(start=start, speed=60))

    before, said, after = datetime.now(UTC), clock.now(), datetime.now(UTC)

    assert start + (before - start) * 60 <= said <= start + (after - start) * 60
    assert timedelta(hours=60) <= said - start < timedelta(hours=61)


def test_before_the_start_simulated_time_is_further_away_by_the_speed():
    start = datetime.now(UTC) + timedelta(hours=1)

    assert start - Clock(Pace(start=start, speed=10)).now() > timedelta(hours=9)


def test_two_processes_with_the_same_start_and_speed_agree_about_the_time():
    pace = parse("2026-01-31T09:00:00Z*60")

    one, other = Clock(pace).now(), Clock(pace).now()

    assert other - one < timedelta(minutes=2)


def test_a_pace_from_now_begins_at_the_present():
    before = datetime.now(UTC)
    clock = Clock(parse("now*1000"))

    assert before <= clock.now() < before + timedelta(hours=1)


def test_elapsed_seconds_are_scaled_and_real_ones_are_not():
    clock = Clock(parse("now*100"))

    elapsed, real = clock.elapsed(), clock.real()
    time.sleep(0.02)
    ran, slept = clock.elapsed() - elapsed, clock.real() - real

    assert 0.02 <= slept < 2
    assert ran >= 2
    assert ran / slept == pytest.approx(100, rel=0.5)


def test_neither_count_of_seconds_goes_back():
    clock = Clock(parse("now*7"))
    elapsed = [clock.elapsed() for _ in range(100)]
    real = [clock.real() for _ in range(100)]

    assert elapsed == sorted(elapsed)
    assert real == sorted(real)


def test_a_wait_of_an_hour_takes_as_long_as_the_speed_says():
    clock = Clock(parse("now*10000"))
    began = time.monotonic()

    assert clock.wait(threading.Event(), 100) is False

    assert 0.01 <= time.monotonic() - began < 5


@pytest.mark.parametrize("seconds", [3600, float("inf"), 1e300], ids=str)
def test_a_wait_ends_at_once_when_the_event_is_set(seconds):
    stop = threading.Event()
    stop.set()

    assert Clock().wait(stop, seconds) is True


def test_a_wait_for_a_time_that_is_past_does_not_wait():
    assert Clock().wait(threading.Event(), -1) is False


@pytest.mark.parametrize(
    ("text", "pace"),
    [
        ("now*60", Pace(speed=60)),
        (" now * 0.5 ", Pace(speed=0.5)),
        ("now*1e3", Pace(speed=1000)),
        ("now*2.5E-2", Pace(speed=0.025)),
        ("2026-01-31T09:00:00Z*60", Pace(start=datetime(2026, 1, 31, 9, tzinfo=UTC), speed=60)),
        ("2026-01-31t09:00:00.25z*1", Pace(start=datetime(2026, 1, 31, 9, 0, 0, 250_000, UTC), speed=1)),
        ("2026-01-31T11:00:00+02:00*10000", Pace(start=datetime(2026, 1, 31, 9, tzinfo=UTC), speed=10_000)),
    ],
)
def test_a_pace_is_read_from_an_instant_or_now_and_a_speed(text, pace):
    assert parse(text) == pace


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("60", "there is no speed"),
        ("", "there is no speed"),
        ("*60", "'' is neither 'now' nor an instant"),
        ("yesterday*60", "'yesterday' is neither 'now' nor an instant"),
        ("2026-01-31*60", "neither 'now' nor an instant"),
        ("2026-01-31T09:00:00*60", "with its offset"),
        ("2026-13-31T09:00:00Z*60", "is no instant (month must be in 1..12)"),
        ("0001-01-01T00:00:00+05:00*2", "is no instant"),
        ("now*", "'' is not a speed above 0 and up to 10000"),
        ("now*0", "'0' is not a speed"),
        ("now*-3", "'-3' is not a speed"),
        ("now*10001", "'10001' is not a speed"),
        ("now*1e9", "'1e9' is not a speed"),
        ("now*٣", "'٣' is not a speed"),
        ("now*nan", "'nan' is not a speed"),
        ("now*inf", "'inf' is not a speed"),
        ("now*2*3", "'2*3' is not a speed"),
    ],
)
def test_anything_else_is_refused_with_an_example(text, said):
    with pytest.raises(SpecError) as refused:
        parse(text)

    assert said in str(refused.value)
    assert "now*60 or 2026-01-31T09:00:00Z*60" in str(refused.value)


def test_a_pace_that_leaves_the_calendar_is_refused_when_the_clock_is_made():
    with pytest.raises(SpecError, match="leaves the calendar"):
        Clock(parse("2000-01-01T00:00:00Z*10000"))


@given(st.text(max_size=60) | st.from_regex(r"[0-9TZ:+-]{0,30}\*[0-9.]{0,9}", fullmatch=True))
def test_any_text_is_a_pace_or_one_clear_error(text):
    said, pace = "", None
    try:
        pace = parse(text)
    except SpecError as error:
        said = str(error)

    assert "now*60" in said if pace is None else 0 < pace.speed <= 10_000
