"""`trueup doctor`: each thing that the controller needs, well and not well, with the real git and an ECS."""

from collections import Counter

import pytest

from controller.codes import DONE, NEGATIVE, UNREACHABLE, WRONG
from tests.e2e.environments import REGION, cluster, environment, role
from tests.e2e.process import Said, trueup
from tests.e2e.stage import FIRST, Stage
from tests.sources.signing import SshKey, sign_tip

pytestmark = pytest.mark.e2e

TERRAFORM = """
resource "aws_ecs_service" "api" {
  name            = "unifocus-prod-api-service"
  task_definition = aws_ecs_task_definition.api.arn
}
resource "aws_ecs_task_definition" "api" {
  family       = "unifocus-prod-api"
  skip_destroy = true
}
"""


@pytest.fixture
def settled(stage: Stage) -> Stage:
    stage.seed({"prod.yaml": environment("prod", FIRST)})
    stage.commit({"prod.yaml": environment("prod", FIRST)})
    return stage


def examined(stage: Stage, *words: str, variables: dict[str, str] | None = None, **flags: str) -> Said:
    given = {
        "repo": stage.repository.url,
        "store": stage.url,
        "endpoint-url": stage.cloud.endpoint_url,
        "cache": str(stage.folder / "cache"),
        **flags,
    }
    said = [word for name, value in given.items() if value for word in (f"--{name}", value)]
    return trueup("doctor", *said, *words, "-o", "json", **(variables or {}))


def results(said: Said) -> list[tuple[str, str]]:
    return [(item["check"], item["result"]) for item in said.items]


def found(said: Said, check: str, result: str = "NG") -> dict[str, str]:
    (item,) = [one for one in said.items if (one["check"], one["result"]) == (check, result)]
    return item


def test_all_is_well_and_nothing_is_changed(settled: Stage):
    settled.begin()
    said = examined(settled)
    assert said.code == DONE, said.out + said.err
    assert results(said) == [
        ("git", "OK"), ("repository", "OK"), ("signatures", "SKIP"), ("specs", "OK"), ("store", "OK"),
        ("role", "OK"), ("clock", "OK"), ("cluster", "OK"), ("definitions", "OK"),
    ]  # fmt: skip
    assert settled.cloud.changes() == []


def test_before_there_is_a_store_it_says_so_and_makes_none(settled: Stage):
    said = examined(settled)
    assert (said.code, found(said, "store", "SKIP")["todo"]) == (DONE, "")
    assert not (settled.folder / "trueup.db").exists()


def test_a_repository_that_is_away_a_branch_that_is_not_there(settled: Stage):
    said = examined(settled, branch="nowhere")
    assert said.code == UNREACHABLE
    assert "nowhere" in found(said, "repository")["found"]
    settled.repository.folder.rename(settled.folder / "away.git")
    assert examined(settled).code == UNREACHABLE


def test_a_spec_that_does_not_parse_is_named_with_its_place(settled: Stage):
    settled.commit({"prod.yaml": environment("prod", FIRST).replace("kind: ecs", "knid: ecs")})
    said = examined(settled)
    assert said.code == NEGATIVE
    assert "prod.yaml:8:5" in found(said, "specs")["found"]
    assert found(examined(settled, "stage"), "specs")["found"] == "no such environment; there are: prod"


def test_whether_the_newest_commit_is_signed_as_is_asked_for(settled: Stage):
    signed = environment("prod", FIRST).replace("  defaults:\n", "  verify: {commits: head}\n  defaults:\n")
    settled.commit({"prod.yaml": signed})
    said = examined(settled)
    missing = "nobody's key is known: give --signers, or --people with keys; verify: head is asked for"
    assert (said.code, found(said, "signatures")["found"]) == (NEGATIVE, missing)
    assert found(said, "specs", "SKIP")["found"] == "they are not read, as they are not verified"
    key = SshKey.make(settled.folder / "anna")
    (settled.folder / "signers").mkdir()
    (settled.folder / "signers" / "allowed_signers").write_text(f"anna@example.com {key.public}\n")
    said = examined(settled, signers=str(settled.folder / "signers"))
    assert "ada@example.com as its author, is not signed" in found(said, "signatures")["found"]
    commit = sign_tip(settled.repository, key)
    said = examined(settled, signers=str(settled.folder / "signers"))
    told = f"{commit[:12]} is signed by anna@example.com, whom people.yaml does not know"
    assert (said.code, found(said, "signatures", "OK")["found"]) == (DONE, told)


def test_a_role_that_may_not_be_assumed_or_is_of_another_account(settled: Stage):
    denied = {"operation": "sts:AssumeRole", "code": "AccessDenied", "message": "no", "times": 100}
    settled.cloud.set_faults({"errors": [denied]})
    said = examined(settled)
    assert said.code == UNREACHABLE, said.out
    assert "AssumeRole" in found(said, "role")["found"]
    assert Counter(check for check, _ in results(said))["cluster"] == 0, "nothing can be seen behind it"


def test_a_cluster_and_a_service_that_are_not_there(settled: Stage):
    text = environment("prod", FIRST)
    settled.commit({"prod.yaml": text.replace("unifocus-prod-api-service", "unifocus-prod-apu-service")})
    said = examined(settled)
    assert (said.code, found(said, "cluster")["todo"]) == (NEGATIVE, "correct `service`, or create it")
    settled.commit({"prod.yaml": text.replace(cluster("prod"), "no-such-cluster")})
    said = examined(settled)
    assert said.code == UNREACHABLE
    assert "no-such-cluster" in found(said, "cluster")["found"]


def test_time_that_is_scaled_is_not_compared(settled: Stage):
    said = examined(settled, variables={"TRUEUP_CLOCK": "now*60"})
    assert said.code == DONE
    assert ("clock", "SKIP") in results(said)


def test_permissions_that_are_missing_are_named(settled: Stage):
    denied = {"operation": "DescribeTaskDefinition", "code": "AccessDeniedException", "message": "no", "times": 100}
    settled.cloud.set_faults({"errors": [denied]})
    said = examined(settled)
    assert said.code == UNREACHABLE
    assert found(said, "definitions")["todo"] == "allow ecs:DescribeTaskDefinition"


def test_terraform_beside_it(settled: Stage):
    folder = settled.folder / "terraform"
    folder.mkdir()
    (folder / "main.tf").write_text(TERRAFORM)
    said = examined(settled, "--terraform", str(folder))
    assert said.code == NEGATIVE
    assert "does not ignore task_definition" in found(said, "terraform")["found"]
    ignoring = TERRAFORM.replace("arn\n", "arn\n  lifecycle {\n    ignore_changes = [task_definition]\n  }\n", 1)
    (folder / "main.tf").write_text(ignoring)
    assert examined(settled, "--terraform", str(folder)).code == DONE


def test_before_there_are_specs_a_place_is_looked_at(settled: Stage):
    words = ("--region", REGION, "--role-arn", role(), "--cluster")
    said = examined(settled, *words, cluster("prod"), repo="", store="")
    assert (said.code, found(said, "cluster", "OK")["found"]) == (DONE, "1 services are listed")
    assert examined(settled, *words, "nowhere", repo="", store="").code == UNREACHABLE
    assert trueup("doctor").code == WRONG


def test_a_person_reads_a_line_each(settled: Stage):
    flags = ("--repo", settled.repository.url, "--endpoint-url", settled.cloud.endpoint_url)
    said = trueup("doctor", *flags, "--cache", str(settled.folder / "cache"))
    assert said.code == DONE, said
    assert said.out.splitlines()[0].split() == ["RESULT", "CHECK", "OF", "FOUND"]
