"""Whatever begins, ends and dies: just those are suspected in whose turns the process died since their last end."""

import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.loop.agenda import Agenda
from controller.loop.crashes import LONGEST, LOUD, Crashes, wait_after
from controller.stores.marks import open_marks

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ENVIRONMENTS = ("dev", "prod", "stage")
STEPS = st.one_of(
    st.tuples(st.sampled_from(["begin", "end", "look"]), st.sampled_from(ENVIRONMENTS)),
    st.sampled_from([("kill", ""), ("stop", ""), ("stop and kill", "")]),
)


class Life:
    """One process after another on the same file; `told` is what each has said, `real` its clock."""

    def __init__(self, folder):
        self.path = Path(folder) / "trueup.db"
        self.real = 0.0
        self.begin()

    def begin(self):
        self.told, self.looking = [], ExitStack()
        self.marks = open_marks(self.path)
        self.crashes = Crashes(self.marks, self, lambda: self.real)

    def again(self):
        """The process is gone: nothing of it is called any more."""
        self.marks.close()
        self.begin()

    def crashed(self, env, crashes, wait):
        self.told.append(("crashed", env, crashes, wait))

    def tried(self, env, crashes):
        self.told.append(("tried", env, crashes))

    def survived(self, env):
        self.told.append(("survived", env))

    def die_in(self, *environments, times=1):
        for _ in range(times):
            for env in environments:
                self.crashes.begin(env)
            self.again()


@pytest.fixture
def life(tmp_path):
    life = Life(tmp_path)
    yield life
    life.marks.close()


@given(st.lists(STEPS, max_size=40))
def test_any_life_is_counted_as_it_was(steps):
    counts, turns, looks = dict.fromkeys(ENVIRONMENTS, 0), set(), set()
    with tempfile.TemporaryDirectory() as folder:
        life = Life(folder)
        for what, env in steps:
            if what == "begin" and env not in turns:
                life.crashes.begin(env)
                turns.add(env)
            elif what == "end" and env in turns:
                life.crashes.end(env)
                turns.discard(env)
                counts[env] = 0
            elif what == "look" and env not in looks:
                life.looking.enter_context(life.crashes.looking(env))
                looks.add(env)
            elif not env:
                dead = turns | looks if what == "kill" else set()
                if what != "kill":
                    life.crashes.stop()
                if what == "stop":
                    life.looking.close()
                life.again()
                counts = {env: count + (env in dead) for env, count in counts.items()}
                turns, looks = set(), set()
                assert life.marks.crashes() == {env: count for env, count in counts.items() if count}
        for env, count in counts.items():
            life.real = max(0.0, wait_after(count) - 0.01)
            assert life.crashes.waits(env) == (count > 0)
            life.real += 0.02
            assert not life.crashes.waits(env)
        life.marks.close()


def test_it_waits_twice_as_long_each_time_and_a_quarter_of_an_hour_at_most():
    waits = [wait_after(crashes) for crashes in range(12)]
    assert waits == [0, 2, 4, 8, 16, 32, 64, 128, 256, 512, LONGEST, LONGEST]
    assert wait_after(999_999) == LONGEST == timedelta(minutes=15).total_seconds()


def test_it_is_told_of_once_a_start_and_from_the_third_crash_on_before_each_turn(life):
    life.die_in("prod", times=LOUD - 1)
    life.crashes.tell({"dev"})
    assert life.told == []
    life.crashes.tell({"dev", "prod"})
    life.crashes.tell({"dev", "prod"})
    life.crashes.begin("prod")
    assert life.told == [("crashed", "prod", 2, 4.0)]
    life.again()
    life.crashes.tell({"dev", "prod"})
    life.crashes.begin("dev")
    life.crashes.begin("prod")
    life.crashes.end("dev")
    assert life.told == [("crashed", "prod", 3, 8.0), ("tried", "prod", 3)]
    life.crashes.end("prod")
    life.crashes.begin("prod")
    assert life.told[2:] == [("survived", "prod")]


def test_a_turn_that_was_asked_to_stop_is_no_crash_though_it_never_ends(life):
    life.die_in("prod")
    life.crashes.begin("prod")
    life.crashes.begin("dev")
    life.crashes.stop()
    life.crashes.begin("stage")
    life.again()
    assert life.marks.crashes() == {"prod": 1}


def test_a_turn_that_ends_during_the_stop_clears_what_was_before(life):
    life.die_in("prod", times=4)
    life.crashes.begin("prod")
    life.crashes.stop()
    life.crashes.end("prod")
    life.again()
    assert life.marks.crashes() == {}


def test_a_look_that_ends_clears_nothing_and_one_that_kills_is_counted(life):
    life.die_in("prod")
    with life.crashes.looking("prod"):
        pass
    life.again()
    assert life.marks.crashes() == {"prod": 1}
    look = life.crashes.looking("prod")
    look.__enter__()
    life.again()
    assert life.marks.crashes() == {"prod": 2}


def test_a_look_beside_a_turn_does_not_take_its_mark_away(life):
    life.crashes.begin("prod")
    with life.crashes.looking("prod"):
        pass
    life.again()
    assert life.marks.crashes() == {"prod": 1}


def test_the_suspected_are_tried_alone_and_the_least_suspected_first(life):
    life.die_in("prod", "stage")
    life.die_in("prod")
    agenda = Agenda()
    for env in ENVIRONMENTS:
        agenda.put(env, "api", NOW)

    def take():
        return set(life.crashes.take(agenda, NOW, ENVIRONMENTS))

    assert take() == {"dev"}, "the others wait"
    life.real = 100.0
    assert take() == {"stage"}
    life.crashes.begin("stage")
    assert take() == set() and life.crashes.free(ENVIRONMENTS) == ("dev",)
    life.crashes.end("stage")
    assert life.crashes.free(ENVIRONMENTS) == ENVIRONMENTS
    assert take() == {"prod"}


def test_a_suspected_one_that_has_nothing_to_do_keeps_no_other_from_its_turn(life):
    life.die_in("dev", "prod")
    life.real = 100.0
    agenda = Agenda()
    agenda.put("prod", "api", NOW)
    assert set(life.crashes.take(agenda, NOW, ENVIRONMENTS)) == {"prod"}


def test_a_turn_costs_far_less_than_a_tenth_of_a_millisecond(life):
    def seconds(turns=500):
        began = time.perf_counter()
        for _ in range(turns):
            life.crashes.begin("prod")
            life.crashes.end("prod")
        return (time.perf_counter() - began) / turns

    assert min(seconds() for _ in range(5)) < 1e-4
