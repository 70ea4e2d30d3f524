"""`rollback` and `restart` as they are typed: what is gone back to, what of the database, and what is refused."""

import sys
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from controller.app.memory import open_store
from controller.codes import BLOCKED, DONE
from controller.model.hooks import Hook, Image, When
from controller.model.track import Track
from tests.world import FakeWorld, digest

MIGRATE = Hook(name="migrate", when=When.BEFORE)
UNDO = Hook(name="undo", when=When.ON_ROLLBACK)


@pytest.fixture
def migrated(shop):
    """Three releases, each of which migrated the database."""
    shop.world.terms["hooks"] = (MIGRATE,)
    return shop.release("1", "2", "3")


def back(shop, *more):
    return shop("rollback", "prod", "api", "--reason", "broken", *more)


def test_without_an_undo_the_database_stays_and_without_a_terminal_that_has_to_be_said(migrated):
    said = back(migrated)
    assert said.code == BLOCKED and migrated.store.orders("prod").targets == {}
    assert said.err.startswith(
        "trueup: the database does not go back: migrate of 3 ran since 2 was good, and nothing undoes that; "
        "if that is well, say --keep-database, or --yes"
    )
    assert back(migrated, "--keep-database").code == DONE
    migrated.ticks(14)
    assert migrated.world.running == "2"


def test_every_release_between_is_named(migrated):
    said = back(migrated, "--to", "1")
    assert "migrate of 2 and migrate of 3 ran since 1 was good" in said.err
    assert back(migrated, "--to", "1", "--yes").code == DONE


@pytest.mark.parametrize(("typed", "code"), [("y\n", DONE), ("\n", BLOCKED), ("n\n", BLOCKED)])
def test_at_a_terminal_it_asks(migrated, monkeypatch, typed, code):
    class Terminal:
        def isatty(self):
            return True

        def readline(self):
            return typed

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: typed.strip())
    said = back(migrated)
    assert said.code == code and bool(migrated.store.orders("prod").targets) == (code == DONE)


@pytest.mark.parametrize(("image", "whose"), [(Image.NEW, "3"), (Image.OLD, "2")])
def test_with_an_undo_it_says_which_hook_and_whose_image(shop, image, whose):
    undo = Hook(name="undo", when=When.ON_ROLLBACK, image=image)
    shop.world.terms["hooks"] = (MIGRATE, undo)
    shop.release("1", "2", "3")
    said = back(shop, "--keep-database")
    assert said.code == BLOCKED and "undo runs on the way back, as its spec says" in said.err
    said = back(shop)
    assert said.code == DONE
    assert f"The database goes back too: undo runs first, with the images of {whose}.\n" in said.out
    shop.ticks(14)
    assert shop.world.running == "2"
    ran = [run.hook for run in shop.world.memory.runs]
    assert ran[-1] == "undo"


def test_an_undo_undoes_only_what_is_left(shop):
    shop.world.terms["hooks"] = (MIGRATE, UNDO)
    shop.release("1", "2", "3")
    said = back(shop, "--to", "1")
    assert said.code == BLOCKED and "migrate of 2 ran since 1 was good" in said.err and "of 3" not in said.err


def test_digests_name_what_versions_do(migrated):
    assert back(migrated, "--to", digest("1")[:12], "--yes").code == DONE
    migrated.ticks(14)
    assert migrated.world.running == "1"
    said = back(migrated, "--to", digest("2")[:11], "--yes")
    assert said.code == BLOCKED and f"{digest('2')[:11]} was never good here" in said.err


def test_the_loop_never_undoes_it_with_the_same_commit_another_one_or_after_a_restart_of_the_controller(shop):
    shop.release("1", "2")
    back(shop)
    shop.ticks(14)
    for life in range(3):
        if life == 1:  # a new commit that does not change the content
            shop.world.at_commit = "d0c5"
        if life == 2:  # a controller that remembers only what is in the store
            shop.store.close()
            shop.store = shop.world.store = type(shop.store)(*_reopened(shop))
        shop.world.now += timedelta(days=1)
        shop.ticks(20)
        assert (shop.world.running, shop.world.phase) == ("1", "idle")
    assert digest("2") in shop.world.quarantine


def _reopened(shop):
    fresh = open_store(shop.url)
    return fresh._backend, fresh._codec


def test_a_restart_is_made_once_and_refused_while_something_is_under_way(shop):
    shop.release("1", "2")
    said = shop("restart", "prod", "api", "--reason", "the password was rotated")
    assert (said.code, said.out) == (
        DONE,
        "prod/api is restarted from its next turn; follow it: trueup status --watch\n",
    )
    shop.ticks(1)
    said = shop("restart", "prod", "api", "--reason", "again")
    assert said.code == BLOCKED and "prod/api is rolling: " in said.err and "restart it after that" in said.err
    shop.ticks(14)
    assert shop.world.sent == [("restart", "2")] and shop.world.goods == ["2", "1"]
    assert "restart: the password was rotated" in shop("history", "prod", "api").out


def test_a_restart_while_paused_says_that_it_waits(shop):
    shop.release("1")
    shop("pause", "prod", "--reason", "audit")
    said = shop("restart", "prod", "api", "--reason", "x")
    assert said.code == DONE and "nothing is sent until `trueup resume`" in said.err
    shop.ticks(3)
    assert not shop.world.sent
    shop("resume", "prod")
    shop.ticks(14)
    assert shop.world.sent == [("restart", "1")]


@dataclass
class Building(FakeWorld):
    """A world whose target follows what was built last; its version here is only told apart by its content."""

    def wanted(self, name):
        want, image = super().wanted(name), "r.lan/api:latest"
        built = replace(want.release, version="latest", asked=digest("words"))
        return replace(want, release=built, track=Track(image="latest", images=(image,)), fresh=frozenset({image}))

    def world(self):
        return replace(super().world(), versioned=lambda want, _version: want)


def test_of_what_is_followed_by_digest_it_stays_until_something_newer_is_built(shop):
    shop.world = Building(store=shop.store)
    for build in ("1", "2", "3"):
        shop.world.version = build
        shop.ticks(14)
    for build in ("2", "1"):  # said again it goes on back
        assert shop("rollback", "prod", "api", "--reason", "slow").code == DONE
        shop.ticks(30)
        assert shop.world.running == build
    shop.world.version = "4"
    shop.ticks(20)
    assert shop.world.running == "4" and shop.world.goods[0] == "latest"
