"""What Terraform says is read as Terraform means it, and what would take our work back is named with its remedy."""

import json

import pytest

from controller.app.beside import Beside, judged
from controller.app.finding import Result
from controller.app.hcl import resources
from controller.errors import SpecError

API = Beside(target="prod/api", service="acme-prod-api-service", family="acme-prod-api", counts=False)
GOOD = """
resource "aws_ecs_service" "api" {
  name            = "acme-prod-api-service"
  task_definition = aws_ecs_task_definition.api.arn
  desired_count   = 2
  lifecycle {
    ignore_changes = [task_definition, desired_count]
  }
}
resource "aws_ecs_task_definition" "api" {
  family                = "acme-prod-api"
  skip_destroy          = true
  container_definitions = jsonencode([{ name = "api", image = "x" }])
}
"""
SCALED = """
resource "aws_appautoscaling_target" "api" {
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.api.name}"
  scalable_dimension = "ecs:service:DesiredCount"
}
"""


@pytest.fixture
def judge(tmp_path):
    def judging(text, *targets, name="main.tf"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text if isinstance(text, str) else json.dumps(text))
        found = resources(tmp_path if name.endswith(".tf") else file)
        return [(one.result.value, one.about, one.found, one.todo) for one in judged(targets or (API,), found)]

    return judging


def test_what_leaves_to_us_what_is_ours_is_ok(judge):
    assert [(result, found) for result, _, found, _ in judge(GOOD + SCALED)] == [
        ("OK", "aws_ecs_service.api ignores task_definition, desired_count"),
        ("OK", "aws_ecs_task_definition.api has skip_destroy"),
    ]


@pytest.mark.parametrize(
    "lifecycle", ["ignore_changes = all", "ignore_changes = [\n  task_definition, # ours\n  tags]"]
)
def test_ignoring_is_read_in_every_form(judge, lifecycle):
    found = judge(GOOD.replace("ignore_changes = [task_definition, desired_count]", lifecycle))
    assert {one[0] for one in found} == {"OK"}


def test_what_would_take_our_revision_back_is_named_with_its_remedy(judge):
    text = GOOD.replace("ignore_changes = [task_definition, desired_count]", "ignore_changes = [tags]")
    service, definition = judge(text)
    assert service[:3] == ("NG", "prod/api", "aws_ecs_service.api does not ignore task_definition")
    assert service[3].endswith("main.tf write: lifecycle { ignore_changes = [task_definition] }")
    assert definition[0] == "OK"


@pytest.mark.parametrize("lacking", ["", "skip_destroy = false"])
def test_what_would_deregister_what_we_go_back_to_is_named(judge, lacking):
    service, definition = judge(GOOD.replace("skip_destroy          = true", lacking))
    assert service[0] == "OK"
    assert definition[0] == "NG"
    assert "the one that we go back to" in definition[2]
    assert definition[3].endswith("skip_destroy = true")


@pytest.mark.parametrize(
    ("more", "counts"),
    [(SCALED, False), (SCALED.replace("${aws_ecs_service.api.name}", API.service), False), ("", True)],
)
def test_the_count_has_to_be_ignored_where_autoscaling_or_the_spec_owns_it(judge, more, counts):
    text = GOOD.replace(", desired_count]", "]")
    assert judge(text)[0][0] == "OK", "else Terraform may own it"
    target = Beside(target="prod/api", service=API.service, family=API.family, counts=counts)
    (result, _, found, todo), _ = judge(text + more, target)
    assert (result, found) == ("NG", "aws_ecs_service.api does not ignore desired_count")
    assert "[task_definition, desired_count]" in todo


def test_what_would_take_our_revisions_for_its_own_is_named(judge):
    text = GOOD.replace("skip_destroy          = true", "skip_destroy = true\n  track_latest = true")
    assert [one[0] for one in judge(text)] == ["OK", "NG", "OK"]


def test_a_name_with_expressions_is_matched_by_the_rest_of_it(judge):
    text = GOOD.replace('"acme-prod-api-service"', '"acme-${var.env}-api-service"')
    assert {one[0] for one in judge(text)} == {"OK"}
    web = Beside(target="prod/web", service="acme-prod-web-service", family="acme-prod-web", counts=False)
    assert judge(text, web) == [("SKIP", "prod/web", "no aws_ecs_service is named acme-prod-web-service there", "")]


def test_a_service_whose_name_only_terraform_knows_is_judged_all_the_same(judge):
    text = GOOD.replace('"acme-prod-api-service"', "var.name").replace("task_definition, ", "")
    found = judge(text, name="modules/service/main.tf")
    assert found[0][0] == "SKIP"
    assert found[1][:3] == (
        "NG",
        "aws_ecs_service.api (${var.name})",
        "aws_ecs_service.api does not ignore task_definition",
    )


def test_what_others_modules_brought_is_not_judged(tmp_path, judge):
    assert {one[0] for one in judge(GOOD)} == {"OK"}
    hidden = tmp_path / ".terraform" / "modules" / "x"
    hidden.mkdir(parents=True)
    (hidden / "main.tf").write_text(GOOD.replace("ignore_changes", "x"))
    assert {one[0] for one in judge(GOOD)} == {"OK"}


def state(*found, **more):
    values = [{"address": f"{kind}.x", "type": kind, "name": "x", "values": values} for kind, values in found]
    return {"format_version": "1.0", "values": {"root_module": {"child_modules": [{"resources": values}]}}, **more}


SERVICE = ("aws_ecs_service", {"name": API.service, "task_definition": "arn:1"})
KEPT = ("aws_ecs_task_definition", {"family": API.family, "skip_destroy": True})


def test_a_state_tells_of_skip_destroy_and_not_of_ignoring(judge):
    service, definition = judge(state(SERVICE, KEPT), name="state.json")
    assert service[0] == "SKIP"
    assert "does not show ignore_changes" in service[2]
    assert definition[0] == "OK"
    lost = ("aws_ecs_task_definition", {"family": API.family, "skip_destroy": False})
    assert judge(state(SERVICE, lost), name="state.json")[1][0] == "NG"


def test_a_plan_that_would_put_another_revision_back_is_named(judge):
    change = {"before": {"task_definition": "arn:2", "tags": {}}, "after": {"task_definition": "arn:1", "tags": {}}}
    plan = state(SERVICE, KEPT, resource_changes=[{"address": "aws_ecs_service.x", "change": change}])
    plan["planned_values"] = plan.pop("values")
    (result, _, found, _), _ = judge(plan, name="plan.json")
    assert result == Result.NG.value
    assert "this plan would change task_definition" in found


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("main.tf", 'resource "aws_ecs_service" "x" {', "cannot be read as HCL"),
        ("x.json", "{", "nor JSON"),
        ("x.json", "[]", "not what `terraform show -json` writes"),
        ("x.json", '{"resources": []}', "not what `terraform show -json` writes"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, name, text, why):
    (tmp_path / name).write_text(text)
    with pytest.raises(SpecError, match=why):
        resources(tmp_path / name)


def test_a_folder_without_such_files_is_said(tmp_path):
    with pytest.raises(SpecError, match=r"holds no \.tf file"):
        resources(tmp_path)
