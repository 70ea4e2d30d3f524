"""A backup gate that takes a snapshot: nothing of the release is touched before it is there."""

from controller.gates.backup import Backup
from controller.gates.window import NotBefore
from controller.model.backups import Backups, BackupsOf
from controller.model.hooks import Hook, When
from controller.model.questions import Unanswered
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


def test_where_there_is_no_such_database_nothing_begins():
    w = world(answer=Backups())
    w.ticks(5)
    assert (ran(w), w.sent, w.quarantine) == ([], [], set())
    assert blockers(w)[0].startswith("there is neither an RDS instance nor a cluster unifocus-prod")
    w.answers[BackupsOf] = Unanswered(why="RDS is away")
    w.ticks(2)
    assert (ran(w), blockers(w)) == ([], ["RDS is away"])
