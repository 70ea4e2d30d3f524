"""What is fixed once it is there holds the wish while it differs; what is only compared is said and left."""

import pytest

from controller.model.manifest import Manifest
from controller.model.release import Fixed
from tests.platform import digest
from tests.world import grace, settled

LAUNCH = "service.launchType"
LIMITS = ("scaling.maximum", "scaling.minimum")
REMEDY = "put it back in the spec, or make a new service under another name"


def fixed(launch):
    """A launch type that the spec names."""
    return Fixed(manifest=Manifest.of({LAUNCH: launch}, owns=(LAUNCH,)), remedies=((LAUNCH, REMEDY),))


def limits(low, high):
    """Limits that the spec names for whoever scales it."""
    return Manifest.of({"scaling.minimum": low, "scaling.maximum": high}, owns=LIMITS)


def clashing(**want):
    """A world that rests, whose service has another launch type than the spec wants."""
    w = settled()
    w.service.settings[LAUNCH] = "FARGATE"
    w.want = {"fixed": fixed("EC2"), **want}
    w.tick()
    return w


def blockers(w):
    return {one.gate: one.why for one in w.cycles[-1].plan.decisions["api"].blockers}


def test_a_new_wish_is_held_and_why_is_said_with_what_to_do():
    w = clashing()
    w.version = "2"
    w.ticks(20)
    told = f"launchType is FARGATE there and EC2 in the spec; it is fixed when a service is created: {REMEDY}"
    assert (w.sent, w.phase, w.running) == ([], "pending", "1")
    assert blockers(w) == {"fixed": told}
    assert told in w.said
    (status,) = w.cycles[-1].status
    assert not status.synced and [one.gate for one in status.blockers] == ["fixed"]


def test_it_is_said_though_nothing_new_is_wanted():
    w = clashing()
    assert list(blockers(w)) == ["fixed"]
    assert w.said.startswith("rest: ") and "launchType is FARGATE there" in w.said


def test_when_the_spec_takes_it_back_the_wish_goes_on():
    w = clashing()
    w.version = "2"
    w.ticks(3)
    w.want = {"fixed": fixed("FARGATE")}
    w.ticks(20)
    assert (w.sent, w.running, w.goods[0]) == ([("forward", "2")], "2", "2")


def test_neither_settings_nor_heals_are_sent_meanwhile():
    w = clashing(settings=grace(30))
    w.platform.by_hand("api", "9")
    w.ticks(20)
    assert w.sent == []
    w.want = {"fixed": fixed("FARGATE"), "settings": grace(30)}
    w.ticks(10)
    assert [purpose for purpose, _ in w.sent] == ["heal", "settings"]


def test_a_rollout_under_way_goes_on_and_may_go_back():
    w = settled()
    w.service.settings[LAUNCH] = "FARGATE"
    w.platform.breaker = False
    w.version = "2"
    w.tick()
    w.want = {"fixed": fixed("EC2")}
    w.sick.add(digest("2"))
    w.ticks(20)
    assert w.sent == [("forward", "2"), ("back", "1")]


def test_a_person_may_go_back_all_the_same():
    w = settled("0", "1")
    w.service.settings[LAUNCH] = "FARGATE"
    w.want = {"fixed": fixed("EC2")}
    w.tick()
    w.rollback(to="0")
    w.ticks(10)
    assert (w.sent, w.running) == ([("back", "0")], "0")


def test_other_targets_are_not_held():
    w = clashing()
    w.versions["web"] = "1"
    w.platform.by_hand("web", "1")
    w.platform.settle("web")
    w.service.settings[LAUNCH] = "FARGATE"
    w.platform.service("web").settings[LAUNCH] = "EC2"
    w.tick()
    w.versions["web"] = "2"
    w.ticks(10)
    assert [(call.target, call.release.version) for call in w.platform.calls] == [("web", "2")]


@pytest.mark.parametrize(
    "case",
    [
        ({"scaling.minimum": 2, "scaling.maximum": 10}, "", ""),
        ({"scaling.minimum": 1, "scaling.maximum": 10}, "", "scaling.minimum is 1 there and 2 in the spec"),
        ({}, "", "scaling.minimum is not set there and 2 in the spec"),
        (None, "AccessDenied", "what it is scaled by could not be read: AccessDenied"),
        (None, "", ""),
    ],
)
def test_what_is_only_compared_is_said_and_never_changed(case):
    there, unread, said = case
    w = settled()
    w.service.beside, w.service.unread = there, unread
    w.want = {"beside": limits(2, 10)}
    w.ticks(3)
    assert (w.sent, w.phase, blockers(w)) == ([], "idle", {})
    assert said in w.said
    assert bool(said) == ("in the spec" in w.said or "could not be read" in w.said)
    w.version = "2"
    w.ticks(10)
    assert w.sent == [("forward", "2")], "it holds nothing"
