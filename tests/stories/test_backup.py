"""A backup gate that takes a snapshot: nothing of the release is touched before it is there."""

from dataclasses import replace
from datetime import timedelta

from controller.cli.why import explain
from controller.gates.backup import Backup
from controller.gates.window import NotBefore
from controller.model.backups import Backup as Found
from controller.model.backups import Backups, BackupsOf
from controller.model.decision import OpenGate
from controller.model.hooks import Hook, When
from controller.model.instants import instant
from controller.model.orders import Orders
from controller.model.questions import Unanswered
from controller.model.story import Event
from tests.platform import digest
from tests.world import settled

GATE = Backup(account="111122223333", region="eu-west-1", database="unifocus-prod", take=True)


def world(*more, answer=None):
    w = settled("1", "2")
    w.answers = {BackupsOf: answer or Backups(of="the instance unifocus-prod")}
    w.want["gates"] = (GATE, *more)
    w.terms["hooks"] = (GATE.hook, Hook(name="migrate", when=When.BEFORE))
    w.version = "3"
    return w


def ran(w):
    return [task.hook for task in w.platform.tasks.values()]


def blockers(w):
    return [one.why for one in w.cycles[-1].plan.decisions["api"].blockers]


def test_it_is_made_when_every_gate_is_open_and_before_anything_else():
    w = world()
    later = NotBefore(at=w.now.replace(hour=w.now.hour + 2))
    w.want["gates"] = (GATE, later)
    w.ticks(3)
    assert (ran(w), w.phase, w.sent) == ([], "pending", [])
    w.now = later.at
    w.tick()
    assert (ran(w), w.phase) == (["snapshot of unifocus-prod"], "preparing")
    w.ticks(12)
    assert ran(w) == ["snapshot of unifocus-prod", "migrate"] and w.running == "3"


def test_it_is_made_once_for_a_release_and_not_for_going_back():
    w = world()
    w.sick.add(digest("3"))
    w.ticks(20)
    assert w.running == "2" and ran(w).count("snapshot of unifocus-prod") == 1
    w.version = "1"
    w.ticks(14)
    assert w.running == "1" and ran(w).count("snapshot of unifocus-prod") == 1


def told(w):
    status = w.cycles[-1].status[0]
    return explain(status, Orders(), w.now, None)


def test_while_others_are_waited_for_it_says_how_long_it_stays_young_enough():
    w = world()
    taken = Found(what="the automated snapshot a", at=w.now - timedelta(hours=2))
    w.answers[BackupsOf] = Backups(of="the instance unifocus-prod", found=(taken,))
    later = NotBefore(at=w.now + timedelta(hours=30))
    w.want["gates"] = (replace(GATE, take=False), later)
    w.terms["hooks"] = ()
    w.tick()
    why = f"the instance unifocus-prod: the automated snapshot a of {instant(taken.at)}, young enough"
    assert w.cycles[-1].status[0].opened == (
        OpenGate(gate="backup", why=why, until=taken.at + timedelta(hours=24)),
    )
    assert f"  open    backup: {why} (until {instant(taken.at + timedelta(hours=24))})" in told(w)
    w.now = taken.at + timedelta(hours=24)
    w.tick()
    assert w.cycles[-1].status[0].opened == () and "  blocks  backup: the newest backup of " in told(w)
    w.answers[BackupsOf] = Backups(of="the instance unifocus-prod", found=(replace(taken, at=later.at),))
    w.now = later.at
    w.tick()
    assert (w.phase, w.cycles[-1].status[0].opened) == ("rolling", ())
    data = next(entry.data for entry in w.store.entries if entry.event is Event.OPENED and entry.version == "3")
    assert data["gate:backup"].endswith(f"young enough (until {instant(later.at + timedelta(hours=24))})")


def test_one_that_is_made_says_so_before_and_since_when_while_it_is():
    w = world()
    later = NotBefore(at=w.now + timedelta(hours=1))
    w.want["gates"] = (GATE, later)
    w.tick()
    made = "  open    backup: a snapshot of the instance unifocus-prod is made for it first"
    assert made in told(w)
    w.now = later.at
    w.tick()
    (run,) = w.store.record.targets["api"].runs
    w.tick()
    assert f"snapshot of unifocus-prod runs since {instant(run.at)}, " in told(w)


def test_where_there_is_no_such_database_nothing_begins():
    w = world(answer=Backups())
    w.ticks(5)
    assert (ran(w), w.sent, w.quarantine) == ([], [], set())
    assert blockers(w)[0].startswith("there is neither an RDS instance nor a cluster unifocus-prod")
    w.answers[BackupsOf] = Unanswered(why="RDS is away")
    w.ticks(2)
    assert (ran(w), blockers(w)) == ([], ["RDS is away"])
