"""Groups from YAML: a version, gates and hooks that stand once, and the targets that they are laid under."""

from datetime import timedelta

import pytest

from controller.gates.approval import Approval
from controller.gates.window import Window
from controller.model.desired import Supersede
from controller.model.group import Group
from controller.model.hooks import When
from controller.model.names import Commit
from controller.spec.describe import schema
from controller.spec.parse import Compiler, spec_files
from controller.spec.tables import Files
from controller.spec.versioned import Versioned
from tests.spec.shaping import TABLES
from tests.spec.test_compiler import counting
from tests.spec.worlds import DEFAULTS, HEAD, PROD, compiled, folder, lines, one_file, said, target

GROUP = """\
  groups:
    unifocus:
      version: v1.2.4
      targets: [api, worker, web]
      gates: [{kind: approval, groups: [release-managers]}]
      hooks:
        before: [{name: migrate, container: main, command: [migrate, "${version}"]}]
        onRollback: [{name: undo, container: main}]
"""


def member(name, *, indent=4, **more):
    text = lines(name, indent=indent, **more)
    return "".join(line for line in text.splitlines(keepends=True) if "version: v1.2.3" not in line)


def group(*members, text=GROUP):
    return compiled(one_file(*members, head=HEAD + DEFAULTS + text))


def three(**web):
    return (member("api"), member("worker", needs="[api]"), member("web", **{"needs": "[api, worker]", **web}))


def test_members_have_the_version_of_their_group_and_know_each_other():
    of = group(*three(), lines("other"))
    assert {name: one.release.version for name, one in of.targets.items()} == {
        "api": "v1.2.4",
        "worker": "v1.2.4",
        "web": "v1.2.4",
        "other": "v1.2.3",
    }
    assert target(of, "web").group == Group(
        name="unifocus",
        version="v1.2.4",
        members=("api", "worker", "web"),
        needs=(("worker", ("api",)), ("web", ("api", "worker"))),
        hooked="api",
    )
    assert target(of, "api").group == target(of, "web").group and target(of, "other").group is None


def test_a_version_among_the_defaults_gives_way_to_that_of_the_group():
    defaults = DEFAULTS.replace("{kind", "{version: v1.0.0, kind")
    of = compiled(one_file(*three(), head=HEAD + defaults + GROUP))
    assert target(of).release.version == "v1.2.4"


def test_the_gates_of_a_group_stand_before_those_of_each_member():
    of = group(*three(gates='[{kind: window, allow: ["Mon-Thu 09:00-16:00"], timezone: Europe/Berlin}]'))
    assert [type(gate) for gate in target(of, "api").gates] == [Approval]
    assert [type(gate) for gate in target(of, "web").gates] == [Approval, Window]


def test_the_hooks_of_a_group_are_run_by_one_member_before_its_own():
    own = "{before: [{name: warm, container: main}], after: [{name: smoke, container: main}]}"
    of = group(member("api", hooks=own), *three()[1:])
    assert [(hook.name, hook.when) for hook in target(of, "api").terms.hooks] == [
        ("migrate", When.BEFORE),
        ("warm", When.BEFORE),
        ("smoke", When.AFTER),
        ("undo", When.ON_ROLLBACK),
    ]
    assert '"v1.2.4"' in str(target(of, "api").terms.hooks[0].shape)
    assert target(of, "web").terms.hooks == ()


def test_a_group_may_name_who_runs_its_hooks():
    text = GROUP.replace("      hooks:\n", "      hooks:\n        target: web\n")
    of = group(member("api"), member("worker"), member("web"), text=text)
    assert target(of, "web").group.hooked == "web" and target(of, "api").terms.hooks == ()
    assert [hook.name for hook in target(of, "web").terms.hooks] == ["migrate", "undo"]


def test_what_is_wrong_with_a_hook_of_a_group_is_said_where_it_stands():
    (complaint,) = said(
        group(*three(), text=GROUP.replace("name: undo, container: main", "name: undo, container: x"))
    )
    assert complaint == "specs/prod.yaml:15:46: targets.api.hooks.onRollback.0.container: there is no container 'x'"


def test_a_group_is_only_as_safe_to_take_back_as_each_of_its_members():
    assert target(group(*three())).group.rollback_safe
    assert not target(group(*three(rollout="{rollbackSafe: false}"))).group.rollback_safe


