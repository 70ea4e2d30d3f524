"""The README does what it says: its first spec is valid, its commands exist, its demo is the demo."""

import re
from pathlib import Path

from controller.app.specs import validate
from controller.cli.main import COMMANDS

TEXT = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_first_spec_is_valid_and_short(tmp_path):
    spec = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[1]
    (tmp_path / "taskdefs").mkdir()
    (tmp_path / "dev.yaml").write_text(spec)
    definition = "family: my-api\ncontainerDefinitions: [{name: api, memory: 128}]\n"
    (tmp_path / "taskdefs" / "api.yaml").write_text(definition)
    checked, complaints = validate([tmp_path])
    assert checked and [str(complaint) for complaint in complaints] == []
    assert len(spec.splitlines()) <= 11


def test_every_command_that_it_shows_exists():
    shown = set(re.findall(r"(?:^|`|; )trueup ([a-z][a-z-]+)", TEXT, re.MULTILINE)) - {"is"}
    assert {"run", "plan", "why"} <= shown <= set(COMMANDS)


def test_it_opens_with_what_it_is_and_the_two_commands():
    head = TEXT[:900]
    assert "release controller for Amazon ECS" in head and "make demo" in head and "make test" in head
