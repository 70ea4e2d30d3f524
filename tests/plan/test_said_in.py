"""What a spec says, as paths: every field of a target counts, and each is named as the spec names it."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.gates.alarms import Alarms
from controller.model.application import Application
from controller.model.desired import Brake, DesiredTarget, Ignored, Load, OnDrift, Supersede
from controller.model.group import Group
from controller.model.lookups import Looked, LookedValue, Lookup
from controller.model.manifest import Manifest
from controller.model.names import Commit, TargetName
from controller.model.orders import Pause
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.release import Fixed, Release, Settings
from controller.model.rollout import Terms
from controller.model.track import Followed, Track
from controller.model.trust import Commits, Verify
from controller.plan.said_in import environment_differences, target_differences

PLACE = Place(kind="ecs", account="111122223333", region="eu-west-1", cluster="c", service="s", role="r")
GUARD = Alarms(account="111122223333", region="eu-west-1", role="r", names=("a",))


def release(version="v1", owns=("",), **content):
    return Release(version=version, manifest=Manifest.of(content or {"image": "i:1"}, owns))


TARGET = DesiredTarget(place=PLACE, release=release())


def said(after, before=TARGET):
    return {one.path: (one.live, one.wanted) for one in target_differences(before, after)}


# Each field of a target with another value than its default, and what the spec would be said to say otherwise.
CHANGED = {
    "place": (replace(PLACE, service="t"), {"service": ("s", "t")}),
    "release": (release("v2"), {"version": ("v1", "v2")}),
    "owner": ("ada", {"owner": ("", "ada")}),
    "settings": (Settings(manifest=Manifest.of({"x.y": 60}, ("x.y",))), {"x.y": (None, 60)}),
    "fixed": (Fixed(manifest=Manifest.of({"service.role": "r"}, ("service.role",))), {"service.role": (None, "r")}),
    "beside": (Manifest.of({"service.x": 2}, ("service.x",)), {"service.x": (None, 2)}),
    "gates": ((GUARD,), {"gates[alarms].names[0]": (None, "a"), "gates[alarms].noData": (None, "unsure")}),
    "terms": (Terms(guards=(GUARD,), bake=timedelta(hours=1)), {"rollout.bake": ("10m", "1h")}),
    "supersede": (Supersede.WHEN_FAILING, {"rollout.supersede": ("always", "whenFailing")}),
    "on_drift": (OnDrift.REPORT, {"onDrift": ("heal", "report")}),
    "heal_after": (timedelta(seconds=90), {"healAfter": ("5m", "90s")}),
    "pause": (Pause(reason="quarter end"), {"paused.reason": (None, "quarter end")}),
    "needs": ((TargetName("db"),), {"needs[0]": (None, "db")}),
    "create": (True, {"create": (False, True)}),
    "breaking": (True, {"breaking": (False, True)}),
    "track": (
        Track(tags="v*", application=Application(repository="https://git.lan/x")),
        {
            "version": ("v1", None),
            "track.tags": (None, "v*"),
            "track.repository": (None, "https://git.lan/x"),
            "track.onMovedTag": (None, "refuse"),
        },
    ),
    "application": (
        Application(repository="https://git.lan/x"),
        {"application.repository": (None, "https://git.lan/x"), "application.branch": (None, "main")},
    ),
    "group": (Group(name="g", version="v1", members=("api",)), {"group": (None, "g")}),
    "draft": (
        Packed.of('{"base":{"family":"f"},"lookups":[["ssm","/a"]],"environment":[{"name":"A_KEY","value":"x"}]}'),
        {
            "base.family": (None, "f"),
            "lookups[ssm:/a]": (None, True),
            "environment[A_KEY]": (None, "x"),
        },
    ),
    "ignore": (
        (Ignored(path="a", reason="b", until=datetime(2030, 1, 1, tzinfo=UTC)),),
        {"ignore[0].until": (None, "2030-01-01T00:00:00Z")},
    ),
}
# Where it is written, and what only completing it tells.
LOOKED = Looked(commit=Commit("c" * 40), values=(LookedValue(lookup=Lookup(kind="ssm", name="/a"), text="1"),))
FOLLOWED = Followed(version="v1", source="x", since=datetime(2030, 1, 1, tzinfo=UTC))
SAYS_NOTHING = {"file": "x", "unread": "x", "notes": ("x",), "looked": LOOKED, "astray": "x", "followed": FOLLOWED}
SAYS_NOTHING |= {"fresh": frozenset({"x"}), "said": TARGET.release, "unfit": "x"}


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_each_field_is_told_by_the_path_at_which_the_spec_writes_it(name):
    value, expected = CHANGED[name]
    found = said(replace(TARGET, **{name: value}))
    assert found.items() >= expected.items()


def test_every_field_of_a_target_is_told_or_says_nothing():
    assert {one.name for one in fields(DesiredTarget)} == CHANGED.keys() | SAYS_NOTHING.keys()
    for name, value in SAYS_NOTHING.items():
        assert said(replace(TARGET, **{name: value})) == {}


def test_the_version_that_stands_in_is_told_by_its_name():
    track = Track(tags="v*", application=Application(repository="https://git.lan/x"))
    said_of = release("v0.0.0", image="i:v0.0.0", slim="i:0.0.0-slim", bind="0.0.0.0:80", other="v0.0.01")
    found = said(replace(TARGET, track=track, release=said_of))
    told = {path: value for path, (_, value) in found.items()}
    assert (told["image"], told["slim"]) == ("i:${version}", "i:${semver}-slim")
    assert (told["bind"], told["other"]) == ("0.0.0.0:80", "v0.0.01")


def test_the_same_said_again_is_no_difference_whoever_committed_it():
    again = replace(TARGET, release=replace(TARGET.release, commit="c" * 40))
    assert said(again) == {}


def test_where_a_guard_asks_is_said_by_the_environment_and_not_again():
    before, after = (replace(TARGET, terms=Terms(guards=(replace(GUARD, region=one),))) for one in ("a", "b"))
    assert said(after, before) == {}


def test_guards_of_one_kind_are_told_apart():
    both = replace(TARGET, terms=Terms(guards=(GUARD, replace(GUARD, names=("b",)))))
    assert {"guards[alarms].names[0]", "guards[alarms#2].names[0]"} <= said(both).keys()


def test_what_is_declared_as_empty_is_told_from_what_is_not_declared():
    declared = replace(TARGET, release=release(owns=("image", "balancers"), image="i:1"))
    assert said(declared) == {"balancers": (None, "(the default)")}


def test_of_a_target_that_is_new_defaults_are_no_news():
    found = said(replace(TARGET, on_drift=OnDrift.REPORT), None)
    assert found.items() >= {"onDrift": (None, "report"), "version": (None, "v1"), "image": (None, "i:1")}.items()
    assert not {"healAfter", "create", "rollout.settle"} & found.keys()


def test_an_environment_says_its_pause_its_brake_its_load_and_what_has_to_be_signed():
    paused = Pause(reason="quarter end", until=datetime(2030, 1, 1, tzinfo=UTC))
    plain = (None, Brake(), Load(), Verify())
    told = (paused, Brake(limit=5), Load(rollouts=2, percent=30.0), Verify(commits=Commits.HEAD))
    assert {one.path: one.wanted for one in environment_differences(plain, told)} == {
        "concurrentRollouts": 2,
        "maxAutomaticRollbacks": 5,
        "maxChanges": "30%",
        "paused.armed": False,
        "paused.by": "",
        "paused.reason": "quarter end",
        "paused.until": "2030-01-01T00:00:00Z",
        "verify.commits": "head",
        "verify.tags": False,
    }
    (one,) = environment_differences(plain, (None, Brake(), Load(changes=5), Verify()))
    assert (one.path, one.live, one.wanted) == ("maxChanges", None, 5)
    assert environment_differences(plain, plain) == ()
