"""Groups that follow a version: all members go to the same one, chosen in one moment, or none goes."""

from dataclasses import dataclass, field, replace

import pytest

from controller.model.images import Missing
from controller.model.orders import Pin, Rollback
from controller.model.track import OnMovedTag
from tests.stories.test_followed import A, B, C, Following
from tests.stories.test_groups import barred, goods, phases, running, sick, until, whole
from tests.world import ENV, Crash, release


@dataclass
class FollowingAll(Following):
    """A group that follows tags; `missing` are images that one member is without."""

    missing: set = field(default_factory=set)

    def wanted(self, name):
        want = super().wanted(name)
        return replace(want, owner=name)

    def versioned(self, want, version):
        found = super().versioned(want, version)
        return replace(found, unread="no such image") if (want.owner, version) in self.missing else found


def following(*members, **kw):
    members = members or ("api", "web")
    w = FollowingAll(
        versions=dict.fromkeys(members, "follow"),
        groups={"unifocus": members},
        needs={"web": ("api",)},
        tags={"v1.0.0": A},
        **kw,
    )
    w.ticks(30)
    assert {*map(str, goods(w).values())} == {"['v1.0.0']"} and set(phases(w).values()) == {"idle"}
    w.cycles.clear()
    w.platform.calls.clear()
    return w


def sent(w):
    return [(call.target, call.release.version) for call in w.platform.calls]


def built(w):
    return {name: memory.goods[0].release.built for name, memory in w.store.load(ENV).targets.items()}


def test_a_tag_takes_the_whole_group_to_one_version_and_one_commit():
    w = following()
    w.tags["v1.1.0"] = B
    until(w, lambda: {*map(str, goods(w).values())} == {"['v1.1.0', 'v1.0.0']"})
    assert sent(w) == [("api", "v1.1.0"), ("web", "v1.1.0")] and built(w) == {"api": B, "web": B}


def test_whose_turn_alone_it_is_takes_all_others_with_it():
    w = following()
    w.tags["v1.1.0"] = B
    w.tick(1, due=("web",))
    assert sent(w) == [("api", "v1.1.0")]


@pytest.mark.parametrize("late", ["api", "web"])
def test_while_an_image_of_one_member_is_missing_none_goes(late):
    w = following()
    w.missing.add((late, "v1.1.0"))
    w.tags["v1.1.0"] = B
    for turn in range(6):
        w.tick(1, due=("api", "web")[turn % 2 : turn % 2 + 1])
    w.tick(1)
    assert sent(w) == [] and set(phases(w).values()) == {"idle"}
    reasons = [one.reason for one in w.cycles[-1].plan.decisions.values()]
    assert all("v1.1.0 is not deployed yet" in why for why in reasons), reasons
    w.missing.clear()
    until(w, lambda: goods(w)["web"] == ["v1.1.0", "v1.0.0"])


def test_a_tag_that_comes_between_two_questions_parts_nobody():
    w = following()
    w.tags = Racing({"v1.0.0": A}, {"v1.0.0": A, "v1.1.0": B})
    w.ticks(1)
    assert {one.target: one.wanted for one in w.cycles[-1].status} == {"api": "v1.1.0", "web": "v1.1.0"}


