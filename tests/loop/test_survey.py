"""What changed outside makes due what it concerns, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.loop.agenda import Agenda
from controller.loop.survey import Survey
from controller.model.desired import GONE, Unread
from controller.model.orders import Freeze, Opening, Pause, TargetOrders
from tests.world import ENV, FakeWorld

LATER = timedelta(hours=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Outside:
    """A world whose reading and record stay the same objects until they change, as the real ones do."""

    def __init__(self):
        self.w = FakeWorld(versions={"api": "1", "web": "1"})
        self.reading, self.record = self.w.read(ENV, None), self.w.store.record
        self.agenda = Agenda()
        self.survey = Survey(world=self, agenda=self.agenda)
        self.source = self.store = self
        self.withdrawn = []

    def now(self):
        return self.w.now

    def read(self, env, accepted, instead):
        return self.reading

    def load(self, env):
        return self.record

    def withdraw(self, env, known):
        self.withdrawn.append(known)

    def environments(self):
        return frozenset({ENV})

    def look(self):
        """Survey, and say what is due by it."""
        due = self.agenda.take(self.w.now, [ENV]).get(ENV, frozenset())
        for name in due:
            self.agenda.put(ENV, name, self.w.now + LATER)
        self.agenda.done(ENV)
        self.survey.look(ENV, self.w.now)
        due = self.agenda.take(self.w.now, [ENV]).get(ENV, frozenset())
        self.agenda.done(ENV)
        return due

    def order(self, **kw):
        orders = self.record.orders
        mine = replace(orders.targets.get("web", TargetOrders()), **kw)
        self.record = replace(self.record, orders=replace(orders, targets={"web": mine}))


@pytest.fixture
def outside():
    made = Outside()
    made.look()
    made.look()
    return made


def test_at_first_everything_is_due():
    made = Outside()
    assert made.look() == {"api", "web"}


def test_what_has_not_changed_is_not_due(outside):
    assert outside.look() == frozenset()


def test_only_the_target_that_is_wanted_otherwise_is_due(outside):
    targets = {**outside.reading.targets, "web": replace(outside.reading.targets["web"], owner="shop")}
    outside.reading = replace(outside.reading, targets=targets)
    assert outside.look() == {"web"}


def test_a_pause_in_the_spec_concerns_every_target(outside):
    outside.reading = replace(outside.reading, pause=Pause(reason="quarter end"))
    assert outside.look() == {"api", "web"}


def test_an_order_makes_its_target_due_once(outside):
    outside.order(pause=Pause(reason="lunch"))
    assert outside.look() == {"web"}
    assert outside.look() == frozenset()


def test_an_order_by_the_name_of_a_group_makes_its_members_due_once(outside):
    outside.w.versions, outside.w.groups = {"api": "1", "web": "1", "cron": "1"}, {"unifocus": ("api", "web")}
    outside.reading = outside.w.read(ENV, None)
    outside.look()
    orders = outside.record.orders
    approved = {"unifocus": TargetOrders(pause=Pause(reason="audit"))}
    outside.record = replace(outside.record, orders=replace(orders, targets=approved))
    assert outside.look() == {"api", "web"} and outside.look() == frozenset()


@pytest.mark.parametrize(
    "given",
    [
        {"pause": Pause(reason="audit")},
        {"freeze": Freeze(reason="audit", at=NOW)},
        {"opening": Opening(reason="INC-42", at=NOW, until=NOW + LATER, by="anna")},
    ],
)
def test_an_order_for_the_environment_makes_every_target_due(outside, given):
    outside.record = replace(outside.record, orders=replace(outside.record.orders, **given))
    assert outside.look() == {"api", "web"}
    outside.record = replace(outside.record, orders=replace(outside.record.orders, **dict.fromkeys(given)))
    assert outside.look() == {"api", "web"}


def test_an_unreadable_spec_is_noticed_once_and_not_at_every_look(outside):
    outside.reading = Unread(env=ENV, why="git is away")
    outside.look()
    assert outside.look() == frozenset()


def test_a_target_that_is_gone_from_spec_and_memory_is_dropped(outside):
    targets = {"api": outside.reading.targets["api"]}
    outside.reading = replace(outside.reading, targets=targets)
    outside.look()
    assert outside.agenda.targets(ENV) == {"api"}


def test_a_target_that_only_the_memory_knows_comes_onto_the_agenda(outside):
    moved = outside.w.store.record.targets.get("api")
    w = FakeWorld(versions={"moved": "1"})
    w.tick()
    outside.record = replace(outside.record, targets={"moved": w.store.record.targets["moved"]})
    assert moved is None and outside.look() == {"moved"}


def test_statuses_of_what_is_neither_wanted_nor_remembered_are_taken_away_once(outside):
    assert outside.withdrawn == [{"api", "web"}]
    outside.w.versions.pop("web")
    outside.reading = outside.w.read(ENV, None)
    outside.look()
    outside.look()
    assert outside.withdrawn[1:] == [{"api"}]


def test_while_the_spec_cannot_be_read_no_status_is_taken_away_and_when_it_is_gone_they_are(outside):
    outside.reading = Unread(env=ENV, why="git is away")
    outside.look()
    assert len(outside.withdrawn) == 1
    outside.reading = Unread(env=ENV, why="specs/prod.yaml is gone", reason=GONE)
    outside.look()
    assert outside.withdrawn[1:] == [set()]
