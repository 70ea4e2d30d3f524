"""Verify: what a release names, asked of the IAM, Secrets Manager and so on that stand beside the embedded ECS."""

import json
from dataclasses import dataclass, field

import pytest

from controller.model.checked import Result
from controller.model.desired import DesiredTarget
from controller.model.images import Found, Missing, Unreachable
from controller.model.names import TargetName
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.release import Release, Settings
from controller.sandbox.server import Sandbox
from controller.targets.ecs.client import Clients
from controller.targets.ecs.manifest import canonical_json, release_manifest, settings_manifest, write_shape
from controller.targets.ecs.session import AwsOptions
from controller.targets.ecs.verify import CHECKS, Verifying
from controller.targets.ecs.verify_names import What
from tests.e2e.cloud import Eye
from tests.e2e.environments import ACCOUNTS, REGION, role

ACCOUNT = ACCOUNTS["prod"]
TASK = f"arn:aws:iam::{ACCOUNT}:role/tasks/api"
TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}


@dataclass
class Shelf:
    """A registry, as another part of trueup gives it."""

    images: dict = field(default_factory=dict)

    def find(self, asked):
        return {one: self.images[one.reference] for one in asked if one.reference in self.images}


class Ground:
    """A sandbox, whoever fills it, and what verify says of a release."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.eye = Eye(sandbox.endpoint_url)
        self.shelf = Shelf()
        self.clients = self.fresh()

    def fresh(self):
        options = AwsOptions(endpoint_url=self.sandbox.endpoint_url)
        return Clients(options, now=lambda: None, elapsed=lambda: 0.0, wait=lambda _: False)

    def client(self, name):
        return self.eye.client(name)

    def role(self, path, name, *statements):
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        self.client("iam").create_role(Path=path, RoleName=name, AssumeRolePolicyDocument=document)

    def checks(self, *, registries=True, settings=None, service=None, times=1, **definition):
        definition = {"family": "api", **definition}
        definition.setdefault("containerDefinitions", [])
        service, settings = service or {}, settings or {}
        want = DesiredTarget(
            place=Place(kind="ecs", account=ACCOUNT, region=REGION, cluster="c", service="s", role=role()),
            release=Release(
                version="v1",
                manifest=release_manifest(definition, service),
                shape=Packed.of(write_shape(definition, service)),
            ),
            settings=Settings(manifest=settings_manifest(settings), shape=canonical_json(settings)),
        )
        verifying = Verifying(self.clients, self.shelf if registries else None)
        found = [one for _ in range(times) for one in verifying.check(TargetName("api"), want)]
        return {(one.what, one.name): one.answer for one in found}

    def check(self, what, name, **said):
        answer = self.checks(**said)[what, name]
        return answer.result.value, answer.why

    def fails(self, operation, code="AccessDeniedException", status=400, times=9):
        error = {"operation": operation, "code": code, "message": "no", "status": status, "times": times}
        self.sandbox.set_faults({"errors": [error]})


@pytest.fixture
def ground(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with Sandbox(speed=0) as sandbox:
        made = Ground(sandbox)
        yield made
        made.clients.close()
        made.eye.close()


def container(**said):
    return [{"name": "api", "image": "registry.example/api:v1", **said}]


def test_a_task_role_has_to_exist_under_its_own_path_and_account(ground):
    assert ground.check("task role", TASK, taskRoleArn=TASK) == ("NG", "there is no such role")
    ground.role("/tasks/", "api", TRUST)
    assert ground.check("task role", TASK, taskRoleArn=TASK) == ("OK", "")
    bare = f"arn:aws:iam::{ACCOUNT}:role/api"
    assert ground.check("execution role", bare, executionRoleArn=bare) == ("NG", f"the role of this name is {TASK}")
    other = "arn:aws:iam::999999999999:role/api"
    result, why = ground.check("task role", other, taskRoleArn=other)
    assert result == "NG" and "account 999999999999" in why


@pytest.mark.parametrize(
    ("statements", "result"),
    [
        ([{**TRUST, "Principal": {"Service": ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"]}}], "OK"),
        ([{**TRUST, "Action": ["sts:TagSession", "STS:AssumeRole"]}], "OK"),
        ([{**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}], "OK"),
        ([{**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}}], "NG"),
        ([{**TRUST, "Action": "sts:TagSession"}], "NG"),
        ([TRUST, {**TRUST, "Effect": "Deny"}], "NG"),
    ],
)
def test_a_role_has_to_trust_ecs_tasks(ground, statements, result):
    ground.role("/tasks/", "api", *statements)
    assert ground.check("task role", TASK, taskRoleArn=TASK)[0] == result


@pytest.mark.parametrize(
    ("resource", "service", "effect", "said"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/tasks/*", "ecs-tasks.amazonaws.com", "Allow", "OK"),
        (f"arn:aws:iam::{ACCOUNT}:role/other/*", "ecs-tasks.amazonaws.com", "Allow", "implicitDeny"),
        ("*", "ec2.amazonaws.com", "Allow", "implicitDeny"),
        ("*", "ecs-tasks.amazonaws.com", "Deny", "explicitDeny"),
    ],
)
def test_we_have_to_be_allowed_to_pass_a_role(ground, resource, service, effect, said):
    ground.role("/", "trueup", {**TRUST, "Principal": {"AWS": "*"}})
    statement = {
        "Effect": effect,
        "Action": "iam:Pass*",
        "Resource": resource,
        "Condition": {"StringEquals": {"iam:PassedToService": service}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    ground.client("iam").put_role_policy(RoleName="trueup", PolicyName="pass", PolicyDocument=document)
    result, why = ground.check("pass role", TASK, taskRoleArn=TASK)
    assert (result == "OK") if said == "OK" else (result == "NG" and f"({said})" in why)


def test_what_we_are_not_known_as_is_not_judged(ground):
    result, why = ground.check("pass role", TASK, taskRoleArn=TASK)
    assert (result, why) == ("SKIP", f"{role()} is not known to IAM")


def test_a_secret_is_found_by_its_arn_with_key_and_stage(ground):
    arn = ground.client("secretsmanager").create_secret(Name="db", SecretString='{"password": "hunter2"}')["ARN"]

    def said(name):
        secrets = [{"name": "DB_PASSWORD", "valueFrom": name}]
        return ground.check("secret", name, containerDefinitions=container(secrets=secrets))

    assert said(arn) == ("OK", "")
    result, why = said(f"{arn}:password::")
    assert result == "OK" and "the key 'password' is not looked at" in why and "hunter2" not in why
    assert said(f"{arn}::AWSCURRENT:") == ("OK", "")
    assert said(f"{arn}::NEXT:") == ("NG", "it has no version that is staged NEXT")
    assert said(f"{arn}:::12345678-0000-0000-0000-000000000000")[0] == "NG"
    gone = arn.replace(":secret:db-", ":secret:other-")
    assert said(gone) == ("NG", "there is no such secret")
    ground.client("secretsmanager").delete_secret(SecretId="db")
    ground.clients = ground.fresh()
    assert said(arn) == ("NG", "it is scheduled for deletion, and cannot be read any more")


def test_a_parameter_is_found_by_its_name_and_by_its_arn_without_its_value(ground):
    ground.client("ssm").put_parameter(Name="/api/key", Value="hunter2", Type="SecureString")
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/api/key"
    secrets = [{"name": "A", "valueFrom": "/api/key"}, {"name": "B", "valueFrom": arn}]
    logs = {"logDriver": "splunk", "secretOptions": [{"name": "token", "valueFrom": "/api/none"}]}
    found = ground.checks(containerDefinitions=container(secrets=secrets, logConfiguration=logs))
    said = {name: answer.result for (what, name), answer in found.items() if what == "secret"}
    assert said == {"/api/key": Result.OK, arn: Result.OK, "/api/none": Result.NG}
    assert "hunter2" not in str(found)


def test_credentials_of_a_registry_are_kept_as_a_secret(ground):
    ground.client("secretsmanager").create_secret(Name="hub", SecretString="x")
    given = container(repositoryCredentials={"credentialsParameter": "hub"})
    assert ground.check("secret", "hub", containerDefinitions=given) == ("OK", "")
    given = container(secrets=[{"name": "A", "valueFrom": f"arn:aws:s3:{REGION}:{ACCOUNT}:x"}])
    name = f"arn:aws:s3:{REGION}:{ACCOUNT}:x"
    assert ground.check("secret", name, containerDefinitions=given)[0] == "NG"


def test_a_log_group_has_to_have_exactly_this_name_in_its_region_unless_it_is_made(ground):
    def said(**options):
        logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/api", **options}}
        return ground.check("log group", "/ecs/api", containerDefinitions=container(logConfiguration=logs))

    ground.client("logs").create_log_group(logGroupName="/ecs/api-2")
    assert said()[0] == "NG"
    ground.client("logs").create_log_group(logGroupName="/ecs/api")
    ground.clients = ground.fresh()
    assert said() == ("OK", "")
    result, why = said(**{"awslogs-region": "us-east-1"})
    assert result == "NG" and "us-east-1" in why
    assert said(**{"awslogs-region": "us-east-1", "awslogs-create-group": "true"})[0] == "OK"


def test_subnets_and_security_groups_have_to_exist_in_one_network(ground):
    ec2 = ground.client("ec2")
    one, two = (ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in (1, 2))
    here = ec2.create_subnet(VpcId=one, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    there = ec2.create_subnet(VpcId=two, CidrBlock="10.2.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=one)["GroupId"]
    far = ec2.create_security_group(GroupName="f", Description="f", VpcId=two)["GroupId"]

    def said(subnets, groups):
        network = {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": groups}}
        found = ground.checks(service={"networkConfiguration": network})
        return {name: answer.result.value for (_, name), answer in found.items()}

    assert said([here], [group]) == {here: "OK", group: "OK"}
    assert said([here, "subnet-0000"], [group]) == {here: "OK", "subnet-0000": "NG", group: "OK"}
    assert said([here, there], [group]) == {here: "NG", there: "NG", group: "OK"}
    assert said([here], [far, "sg-0000"]) == {here: "OK", far: "NG", "sg-0000": "NG"}


def test_a_target_group_has_to_take_addresses_and_to_have_a_load_balancer(ground):
    ec2, elb = ground.client("ec2"), ground.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    zones = enumerate((f"{REGION}a", f"{REGION}b"))
    made_in = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{n}.0/24", AvailabilityZone=zone) for n, zone in zones]
    subnets = [one["Subnet"]["SubnetId"] for one in made_in]

    def made(name, kind):
        asked = {"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": kind}
        return elb.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"]

    def said(arn, mode="awsvpc"):
        balancers = [{"targetGroupArn": arn, "containerName": "api", "containerPort": 80}]
        return ground.check("target group", arn, networkMode=mode, service={"loadBalancers": balancers})

    free, used, hosts = made("free", "ip"), made("used", "ip"), made("hosts", "instance")
    balancer = elb.create_load_balancer(Name="b", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    for port, arn in ((80, used), (81, hosts)):
        action = [{"Type": "forward", "TargetGroupArn": arn}]
        elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=action)
    assert said(used) == ("OK", "")
    assert said(free) == ("NG", "no load balancer sends anything to it")
    assert said(hosts) == ("NG", "its target type is instance; network mode awsvpc needs ip")
    assert said(hosts, mode="bridge") == ("OK", "")
    assert said(used.replace("/used/", "/none/")) == ("NG", "there is no such target group")


def test_a_file_of_variables_and_a_file_system_have_to_be_there(ground):
    s3, efs = ground.client("s3"), ground.client("efs")
    s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="files", Key="a/api.env", Body=b"A=1")
    system = efs.create_file_system(CreationToken="t")["FileSystemId"]
    point = efs.create_access_point(ClientToken="t", FileSystemId=system)["AccessPointId"]
    files = [{"value": f"arn:aws:s3:::files/a/{name}.env", "type": "s3"} for name in ("api", "web")]
    volumes = [
        {
            "name": "a",
            "efsVolumeConfiguration": {"fileSystemId": system, "authorizationConfig": {"accessPointId": point}},
        },
        {"name": "b", "efsVolumeConfiguration": {"fileSystemId": "fs-00000000"}},
    ]
    found = ground.checks(containerDefinitions=container(environmentFiles=files), volumes=volumes)
    said = {name: answer.result.value for (what, name), answer in found.items() if what != "image"}
    assert said == {
        "arn:aws:s3:::files/a/api.env": "OK",
        "arn:aws:s3:::files/a/web.env": "NG",
        system: "OK",
        "fs-00000000": "NG",
    }


@pytest.mark.parametrize(
    ("answer", "platform", "result"),
    [
        (Found(digest="sha256:1"), "", "OK"),
        (Found(digest="sha256:1", platforms=frozenset({"linux/amd64", "linux/arm64"})), "ARM64", "OK"),
        (Found(digest="sha256:1", platforms=frozenset({"linux/arm64"})), "", "NG"),
        (Found(digest="sha256:1", platforms=frozenset({"linux/amd64"})), "ARM64", "NG"),
        (Missing(why="there is no tag v1"), "", "NG"),
        (Unreachable(why="the registry is away"), "", "SKIP"),
        (None, "", "SKIP"),
    ],
)
def test_an_image_has_to_be_in_its_registry_for_the_platform_of_the_tasks(ground, answer, platform, result):
    image = "registry.example/api:v1"
    ground.shelf.images = {image: answer} if answer else {}
    told = {"runtimePlatform": {"cpuArchitecture": platform}} if platform else {}
    assert ground.check("image", image, containerDefinitions=container(), **told)[0] == result
    assert ground.check("image", image, containerDefinitions=container(), registries=False)[0] == "SKIP"


@pytest.mark.parametrize(
    ("operation", "code", "what", "name"),
    [
        ("iam:GetRole", "AccessDenied", "task role", TASK),
        ("iam:SimulatePrincipalPolicy", "AccessDenied", "pass role", TASK),
        ("ssm:GetParameters", "AccessDeniedException", "secret", "/a"),
        ("logs:DescribeLogGroups", "AccessDeniedException", "log group", "/g"),
        ("ec2:DescribeSubnets", "UnauthorizedOperation", "subnet", "subnet-1"),
        ("elasticloadbalancing:DescribeTargetGroups", "AccessDenied", "target group", "arn:x"),
    ],
)
def test_what_may_not_be_asked_is_skipped_and_names_the_permission(ground, operation, code, what, name):
    ground.fails(operation, code, status=403)
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/g"}}
    given = container(secrets=[{"name": "A", "valueFrom": "/a"}], logConfiguration=logs)
    service = {
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "loadBalancers": [{"targetGroupArn": "arn:x"}],
    }
    answer = ground.checks(taskRoleArn=TASK, containerDefinitions=given, service=service)[what, name]
    assert (answer.result.value, answer.why, answer.asked) == ("SKIP", f"{operation} is not allowed", True)


def test_an_account_that_is_not_ours_is_not_asked_and_that_counts_as_nobody_answering(ground):
    ground.fails("sts:AssumeRole", "AccessDenied", status=403, times=99)
    answer = ground.checks(taskRoleArn=TASK)["task role", TASK]
    assert answer.result is Result.SKIP and not answer.asked and "AssumeRole" in answer.why


def test_every_sort_of_name_has_its_check():
    assert set(CHECKS) == set(What)


def test_nothing_that_verify_asks_changes_anything(ground):
    ground.role("/tasks/", "api", TRUST)
    before = dict(ground.sandbox.desk.calls.counts)
    ground.checks(taskRoleArn=TASK, containerDefinitions=container(secrets=[{"name": "A", "valueFrom": "/a"}]))
    asked = {name for name, times in ground.sandbox.desk.calls.counts.items() if times > before.get(name, 0)}
    who = {"sts:AssumeRole", "sts:GetCallerIdentity"}
    assert asked == {*who, "iam:GetRole", "iam:SimulatePrincipalPolicy", "ssm:GetParameters"}


def test_what_several_targets_name_is_asked_for_once(ground):
    ground.checks(taskRoleArn=TASK, executionRoleArn=TASK, times=3)
    assert ground.sandbox.desk.calls.counts["iam:GetRole"] == 1
