"""Who we are, what is let out, what is counted: the border to AWS."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from controller.errors import AccessError, PlatformError, Refusal
from controller.model.lookups import Lookup
from controller.model.observation import Live, Unseen
from controller.model.place import Place
from controller.targets.ecs.answers import Declined
from controller.targets.ecs.client import OutOfQuota
from controller.targets.ecs.permit import Gate, Permission
from controller.targets.ecs.session import AwsOptions, session_name
from tests.targets.ecs.rig import ACCOUNT, REGION, ROLE, allow, definition, release

STRANGER = "arn:aws:iam::999988887777:role/trueup"
SERVICE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/prod/api"
HERE = {"cluster": "prod", "service": "api"}


def permission(ground, **more):
    given = {
        "place": ground.place(),
        "family": "unifocus-prod-api",
        "not_after": ground.now() + timedelta(seconds=30),
        "check": allow,
        "resource": SERVICE,
        **more,
    }
    return Permission(**given)


def nothing_changed(ground):
    return ground.aws.ask("calls")["changes"] == []


def access(ground, **more):
    entry = ground.clients.access(ground.place(**more))
    entry.verify()
    return entry


# --- the last gate


@pytest.mark.parametrize("operation", ["UpdateService", "RegisterTaskDefinition", "DeleteService", "StopTask"])
def test_invariant_04_no_changing_call_leaves_without_an_intent(ground, operation):
    params = {
        "UpdateService": {**HERE, "desiredCount": 0},
        "RegisterTaskDefinition": {"family": "unifocus-prod-api", "containerDefinitions": []},
        "DeleteService": {**HERE, "force": True},
        "StopTask": {"cluster": "prod", "task": "x"},
    }[operation]
    with pytest.raises(Refusal, match="without an intent"):
        access(ground).change(operation, **params)
    assert nothing_changed(ground)


@pytest.mark.parametrize(
    ("operation", "params", "names"),
    [
        ("UpdateService", {"cluster": "prod", "service": "web", "desiredCount": 0}, "service 'web'"),
        ("UpdateService", {"cluster": "stage", "service": "api", "desiredCount": 0}, "cluster 'stage'"),
        ("UpdateService", {"service": "api"}, "cluster None"),
        ("DeleteService", {**HERE, "force": True}, "operation 'DeleteService'"),
        ("UntagResource", {"resourceArn": SERVICE, "tagKeys": ["a"]}, "operation 'UntagResource'"),
        ("CreateService", {"cluster": "prod", "serviceName": "api"}, "operation 'CreateService'"),
        ("TagResource", {"resourceArn": f"{SERVICE}-web", "tags": []}, "resource 'arn.*api-web'"),
        ("DeregisterTaskDefinition", {"taskDefinition": "x:1"}, "operation 'DeregisterTaskDefinition'"),
        ("RegisterTaskDefinition", {"family": "other", "containerDefinitions": []}, "family 'other'"),
        (
            "UpdateService",
            {**HERE, "taskDefinition": "arn:aws:ecs:us-east-1:999988887777:task-definition/x:1"},
            "revision in '999988887777/us-east-1'",
        ),
    ],
)
def test_an_intent_allows_exactly_what_it_names(ground, operation, params, names):
    entry = access(ground)
    with ground.clients.gate.permit(permission(ground)), pytest.raises(Refusal, match=names):
        entry.change(operation, **params)
    assert nothing_changed(ground)


@pytest.mark.parametrize("operation", ["UpdateService", "RegisterTaskDefinition"])
def test_a_look_up_that_nobody_filled_in_never_leaves(ground, operation):
    mark = Lookup(kind="ssm", name="/net/x").marked
    params = {
        "UpdateService": {**HERE, "networkConfiguration": {"awsvpcConfiguration": {"subnets": [mark]}}},
        "RegisterTaskDefinition": {**definition("v1.2.3"), "taskRoleArn": f"arn:aws:iam::1:role/{mark}"},
    }[operation]
    entry = access(ground)
    stopped = pytest.raises(Refusal, match=r"nobody filled in \$\{ssm:/net/x\}")
    with ground.clients.gate.permit(permission(ground)), stopped:
        entry.change(operation, **params)
    assert nothing_changed(ground)


@pytest.mark.parametrize(
    ("operation", "params", "names"),
    [
        ("CreateService", {"cluster": "prod", "serviceName": "web"}, "service 'web'"),
        ("UpdateService", {**HERE, "desiredCount": 0}, "operation 'UpdateService'"),
    ],
)
def test_an_intent_to_create_allows_no_update_and_no_other_name(ground, operation, params, names):
    entry = access(ground)
    allowed = permission(ground, create=True)
    with ground.clients.gate.permit(allowed), pytest.raises(Refusal, match=names):
        entry.change(operation, **params)
    assert nothing_changed(ground)


def test_invariant_16_an_intent_for_one_region_or_account_is_none_for_another(ground):
    elsewhere = access(ground, region="us-east-1")
    with ground.clients.gate.permit(permission(ground)), pytest.raises(Refusal, match="region 'us-east-1'"):
        elsewhere.change("UpdateService", **HERE)
    foreign = access(ground, account="999988887777", role=STRANGER)
    with ground.clients.gate.permit(permission(ground)), pytest.raises(Refusal, match="account '999988887777'"):
        foreign.change("UpdateService", **HERE)
    assert nothing_changed(ground)


def test_an_intent_of_one_thread_is_none_of_another(ground):
    entry, raised = access(ground), []

    def other():
        try:
            entry.change("UpdateService", **HERE)
        except Refusal as refusal:
            raised.append(refusal)

    with ground.clients.gate.permit(permission(ground)):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(raised) == 1
    assert nothing_changed(ground)


def test_an_intent_ends_with_its_time_and_with_its_block(ground):
    entry = access(ground)
    late = permission(ground, not_after=ground.now() - timedelta(seconds=1))
    with ground.clients.gate.permit(late), pytest.raises(Refusal, match="too old"):
        entry.change("UpdateService", **HERE)
    with ground.clients.gate.permit(permission(ground)):
        pass
    with pytest.raises(Refusal, match="without an intent"):
        entry.change("UpdateService", **HERE)
    assert nothing_changed(ground)


def test_renewed_credentials_are_not_used_before_they_are_checked(ground):
    entry = access(ground)
    entry._verified = "another key"
    with ground.clients.gate.permit(permission(ground)), pytest.raises(Refusal, match="credentials were renewed"):
        entry.change("UpdateService", **HERE)
    assert nothing_changed(ground)


def test_what_is_let_out_is_known_to_have_been_let_out(ground):
    gate = Gate(lambda: datetime(2030, 1, 1, tzinfo=UTC))
    assert gate.opened()() is False
    with gate.permit(permission(ground)) as allowed:
        opened = gate.opened()
        assert opened() is False
        allowed.opened = True
        assert opened() is True


# --- who we are


def test_we_are_asked_who_we_are_once_for_each_set_of_credentials(ground):
    entry = access(ground)
    ground.look()
    entry.verify()
    assert ground.made("GetCallerIdentity") == 1
    held = entry._session.get_credentials()
    held._expiry_time = datetime(2020, 1, 1, tzinfo=UTC)
    held._refresh_using.__self__._cache.clear()
    entry.verify()
    assert ground.made("GetCallerIdentity") == 2


def test_a_role_of_another_account_is_said_so_once_and_does_nothing(ground):
    entry = ground.clients.access(ground.place(role=STRANGER))
    for _ in range(3):
        with pytest.raises(AccessError, match=f"belong to account 999988887777, not to {ACCOUNT}"):
            entry.verify()
    assert ground.made("GetCallerIdentity") == 1


def test_ambient_credentials_are_checked_too(ground):
    sight = ground.sight(place=ground.place(role=None))
    assert sight == Unseen(why=f"the credentials belong to account 123456789012, not to {ACCOUNT}; nothing is done")


@pytest.mark.parametrize("role", [None, ROLE])
def test_without_credentials_it_is_said_that_there_are_none(ground, monkeypatch, role):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ground.restart()
    sight = ground.sight(place=ground.place(role=role))
    assert isinstance(sight, Unseen)
    assert "credentials" in sight.why


def test_a_role_that_cannot_be_assumed_is_named(ground):
    ground.faults(errors=[{"operation": "sts:AssumeRole", "code": "AccessDenied", "status": 403, "times": 9}])
    sight = ground.sight()
    assert isinstance(sight, Unseen)
    assert f"AWS does not allow AssumeRole of {ROLE}" in sight.why
    assert ("AssumeRole", "denied") in ground.calls


def test_an_unreachable_aws_is_nobodys_fault(ground):
    ground.restart()
    ground.clients.options = AwsOptions(endpoint_url="http://127.0.0.1:9")
    with pytest.raises(PlatformError, match="AssumeRole"):
        ground.clients.access(ground.place()).verify()


@pytest.mark.parametrize(
    ("name", "session"),
    [("pod-7.local", "trueup-pod-7.local"), ("a b/ü", "trueup-a-b--"), ("x" * 99, "trueup-" + "x" * 57)],
)
def test_a_session_is_named_as_aws_takes_it(name, session):
    assert session_name(name) == session


# --- what is read and counted


def test_instants_are_left_as_numbers(ground):
    """The SDK's parser of instants is most of the work of a look; this pins that it is not used."""
    service = access(ground).read("DescribeServices", cluster="prod", services=["api"])["services"][0]
    assert isinstance(service["createdAt"], float)
    assert isinstance(service["events"][0]["createdAt"], float)


