"""The loop as a whole, over the in-memory world: it converges, survives, and stops."""

import threading
import time
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest

from controller.errors import PlatformError
from controller.loop.crashes import Crashes
from controller.loop.lease import Leases
from controller.loop.run import Rhythm, Runner
from controller.model.orders import Orders
from controller.ports import Lease, World
from controller.stores.marks import NoMarks, open_marks
from tests.platform import place
from tests.world import ENV, FakeWorld, release

SPEED = 600.0


class Recorder:
    """Pulse and gauges that remember what they were told."""

    def __init__(self):
        self.told = []

    def __getattr__(self, name):
        return lambda *args, **kw: self.told.append((name, *args, *kw.values()))

    def names(self):
        return {told[0] for told in self.told}


class Living(FakeWorld):
    """A FakeWorld whose clock runs by itself, with the rest of a store's port."""

    speed = SPEED

    def start(self):
        self.begun, self.base = time.monotonic(), self.now
        self.leases, self.statuses, self.broken, self.full = {}, [], False, False
        return self

    def clock(self):
        self.now = self.base + timedelta(seconds=(time.monotonic() - self.begun) * self.speed)
        return self.now

    def living(self):
        w = self

        class Store:
            @staticmethod
            def load(env):
                if w.broken:
                    raise PlatformError("store away")
                return w.store.load(env)

            @staticmethod
            def save(before, after, env, entries=()):
                if w.broken or w.full:
                    raise PlatformError("store away")
                return before if after is before and not entries else w.store.save(before, after, env, entries)

            environments = staticmethod(frozenset)
            lease = staticmethod(w.leases.get)
            show = staticmethod(w.statuses.extend)

            @staticmethod
            def withdraw(env, known):
                w.statuses[:] = [status for status in w.statuses if status.target in known]

            @staticmethod
            def hold(env, lease, over):
                if w.full:
                    raise PlatformError("the disk is full")
                w.leases[env] = lease
                return True

            @staticmethod
            def release(env, lease):
                w.leases.pop(env, None)

            @staticmethod
            def orders(env):
                return Orders()

        base = self.world()
        return World(
            now=self.clock,
            elapsed=lambda: 0.0,
            source=self,
            store=Store,
            targets=base.targets,
            probes=base.probes,
            watchers=(self.cycles.append, self.boom),
        )

    def boom(self, cycle):
        raise ValueError("this watcher is broken")


@contextmanager
def running(w, poll=0.05, workers=2, renew=5.0, marks=None):
    recorder = Recorder()
    world = w.living()
    leases = Leases(world.store, "me", 30.0, time.monotonic)
    rhythm = Rhythm(poll=poll, renew=renew, workers=workers, speed=w.speed)
    crashes = Crashes(marks or NoMarks(), recorder, time.monotonic)
    runner = Runner(world, leases, rhythm, recorder, recorder, time.monotonic, crashes)
    thread = threading.Thread(target=runner.run)
    ticking = threading.Event()

    def tick():
        while not ticking.wait(0.02):
            w.platform.advance()

    ticker = threading.Thread(target=tick)
    thread.start()
    ticker.start()
    try:
        yield w, recorder, runner, thread
    finally:
        runner.stop()
        thread.join(12)
        ticking.set()
        ticker.join()
    assert not thread.is_alive()


def started():
    w = Living().start()
    w.platform.by_hand("api", "1")
    w.platform.settle("api")
    return w


@pytest.fixture
def living():
    with running(started()) as found:
        yield found


def until(fact, seconds=20.0):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if fact():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about in time")


def test_it_adopts_deploys_and_bakes_by_itself(living):
    w, recorder, _, _ = living
    until(lambda: w.goods == ["1"])
    w.version = "2"
    until(lambda: w.goods and w.memory.goods[0].release == release("2"))
    assert w.sent == [("forward", "2")]
    assert {"beat", "turn_started", "turn_finished", "queue", "lease"} <= recorder.names()


