"""`run --once` and `plan`: what their exit codes say, and that a plan changes nothing anywhere."""

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.model.rollout import Phase
from controller.sandbox.images import digest_of
from tests.e2e.environments import environment
from tests.e2e.process import Said, trueup
from tests.e2e.stage import FIRST, SEEDED, Stage

pytestmark = pytest.mark.e2e

DONE, DIFFERS, WRONG, BLOCKED, UNREACHABLE = 0, 1, 2, 4, 5


def turn(stage: Stage, code: int) -> Said:
    said = stage.once()
    assert said.code == code, f"{said}\n{stage.story()}"
    return said


def adopted(stage: Stage) -> None:
    """Two turns: the first looks for the first time, the second finds that it is well."""
    stage.seed({"prod.yaml": environment("prod", FIRST)})
    stage.release(SEEDED)
    turn(stage, DONE)
    turn(stage, DONE)
    assert stage.goods() == [SEEDED]


def test_turn_by_turn_a_release_becomes_good(open_stage: Callable[..., Stage]):
    stage = open_stage(8.0)  # two turns have to come within a minute of it, or the bake gets no credit
    adopted(stage)
    stage.release("v1.2.3")
    turn(stage, DIFFERS)
    assert stage.told() == ["v1.2.3"]
    assert stage.phase() is Phase.ROLLING
    codes = []

    def is_done() -> bool:
        codes.append(stage.once().code)
        return codes[-1] == DONE

    stage.until("nothing is left to do", is_done)
    assert set(codes) <= {DIFFERS, DONE}
    assert stage.phase() is Phase.IDLE
    assert stage.goods() == ["v1.2.3", SEEDED]
    assert stage.told() == ["v1.2.3"]


def test_one_turn_says_that_only_blocked_work_is_left(stage: Stage):
    adopted(stage)
    stage.release("v1.2.3")
    stage.order("pause", "prod", "--reason", "audit")
    turn(stage, BLOCKED)
    assert stage.told() == []


def test_one_turn_says_that_git_could_not_be_read(stage: Stage):
    stage.repository.folder.rename(stage.folder / "away.git")
    said = turn(stage, UNREACHABLE)
    assert "no environment could be read" in said.err


def test_one_turn_says_that_aws_could_not_be_read(stage: Stage):
    adopted(stage)
    denied = {"operation": "DescribeServices", "code": "AccessDeniedException", "message": "no", "times": 100}
    stage.cloud.set_faults({"errors": [denied]})
    turn(stage, UNREACHABLE)


def test_one_turn_of_several_environments_tells_the_worst(stage: Stage):
    stage.seed({"prod.yaml": environment("prod"), "stage.yaml": environment("stage")})
    stage.commit({"prod.yaml": environment("prod", SEEDED), "stage.yaml": environment("stage", SEEDED)})
    turn(stage, DONE)
    turn(stage, DONE)
    stage.order("pause", "prod", "--reason", "audit")
    stage.commit({"prod.yaml": environment("prod"), "stage.yaml": environment("stage")})
    turn(stage, BLOCKED)
    assert stage.told(place="stage") == ["v1.2.3"]
    assert stage.told() == []


def planned(stage: Stage, *words: str, **flags: str) -> Said:
    skipped = {"--listen", "--poll", "--log", "--save-cycles"}
    given = stage.words(**flags)
    kept = [word for pair in zip(given[::2], given[1::2], strict=True) if pair[0] not in skipped for word in pair]
    return trueup("plan", *words, *kept, **stage.variables)


def print_of(folder: Path) -> str:
    """A fingerprint of every file below a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found.update(f"{path.relative_to(folder)} {path.is_file()}".encode())
        found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()


def dump_of(store: Path) -> list[str]:
    """Everything that a store holds."""
    db = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        return list(db.iterdump())
    finally:
        db.close()


def test_a_plan_says_what_differs_and_changes_nothing_anywhere(stage: Stage):
    adopted(stage)
    stage.release("v1.2.3")
    store, asked = stage.folder / "trueup.db", dict(stage.cloud.desk.calls.counts)
    before = (dump_of(store), print_of(stage.repository.folder))
    said = planned(stage)
    assert said.code == DIFFERS, said
    image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/unifocus-prod-api"
    assert f"-> {image}:v1.2.3@{digest_of(f'{image}:v1.2.3')[:19]}\n" in said.out
    assert "would call RegisterTaskDefinition for v1.2.3, then UpdateService unifocus-prod-api-service" in said.out
    assert "registers v1.2.3 for unifocus-prod-api-service because of" in said.out
    assert (dump_of(store), print_of(stage.repository.folder)) == before
    assert stage.cloud.changes() == []
    more = {name for name, count in stage.cloud.desk.calls.counts.items() if count > asked.get(name, 0)}
    assert more <= {
        "DescribeServices", "DescribeTaskDefinition", "cloudwatch:DescribeAlarms", "sts:AssumeRole",
        "sts:GetCallerIdentity", "ecr:BatchGetImage", "DescribeServiceRevisions",
    }, "a plan only looks"  # fmt: skip


def test_a_plan_without_a_store_makes_none(stage: Stage):
    stage.seed({"prod.yaml": environment("prod", FIRST)})
    stage.release("v1.2.3")
    said = planned(stage)
    assert said.code == DIFFERS, said
    assert "v1.2.3" in said.out
    assert list(stage.folder.glob("trueup.db*")) == []
    assert stage.cloud.changes() == []


def test_a_plan_beside_a_running_controller_does_not_disturb_it(stage: Stage):
    stage.begin(bake="10m")
    stage.release("v1.2.3", bake="10m")
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    assert planned(stage, "prod").code in {DONE, DIFFERS}
    assert stage.told() == ["v1.2.3"]


def test_the_exit_code_of_a_plan_says_whether_anything_differs(stage: Stage):
    adopted(stage)
    assert planned(stage).code == DONE
    (item,) = planned(stage, "-o", "json").items
    assert (item["environment"], item["target"], item["differences"]) == ("prod", "api", [])
    assert planned(stage, "nowhere").code == WRONG
    stage.cloud.set_faults({"errors": [{"operation": "DescribeServices", "code": "AccessDenied", "times": 100}]})
    assert planned(stage).code == UNREACHABLE
    stage.cloud.set_faults({"errors": []})
    stage.repository.folder.rename(stage.folder / "away.git")
    assert planned(stage).code == UNREACHABLE
