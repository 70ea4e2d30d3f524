"""policy.yaml at the command line and as a file that changes: what is wrong opens nothing."""

import pytest

from controller.app.policy import PolicyFile
from controller.codes import DONE, WRONG
from controller.errors import SpecError
from controller.model.names import EnvName
from tests.architecture import tree
from tests.spec.test_policy import ASKS, SPECS

HEAD = "apiVersion: trueup/v1\nkind: Policy\nenvironments:\n  prod: {bake: %s}\n"


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text(HEAD % "1h", encoding="utf-8")
    return file


def test_validate_tells_what_goes_below_a_floor(trueup, tmp_path, file):
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "prod.yaml").write_text(SPECS, encoding="utf-8")
    assert trueup("validate", str(specs)).code == DONE
    said = trueup("validate", str(specs), "--policy", str(file))
    assert (said.code, said.out) == (
        WRONG,
        f"{specs}/prod.yaml:9:7: targets.api.rollout.bake: is 10m, {ASKS} at least 1h\n",
    )


def test_a_file_that_is_wrong_is_refused_before_anything_begins(trueup, tmp_path, file, monkeypatch):
    file.write_text(HEAD % "long", encoding="utf-8")
    wrong = f"trueup: {file}:4:16: environments.prod.bake: 'long' is not a whole number and a unit"
    store = ("--store", f"sqlite:///{tmp_path}/new.db", "--repo", str(tmp_path))
    for args in (("validate", str(tmp_path)), ("plan", *store), ("run", *store)):
        said = trueup(*args, "--policy", str(file))
        assert said.code == WRONG and said.err.startswith(wrong), args
    monkeypatch.setenv("TRUEUP_POLICY", str(tmp_path / "missing.yaml"))
    said = trueup("validate", str(tmp_path))
    assert said.code == WRONG and "missing.yaml cannot be read: No such file or directory" in said.err
    assert not (tmp_path / "new.db").exists()


def test_a_file_is_read_anew_and_its_last_words_hold_while_it_is_broken(file):
    def bake():
        return f"{rules.policy().of(EnvName('prod'))[0].bake}"

    rules = PolicyFile(file)
    assert (rules.refresh(), bake(), rules.why) == (False, "1:00:00", "")
    file.write_text(HEAD % "2h", encoding="utf-8")
    assert (rules.refresh(), bake(), rules.why) == (True, "2:00:00", "")
    file.write_text("kind: Poly\n", encoding="utf-8")
    assert rules.refresh() and bake() == "2:00:00"
    assert rules.why == f"the policy is not known: {file}:1:1: apiVersion: is missing (and 2 more)"
    assert not rules.refresh()
    file.unlink()
    assert rules.refresh() and rules.why.endswith("policy.yaml cannot be read: No such file or directory")
    file.write_text(HEAD % "2h", encoding="utf-8")
    assert (rules.refresh(), bake(), rules.why) == (True, "2:00:00", "")
    with pytest.raises(SpecError, match="cannot be read"):
        PolicyFile(file.with_name("gone.yaml"))


def test_the_policy_that_operations_shows_is_one_that_is_read(file):
    page = (tree.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    shown = page.partition("```yaml\n# policy.yaml\n")[2].partition("```")[0]
    file.write_text(shown, encoding="utf-8")
    floors = PolicyFile(file).policy().of(EnvName("prod"))
    assert [floor.name for floor in floors] == ["prod", "*"] and len(floors[0].forbid) == 6
