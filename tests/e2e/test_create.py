"""A service that was never there is made from its spec, once, and then lives like any other."""

import pytest

from controller.model.rollout import Phase
from tests.e2e.environments import alarm, cluster, environment, service
from tests.e2e.stage import FIRST, Stage

pytestmark = pytest.mark.e2e

WHOLE = """\
create: true
serviceDefinition:
  launchType: FARGATE
  desiredCount: 2
  networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-a], securityGroups: [sg-a]}}
  tags: [{key: team, value: payments}]
  deploymentConfiguration:
    deploymentCircuitBreaker: {enable: true, rollback: true}
"""


def specs(version: str) -> str:
    """Environment prod with api, which is there, and web, which is not."""
    whole = environment("prod", {"api": FIRST, "web": version})
    head, _, web = whole.partition("    web:\n")
    return head + "    web:\n" + web + "".join(f"      {line}\n" for line in WHOLE.splitlines())


def begun(stage: Stage) -> None:
    """A controller that runs, and one service of the two."""
    stage.seed({"prod.yaml": environment("prod", FIRST)})
    stage.commit({"prod.yaml": environment("prod", FIRST)})
    stage.start()
    stage.until("api is known", lambda: stage.memory().current)
    stage.eye.client("cloudwatch").put_metric_alarm(
        AlarmName=alarm("web"),
        Namespace="tests",
        MetricName="errors",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Threshold=0,
        Period=60,
        Statistic="Sum",
    )
    stage.eye.ring("web", state="OK")
    stage.forgives("CreateService")


def created(stage: Stage) -> list[dict[str, object]]:
    return [change for change in stage.cloud.changes() if change["operation"] == "CreateService"]


def test_a_service_is_created_rolled_and_baked_and_then_updated(stage: Stage):
    begun(stage)
    stage.commit({"prod.yaml": specs("v1.0.0")})
    stage.until_rests("v1.0.0", "web")
    assert stage.goods("web") == ["v1.0.0"]
    (made,) = created(stage)
    asked = made["parameters"]
    assert (asked["serviceName"], asked["launchType"], asked["desiredCount"]) == (service("web"), "FARGATE", 2)
    stage.commit({"prod.yaml": specs("v1.0.1")})
    stage.until_rests("v1.0.1", "web")
    assert len(created(stage)) == 1
    assert stage.told("web") == ["v1.0.1"]


def test_an_answer_that_is_lost_makes_one_service(stage: Stage):
    begun(stage)
    stage.cloud.set_faults({"lost": {"CreateService": 1}})
    stage.commit({"prod.yaml": specs("v1.0.0")})
    stage.until_rests("v1.0.0", "web")
    assert [change["outcome"] for change in created(stage)] in (["lost"], ["lost", "done"])
    assert len({change["parameters"]["clientToken"] for change in created(stage)}) == 1


def test_a_first_release_that_fails_stalls_and_deletes_nothing(stage: Stage):
    begun(stage)
    crashing = specs("v1.0.0").replace("-web:${version}", "-web:${version}-crash")
    stage.commit({"prod.yaml": crashing})
    stage.until("it stalls", lambda: stage.phase("web") is Phase.STALLED)
    assert len(created(stage)) == 1
    assert stage.eye.client("ecs").describe_services(cluster=cluster(), services=[service("web")])["services"]


def test_a_service_that_was_there_and_is_gone_is_not_made_again(stage: Stage):
    begun(stage)
    stage.commit({"prod.yaml": specs("v1.0.0")})
    stage.until_rests("v1.0.0", "web")
    stage.forgives("DeleteService")
    stage.eye.client("ecs").delete_service(cluster=cluster(), service=service("web"), force=True)
    stage.until("it is seen to be gone", lambda: "gone" in stage.status("web").reason)
    stage.looks()
    assert len(created(stage)) == 1
