"""`trueup adopt confirm`: files of a working copy, and what is said about them."""

import pytest

from tests.spec.test_confirm import BLOCK, CONFIRMED, ENVIRONMENT


@pytest.fixture
def specs(tmp_path):
    folder = tmp_path / "specs"
    (folder / "prod" / "taskdefs").mkdir(parents=True)
    (folder / "prod" / "environment.yaml").write_text("spec: {cluster: x}\n")
    (folder / "prod" / "a.yaml").write_text(BLOCK)
    (folder / "prod" / "taskdefs" / "a.yaml").write_text("targets: {api: {mode: observe}}\n")
    (folder / "stage.yaml").write_text(ENVIRONMENT)
    return folder


def test_an_environment_is_confirmed_and_then_there_is_nothing_left(trueup, specs):
    said = trueup("adopt", "confirm", "prod", "--path", str(specs))
    assert said.code == 0, said
    assert f"{specs}/prod/a.yaml: api: no longer only observes" in said.out
    assert (specs / "prod" / "a.yaml").read_text() == CONFIRMED
    assert "observe" in (specs / "prod" / "taskdefs" / "a.yaml").read_text(), "that is no file of targets"
    assert (specs / "stage.yaml").read_text() == ENVIRONMENT
    again = trueup("adopt", "confirm", "prod", "--path", str(specs))
    assert (again.code, again.out) == (0, "nothing left to confirm in prod\n")


def test_one_target_is_confirmed(trueup, specs):
    said = trueup("adopt", "confirm", "prod", "web", "--path", str(specs))
    assert said.code == 0
    assert (specs / "prod" / "a.yaml").read_text() == BLOCK.replace('    mode: "observe"\n', "")


def test_a_target_that_observes_by_default_can_not_be_confirmed_alone(trueup, specs):
    said = trueup("adopt", "confirm", "stage", "api", "--path", str(specs))
    assert said.code == 1
    assert "only observes, for `defaults` say so" in said.out
    assert trueup("adopt", "confirm", "stage", "--path", str(specs)).code == 0
    assert "observe" not in (specs / "stage.yaml").read_text()


@pytest.mark.parametrize("words", [("nowhere",), ("prod", "nothing"), ("prod", "api", "--path", "/nonexistent")])
def test_what_is_not_there_is_said_and_nothing_is_touched(trueup, specs, words):
    more = () if "--path" in words else ("--path", str(specs))
    said = trueup("adopt", "confirm", *words, *more)
    assert said.code == 2
    assert said.err.startswith("trueup: ")
    assert (specs / "prod" / "a.yaml").read_text() == BLOCK


def test_a_file_that_is_no_yaml_stops_all_of_it(trueup, specs):
    (specs / "prod" / "b.yaml").write_text("targets: [\n")
    said = trueup("adopt", "confirm", "prod", "--path", str(specs))
    assert said.code == 2
    assert "b.yaml" in said.err
    assert (specs / "prod" / "a.yaml").read_text() == BLOCK
