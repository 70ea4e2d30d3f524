"""Lives of a target that follows git tags: what is deployed, what never is, and what a restart remembers."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from controller.model.application import Application
from controller.model.desired import DesiredTarget, Supersede
from controller.model.images import Missing, Unreachable
from controller.model.names import Commit
from controller.model.orders import Pin, Rollback
from controller.model.rollout import Phase
from controller.model.story import Event
from controller.model.track import OnMovedTag, Track
from tests.platform import release
from tests.stories.test_hotfix import ask
from tests.world import ENV, FakeWorld

SHOP = Application(repository="https://git.lan/shop")
A, B, C = (Commit(letter * 40) for letter in "abc")


@dataclass
class Following(FakeWorld):
    """A world whose target follows tags; `absent` are versions whose image is not there."""

    tags: dict = field(default_factory=dict)
    away: bool = False
    moved: OnMovedTag = OnMovedTag.REFUSE
    absent: set = field(default_factory=set)
    semver: str = ""
    listed: object = ()

    def wanted(self, name):
        want = replace(super().wanted(name), supersede=Supersede.AFTER_BAKE)
        if self.versions[name] != "follow":
            return want
        track = Track(tags="v*", application=SHOP, moved=self.moved)
        if self.semver:
            track = Track(semver=self.semver, images=("r.lan/api:v0.0.0",))
        return replace(want, release=release("v0.0.0"), track=track)

    def in_version(self, want, version):
        return replace(super().in_version(want, version), track=None) if version else want

    def versioned(self, want: DesiredTarget, version):
        unread = f"the image of {version} does not exist" if version in self.absent else ""
        return replace(want, release=release(version), unread=unread)

    def world(self):
        w = self

        class Applications:
            @staticmethod
            def tags(application):
                assert application == SHOP
                return Unreachable(why="git.lan is away") if w.away else dict(w.tags)

        class Registries:
            @staticmethod
            def tags(image):
                assert image.reference == "r.lan/api:v0.0.0"
                return w.listed

        world = super().world()
        return replace(world, applications=Applications, registries=Registries, versioned=self.versioned)

    @property
    def good(self):
        return self.memory.goods[0].release if self.memory.goods else None

    @property
    def told(self):
        return [row.text for row in self.store.entries if row.event is Event.FOLLOWED]


def begun(**tags):
    """A target that has followed its newest tag and rests."""
    w = Following(versions={"api": "follow"}, tags=tags or {"v1.0.0": A})
    w.ticks(12)
    assert w.memory.phase is Phase.IDLE
    return w


def test_the_newest_tag_is_deployed_with_the_commit_that_it_stands_for():
    w = begun(**{"v1.9.0": A, "v1.10.0": B})
    assert (w.good.version, w.good.built) == ("v1.10.0", B)
    w.tags["v1.11.0"] = C
    w.ticks(12)
    assert (w.good.version, w.good.built) == ("v1.11.0", C)
    assert [kept.release.built for kept in w.memory.goods] == [C, B]
    assert len(w.told) == 2


@pytest.mark.parametrize("tags", [{}, {"v0.9.0": C}])
def test_a_tag_that_vanished_changes_nothing(tags):
    w = begun()
    before = list(w.sent)
    w.tags = tags
    w.ticks(6)
    assert "v1.0.0 is gone from tags v*" in w.said
    assert (w.good.version, w.sent, w.memory.followed.commit) == ("v1.0.0", before, A)


def test_a_moved_tag_is_refused_with_both_commits_and_a_newer_tag_ends_that():
    w = begun()
    before = list(w.sent)
    w.tags = {"v1.0.0": B}
    w.ticks(6)
    (blocker,) = w.cycles[-1].plan.decisions["api"].blockers
    assert blocker.gate == "movedTag" and A[:12] in blocker.why and B[:12] in blocker.why
    assert (w.sent, w.good.built) == (before, A)
    assert w.told[-1] == blocker.why and len(w.told) == 2
    w.tags["v1.0.1"] = C
    w.ticks(12)
    assert (w.good.version, w.cycles[-1].plan.decisions["api"].blockers) == ("v1.0.1", ())


def test_a_moved_tag_is_remembered_through_a_restart_and_while_the_tag_is_gone():
    w = begun()
    w.tags = {}
    w.ticks(2)
    again = Following(versions={"api": "follow"}, tags={"v1.0.0": B}, store=w.store, platform=w.platform, now=w.now)
    again.ticks(3)
    assert again.sent == w.sent and "was moved" in again.said
    assert again.memory.followed.refused


def test_a_repository_that_is_away_holds_that_target_alone():
    w = Following(versions={"api": "follow", "web": "1"}, tags={"v1.0.0": A})
    w.ticks(12)
    w.away = True
    w.tags["v1.1.0"] = B
    w.versions["web"] = "2"
    w.ticks(12)
    api = w.cycles[-1].plan.decisions["api"]
    assert [one.gate for one in api.blockers] == ["source"] and "git.lan is away" in api.reason
    assert w.memory.goods[0].release.version == "v1.0.0" and w.memory.followed.version == "v1.0.0"
    assert w.store.load(ENV).targets["web"].goods[0].release.version == "2"
    w.away = False
    w.ticks(12)
    assert w.good.version == "v1.1.0"


def test_a_tag_whose_image_is_not_there_yet_holds_nothing_up_and_ships_when_it_is():
    w = begun()
    w.tags["v1.1.0"] = B
    w.absent = {"v1.1.0"}
    w.ticks(3)
    assert "v1.1.0 is not deployed yet: the image of v1.1.0 does not exist" in w.said
    assert w.memory.followed.version == "v1.0.0" and w.memory.phase is Phase.IDLE
    del w.tags["v1.1.0"]
    w.ticks(2)
    assert "not deployed" not in w.said
    w.tags["v1.1.0"], w.absent = B, set()
    w.ticks(12)
    assert w.good.version == "v1.1.0"


def test_a_first_tag_whose_image_is_not_there_is_not_followed():
    w = Following(versions={"api": "follow"}, tags={"v9.0.0": A}, absent={"v9.0.0"})
    w.ticks(3)
    assert w.memory.followed is None
    w.tags = {"v1.0.0": B}
    w.ticks(12)
    assert w.good.version == "v1.0.0"


def test_only_the_newest_wish_is_kept_while_a_release_bakes():
    w = begun()
    w.tags["v1.1.0"] = B
    w.tick()
    w.ticks(1)
    assert w.memory.phase in {Phase.ROLLING, Phase.BAKING}
    for number in range(2, 6):
        w.tags[f"v1.{number}.0"] = C
        w.tick(minutes=1)
    assert w.memory.rollout.release.version == "v1.1.0"
    assert "v1.5.0 waits for v1.1.0" in w.cycles[-1].plan.decisions["api"].blockers[0].why
    w.ticks(20)
    assert [kept.release.version for kept in w.memory.goods] == ["v1.5.0", "v1.1.0", "v1.0.0"]


def test_a_release_that_failed_is_left_and_the_next_tag_is_tried():
    w = begun()
    w.tags["v1.1.0"] = B
    w.sick = {release("v1.1.0").digest}
    w.ticks(20)
    assert w.memory.current.release.version == "v1.0.0" and "v1.1.0" in w.said
    w.tags["v1.1.1"] = C
    w.ticks(12)
    assert w.good.version == "v1.1.1"


def test_a_lower_tag_than_what_runs_is_not_followed_and_writing_a_version_ends_following():
    w = Following(versions={"api": "v1.5.0"}, tags={"v1.4.0": A})
    w.ticks(12)
    w.versions["api"] = "follow"
    w.ticks(6)
    assert w.good.version == "v1.5.0" and "v1.4.0, the newest there, is lower" in w.said
    w.versions["api"] = "v1.4.0"
    w.ticks(12)
    assert (w.good.version, w.memory.followed) == ("v1.4.0", None)
    assert "is not followed any more" in w.told[-1]


def test_a_moved_tag_that_may_be_followed_says_both_commits():
    w = begun()
    w.moved, w.tags = OnMovedTag.FOLLOW, {"v1.0.0": B}
    w.ticks(3)
    assert w.memory.followed.commit == B and w.memory.followed.moved == A
    assert A[:12] in w.told[-1] and B[:12] in w.told[-1]


def test_a_range_is_followed_in_the_registry_and_what_that_lost_or_does_not_tell_changes_nothing():
    w = Following(versions={"api": "follow"}, semver=">=1.2 <2", listed=("v1.1.0", "v1.2.0", "v2.0.0", "latest"))
    w.ticks(12)
    assert w.good.version == "v1.2.0"
    w.listed = ("v1.2.0", "v1.3.0", "v1.4.0-rc.1")
    w.ticks(12)
    assert (w.good.version, len(w.sent)) == ("v1.3.0", 2)
    w.listed = ("v1.2.0",)
    w.ticks(3)
    assert "v1.3.0 is gone from versions >=1.2 <2 of r.lan/api; it stays" in w.said
    for lost in (Unreachable(why="r.lan is away"), Missing(why="there is no repository api")):
        w.listed = lost
        w.ticks(3)
        assert f"what is followed is not known: {lost.why}" in w.said
    assert len(w.sent) == 2 and w.memory.followed.version == "v1.3.0"


def test_what_fails_in_a_new_way_holds_that_target_alone():
    w = begun()
    w.listed, w.semver = None, ">=1"
    w.ticks(2)
    assert "no wish can be read" in w.said and w.memory.phase is Phase.IDLE


@pytest.mark.parametrize("tags", [{"v1.0.0": B}, {}])
def test_what_was_followed_is_not_forgotten_while_a_hotfix_stands(tags):
    w = begun()
    ask(w, "v0.9.1", until=w.now + timedelta(hours=2))
    w.ticks(12)
    assert w.good.version == "v0.9.1" and w.memory.lane.since == "v1.0.0"
    w.tags = tags
    w.ticks(50)
    assert (w.good.version, w.good.built, w.memory.followed.commit) == ("v1.0.0", A, A)
    told = "the tag v1.0.0 was moved" if tags else "v1.0.0 is gone from tags v*"
    assert told in w.said and not any("is not followed any more" in one for one in w.told)


def test_going_back_from_a_hotfix_of_what_follows_stays_until_a_newer_tag_comes():
    w = begun()
    w.tags["v1.1.0"] = B
    w.ticks(12)
    ask(w, "v1.0.9")
    w.ticks(12)
    shown, number = w.cycles[-1].status[0], w.next_number()
    kept = next(kept for kept in w.memory.goods if kept.release.version == "v1.0.0")
    w.order(
        hotfixes=(replace(w.orders.hotfixes[-1], ended=w.now),),
        rollback=Rollback(number=number, to=kept.digest),
        pin=Pin(number=number, release=kept.release, spec=shown.spec_digest or None),
    )
    w.ticks(30)
    assert w.running == "v1.0.0" and w.cycles[-1].status[0].pinned == "v1.0.0"
    w.tags["v1.2.0"] = C
    w.ticks(12)
    assert w.running == "v1.2.0"