def test_groups_that_wait_for_each_other_are_refused_though_no_target_waits_for_itself():
    text = "  groups:\n    one: {version: v1.2.4, targets: [a, b]}\n    two: {version: v1.2.4, targets: [c, d]}\n"
    of = group(member("a", needs="[c]"), member("b"), member("c"), member("d", needs="[b]"), text=text)
    assert said(of) == [
        "specs/prod.yaml:9:5: groups.one: waits for itself: one needs two, which needs one",
        "specs/prod.yaml:10:5: groups.two: waits for itself: two needs one, which needs two",
    ]


def test_three_groups_in_a_circle_over_files_and_a_target_between_are_refused_and_nothing_stands():
    def needing(name, *others):
        return member(name, indent=2, needs=f"[{', '.join(others)}]")

    names = {"one": "[a, b]", "two": "[c, d]", "three": "[e]"}
    text = "".join(f"    {name}: {{version: v1.2.4, targets: {targets}}}\n" for name, targets in names.items())
    files = {
        "a": needing("a", "d"),
        "b": member("b", indent=2),
        "c": needing("c", "between"),
        "d": member("d", indent=2),
        "between": lines("between", indent=2, needs="[e]"),
        "e": needing("e", "b"),
    }
    of = compiled(folder(files, head=f"{HEAD}{DEFAULTS}  groups:\n{text}"))
    circle = "one needs two, which needs between, which needs three, which needs one"
    told = said(of)
    assert told[0].endswith(f"groups.one: waits for itself: {circle}") and len(told) == 3
    assert [one.rpartition(" which needs ")[2] for one in told] == ["one", "two", "three"]
    assert not of.targets and "prod/environment.yaml" in of.broken
    files["e"] = member("e", indent=2)
    assert said(compiled(folder(files, head=f"{HEAD}{DEFAULTS}  groups:\n{text}"))) == []


def test_members_may_stand_in_several_files_and_a_broken_one_leaves_the_group_in_parts():
    head = HEAD + DEFAULTS + GROUP
    good = folder({one: member(one, indent=2) for one in ("api", "worker", "web")}, head=head)
    assert target(compiled(good), "web").release.version == "v1.2.4"
    of = compiled({**good, "prod/web.yaml": b"targets: ]"})
    assert set(of.targets) == {"api", "worker"} and set(of.broken) == {"prod/web.yaml"}
    assert of.targets["api"].group.members == ("api", "worker", "web"), "so it is known that one is missing"
    del good["prod/web.yaml"]
    assert said(compiled(good)) == [
        "specs/prod/environment.yaml:11:30: groups.unifocus.targets: 'web' is not a target of this environment"
    ]


def test_a_version_of_a_group_makes_its_members_again_and_no_other_target():
    compiler, counted = counting()
    parts = (*three(), *(lines(f"s{number}") for number in range(5)))
    before = compiled(one_file(*parts, head=HEAD + DEFAULTS + GROUP), compiler=compiler)
    counted.asked()
    again = compiled(one_file("    # moved\n", *parts, head=HEAD + DEFAULTS + GROUP), compiler=compiler)
    assert all(again.targets[name] is before.targets[name] for name in before.targets)
    newer = one_file(*parts, head=HEAD + DEFAULTS + GROUP.replace("v1.2.4", "v1.2.5"))
    after = compiled(newer, compiler=compiler, commit="c2")
    assert sorted(counted.asked()) == ["api", "web", "worker"]
    assert after.targets["s1"] is before.targets["s1"] and after.targets["web"].release.version == "v1.2.5"


def test_editors_know_the_gates_of_a_group():
    said = schema(TABLES)["$defs"]
    assert said["GroupLines"]["properties"]["gates"] == {
        **said["PartialTarget"]["properties"]["gates"],
        "description": "What must be so before any member starts, beside their own gates.",
    }
    assert said["GroupLines"]["required"] == ["targets"]


def test_not_before_of_a_group_is_a_gate_of_each_member():
    text = GROUP.replace("      gates:", "      notBefore: 2030-01-01T09:00:00Z\n      gates:")
    of = group(*three(), text=text)
    assert all("notBefore" in {gate.kind for gate in one.gates} for one in of.targets.values())
    assert target(of).terms.bake == timedelta(minutes=10)


