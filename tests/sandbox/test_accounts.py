"""Accounts are apart, and are reached by assuming a role in them."""

from tests.sandbox.rig import ACCOUNT, ROLE, a_seed


def test_the_credentials_of_a_role_belong_to_its_account(rig):
    identity = rig.client("sts").get_caller_identity()
    assert identity["Account"] == ACCOUNT
    assert identity["Arn"] == "arn:aws:sts::111122223333:assumed-role/trueup/tests"
    assert rig.service()["serviceArn"] == f"arn:aws:ecs:eu-west-1:{ACCOUNT}:service/prod/api"


def test_other_credentials_are_of_the_default_account_and_see_nothing_of_it(rig):
    assert rig.client("sts", role=False).get_caller_identity()["Account"] == "123456789012"
    stranger = rig.client("ecs", role=False)
    assert stranger.list_clusters()["clusterArns"] == []
    stranger.create_cluster(clusterName="own")
    assert stranger.list_clusters()["clusterArns"] == ["arn:aws:ecs:eu-west-1:123456789012:cluster/own"]
    assert rig.ecs.list_clusters()["clusterArns"] == [f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/prod"]


def test_alarms_are_apart_by_account_too(rig):
    rig.sandbox.seed([a_seed(service="web", alarm_names=("loud",))])
    assert [alarm["AlarmName"] for alarm in rig.client("cloudwatch").describe_alarms()["MetricAlarms"]] == ["loud"]
    assert rig.client("cloudwatch", role=False).describe_alarms()["MetricAlarms"] == []


def test_regions_are_apart(rig):
    rig.sandbox.seed([a_seed(region="us-east-1", cluster="far", service="api")])
    assert rig.ecs.list_clusters()["clusterArns"] == [f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/prod"]
    assert rig.ask("about")["accounts"] == [ACCOUNT]
    assert len(rig.ask("about")["clusters"]) == 2


def test_a_role_can_be_assumed_from_a_role(rig):
    other = "arn:aws:iam::999988887777:role/trueup"
    given = rig.client("sts").assume_role(RoleArn=other, RoleSessionName="chained")["Credentials"]
    rig.role = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    assert rig.client("sts").get_caller_identity()["Account"] == "999988887777"
    assert ROLE.split(":")[4] == ACCOUNT
