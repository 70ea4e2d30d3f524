"""Faults on request: stale reads, throttling, errors before the effect, lost answers, latency, a missing API."""

import time

import botocore.exceptions
import pytest

from controller.sandbox.faults import Faults, changed
from controller.sandbox.native import Refused
from controller.sandbox.throttle import QUOTAS, Throttle


def test_reads_that_lag_by_seconds_show_the_service_as_it_was(rig):
    rig.tick(5)
    rig.sandbox.set_faults({"stale": {"seconds": 20}})
    before = rig.service()
    answered = rig.release("v1.2.3")
    assert answered["deployments"][0]["id"] != before["deployments"][0]["id"], "the answer to a change is not stale"
    arn = answered["currentServiceDeployment"]
    assert rig.service() == before
    rig.tick(10)
    assert rig.service() == before
    listed = rig.ecs.list_service_deployments(cluster="prod", service="api")["serviceDeployments"]
    assert arn not in [story["serviceDeploymentArn"] for story in listed]
    assert rig.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["failures"][0]["reason"] == "MISSING"
    rig.tick(11)
    assert rig.service()["deployments"][0]["id"] == answered["deployments"][0]["id"]
    assert rig.story(arn)["status"] in {"PENDING", "IN_PROGRESS"}
    rig.sandbox.set_faults({"stale": None})
    assert rig.story(arn)["status"] == "IN_PROGRESS"


def test_a_lag_has_an_end_when_nothing_changes_any_more(rig):
    rig.sandbox.set_faults({"stale": {"seconds": 15}})
    rig.release("v1.2.3")
    while rig.sandbox.world.services()[0][1].moving:
        rig.tick()
    assert rig.story()["status"] == "IN_PROGRESS"
    rig.tick(15)
    assert rig.story()["status"] == "SUCCESSFUL"


def test_reads_that_lag_by_changes_show_the_change_before_the_last(rig):
    rig.sandbox.set_faults({"stale": {"changes": 1}})
    before = rig.service()
    first = rig.release("v1.2.3")
    assert rig.service() == before
    rig.ecs.update_service(cluster="prod", service="api", healthCheckGracePeriodSeconds=7)
    assert rig.service()["deployments"][0]["id"] == first["deployments"][0]["id"]
    assert rig.service()["healthCheckGracePeriodSeconds"] == 0


def test_tags_appear_when_the_lag_is_over_and_so_does_their_end(rig):
    arn = rig.service()["serviceArn"]

    def tags():
        found = rig.ecs.describe_services(cluster="prod", services=["api"], include=["TAGS"])["services"][0]
        return [tag["key"] for tag in found["tags"]]

    rig.sandbox.set_faults({"stale": {"seconds": 10}})
    rig.ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "core"}])
    assert tags() == []
    rig.tick(11)
    assert tags() == ["team"]
    rig.ecs.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert tags() == ["team"]
    rig.tick(11)
    assert tags() == []


def test_a_service_that_is_gone_is_tagged_without_harm(rig):
    arn = rig.ecs.delete_service(cluster="prod", service="api", force=True)["service"]["serviceArn"]
    rig.tick(30)
    rig.ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "core"}])
    rig.tick(1)
    assert rig.service()["status"] == "INACTIVE"


def test_a_service_made_while_reads_lag_is_not_there_yet(rig):
    rig.sandbox.set_faults({"stale": {"seconds": 10}})
    rig.ecs.create_service(
        cluster="prod", serviceName="web", taskDefinition="unifocus-prod-api", desiredCount=1, launchType="FARGATE",
        networkConfiguration=rig.service()["networkConfiguration"],
    )  # fmt: skip
    answer = rig.ecs.describe_services(cluster="prod", services=["web"])
    assert answer["failures"][0]["reason"] == "MISSING"
    rig.tick(11)
    assert rig.service("web")["status"] == "ACTIVE"


