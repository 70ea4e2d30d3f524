"""Release notes in the journal: once for each release that became good, from a real repository or without it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import pytest

from controller.app.recount import rollout_record
from controller.loop.noting import NOTES, Noting, Reads
from controller.model.application import AppCommit, AppHistory, Application
from controller.model.images import Unreachable
from controller.model.names import Commit
from controller.model.story import Event
from tests.contracts import made
from tests.loop.telling import Box, Life
from tests.world import FakeWorld

SHOP = Application(repository="https://git.example.com/shop")
ONE, TWO = Commit("1" * 40), Commit("2" * 40)


@dataclass
class Repository:
    """An application's repository: two tags, and a commit between them."""

    named: dict = field(default_factory=lambda: {"1": ONE, "2": TWO})
    away: str = ""
    asked: list = field(default_factory=list)

    def tags(self, application):
        assert application == SHOP
        return Unreachable(why=self.away) if self.away else self.named

    def between(self, application, after, upto, most):
        self.asked.append((after, upto))
        found = ()
        if (after, upto) == (ONE, TWO):
            found = (
                AppCommit(
                    commit=TWO,
                    parents=(ONE,),
                    author="Ada",
                    email="ada@example.com",
                    at=FakeWorld().now - timedelta(hours=5),
                    subject="feat: token=hunter22 pay",
                ),
            )
        return AppHistory(commits=found)


@pytest.fixture
def life():
    made = Life()
    made.world.want = {"application": SHOP}
    yield made
    made.store.close()


def noting(life, repository, wrote=lambda: None):
    reads = Reads(
        source=life.world,
        applications=repository,
        record=partial(rollout_record, life.store),
        clean=lambda text: text.replace("hunter22", "***"),
    )
    made = Noting(reads, life.store, lambda: life.world.now, wrote)
    made.begin()
    return made


def released(life, *versions):
    for version in versions:
        life.world.version = version
        life.ticks(14)


def notes(life):
    return [row for row in life.store.journal(limit=1000) if row.event is Event.NOTES]


def test_each_release_that_became_good_has_notes_once(life):
    rung = []
    made = noting(life, Repository(), lambda: rung.append(1))
    released(life, "1", "2")
    assert made.step() == (5.0, True)
    first, second = notes(life)
    assert "What changed is not known: it is the first release here" in first.text
    assert second.text.startswith("2 in prod/api, after 1\n\nFeatures\n- token=*** pay (2222222, Ada)\n\n")
    assert "Lead time: 6h6m from the oldest commit" in second.text
    assert (second.version, second.rollout, second.data["from"], second.data["commits"]) == ("2", 2, "1", "1")
    made.step()
    assert (len(notes(life)), len(rung)) == (2, 2)
    record = rollout_record(life.store, second.env, second.target, 2)
    assert second.number not in record.rows  # what is told of a rollout is no part of it


def test_after_a_crash_they_go_on_where_they_were(life):
    noting(life, Repository())
    released(life, "1")
    noting(life, Repository()).step()
    again = life.dies()
    made = noting(again, Repository())
    released(again, "2")
    made.step()
    assert [row.version for row in notes(again)] == ["1", "2"]
    assert again.store.deliveries()[NOTES].sent == 2


def test_a_store_that_is_old_gets_no_notes_of_the_past(life):
    released(life, "1")
    made = noting(life, Repository())
    made.step()
    released(life, "2")
    made.step()
    assert [row.version for row in notes(life)] == ["2"]


def test_a_long_journal_without_notes_is_not_read_again_after_every_start(life):
    made_ = noting(life, Repository())
    for _ in range(6):
        life.store.deliver("x", None, None, [made.an_entry()] * 100)
    made_.step()
    assert life.store.deliveries()[NOTES].cursor == 500
    released(life, "1")
    made_.step()
    assert len(notes(life)) == 1


def test_without_an_application_there_are_none(life):
    life.world.want = {}
    made = noting(life, Repository())
    released(life, "1", "2")
    made.step()
    assert notes(life) == []


def test_a_release_that_failed_has_none(life):
    made = noting(life, Repository())
    released(life, "1")
    life.world.rings = True
    released(life, "2")
    made.step()
    assert [row.version for row in notes(life)] == ["1"]


def test_going_back_to_a_lower_version_tells_what_is_taken_out(life):
    made = noting(life, Repository())
    released(life, "1", "2", "1")
    made.step()
    last = notes(life)[-1]
    assert last.version == "1" and "It goes back; this is taken out:\n\nFeatures\n- token=*** pay" in last.text


def test_a_version_that_is_no_tag_is_said(life):
    made = noting(life, Repository(named={"1": ONE}))
    released(life, "1", "2")
    made.step()
    assert "What changed is not known: 2: no such tag in https://git.example.com/shop" in notes(life)[-1].text


def test_a_repository_that_is_away_is_waited_for_and_then_done_without(life):
    made = noting(life, repository := Repository())
    released(life, "1")
    made.step()
    repository.away = "git is away"
    released(life, "2")
    assert [made.step() for _ in range(3)] == [(1.0, False), (2.0, False), (4.0, False)]
    assert len(notes(life)) == 1
    again = replace(repository, away="")
    noting(life, again).step()
    assert "feat" not in notes(life)[-1].text and "pay" in notes(life)[-1].text
    released(life, "1", "2")
    life.world.now += timedelta(hours=2)
    assert made.step() == (8.0, False)  # it sees that the other one has gone on, and follows it
    assert made.step() == (5.0, True)
    assert "What changed is not known: git is away" in notes(life)[-1].text


def test_specs_that_cannot_be_read_are_waited_for(life):
    made = noting(life, Repository())
    released(life, "1")
    life.world.unread = True
    assert made.step() == (1.0, False)
    life.world.unread = False
    assert made.step() == (5.0, True)
    assert len(notes(life)) == 1


def test_the_notes_are_told_as_a_message(life):
    box = Box()
    deliverer = life.deliverer(box)
    made = noting(life, Repository())
    released(life, "1", "2")
    made.step()
    deliverer.step()
    (message,) = [one for one in box.got if one.transition == "notes" and one.version == "2"]
    assert message.title == "prod/api: release notes of 2" and "pay (2222222, Ada)" in message.text
    assert list(message.occasions) == ["notes"]


def test_those_of_a_group_are_written_once_and_by_its_name():
    life = Life(world=FakeWorld(versions={"api": "1", "web": "1"}, needs={"web": ("api",)}))
    life.world.groups, life.world.want = {"unifocus": ("api", "web")}, {"application": SHOP, "owner": "payments"}
    life.ticks(30)
    box, made_ = Box(), noting(life, Repository())
    deliverer = life.deliverer(box)
    life.world.versions = {"api": "2", "web": "2"}
    life.ticks(60, 1)
    for _ in range(2):
        assert made_.step() == (5.0, True)
    (row,) = notes(life)
    assert (row.target, row.rollout, row.data["commits"]) == ("unifocus", 0, "1")
    assert row.text.startswith("2 in prod/unifocus, after 1\n\nFeatures\n- token=*** pay (2222222, Ada)\n\n")
    deliverer.step()
    told = box.got[-1]
    assert (told.about, told.transition, told.owners) == ("prod/unifocus", "notes", ("payments",))
    assert told.thread == box.got[0].thread and told.text == row.text
    life.store.close()