def test_a_watcher_that_raises_is_counted_and_stops_nothing(living):
    w, recorder, _, _ = living
    until(lambda: len(w.cycles) > 2)
    assert any(told[0] == "watcher_failed" and told[1] == "Living.boom" for told in recorder.told)


def test_where_targets_live_is_told_before_anything_is_looked_at(living):
    w, recorder, *_ = living
    until(lambda: w.cycles)
    told = [told[0] for told in recorder.told]
    assert ("places", frozenset({place("api")})) in recorder.told
    assert told.index("places") < told.index("turn_started")


def test_with_the_store_away_nothing_is_sent_and_looking_goes_on(living):
    w, recorder, _, _ = living
    until(lambda: w.goods == ["1"])
    w.broken = True
    seen = len(w.cycles)
    w.version = "2"
    until(lambda: len(w.cycles) > seen + 1)
    assert w.sent == [] and ("store_ok", False) in recorder.told
    w.broken = False
    until(lambda: w.sent == [("forward", "2")])


def test_a_store_that_can_be_read_and_not_written_is_away_until_something_was_written():
    with running(started(), renew=0.6) as (w, recorder, _, _):
        until(lambda: w.goods == ["1"])
        w.full = True
        w.version = "2"
        until(lambda: ("store_ok", False) in recorder.told)
        before = len(recorder.told)
        time.sleep(1.6)  # three notices read it well, and two renewals fail
        assert {told for told in recorder.told[before:] if told[0] == "store_ok"} == {("store_ok", False)}
        assert w.sent == []
        before = len(recorder.told)
        w.full = False
        until(lambda: ("store_ok", True) in recorder.told[before:])
        until(lambda: w.sent == [("forward", "2")])


def test_a_poisoned_turn_is_counted_and_tried_again_later(living):
    w, recorder, _, _ = living
    until(lambda: w.goods == ["1"])
    w.want = {"terms": "nonsense"}
    w.version = "2"
    until(lambda: any(told[0] == "turn_failed" and told[1] == ENV for told in recorder.told))
    w.want = {}
    until(lambda: w.goods and w.memory.goods[0].release == release("2"))


def test_an_order_is_noticed_without_waiting_for_the_next_look(living):
    w, _, _, _ = living
    until(lambda: w.goods == ["1"])
    w.pause("lunch")
    until(lambda: "lunch" in w.said)


def test_it_stops_and_gives_its_lease_up(living):
    w, _, runner, thread = living
    until(lambda: w.leases)
    runner.stop()
    thread.join(10)
    assert not thread.is_alive() and w.leases == {}


def test_without_the_lease_it_waits_quietly_and_takes_no_turn():
    w = started()
    w.leases[ENV] = Lease(owner="another", epoch=1, stamp="s", seconds=60.0)
    with running(w, poll=60.0) as (_, recorder, _, _):
        until(lambda: ("lease", ENV, False) in recorder.told)
        before = len(recorder.told)
        time.sleep(1.0)
        beats = [told for told in recorder.told[before:] if told[0] == "beat"]
        assert len(beats) < 10 and w.cycles == []


def test_a_stop_waits_for_turns_that_run_and_not_for_those_that_never_began():
    w = started()
    gate, looking = threading.Event(), threading.Event()
    w.environments = lambda: frozenset({ENV, "dev", "stage", "test"})
    look = w.platform.look

    def slowly(wanted):
        looking.set()
        gate.wait(20)
        return look(wanted)

    w.platform.look = slowly
    with running(w, poll=60.0, workers=1) as (_, _, runner, thread):
        assert looking.wait(10)
        time.sleep(0.3)
        began = time.monotonic()
        runner.stop()
        time.sleep(0.3)
        gate.set()
        thread.join(10)
        assert time.monotonic() - began < 5


def test_a_target_that_nobody_knows_any_more_is_put_off_and_not_due_for_ever():
    w = started()
    w.speed = 1.0
    with running(w, poll=60.0) as (_, recorder, runner, _):
        until(lambda: w.goods == ["1"])
        before = recorder.told.count(("turn_started", ENV))
        runner._agenda.put(ENV, "ghost", w.now)
        runner._wake.set()
        until(lambda: recorder.told.count(("turn_started", ENV)) > before)
        time.sleep(1.0)
        assert recorder.told.count(("turn_started", ENV)) <= before + 3