def test_throttling_follows_the_buckets_of_aws_in_simulated_time(rig):
    rig.sandbox.set_faults({"throttle": True})
    for patch in range(20):
        rig.register(f"v3.0.{patch}")
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        rig.register("v3.0.20")
    assert refused.value.response["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    rig.service()  # another class has its own bucket
    rig.tick(3)
    for patch in range(3):
        rig.register(f"v3.1.{patch}")
    with pytest.raises(botocore.exceptions.ClientError, match="Rate exceeded"):
        rig.register("v3.1.3")
    assert rig.ask("calls")["throttled"] == {"RegisterTaskDefinition": 2}


@pytest.mark.parametrize(
    ("operation", "burst", "refill"),
    [
        ("UpdateService", 50, 5),
        ("DescribeServices", 100, 20),
        ("DescribeTaskDefinition", 50, 20),
        ("ListTasks", 100, 20),
    ],
)
def test_a_bucket_holds_its_burst_and_refills_at_its_rate(operation, burst, refill):
    throttle = Throttle()
    for _ in range(burst):
        throttle.take("1", "r", operation, 1000.0)
    with pytest.raises(Refused, match="Rate exceeded"):
        throttle.take("1", "r", operation, 1000.0)
    throttle.take("2", "r", operation, 1000.0)
    for _ in range(refill):
        throttle.take("1", "r", operation, 1001.0)
    with pytest.raises(Refused):
        throttle.take("1", "r", operation, 1001.0)


def test_calls_of_one_class_share_a_bucket():
    assert QUOTAS["RegisterTaskDefinition"] is QUOTAS["DeregisterTaskDefinition"]
    assert QUOTAS["ListServices"] is QUOTAS["DescribeServices"]


def test_an_error_before_the_effect_changes_nothing_and_is_used_up(rig):
    rig.sandbox.set_faults({"errors": [{"operation": "UpdateService", "code": "ServerException", "status": 500}]})
    before = rig.service()
    with pytest.raises(rig.ecs.exceptions.ServerException):
        rig.ecs.update_service(cluster="prod", service="api", desiredCount=5)
    assert rig.service() == before
    rig.ecs.update_service(cluster="prod", service="api", desiredCount=5)
    assert rig.service()["desiredCount"] == 5
    assert rig.ask("faults")["errors"] == []


def test_a_lost_answer_has_its_effect(rig):
    rig.sandbox.set_faults({"lost": {"UpdateService": 1}})
    with pytest.raises(botocore.exceptions.HTTPClientError):
        rig.ecs.update_service(cluster="prod", service="api", forceNewDeployment=True)
    assert len(rig.service()["deployments"]) == 2
    (change,) = rig.ask("calls")["changes"]
    assert (change["operation"], change["outcome"]) == ("UpdateService", "lost")
    rig.ecs.update_service(cluster="prod", service="api", desiredCount=3)


def test_a_lost_registration_made_its_revision(rig):
    rig.sandbox.set_faults({"lost": {"RegisterTaskDefinition": 1}})
    with pytest.raises(botocore.exceptions.HTTPClientError):
        rig.register("v1.2.3")
    assert len(rig.ecs.list_task_definitions()["taskDefinitionArns"]) == 2


def test_latency_holds_up_one_operation_and_no_other(rig):
    rig.service()
    rig.sandbox.set_faults({"latency": {"ListClusters": 0.5}})
    began = time.monotonic()
    rig.service()
    assert time.monotonic() - began < 0.5
    rig.ecs.list_clusters()
    assert time.monotonic() - began >= 0.5


def test_without_the_service_deployment_api_only_the_service_can_be_asked(rig):
    rig.sandbox.set_faults({"serviceDeployments": False})
    answered = rig.release("v1.2.3")
    assert "currentServiceDeployment" not in answered
    assert "currentServiceDeployment" not in rig.service()
    for operation, asked in (
        ("list_service_deployments", {"cluster": "prod", "service": "api"}),
        ("describe_service_deployments", {"serviceDeploymentArns": ["a"]}),
    ):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            getattr(rig.ecs, operation)(**asked)
        assert refused.value.response["Error"]["Code"] == "UnknownOperationException"
    rig.sandbox.set_faults({"serviceDeployments": True})
    assert rig.story()["status"] == "PENDING"


@pytest.mark.parametrize(
    ("service", "operation", "name", "code"),
    [
        ("cloudwatch", "describe_alarms", "cloudwatch:DescribeAlarms", "Throttling"),
        ("sts", "get_caller_identity", "sts:GetCallerIdentity", "AccessDenied"),
        ("logs", "describe_log_groups", "logs:DescribeLogGroups", "ServiceUnavailableException"),
    ],
)
def test_other_services_can_be_made_to_fail_too(rig, service, operation, name, code):
    client = rig.client(service)
    rig.sandbox.set_faults({"errors": [{"operation": name, "code": code, "message": "no"}], "lost": {name: 1}})
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        getattr(client, operation)()
    assert refused.value.response["Error"]["Code"] == code
    with pytest.raises(botocore.exceptions.HTTPClientError):
        getattr(client, operation)()
    getattr(client, operation)()
    assert rig.ask("calls")["counts"][name] == 3


BAD_FAULTS = {
    "no such fault": {"stalled": True},
    "a switch that is a word": {"throttle": "yes"},
    "a negative lag": {"stale": {"seconds": -1}},
    "a lag of nothing": {"stale": {}},
    "an error of nothing": {"errors": [{}]},
    "an error with a typo": {"errors": [{"operation": "UpdateService", "kode": "x"}]},
    "an error that is a success": {"errors": [{"operation": "UpdateService", "status": 200}]},
    "an error with a status of nobody": {"errors": [{"operation": "UpdateService", "status": 599}]},
    "a count that is no number": {"lost": {"UpdateService": "two"}},
    "one name, not a list": {"unpullable": "v1"},
    "a field without a value": {"fillsIn": ["startTimeout"]},
    "a group, not a list": {"addsSecurityGroups": "sg-guard"},
    "a good one beside a bad one": {"throttle": True, "latency": 3},
}


@pytest.mark.parametrize("case", BAD_FAULTS)
def test_a_fault_that_is_wrong_is_refused_in_a_sentence_and_nothing_is_set(rig, case):
    before = rig.ask("faults")
    assert len(rig.ask("faults", BAD_FAULTS[case])["error"]) > 10
    assert rig.ask("faults") == before


def test_faults_are_set_and_shown_over_http_and_reset_clears_them(rig):
    asked = {
        "stale": {"seconds": 3.0, "changes": 0},
        "throttle": True,
        "errors": [{"operation": "*", "code": "X", "message": "m", "status": 400, "times": 0}],
        "lost": {"UpdateService": 2},
        "latency": {"*": 0.01},
        "missing": ["ListServices"],
        "noCapacity": ["api"],
        "unpullable": ["v9"],
        "crashing": ["v8"],
        "failingHooks": ["check"],
        "rollbackMakesNewDeployment": True,
        "fillsIn": {"startTimeout": 30},
        "addsSecurityGroups": ["sg-guard"],
        "trailLag": 60.0,
    }
    shown = rig.ask("faults", asked)
    assert shown == {**asked, "errors": []}
    rig.service()
    rig.ask("reset", {})
    assert rig.ask("faults") == Faults().document()
    assert rig.ask("calls") == {"counts": {}, "throttled": {}, "changes": []}
    assert rig.service()["status"] == "ACTIVE"


def test_setting_one_switch_leaves_the_others():
    both = changed(changed(Faults(), {"throttle": True}), {"noCapacity": True})
    assert (both.throttle, both.trouble.no_capacity) == (True, True)


def test_aws_fills_in_what_nobody_knows_yet_and_adds_groups_of_its_own(rig):
    rig.ask("faults", {"fillsIn": {"startTimeout": 30}, "addsSecurityGroups": ["sg-guard"]})
    shown = rig.ecs.describe_task_definition(taskDefinition=rig.register("v1.2.3"))["taskDefinition"]
    assert shown["containerDefinitions"][0]["startTimeout"] == 30
    said = [{"name": "api", "image": "x", "startTimeout": 5}]
    shown = rig.ecs.describe_task_definition(taskDefinition=rig.register("v1", containerDefinitions=said))
    assert shown["taskDefinition"]["containerDefinitions"][0]["startTimeout"] == 5
    before = rig.service()["networkConfiguration"]
    assert rig.release("v1.2.3")["networkConfiguration"] == before, "a network that is not sent is left alone"
    after = rig.release("v1.2.3", networkConfiguration=before)["networkConfiguration"]
    assert after["awsvpcConfiguration"]["securityGroups"] == ["sg-a", "sg-guard"]
