"""CloudTrail in the sandbox: who made which changing call, listed as LookupEvents lists it, after a while."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from controller.sandbox.server import Sandbox
from tests.sandbox.rig import ACCOUNT, ONCE, REGION, ROLE, Rig, a_seed


@pytest.fixture
def rig():
    with Sandbox(speed=0) as sandbox:
        sandbox.seed([a_seed()])
        rig = Rig(sandbox)
        yield rig
        rig.close()


def listed(rig, name="UpdateService", **more):
    attributes = [{"AttributeKey": "EventName", "AttributeValue": name}]
    return rig.client("cloudtrail").lookup_events(LookupAttributes=attributes, **more)["Events"]


def test_a_call_is_listed_with_who_made_it_what_was_asked_and_what_was_answered(rig):
    answer = rig.release("v1.2.3")
    (event,) = listed(rig)
    said = json.loads(event["CloudTrailEvent"])
    assert (event["EventName"], event["Username"], event["ReadOnly"]) == ("UpdateService", "tests", "false")
    assert said["userIdentity"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/trueup/tests"
    assert said["userAgent"].startswith("Boto3/")
    assert (said["requestParameters"]["service"], said["requestParameters"]["cluster"]) == ("api", "prod")
    assert said["responseElements"]["service"]["deployments"][0]["id"] == answer["deployments"][0]["id"]
    assert event["EventTime"].timestamp() == int(rig.sandbox.clock.now())


def test_reads_are_not_listed_and_refused_calls_are_with_their_code(rig):
    rig.service()
    with pytest.raises(ClientError):
        rig.ecs.update_service(cluster="prod", service="gone", desiredCount=1)
    (event,) = listed(rig)
    assert json.loads(event["CloudTrailEvent"])["errorCode"] == "ServiceNotFoundException"
    assert listed(rig, "DescribeServices") == []


def test_credentials_that_no_role_gave_out_are_a_user_of_the_default_account(rig):
    ecs = rig.client("ecs", role=False)
    ecs.create_cluster(clusterName="mine")
    trail = rig.client("cloudtrail", role=False)
    (event,) = trail.lookup_events()["Events"]
    assert json.loads(event["CloudTrailEvent"])["userIdentity"]["arn"].endswith(":user/AKIAEXAMPLE")
    assert listed(rig, "CreateCluster") == [], "it is another account"


def test_newest_first_within_the_instants_asked_for_a_page_at_a_time(rig):
    for count in (1, 2, 3):
        rig.ecs.update_service(cluster="prod", service="api", desiredCount=count)
        rig.tick(60)

    def counts(events):
        return [json.loads(one["CloudTrailEvent"])["requestParameters"]["desiredCount"] for one in events]

    assert counts(listed(rig)) == [3, 2, 1]
    now = datetime.fromtimestamp(rig.sandbox.clock.now(), UTC)
    early, late = now - timedelta(seconds=130), now - timedelta(seconds=70)
    assert counts(listed(rig, StartTime=early, EndTime=late)) == [2]
    pages = rig.client("cloudtrail").get_paginator("lookup_events").paginate(PaginationConfig={"PageSize": 2})
    assert [counts(page["Events"]) for page in pages] == [[3, 2], [1]]


def test_calls_are_listed_late_if_so_set(rig):
    rig.sandbox.set_faults({"trailLag": 300})
    rig.release("v1.2.3")
    assert listed(rig) == []
    rig.tick(301)
    assert len(listed(rig)) == 1


def test_looking_up_can_be_denied_and_reset_forgets_all(rig):
    rig.release("v1.2.3")
    denied = {"operation": "cloudtrail:LookupEvents", "code": "AccessDeniedException"}
    rig.sandbox.set_faults({"errors": [denied]})
    with pytest.raises(ClientError, match="AccessDeniedException"):
        listed(rig)
    rig.sandbox.reset()
    assert listed(rig) == []


def test_two_attributes_are_refused_as_aws_refuses_them(rig):
    two = [{"AttributeKey": key, "AttributeValue": "x"} for key in ("EventName", "Username")]
    with pytest.raises(ClientError, match="InvalidLookupAttributesException"):
        rig.client("cloudtrail").lookup_events(LookupAttributes=two)


def test_another_identity_is_another_principal(rig):
    sts = rig.client("sts", role=False)
    given = sts.assume_role(RoleArn=ROLE.replace("trueup", "oncall"), RoleSessionName="ana")["Credentials"]
    ecs = boto3.client(
        "ecs",
        region_name=REGION,
        endpoint_url=rig.sandbox.endpoint_url,
        config=ONCE.merge(type(ONCE)(user_agent="APN/1.0 HashiCorp/1.0 Terraform/1.9.0")),
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    rig.clients.append(ecs)
    ecs.update_service(cluster="prod", service="api", desiredCount=3)
    said = json.loads(listed(rig)[0]["CloudTrailEvent"])
    assert said["userIdentity"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/oncall/ana"
    assert said["userAgent"].startswith("APN/1.0 HashiCorp/1.0 Terraform/1.9.0")
