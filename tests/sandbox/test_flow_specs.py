"""The specs that the flow plays are an example too, so they validate as they stand."""

import shutil
from pathlib import Path

from controller.kinds import SPEC
from controller.sandbox import flow_ground
from controller.spec.check import validate

SPECS = Path(__file__).parents[2] / "specs"


def test_the_specs_of_the_flow_validate(tmp_path: Path):
    shutil.copytree(SPECS / "taskdefs", tmp_path / "taskdefs")
    for file in (Path(flow_ground.__file__).parent / "flow_specs").glob("*.yaml"):
        shutil.copy(file, tmp_path)
    checked, complaints = validate([tmp_path], SPEC)
    assert [str(one) for one in complaints] == []
    assert checked