def test_no_other_version_than_that_of_its_group_is_wanted_of_a_member():
    files = one_file(*three(), head=HEAD + DEFAULTS + GROUP)
    view = Files(files=files, commit=Commit("c1"), path="specs")
    sheets = dict.fromkeys(spec_files(PROD, files), view)
    of = Compiler(TABLES).compile(PROD, sheets, {"web": "v1.2.9"})
    web = target(of, "web")
    assert (web.release.version, web.said, web.group) == ("v1.2.4", None, target(of, "api").group)
    assert web.unfit == "v1.2.9 cannot be wanted instead: it goes with its group unifocus"


TRACKED = GROUP.replace("version: v1.2.4", 'track: {tags: "v*-stage", repository: "https://git.lan/shop"}')
NUMBERED = GROUP.replace("version: v1.2.4", 'track: {semver: ">=1.2 <2"}')


def test_members_follow_what_their_group_follows_and_its_gates_and_hooks_stand_once():
    of = group(*three(), text=TRACKED)
    api, web = target(of, "api"), target(of, "web")
    assert api.track.source == web.track.source == "tags v*-stage of https://git.lan/shop"
    assert api.group.version == "" and api.supersede is web.supersede is Supersede.AFTER_BAKE
    at = Versioned(TABLES)(api, "v1.2.5-stage")
    assert at.release.version == "v1.2.5-stage" and not at.unread
    assert at.gates == api.gates and [type(gate) for gate in at.gates] == [Approval]
    assert [hook.name for hook in at.terms.hooks] == ["migrate", "undo"]


def test_a_version_among_the_defaults_or_followed_there_gives_way_to_what_the_group_follows():
    for one in ("version: v1.2.2", "track: {image: latest}"):
        head = HEAD + DEFAULTS.replace("  defaults:\n", f"  defaults:\n    {one}\n") + TRACKED
        of = compiled(one_file(*three(), head=head))
        assert of.complaints == () and target(of, "web").track.tags == "v*-stage"


def test_of_a_registry_a_version_is_followed_that_the_images_of_all_members_have():
    of = group(*three(images='{main: "r.lan/web:${version}"}'), text=NUMBERED)
    images = {one.track.images for one in of.targets.values()}
    there = ("registry.example.com/api", "registry.example.com/worker", "r.lan/web")
    assert images == {tuple(f"{one}:v0.0.0" for one in there)}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            GROUP.replace("version: v1.2.4", "breaking: acknowledged"),
            "names neither `version` nor what is followed",
        ),
        (TRACKED.replace("track:", "version: v1.2.4\n      track:"), "names `version` and `track`: keep one"),
        (
            GROUP.replace("version: v1.2.4", "track: {image: latest}"),
            "names `image`: its members' images are built",
        ),
        (
            GROUP.replace("version: v1.2.4", 'track: {tags: "v*"}'),
            "has no repository: name one here, or under `appl",
        ),
        (GROUP.replace("version: v1.2.4", "track: {semver: 'x'}"), "groups.unifocus.track.semver: "),
    ],
)
def test_what_a_group_can_not_follow_is_said_once_where_it_stands(text, what):
    first, *others = said(group(*three(), text=text))
    assert what in first and all("version: is missing" in one for one in others)


def test_a_member_follows_nothing_of_its_own_and_tags_are_of_one_repository():
    of = group(member("api", track="{image: latest}"), *three()[1:], text=TRACKED)
    assert any("targets.api.track: is said by the group unifocus" in one for one in said(of))
    text = GROUP.replace("version: v1.2.4", 'track: {tags: "v*"}')
    shops = {"application": "{repository: https://git.lan/shop}"}
    of = group(member("api", **shops), member("worker", **shops), member("web", **shops), text=text)
    assert of.complaints == ()
    other = {"application": "{repository: https://git.lan/web}"}
    of = group(member("api", **shops), member("worker", **shops), member("web", **other), text=text)
    assert any("its members are of https://git.lan/shop, https://git.lan/web: name one `rep" in x for x in said(of))


def test_another_image_of_one_member_makes_what_is_followed_anew_for_all():
    compiler = Compiler(TABLES)
    name = {"images": '{main: "r.lan/web:${version}"}'}
    first = compiled(one_file(*three(**name), head=HEAD + DEFAULTS + NUMBERED), compiler=compiler)
    name = {"images": '{main: "r.lan/page:${version}"}'}
    then = compiled(one_file(*three(**name), head=HEAD + DEFAULTS + NUMBERED), compiler=compiler)
    assert target(first, "api").track != target(then, "api").track
    assert "r.lan/page:v0.0.0" in target(then, "api").track.images