def test_every_answer_is_counted_with_its_result(ground):
    entry = access(ground)
    ground.calls.clear()
    ground.faults(
        errors=[
            {"operation": "ListTasks", "code": "AccessDeniedException"},
            {"operation": "DescribeTasks", "code": "InvalidParameterException"},
        ]
    )
    with pytest.raises(Declined, match="does not allow"):
        entry.read("ListTasks", cluster="prod")
    with pytest.raises(Declined, match="refuses"):
        entry.read("DescribeTasks", cluster="prod", tasks=["x"])
    entry.read("ListTasks", cluster="prod")
    assert ground.calls == [("ListTasks", "denied"), ("DescribeTasks", "refused"), ("ListTasks", "ok")]


def test_reads_are_tried_again_and_each_try_is_counted(ground):
    ground.faults(errors=[{"operation": "DescribeServices", "code": "ServerException", "status": 500}])
    assert isinstance(ground.sight(), Live)
    assert [result for name, result in ground.calls if name == "DescribeServices"] == ["failed", "ok"]


def test_a_read_without_a_token_is_not_made(ground):
    ground.restart(patience=0.0)
    entry = access(ground)
    ground.calls.clear()
    ground.clients.buckets.empty(ACCOUNT, REGION, "DescribeServices")
    with pytest.raises(OutOfQuota, match="DescribeServices waits for AWS quota"):
        entry.read("DescribeServices", cluster="prod", services=["api"])
    assert ground.calls == []


def test_accounts_are_reached_with_their_own_roles_side_by_side(ground):
    mine, other = access(ground), access(ground, account="999988887777", role=STRANGER)
    assert mine is not other
    assert mine is access(ground)
    assert isinstance(ground.sight(), Live)


def test_closing_twice_is_nothing(ground):
    ground.send(release("v1.2.3"))
    ground.clients.close()
    ground.clients.close()


@pytest.mark.parametrize(
    ("role", "place", "reached"),
    [
        ("", {"role": "arn:aws:iam::1:role/a"}, "arn:aws:iam::1:role/a"),
        ("-", {"role": "arn:aws:iam::1:role/a"}, None),
        ("ci/read", {"role": "arn:aws-cn:iam::1:role/a"}, "arn:aws-cn:iam::1:role/ci/read"),
        ("read", {"region": "us-gov-west-1"}, "arn:aws-us-gov:iam::1:role/read"),
        ("read", {}, "arn:aws:iam::1:role/read"),
    ],
)
def test_another_role_can_be_come_as(role, place, reached):
    there = Place(**{"kind": "ecs", "account": "1", "region": "eu-west-1", "cluster": "c", "service": "s", **place})
    assert AwsOptions(role=role).role_in(there) == reached
