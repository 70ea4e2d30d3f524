"""What is followed instead of a version: how it is written, and what a target comes to at a version."""

import json

import pytest

from controller.gates.signed import SignedTag
from controller.model.application import Application
from controller.model.desired import Supersede
from controller.model.gate import OnShut
from controller.model.names import Commit
from controller.model.policy import Floor, Policy
from controller.model.track import OnMovedTag
from controller.model.trust import Verify
from controller.model.version import Form
from controller.spec.parse import Compiler, spec_files
from controller.spec.tables import Files
from controller.spec.versioned import Versioned
from tests.spec.shaping import TABLES
from tests.spec.worlds import DEFAULTS, HEAD, PROD, compiled, folder, lines, one_file, target

SHOP = "https://git.example.com/acme/shop"
APP = f"  application: {{repository: {SHOP}}}\n"


def followed(track, *, head=HEAD + DEFAULTS, **more):
    text = lines("api", track=track, **more).replace("      version: v1.2.3\n", "")
    return target(compiled(one_file(text, head=head)))


def images(of):
    return [one["image"] for one in json.loads(str(of.release.shape))["containerDefinitions"]]


@pytest.fixture
def versioned():
    return Versioned(TABLES)


def test_an_image_tag_is_called_latest_and_its_image_is_asked_for_anew():
    api = followed("{image: latest}", images='{main: "r.lan/api:${version}"}')
    assert (api.release.version, api.track.image, api.track.images) == ("latest", "latest", ("r.lan/api:latest",))
    assert api.fresh == {"r.lan/api:latest"} and api.supersede is Supersede.AFTER_BAKE
    assert api.track.source == "the tag latest of r.lan/api"


def test_git_tags_are_those_of_the_application_or_of_another_repository():
    head = HEAD + APP + "  versions: [stage, rc]\n" + DEFAULTS
    api = followed('{tags: "v*-stage"}', head=head)
    assert api.track.application == Application(repository=SHOP)
    assert (api.track.forms, api.track.moved, api.fresh) == ((Form.STAGE, Form.RC), OnMovedTag.REFUSE, frozenset())
    assert api.track.source == f"tags v*-stage of {SHOP}"
    other = followed('{tags: "v*", repository: "git@git.lan:x.git", onMovedTag: follow}', head=head)
    assert other.track.application == Application(repository="git@git.lan:x.git")
    assert other.application == Application(repository=SHOP)


def test_a_registry_is_that_of_the_images_that_the_version_names():
    api = followed('{semver: ">=1.2 <2"}', images='{main: "r.lan/api:x-${semver}"}', rollout="{supersede: always}")
    assert (api.track.semver, api.track.images) == (">=1.2 <2", ("r.lan/api:x-0.0.0",))
    assert (api.supersede, api.track.source) == (Supersede.ALWAYS, "versions >=1.2 <2 of r.lan/api")


def test_a_target_at_a_version_is_what_it_would_be_if_the_version_were_written(versioned):
    more = {
        "guards": "[{kind: http, url: 'https://api.example.com/${version}', action: warn}]",
        "taskDefinition": "{values: {cpu: 256, tag: '${base} of ${semver} \"quoted\"'}}",
        "hooks": "{before: [{name: migrate, container: main, command: [migrate, '${version}']}]}",
        "owner": "payments",
    }
    head = HEAD + APP + DEFAULTS
    want = followed('{tags: "v*"}', head=head, **more)
    at = versioned(want, "v1.4.0-rc.2")
    written = target(compiled(one_file(lines("api", version="v1.4.0-rc.2", **more), head=head)))
    assert (at.release, at.release.version, at.release.shape) == (
        written.release,
        "v1.4.0-rc.2",
        written.release.shape,
    )
    for field in ("place", "owner", "gates", "terms", "settings", "draft", "file", "on_drift", "application"):
        assert getattr(at, field) == getattr(written, field), field
    assert at.terms.guards[0].action is OnShut.WARN and at.release.commit == "c1"
    assert versioned(want, "v1.4.0-rc.2") is at and at.unread == ""


def test_a_target_of_a_folder_is_found_with_the_files_that_it_names(versioned):
    text = lines("api", indent=2, track=f'{{tags: "v*", repository: "{SHOP}"}}').replace(
        "    version: v1.2.3\n", ""
    )
    want = target(compiled(folder({"api": text})))
    assert images(versioned(want, "v2.0.0")) == ["registry.example.com/api:v2.0.0"]


def test_what_cannot_be_at_a_version_is_unread_and_says_why(versioned):
    head = HEAD + APP + DEFAULTS
    want = followed('{tags: "v*"}', head=head, images='{main: "r.lan/api:${semver}"}')
    found = versioned(want, "latest")
    assert found.unread.startswith("as latest: targets.api: ${semver} stands for nothing")


def test_a_moved_tag_that_is_followed_is_asked_for_anew(versioned):
    want = followed('{semver: ">=1", onMovedTag: follow}', images='{main: "r.lan/api:${semver}"}')
    assert versioned(want, "v1.2.0").fresh == {"r.lan/api:1.2.0"}


def test_what_is_followed_is_the_same_whatever_commit_says_it():
    text = lines("api", track="{image: latest}", images='{main: "r.lan/api:latest"}')
    files = one_file(text.replace("      version: v1.2.3\n", ""))
    assert target(compiled(files, commit="c1")) == target(compiled(files, commit="c2"))


@pytest.mark.parametrize("track", ['{tags: "v*"}', '{semver: ">=1"}'])
def test_tags_that_have_to_be_signed_have_to_be_at_the_version_that_is_followed_too(versioned, track):
    want = followed(track, head=HEAD + "  verify: {tags: true}\n" + APP + DEFAULTS)
    assert want.gates == (SignedTag(application=Application(repository=SHOP)),)
    assert versioned(want, "v1.4.0").gates == want.gates


@pytest.mark.parametrize("app", ["", APP])
def test_a_policy_that_asks_for_signed_tags_asks_for_those_of_the_repository_that_is_followed(versioned, app):
    floors = Policy(floors=(Floor(name="prod", verify=Verify(tags=True)),))
    track = '{tags: "v*", repository: "git@git.lan:x.git"}'
    text = lines("api", track=track).replace("      version: v1.2.3\n", "")
    files, compiler = one_file(text, head=HEAD + app + DEFAULTS), Compiler(TABLES, lambda: floors)
    there = (SignedTag(application=Application(repository="git@git.lan:x.git")),)
    want = target(compiled(files, compiler=compiler))
    assert want.gates == versioned(want, "v1.4.0").gates == there
    view = Files(files=files, commit=Commit("c1"), path="specs")
    fix = target(compiler.compile(PROD, dict.fromkeys(spec_files(PROD, files), view), {"api": "v1.2.9"}))
    assert (fix.release.version, fix.gates, fix.said) == ("v1.2.9", there, want.release)


def test_who_wrote_any_of_its_files_is_asked_at_each_version_alike(versioned):
    gates = "[{kind: approval, groups: [release-managers]}]"
    text = lines("api", indent=2, track='{semver: ">=1.2"}', gates=gates).replace("    version: v1.2.3\n", "")
    api = target(compiled(folder({"api": text})))
    (said,), (at,) = api.gates, versioned(api, "v1.2.3").gates
    assert (
        set(at.files)
        == set(said.files)
        == {
            "specs/prod/api.yaml",
            "specs/prod/environment.yaml",
            "specs/taskdefs/main.yaml",
        }
    )
