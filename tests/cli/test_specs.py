"""validate, schema and replay: what needs no controller."""

import json
from pathlib import Path

import pytest
import yaml

from controller.app.cycles import SaveCycles
from controller.codes import DONE, NEGATIVE, WRONG
from controller.errors import SpecError
from tests.world import digest

SPECS = Path(__file__).parents[2] / "specs"


def test_the_examples_are_valid(trueup):
    said = trueup("validate", str(SPECS))
    assert said.code == DONE and "no problems" in said.out


def test_every_problem_is_printed_with_its_place_and_the_code_is_2(trueup, tmp_path):
    for file in SPECS.rglob("*.yaml"):
        copy = tmp_path / "specs" / file.relative_to(SPECS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    prod = tmp_path / "specs" / "prod.yaml"
    prod.write_text(prod.read_text().replace("version: v1.2.3", "version: v1.2"))
    said = trueup("validate", str(tmp_path / "specs"))
    assert said.code == WRONG
    lines = said.out.splitlines()
    assert len(lines) == 2 and all("did you mean v1.2.0?" in line for line in lines)
    assert "targets.api.version: 'v1.2' is not vMAJOR.MINOR.PATCH[-stage|-rc.N]" in lines[0]


def test_machines_get_every_problem_in_the_usual_envelope(trueup, tmp_path):
    prod = tmp_path / "prod.yaml"
    prod.write_text("apiVersion: trueup/v1\nkind: Enviroment\n")
    said = trueup("validate", str(tmp_path), "-o", "json")
    told = json.loads(said.out)
    assert said.code == WRONG
    assert (told["apiVersion"], told["kind"]) == ("trueup/v1", "ComplaintList")
    first = told["items"][0]
    assert (first["path"], first["line"], first["column"], first["where"]) == (str(prod), 1, 1, "metadata")
    assert yaml.safe_load(trueup("validate", str(tmp_path), "-o", "yaml").out) == told


def test_machines_get_an_empty_list_when_all_is_well(trueup):
    said = trueup("validate", str(SPECS), "-o", "json")
    assert said.code == DONE and json.loads(said.out)["items"] == []
    assert trueup("validate", str(SPECS), "-o", "json", "--quiet").out == ""


def test_a_path_that_is_not_there_is_one_clear_message(trueup, tmp_path):
    said = trueup("validate", str(tmp_path / "nowhere"))
    assert said.code == WRONG and "nowhere" in said.err + said.out


def test_the_schema_is_json_and_describes_every_field(trueup):
    said = trueup("schema")
    schema = json.loads(said.out)
    assert said.code == DONE and schema["$schema"].startswith("https://json-schema.org/")
    assert "description" in schema or "title" in schema


def test_saved_turns_replay_to_the_same_plan_and_a_changed_one_does_not(shop, trueup, tmp_path):
    shop.release("1")
    shop.world.cycles.clear()
    shop.world.platform.bad.add(digest("2"))
    shop.world.version = "2"
    shop.ticks(20)
    save = SaveCycles(tmp_path / "cycles")
    for cycle in shop.world.cycles:
        save(cycle)
    files = sorted((tmp_path / "cycles").glob("*.json"))
    assert len(files) > 3
    said = trueup("replay", *map(str, files))
    assert said.code == DONE and said.out.count("the same plan") == len(files)
    text = files[0].read_text()
    files[0].write_text(text.replace('"rolling"', '"baking"'))
    changed = trueup("replay", str(files[0]))
    assert changed.code == NEGATIVE and "ANOTHER plan" in changed.out and "was: " in changed.out


def test_turns_are_not_saved_where_a_file_is_in_the_way_of_the_folder(tmp_path):
    (tmp_path / "cycles").write_text("notes")
    with pytest.raises(SpecError, match="it is not a folder"):
        SaveCycles(tmp_path / "cycles")
    assert (tmp_path / "cycles").read_text() == "notes"


def test_a_file_that_is_no_turn_is_one_clear_message(trueup, tmp_path):
    file = tmp_path / "cycle.json"
    file.write_text("{}")
    said = trueup("replay", str(file))
    assert said.code != DONE and said.err.startswith("trueup: ") and "Traceback" not in said.err
