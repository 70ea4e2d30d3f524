"""`trueup validate`: files on disk, read as the controller reads them from git."""

from pathlib import Path

import pytest

from controller.spec.check import environments_in, load, validate
from controller.spec.parse import Compiler
from tests.spec.shaping import TABLES
from tests.spec.worlds import folder, lines, one_file

BAD = lines("api", "v1.2")
WITH_ITS_ENVIRONMENTS = "it is checked with the environments that refer to it"


@pytest.fixture
def specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of specs below the working directory, to be named as people name it."""
    monkeypatch.chdir(tmp_path)
    return Path("specs")


def write(at: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_bytes(content)


def named(env: str, *targets: str) -> bytes:
    """The file of another environment in the same account, region and cluster."""
    return one_file(*targets)["prod.yaml"].replace(b"name: prod", f"name: {env}".encode())


def found(*paths: Path) -> tuple[list[str], list[str]]:
    checked, complaints = validate(paths, TABLES)
    return list(checked), [str(complaint) for complaint in complaints]


def test_a_folder_of_specs_means_every_environment_in_it(specs):
    write(specs, one_file(lines("api")))
    write(specs, {"dev.yaml": one_file(lines("api"))["prod.yaml"].replace(b"prod", b"dev")})
    write(specs / "stage-folder", {"note.txt": b"not an environment"})
    assert found(specs) == (["specs/dev.yaml", "specs/prod.yaml"], [])


def test_a_file_means_its_environment(specs):
    write(specs, one_file(BAD))
    write(specs, {"dev.yaml": b"broken: ["})
    checked, complaints = found(specs / "prod.yaml")
    assert checked == ["specs/prod.yaml"]
    wanted = "'v1.2' is not vMAJOR.MINOR.PATCH[-stage|-rc.N]; did you mean v1.2.0?"
    assert complaints == [f"specs/prod.yaml:11:16: targets.api.version: {wanted}"]


@pytest.mark.parametrize("path", ["specs/prod", "specs/prod/api.yaml", "specs/prod/environment.yaml"])
def test_a_folder_that_is_an_environment_is_checked_whole(specs, path):
    write(specs, folder({"api": lines("api", "v1.2", indent=2), "web": lines("web", indent=2)}))
    checked, complaints = found(Path(path))
    assert checked == ["specs/prod/environment.yaml", "specs/prod/api.yaml", "specs/prod/web.yaml"]
    assert [complaint.partition(": ")[0] for complaint in complaints] == ["specs/prod/api.yaml:6:14"]


def test_paths_are_told_as_they_were_given(specs, monkeypatch):
    write(specs, one_file(BAD))
    absolute = specs.resolve()
    assert found(absolute)[1][0].startswith(f"{absolute}/prod.yaml:11:16: ")
    monkeypatch.chdir(specs)
    assert found(Path("prod.yaml"))[1][0].startswith("prod.yaml:11:16: ")
    assert found(Path())[1][0].startswith("prod.yaml:11:16: ")


def test_the_environment_around_the_working_directory_is_found(specs, monkeypatch):
    write(specs, folder({"api": lines("api", "v1.2", indent=2)}))
    monkeypatch.chdir(specs / "prod")
    for path in (Path(), Path("api.yaml")):
        checked, complaints = found(path)
        assert len(checked) == 2
        assert complaints[0].partition(": ")[0].endswith("specs/prod/api.yaml:6:14")


def test_all_complaints_of_all_paths_come_at_once_in_order_and_once(specs):
    write(specs, one_file(BAD))
    write(specs, {"dev.yaml": one_file(BAD)["prod.yaml"], "taskdefs/main.yaml": b"family: &x y\n"})
    _, complaints = found(specs, specs / "prod.yaml")
    assert [complaint.partition(": ")[0] for complaint in complaints] == [
        "specs/dev.yaml:3:18",
        "specs/dev.yaml:11:16",
        "specs/prod.yaml:11:16",
        "specs/taskdefs/main.yaml:1:9",
    ]


def test_a_service_that_two_environments_name_is_wrong_in_both_files(specs):
    write(specs, one_file(lines("api"), lines("web")))
    write(specs, {"dev.yaml": named("dev", lines("shop", service="unifocus-prod-web-service"))})
    assert found(specs)[1] == found(specs / "dev.yaml", specs / "prod.yaml", specs)[1]
    twice = "'unifocus-prod-web-service' is the service of"
    assert found(specs)[1] == [
        f"specs/dev.yaml:10:16: targets.shop.service: {twice} prod/web too, at specs/prod.yaml:14",
        f"specs/prod.yaml:14:16: targets.web.service: {twice} dev/shop too, at specs/dev.yaml:10",
    ]
    assert found(specs / "prod.yaml")[1] == []


def test_a_service_of_the_same_name_elsewhere_is_another(specs):
    write(specs, one_file(lines("api"), lines("web")))
    write(specs, {"dev.yaml": named("dev", lines("web", cluster="unifocus-dev-cluster"))})
    write(specs, {"stage.yaml": named("stage", lines("web")).replace(b"eu-west-1", b"eu-central-1")})
    assert found(specs)[1] == []


def test_a_service_is_seen_to_be_named_twice_though_its_file_is_broken_elsewhere(specs):
    write(specs, one_file(lines("api"), lines("web", "v1.2")))
    write(specs, {"dev.yaml": named("dev", lines("api"))})
    assert [complaint.partition(": ")[0] for complaint in found(specs)[1]] == [
        "specs/dev.yaml:10:16",
        "specs/prod.yaml:10:16",
        "specs/prod.yaml:15:16",
    ]


def test_two_versions_of_one_environment_do_not_contradict_each_other(specs):
    write(specs, one_file(lines("api")))
    write(specs.parent / "newer", one_file(lines("shop", service="unifocus-prod-api-service")))
    assert found(specs, Path("newer"))[1] == []


def test_what_looks_like_an_environment_and_is_none_is_said(specs):
    write(specs, one_file(lines("api")))
    write(specs, {"stage.yml": b"x", "Prod2.yaml": b"x", ".hidden.yaml": b"x", "notes.json": b"x"})
    write(specs, folder({}))
    assert found(specs)[1] == [
        "specs/Prod2.yaml: 'Prod2' is not a name: a small letter, then up to 39 small letters, digits and hyphens",
        "specs/prod/environment.yaml: specs/prod.yaml says what prod is too: keep one",
        "specs/stage.yml: an environment's file is called <name>.yaml",
    ]


def test_a_link_is_not_followed(specs):
    write(specs, one_file(lines("api")))
    write(specs.parent, {"elsewhere.yaml": b"family: x"})
    (specs / "dev.yaml").symlink_to("prod.yaml")
    (specs / "taskdefs" / "main.yaml").unlink()
    (specs / "taskdefs" / "main.yaml").symlink_to("../../elsewhere.yaml")
    complaints = found(specs)[1]
    assert complaints[0] == "specs/dev.yaml: cannot be read: it is a symbolic link"
    assert complaints[1].endswith("taskdefs/main.yaml cannot be read: it is a symbolic link")


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("nowhere", "there is no such file or folder"),
        ("empty", "holds no environment: neither <name>.yaml nor <name>/environment.yaml"),
        ("empty/x.txt", "an environment's file is called <name>.yaml"),
        ("empty/X.yaml", "'X' is not a name: a small letter, then up to 39 small letters, digits and hyphens"),
        ("empty/deep/td.yaml", "is a task definition, not an environment: " + WITH_ITS_ENVIRONMENTS),
    ],
)
def test_a_path_that_means_no_environment_gets_one_clear_sentence(specs, path, what):
    write(specs.parent, {"empty/x.txt": b"", "empty/deep/td.yaml": b"family: x\n"})
    if path.endswith("X.yaml"):
        write(specs.parent, {path: b""})
    assert found(Path(path))[1] == [f"{path}: {what}"]


def test_a_file_that_is_too_big_is_not_read_whole(specs):
    write(specs, {"prod.yaml": b"#" * 1_000_000})
    assert len(load(specs).files["prod.yaml"]) == 256 * 1024 + 1
    assert found(specs)[1] == ["specs/prod.yaml:1:1: has 262145 bytes, and at most 262144 are read"]


def test_environments_are_given_as_a_compiler_takes_them(specs):
    write(specs, one_file(lines("api")))
    write(specs, {"stage/environment.yaml": b"", "stage/api.yaml": b"", "stage/taskdefs/x.yaml": b""})
    given = dict(environments_in(specs))
    assert {env: list(sheets) for env, sheets in given.items()} == {
        "prod": ["prod.yaml"],
        "stage": ["stage/environment.yaml", "stage/api.yaml"],
    }
    assert set(Compiler(TABLES).compile("prod", given["prod"]).targets) == {"api"}