class Racing:
    """Tags that are read once without what is there when they are read again."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def keys(self):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.now = answer
        return answer.keys()

    def __getitem__(self, key):
        return self.now[key]


def test_a_moved_tag_moves_no_member_and_one_that_joins_later_does_not_take_it():
    w = following()
    w.tags = {"v1.0.0": C}
    w.ticks(3)
    assert sent(w) == []
    for name in w.versions:
        assert "movedTag" in {one.gate for one in w.cycles[-1].plan.decisions[name].blockers}
    w.versions["worker"], w.groups = "follow", {"unifocus": ("api", "web", "worker")}
    w.ticks(20)
    assert sent(w) == [] or built(w)["worker"] == A
    w.tags["v1.0.1"] = B
    until(w, lambda: {goods(w)[name][0] for name in w.versions} == {"v1.0.1"})


def test_with_a_moved_tag_that_is_followed_all_go_to_what_it_stands_for_now():
    w = following(moved=OnMovedTag.FOLLOW)
    w.tags = {"v1.0.0": C}
    w.ticks(20)
    assert {memory.followed.commit for memory in w.store.load(ENV).targets.values()} == {C}


def test_who_joins_while_the_newest_tag_is_gone_follows_what_the_others_do():
    w = following()
    w.tags["v1.1.0"] = B
    until(w, lambda: goods(w)["web"] == ["v1.1.0", "v1.0.0"])
    w.tags = {"v1.0.0": A}
    w.versions["worker"], w.groups = "follow", {"unifocus": ("api", "web", "worker")}
    until(w, lambda: goods(w).get("worker") == ["v1.1.0"])
    assert running(w) == dict.fromkeys(w.versions, "v1.1.0")


def test_when_its_tags_can_not_be_read_what_has_begun_ends_together_and_nothing_starts():
    w = following()
    w.tags["v1.1.0"] = B
    until(w, lambda: phases(w) == {"api": "baking", "web": "baking"})
    w.away = True
    sick(w, "web", "v1.1.0")
    until(w, lambda: set(phases(w).values()) == {"stalled"})
    assert running(w) == {"api": "v1.0.0", "web": "v1.0.0"}
    w.away = False
    w.ticks(5)
    assert barred(w) == {"api": {"v1.1.0"}, "web": {"v1.1.0"}} and len(sent(w)) == 4
    w.is_sick = lambda name: False
    w.tags["v1.1.1"] = C
    until(w, lambda: goods(w)["web"] == ["v1.1.1", "v1.0.0"])


def test_a_registry_is_followed_once_the_images_of_all_members_have_a_version():
    w = following()
    w.semver, w.listed = ">=1.0.0", ("v1.0.0",)
    w.ticks(6)
    w.listed = Missing(why="no such repository")
    w.ticks(3)
    assert sent(w) == []
    w.listed = ("v1.0.0", "v1.2.0")
    until(w, lambda: goods(w)["web"] == ["v1.2.0", "v1.0.0"])
    assert goods(w)["api"] == ["v1.2.0", "v1.0.0"]


def test_a_rollback_of_it_holds_until_another_tag_comes():
    w = following()
    w.tags["v1.1.0"] = B
    until(w, lambda: goods(w)["web"] == ["v1.1.0", "v1.0.0"])
    w.platform.calls.clear()
    for name in w.versions:
        w.order(name, rollback=Rollback(number=900), pin=Pin(number=900, release=release("v1.0.0"), spec=whole(w)))
    until(w, lambda: running(w) == dict.fromkeys(w.versions, "v1.0.0") and set(phases(w).values()) == {"idle"})
    w.ticks(10)
    assert sent(w) == [("web", "v1.0.0"), ("api", "v1.0.0")]
    w.tags["v1.2.0"] = C
    until(w, lambda: goods(w)["web"][0] == "v1.2.0")
    assert goods(w)["api"][0] == "v1.2.0"


@pytest.mark.parametrize("at", range(1, 25, 4))
def test_a_crash_at_any_moment_parts_nobody(at):
    w = following()
    w.tags["v1.1.0"] = B

    def crash():
        raise Crash

    w.effects, w.at_effect = 0, {at: crash}
    for turn in range(60):
        try:
            w.tick(1, due=("api", "web")[turn % 2 : turn % 2 + 1])
        except Crash:
            continue
    assert not w.at_effect or at > 16
    assert {*map(str, goods(w).values())} == {"['v1.1.0', 'v1.0.0']"}
    assert sent(w) == [("api", "v1.1.0"), ("web", "v1.1.0")]
