"""Adoption: sixty services that others made, into git, observed, confirmed; and not one changing call."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from controller.codes import BLOCKED, DONE, NEGATIVE, UNREACHABLE, WRONG
from tests.e2e.environments import ACCOUNTS, REGION, role
from tests.e2e.estate import CLUSTER, COUNT, create
from tests.e2e.process import Said, trueup
from tests.e2e.stage import Stage

pytestmark = pytest.mark.e2e

ASKED = {"sts:AssumeRole", "sts:GetCallerIdentity", "ListServices", "DescribeServices", "DescribeTaskDefinition"}


@pytest.fixture
def made(stage: Stage) -> list[str]:
    """Sixty services, long before anybody thinks of us; what is changed is counted from here."""
    for operation in ("CreateCluster", "CreateService"):
        stage.forgives(operation)
    return create(stage.eye.client("ecs"))


def adopt(stage: Stage, out: Path, *words: str) -> Said:
    flags = ("--cluster", CLUSTER, "--out", str(out), "--region", REGION, "--role-arn", role(), *words)
    return trueup("adopt", *flags, "--endpoint-url", stage.cloud.endpoint_url)


def planned(stage: Stage) -> Said:
    skipped = {"--listen", "--poll", "--log", "--save-cycles"}
    given = stage.words()
    kept = [word for pair in zip(given[::2], given[1::2], strict=True) if pair[0] not in skipped for word in pair]
    return trueup("plan", *kept, "-o", "json", **stage.variables)


def commit(stage: Stage, folder: Path) -> None:
    files = {str(file.relative_to(folder)): file.read_text() for file in sorted(folder.rglob("*.yaml"))}
    stage.commit(files)


def differing(said: Said) -> list[dict[str, Any]]:
    return [item for item in said.items if item["differences"] or item["calls"]]


def test_sixty_services_are_adopted_observed_and_confirmed_without_one_changing_call(stage: Stage, made: list[str]):
    folder = stage.folder / "checkout" / "specs"
    before, asked = len(stage.cloud.changes()), dict(stage.cloud.desk.calls.counts)
    said = adopt(stage, folder / "prod", "--all", "-o", "json")
    assert said.code == DONE, said.out + said.err
    assert [row["outcome"] for row in said.items] == ["adopted"] * COUNT
    assert sorted(row["service"] for row in said.items) == sorted(made)
    calls = {name: count - asked.get(name, 0) for name, count in stage.cloud.desk.calls.counts.items()}
    assert {name for name, count in calls.items() if count} <= ASKED
    assert sum(calls.values()) == 2 + 1 + 6 + 60, calls

    assert trueup("validate", str(folder)).code == DONE
    commit(stage, folder)
    plan = planned(stage)
    assert (plan.code, differing(plan)) == (DONE, []), plan.err
    assert len(plan.items) == COUNT
    controller = stage.start()
    stage.until("all are known", lambda: all(stage.phase(row["target"]).value for row in said.items))
    stage.looks(30)
    assert stage.cloud.changes()[before:] == []

    assert trueup("adopt", "confirm", "prod", "--path", str(folder)).code == DONE
    assert "mode: observe" not in "".join(file.read_text() for file in folder.rglob("*.yaml"))
    commit(stage, folder)
    plan = planned(stage)
    assert (plan.code, differing(plan)) == (DONE, [])
    stage.looks(30)
    assert stage.cloud.changes()[before:] == []
    assert controller.stop() == 0


def test_what_was_adopted_is_left_alone_and_what_is_new_is_added(stage: Stage, made: list[str]):
    folder = stage.folder / "checkout" / "specs"
    assert adopt(stage, folder / "prod", "--service", made[0], "--service", made[2]).code == DONE
    first = {file: file.read_bytes() for file in folder.rglob("*.yaml")}
    assert len(first) == 1 + 2 * 2
    said = adopt(stage, folder / "prod", "--all", "-o", "json")
    assert said.code == DONE, said.out + said.err
    outcomes = [row["outcome"] for row in said.items]
    assert (outcomes.count("already"), outcomes.count("adopted")) == (2, COUNT - 2)
    assert {file: file.read_bytes() for file in first} == first
    assert trueup("validate", str(folder)).code == DONE


def test_files_of_the_checkout_are_written_into_it_by_git_as_they_are(stage: Stage, made: list[str]):
    checkout = stage.folder / "checkout"
    adopt(stage, checkout / "specs" / "prod", "--all", "--terraform-hints")
    for words in (("init", "-q"), ("add", "-A")):
        subprocess.run(["git", "-C", str(checkout), *words], check=True)
    checked = subprocess.run(
        ["git", "-C", str(checkout), "diff", "--cached", "--check"], capture_output=True, check=False
    )
    assert checked.stdout == b"", "no trailing space, no broken line"
    assert ACCOUNTS["prod"] in (checkout / "specs" / "prod" / "environment.yaml").read_text()


def test_what_stands_in_the_way_is_said_and_nothing_is_written(stage: Stage, made: list[str]):
    out = stage.folder / "specs" / "prod"
    unknown = trueup(
        "adopt", "--cluster", "nowhere", "--all", "--out", str(out), "--region", REGION, "--role-arn", role(),
        "--endpoint-url", stage.cloud.endpoint_url,
    )  # fmt: skip
    assert (unknown.code, "nowhere" in unknown.err or "Cluster not found" in unknown.err) == (WRONG, True)
    denied = {"operation": "ListServices", "code": "AccessDeniedException", "message": "no", "times": 100}
    stage.cloud.set_faults({"errors": [denied]})
    said = adopt(stage, out, "--all")
    assert (said.code, "ListServices" in said.err) == (UNREACHABLE, True)
    assert not out.parent.exists()
    stage.cloud.set_faults({"errors": []})
    (out / "taskdefs").mkdir(parents=True)
    (out / "taskdefs" / "plain-0.yaml").write_text("family: mine\n")
    said = adopt(stage, out, "--all")
    assert (said.code, "plain-0.yaml would be overwritten" in said.err) == (BLOCKED, True)
    assert [file.name for file in out.rglob("*.yaml")] == ["plain-0.yaml"]
    assert adopt(stage, out, "--all", "--force").code == DONE
    assert adopt(stage, out, "--service", "nothing").code == NEGATIVE


def test_a_secret_in_plain_text_is_not_written_and_the_others_are(stage: Stage, made: list[str]):
    ecs = stage.eye.client("ecs")
    secret = "hunter2" + "hunter2"
    container = {"name": "app", "image": "app:v1.0.0", "environment": [{"name": "DB_PASSWORD", "value": secret}]}
    definition = {"family": "careless", "containerDefinitions": [{**container, "memory": 64}]}
    arn = ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(cluster=CLUSTER, serviceName="careless", taskDefinition=arn, desiredCount=1)
    folder = stage.folder / "specs"
    said = adopt(stage, folder / "prod", "--all")
    assert said.code == NEGATIVE
    assert "containers[app].environment[DB_PASSWORD]" in said.out
    written = "".join(file.read_text() for file in folder.rglob("*.yaml"))
    assert secret not in written + said.out + said.err
    assert "careless" not in written
    assert trueup("validate", str(folder)).code == DONE
    assert len(list(folder.rglob("*.yaml"))) == 1 + 2 * COUNT
