"""What is told of a group: once, by its name, whatever the number of its members, also over a crash."""

import pytest

from controller.model.hooks import Hook, When
from controller.model.rollout import Terms
from tests.loop.telling import Box, Life
from tests.stories.test_groups import sick
from tests.world import Crash, FakeWorld, digest


@pytest.fixture
def life():
    made = Life(world=FakeWorld(versions={"api": "1", "web": "1"}, needs={"web": ("api",)}))
    made.world.groups = {"unifocus": ("api", "web")}
    made.ticks(30)
    yield made
    made.store.close()


def told(box):
    return [(message.about, message.transition) for message in box.got]


def to(life, version, ticks=60):
    life.world.versions = dict.fromkeys(life.world.versions, version)
    return life.ticks(ticks, 1)


def until(life, *phases):
    while {one.phase.value for one in life.store.load("prod").targets.values()} != {*phases}:
        life.ticks(1, 1)


GOOD = [("prod/unifocus", one) for one in ("started", "baking", "good")]


def test_a_group_that_becomes_good_is_told_like_one_target(life):
    life.world.want = {"api": {"owner": "payments"}, "web": {"owner": "shop"}}
    box = Box()
    deliverer = life.deliverer(box)
    to(life, "2")
    deliverer.step()
    assert told(box) == GOOD
    started, _, good = box.got
    assert started.title == "prod/unifocus: 2 starts, after 1" and good.title.startswith("prod/unifocus: 2 is good")
    assert {message.owners for message in box.got} == {("payments", "shop")}
    assert len({message.id for message in box.got}) == 3
    assert len({message.thread for message in box.got}) == 1 and started.thread.startswith("prod/unifocus/20")
    assert good.facts["members"] == "api, web" and not any("image" in key for key in good.facts)


def test_what_need_not_change_is_no_news_and_a_group_of_one_that_changes_is_told_all_the_same(life):
    box = Box()
    deliverer = life.deliverer(box)
    life.world.versions = {"api": "1", "web": "2"}
    life.ticks(60, 1)
    deliverer.step()
    assert told(box) == GOOD


@pytest.mark.parametrize("who", ["api", "web"])
def test_a_group_that_goes_back_is_told_once_when_it_begins_and_once_when_all_are_back(life, who):
    box = Box()
    deliverer = life.deliverer(box)
    to(life, "2", ticks=0)
    until(life, "baking")
    sick(life.world, who, "2")
    life.ticks(40, 1)
    deliverer.step()
    assert told(box) == [("prod/unifocus", one) for one in ("started", "baking", "going_back", "went_back")]
    going, went = box.got[2:]
    assert f"{who}: " in went.text and "needed" in {*went.occasions}
    assert going.text.startswith(f"{who}: roll back: it is not well: ringing: 5xx")


def test_a_member_that_is_alone_to_begin_and_fails_is_told_for_the_group(life):
    box = Box()
    deliverer = life.deliverer(box)
    life.world.platform.breaker = False
    life.world.platform.bad.add(digest("2"))
    to(life, "2", ticks=90)
    deliverer.step()
    assert told(box) == [("prod/unifocus", one) for one in ("started", "going_back", "went_back")]


def test_a_migration_that_fails_is_told_for_the_group(life):
    life.world.want["api"] = {"terms": Terms(guards=(), hooks=(Hook(name="migrate", when=When.BEFORE),))}
    life.world.platform.exits_with["migrate"] = 1
    box = Box()
    deliverer = life.deliverer(box)
    to(life, "2")
    deliverer.step()
    assert told(box) == [("prod/unifocus", "started"), ("prod/unifocus", "failed")]
    assert "needed" in box.got[-1].occasions


def test_a_group_that_stops_and_asks_is_told_once(life):
    life.world.terms["rollback_safe"] = False
    box = Box()
    deliverer = life.deliverer(box)
    to(life, "2", ticks=0)
    until(life, "baking")
    life.world.sick.add(digest("2"))
    life.ticks(40, 1)
    deliverer.step()
    assert told(box)[:2] == GOOD[:2]
    assert told(box)[2:] == [("prod/unifocus", "failed")] and "needed" in box.got[-1].occasions


def test_a_newer_version_is_told_to_replace_the_group_once(life):
    box = Box()
    deliverer = life.deliverer(box)
    to(life, "2", ticks=0)
    until(life, "baking", "rolling")
    to(life, "3")
    deliverer.step()
    assert told(box) == [("prod/unifocus", one) for one in ("started", "superseded", "started", "baking", "good")]
    assert [message.version for message in box.got] == ["2", "2", "3", "3", "3"]


def test_each_is_told_once_whenever_the_process_dies(life):
    seen = []
    for at in range(3, 60, 6):
        one = Life(world=FakeWorld(versions={"api": "1", "web": "1"}, needs={"web": ("api",)}))
        one.world.groups = {"unifocus": ("api", "web")}
        one.ticks(30)
        box = Box()
        one.deliverer(box)

        def crash():
            raise Crash

        one.world.effects, one.world.at_effect = 0, {at: crash}
        one.world.versions = {"api": "2", "web": "2"}
        for _ in range(60):
            try:
                one.ticks(1, 1)
            except Crash:
                one.deliverer(box).step()
        again = one.dies()
        again.deliverer(box).step()
        ids = {message.id: message.transition for message in box.got}
        assert list(ids.values()) == [one for _, one in GOOD] and {*told(box)} == {*GOOD}, (at, told(box))
        seen.append(one.world.at_effect == {})
        again.store.close()
    assert any(seen)
