"""`trueup confirm`: what is held for being too many changes goes on, exactly that, and it is on record."""

import pytest

from controller.codes import BLOCKED, DONE, WRONG
from controller.model.desired import Load
from controller.model.story import Event
from tests.world import ENV, digest


@pytest.fixture
def held(shop):
    """Three targets, of which one commit changes two, where one may change."""
    shop.world.versions = dict.fromkeys(("api", "job", "web"), "1")
    shop.ticks(14)
    shop.world.platform.calls.clear()
    shop.world.load = Load(changes=1)
    shop.world.versions.update(api="2", web="2")
    shop.ticks(2)
    assert shop.world.sent == []
    return shop


def confirmed(shop):
    return dict(shop.store.orders(ENV).confirmed)


def test_what_is_held_is_named_confirmed_and_goes(held):
    said = held("why", "prod", "api")
    assert "massChange: 2 of 3 targets would change (api, web), more than maxChanges: 1" in said.out
    assert "do next look at what changes, then: trueup confirm prod --commit c212 --reason …" in said.out
    said = held("confirm", "prod", "--commit", "c212", "--reason", "planned", "--as", "ada")
    assert said.code == DONE
    assert said.out == "prod: 2 changes confirmed (api 2, web 2); follow it: trueup status --watch prod\n"
    assert confirmed(held) == {"api": digest("2"), "web": digest("2")}
    row = held.store.journal(env=ENV)[-1]
    assert (row.event, row.by, row.text) == (Event.ORDER, "ada", "confirm 2 changes: api 2, web 2: planned")
    held.ticks(14)
    assert held.world.sent == [("forward", "2"), ("forward", "2")]


def test_nothing_is_confirmed_where_nothing_is_held(shop):
    shop.release("1")
    said = shop("confirm", "prod", "--reason", "x")
    assert said.code == BLOCKED and "nothing in prod is held for being too many changes" in said.err
    assert confirmed(shop) == {}


@pytest.mark.parametrize("commit", ["c999", ""])
def test_another_commit_is_not_what_is_held(held, commit):
    said = held("confirm", "prod", "--commit", commit, "--reason", "x")
    assert said.code == BLOCKED and f"what is held in prod is of commit c212, not {commit!r}" in said.err
    assert confirmed(held) == {}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("confirm", "prod"), "Missing option '--reason'"),
        (("confirm", "prod", "--reason", " "), "it is empty; say why"),
        (("confirm", "prd", "--reason", "x"), "no environment 'prd' is known to this store; known: prod"),
    ],
)
def test_what_is_typed_wrong_changes_nothing(held, args, message):
    said = held(*args)
    assert said.code == WRONG and message in said.err and confirmed(held) == {}


def test_what_a_later_commit_wants_is_held_again_and_what_ran_is_forgotten(held):
    held("confirm", "prod", "--reason", "planned")
    held.ticks(14)
    held.world.versions.update(api="3", job="3")
    held.ticks(2)
    assert held.world.sent == [("forward", "2"), ("forward", "2")]
    held("confirm", "prod", "--reason", "planned too")
    assert confirmed(held) == {"api": digest("3"), "job": digest("3")}


def test_what_was_confirmed_and_still_waits_stays_so(held):
    held("confirm", "prod", "--reason", "planned")
    held.world.versions.update(web="3", job="3")
    held.ticks(1)
    assert confirmed(held)["api"] == digest("2")
    held("confirm", "prod", "--reason", "planned too")
    assert confirmed(held) == {"api": digest("2"), "web": digest("3"), "job": digest("3")}
