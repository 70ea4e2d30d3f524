"""What is followed: always the newest, never an older one by itself, and never a moved tag in silence."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.application import Application
from controller.model.desired import DesiredTarget
from controller.model.names import Commit
from controller.model.record import Memory
from controller.model.release import Kept
from controller.model.track import Followed, OnMovedTag, Track
from controller.model.version import Form, Version
from controller.plan.follow import choose, latest, newly_followed, offered_by_images, offered_by_tags
from tests.platform import place, release

NOW = datetime(2026, 3, 1, tzinfo=UTC)
A, B, C = (Commit(letter * 40) for letter in "abc")
TAGS = Track(tags="v*-stage", application=Application(repository="https://git.lan/shop"), forms=(Form.STAGE,))
WANT = DesiredTarget(place=place("api"), release=release("v0.0.0"))


def memory(version, commit=None, track=TAGS, **more):
    followed = Followed(version=version, source=track.source, since=NOW, commit=commit, **more)
    return Memory(followed=followed)


def running(version):
    return Memory(current=Kept(release=release(version), revision="api:1"))


def pick(tags, remembered=None, track=TAGS):
    return choose(WANT, track, offered_by_tags(track, tags), remembered, NOW)


def test_the_newest_tag_by_precedence_is_followed_with_its_commit():
    found = pick({"v1.9.0-stage": A, "v1.10.0-stage": B, "v1.10.0": C, "v2.0.0-rc.1": C, "stage": C})
    assert (found.followed.version, found.followed.commit, found.notes) == ("v1.10.0-stage", B, ())


def test_tags_that_are_no_versions_are_passed_over_and_named():
    found = pick({"v1.0.0-stage": A, "v1-stage": B, "v1.2-stage": B, "vx-stage": B, "vy-stage": B})
    assert found.followed.version == "v1.0.0-stage"
    assert found.notes[0].startswith("no version, and passed over: v1.2-stage, vx-stage, vy-stage and 1 more")
    assert "no version among" in pick({"vx-stage": A}).unread


def test_a_newer_tag_is_followed_and_what_was_before_is_kept_in_hand():
    found = pick({"v1.0.0-stage": A, "v1.1.0-stage": B}, memory("v1.0.0-stage", A))
    assert (found.followed.version, found.before.version) == ("v1.1.0-stage", "v1.0.0-stage")


def test_a_pattern_of_many_stars_is_no_way_to_make_a_turn_last():
    track = replace(TAGS, tags="*".join("a" * 60))
    assert not track.matches("a" * 59 + "b" * 140)
    assert track.matches("ab" * 60 + "a")


@pytest.mark.parametrize("tags", [{}, {"v0.9.0-stage": B}])
def test_a_tag_that_vanished_never_makes_it_fall_back(tags):
    found = pick(tags, memory("v1.0.0-stage", A))
    assert (found.followed.version, found.followed.commit) == ("v1.0.0-stage", A)
    assert "v1.0.0-stage is gone from tags v*-stage of https://git.lan/shop; it stays" in found.notes[0]


def test_a_tag_that_comes_back_elsewhere_was_moved():
    gone = pick({}, memory("v1.0.0-stage", A))
    back = pick({"v1.0.0-stage": B}, Memory(followed=gone.followed))
    assert back.followed.commit == A and "bbbbbbbbbbbb" in back.followed.refused


def test_a_moved_tag_is_refused_with_both_commits_until_it_is_back():
    found = pick({"v1.0.0-stage": B}, memory("v1.0.0-stage", A))
    assert found.followed.commit == A
    for commit in (A, B):
        assert commit[:12] in found.followed.refused and commit[:12] in found.notes[0]
    gone = pick({}, Memory(followed=found.followed))
    assert (gone.followed.commit, gone.followed.refused) == (A, "")
    healed = pick({"v1.0.0-stage": A}, Memory(followed=found.followed))
    assert (healed.followed.refused, healed.notes) == ("", ())
    newer = pick({"v1.0.0-stage": B, "v1.0.1-stage": C}, Memory(followed=found.followed))
    assert (newer.followed.version, newer.followed.refused) == ("v1.0.1-stage", "")


def test_a_moved_tag_is_followed_if_the_spec_says_so_and_both_commits_are_said():
    track = replace(TAGS, moved=OnMovedTag.FOLLOW)
    found = pick({"v1.0.0-stage": B}, memory("v1.0.0-stage", A), track)
    assert (found.followed.commit, found.followed.moved, found.followed.refused) == (B, A, "")
    assert all(commit[:12] in found.notes[0] for commit in (A, B))
    again = pick({"v1.0.0-stage": B}, Memory(followed=found.followed), track)
    assert again.followed == found.followed and again.notes == found.notes


def test_a_tag_that_is_lower_than_what_runs_is_not_followed_by_itself():
    found = pick({"v1.0.0-stage": A}, running("v1.1.0-stage"))
    assert found.followed.version == "v1.1.0-stage"
    assert "v1.1.0-stage is not among tags v*-stage" in found.notes[0]
    assert "v1.0.0-stage, the newest there, is lower: to go there, write `version`" in found.notes[0]
    assert pick({"v1.0.0-stage": A}, Memory(followed=found.followed)).notes == found.notes
    assert pick({"v1.2.0-stage": A}, running("v1.1.0-stage")).followed.version == "v1.2.0-stage"


@pytest.mark.parametrize("version", ["v1.1.0", "latest", "prod-api:7"])
def test_what_runs_and_could_not_have_been_followed_holds_nothing_up(version):
    assert pick({"v1.0.0-stage": A}, running(version)).followed.version == "v1.0.0-stage"


def test_what_was_followed_elsewhere_says_nothing():
    other = replace(TAGS, tags="v1.*-stage")
    assert pick({"v1.0.0-stage": A}, memory("v9.0.0-stage", B, other)).followed.version == "v1.0.0-stage"


def test_other_words_are_asked_for_under_the_version_that_is_followed():
    known = memory("v1.0.0-stage", A, asked=release("other").digest)
    found = pick({"v1.0.0-stage": A}, known)
    assert found.followed.asked == WANT.release.digest and found.followed.since == NOW


def test_a_registry_offers_what_every_repository_has_in_the_range():
    track = Track(semver=">=1.2 <2", images=("r.lan/api:v0.0.0", "r.lan/web:x-0.0.0-slim"))
    seen = {
        "r.lan/api:v0.0.0": ("v1.2.0", "v1.3.0", "v1.4.0", "v2.0.0", "1.9.0", "latest", "v1.3.0-rc.1"),
        "r.lan/web:x-0.0.0-slim": ("x-1.2.0-slim", "x-1.3.0-slim", "1.4.0-slim", "x-v1.4.0-slim", "x-2.0.0-slim"),
    }
    offered = offered_by_images(track, seen)
    assert {str(version) for version in offered.versions} == {"v1.2.0", "v1.3.0"}
    assert choose(WANT, track, offered, None, NOW).followed.version == "v1.3.0"


def test_latest_is_always_called_latest():
    track = Track(image="latest", images=("r.lan/api:latest",))
    found = latest(WANT, track, None, NOW).followed
    assert found.version == "latest" and latest(WANT, track, Memory(followed=found), NOW).followed is found


def test_each_change_of_what_is_followed_is_told_once():
    first = pick({"v1.0.0-stage": A}).followed
    newer = pick({"v1.1.0-stage": B}, Memory(followed=first)).followed
    moved = pick({"v1.1.0-stage": C}, Memory(followed=newer)).followed
    assert newly_followed(None, first).startswith("v1.0.0-stage (aaaaaaaaaaaa) is followed, of tags v*-stage")
    assert "is followed instead of v1.0.0-stage" in newly_followed(first, newer)
    assert newly_followed(newer, moved) == moved.refused
    assert newly_followed(moved, moved) == "" and newly_followed(moved, newer) == ""
    assert "is not followed any more" in newly_followed(newer, None) and newly_followed(None, None) == ""


VERSIONS = st.sampled_from([f"v1.{number}.0-stage" for number in range(4)] + ["v1-stage", "v1.1.0"])
HISTORIES = st.lists(st.dictionaries(VERSIONS, st.sampled_from([A, B, C]), max_size=4), max_size=8)


@given(HISTORIES, st.booleans())
def test_whatever_becomes_of_the_tags_nothing_goes_back_and_no_tag_is_two_commits_in_silence(history, follows):
    track = replace(TAGS, moved=OnMovedTag.FOLLOW) if follows else TAGS
    remembered, stood = None, {}
    for tags in history:
        found = pick(tags, remembered, track)
        before = remembered.followed if remembered else None
        if found.followed is None:
            assert before is None and found.unread
            continue
        now = found.followed
        assert before is None or Version(now.version) >= Version(before.version)
        if now.version in stood and stood[now.version] != now.commit:
            assert follows and stood[now.version][:12] in "".join(found.notes)
        moved = tags.get(now.version, now.commit) != now.commit
        assert bool(now.refused) is moved
        stood[now.version] = now.commit
        remembered = Memory(followed=now)