@pytest.fixture
def suspicious(tmp_path):
    """The marks of a process that died in a turn of two environments."""

    def marked(*environments):
        with closing(open_marks(tmp_path / "trueup.db")) as marks:
            for env in environments:
                marks.write(env, 0, under_way=True)
        return open_marks(tmp_path / "trueup.db")

    return marked


def lines(tmp_path):
    return {line.split()[2]: line[0] for line in (tmp_path / "trueup.db.turns").read_text().splitlines()}


def test_an_environment_in_whose_turn_the_process_died_begins_later_and_the_others_at_once(suspicious):
    w = started()
    w.environments = lambda: frozenset({ENV, "dev"})
    began = time.monotonic()
    with closing(suspicious(ENV)) as marks, running(w, marks=marks) as (_, recorder, _, _):
        until(lambda: ("turn_finished", "dev") in recorder.told)
        assert time.monotonic() - began < 1.5
        assert ("crashed", ENV, 1, 2.0) in recorder.told
        assert ("turn_started", ENV) not in recorder.told
        until(lambda: ("turn_started", ENV) in recorder.told)
        assert time.monotonic() - began > 2.0
        until(lambda: ("survived", ENV) in recorder.told)


def test_the_loop_sleeps_while_an_environment_waits_though_it_is_due(suspicious):
    w = started()
    with closing(suspicious(ENV)) as marks, running(w, poll=60.0, marks=marks) as (_, recorder, runner, _):
        until(lambda: ("lease", ENV, True) in recorder.told)
        runner._agenda.put(ENV, "api", w.now)
        before = len(recorder.told)
        time.sleep(1.0)
        assert sum(told[0] == "beat" for told in recorder.told[before:]) < 10
        assert ("turn_started", ENV) not in recorder.told


def test_suspected_environments_turn_one_after_the_other(suspicious):
    w = started()
    w.environments = lambda: frozenset({ENV, "dev", "stage"})
    with closing(suspicious(ENV, "dev")) as marks, running(w, marks=marks) as (_, recorder, _, _):
        until(lambda: {("survived", ENV), ("survived", "dev")} <= set(recorder.told))
        turns = [told for told in recorder.told if told[0].startswith("turn_") and told[1] in {ENV, "dev"}]
        assert turns[0][1] == turns[1][1] and [turn[0] for turn in turns[:2]] == ["turn_started", "turn_finished"]


def test_a_turn_is_marked_while_it_runs_and_not_when_it_ended_or_was_asked_to_stop(tmp_path, suspicious):
    w = started()
    gate, looking = threading.Event(), threading.Event()
    look = w.platform.look

    def slowly(wanted):
        looking.set()
        gate.wait(20)
        return look(wanted)

    w.platform.look = slowly
    with closing(suspicious()) as marks, running(w, marks=marks) as (_, recorder, runner, _):
        assert looking.wait(10)
        assert lines(tmp_path) == {ENV: "+"}
        w.platform.look = look
        gate.set()
        until(lambda: ("turn_finished", ENV) in recorder.told)
        gate.clear()
        looking.clear()
        w.platform.look = slowly
        assert looking.wait(20)
        assert lines(tmp_path) == {ENV: "+"}
        runner.stop()
        until(lambda: lines(tmp_path) == {ENV: "-"}, seconds=3.0)
        gate.set()


def test_a_turn_that_raises_is_no_crash(tmp_path, suspicious):
    w = started()
    w.want = {"terms": "nonsense"}
    with closing(suspicious(ENV)) as marks, running(w, marks=marks) as (_, recorder, _, _):
        until(lambda: any(told[0] == "turn_failed" for told in recorder.told))
        until(lambda: ("survived", ENV) in recorder.told)
    assert lines(tmp_path) == {ENV: "-"}
