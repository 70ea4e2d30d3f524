"""Which file and line the version of a target stands in, however its environment is laid out."""

from datetime import UTC, datetime

import pytest

from controller.app.editing import edition
from controller.errors import SpecError
from controller.model.names import Commit, EnvName, TargetName
from controller.sources.snapshot import Snapshot
from tests.e2e.environments import environment

PROD, API, WEB = EnvName("prod"), TargetName("api"), TargetName("web")
WHOLE = environment("prod", {"api": "v1.2.2", "web": "v1.2.2"})
HEAD, _, TARGETS = WHOLE.partition("  targets:\n")


def snapshot(**files):
    named = {name.replace("__", "/") + ".yaml": text.encode() for name, text in files.items()}
    return Snapshot(
        commit=Commit("c" * 40), committed_at=datetime(2026, 3, 1, tzinfo=UTC), author="Ada <ada@example.com>",
        subject="", path="specs", files=named, oids=dict.fromkeys(named, "o"),
    )  # fmt: skip


def of_targets(text):
    return "apiVersion: trueup/v1\nkind: Targets\ntargets:\n" + "".join(
        f"{line.removeprefix('  ')}\n" for line in text.splitlines()
    )


API_LINES, WEB_LINES = (TARGETS.partition("    web:\n")[0], "    web:\n" + TARGETS.partition("    web:\n")[2])


def test_in_one_file_only_that_target_changes():
    made = edition(snapshot(prod=WHOLE), PROD, WEB, "v1.2.3")
    assert (made.file, made.before, made.version, made.is_new) == ("specs/prod.yaml", "v1.2.2", "v1.2.3", True)
    assert made.content.decode().splitlines()[made.line - 1].strip() == "version: v1.2.3"
    assert made.desired.targets[API] == made.was.targets[API]
    assert made.desired.targets[WEB].release.version == "v1.2.3"


def test_in_a_folder_it_is_the_file_that_declares_the_target():
    files = {"prod__environment": HEAD, "prod__api": of_targets(API_LINES), "prod__team": of_targets(WEB_LINES)}
    made = edition(snapshot(**files), PROD, WEB, "v1.2.3")
    assert made.file == "specs/prod/team.yaml"
    assert made.content.decode() == files["prod__team"].replace("v1.2.2", "v1.2.3")


GROUPED = "  groups:\n    unifocus:\n      version: v1.2.2  # all of it\n      targets: [api, web]\n"


@pytest.mark.parametrize("target", [API, WEB])
def test_the_version_of_a_group_is_changed_where_the_group_stands(target):
    api, web = (of_targets(text.replace("      version: v1.2.2\n", "")) for text in (API_LINES, WEB_LINES))
    files = {"prod__environment": HEAD + GROUPED, "prod__api": api, "prod__team": web}
    made = edition(snapshot(**files), PROD, target, "v1.2.3")
    assert made.file == "specs/prod/environment.yaml"
    assert made.content.decode() == (HEAD + GROUPED).replace("v1.2.2", "v1.2.3")
    assert {want.release.version for want in made.desired.targets.values()} == {"v1.2.3"}


def test_another_file_that_is_broken_is_not_in_its_way_and_its_own_is():
    files = {"prod__environment": HEAD, "prod__api": "[", "prod__team": of_targets(WEB_LINES)}
    assert edition(snapshot(**files), PROD, WEB, "v1.2.3").file == "specs/prod/team.yaml"
    with pytest.raises(SpecError, match=r"specs/prod/api\.yaml:2:1: is not YAML"):
        edition(snapshot(**files), PROD, API, "v1.2.3")


def test_line_ends_of_windows_stay():
    text = WHOLE.replace("\n", "\r\n")
    made = edition(snapshot(prod=text), PROD, API, "v1.2.3")
    assert made.content.decode() == text.replace("version: v1.2.2", "version: v1.2.3", 1)


def test_a_version_of_all_is_not_changed_for_one():
    text = WHOLE.replace("      version: v1.2.2\n", "").replace(
        "    kind: ecs\n", "    kind: ecs\n    version: v1.2.2\n"
    )
    with pytest.raises(SpecError, match="it stands in `defaults`, for others too"):
        edition(snapshot(prod=text), PROD, API, "v1.2.3")


@pytest.mark.parametrize(
    ("env", "target", "what"),
    [
        ("prod", "worker", "no target 'worker' in prod; there are: api, web"),
        ("stage", "api", "there is neither specs/stage.yaml nor a folder specs/stage"),
    ],
)
def test_what_is_not_there_is_named(env, target, what):
    with pytest.raises(SpecError, match=what):
        edition(snapshot(prod=WHOLE), EnvName(env), TargetName(target), "v1.2.3")


def test_the_form_that_is_not_taken_is_tried_without_its_ending_only_if_that_is_meant():
    text = WHOLE.replace("  defaults:\n", "  defaults:\n    versions: bare\n")
    assert edition(snapshot(prod=text), PROD, API, "v1.2.3-stage", bare=True).version == "v1.2.3"
    assert edition(snapshot(prod=WHOLE), PROD, API, "v1.2.3-stage", bare=True).version == "v1.2.3-stage"
    with pytest.raises(SpecError, match=r"'v1\.2\.3-stage' is a stage version"):
        edition(snapshot(prod=text), PROD, API, "v1.2.3-stage")
    with pytest.raises(SpecError, match=r"is not vMAJOR"):
        edition(snapshot(prod=text), PROD, API, "unifocus-prod-api:7", bare=True)
