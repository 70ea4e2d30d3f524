"""What AWS refuses, and that nothing changes then."""

import botocore.exceptions
import pytest

from tests.sandbox.rig import ACCOUNT, NETWORK, SESSION, definition

CODES = {
    "no such cluster": ("describe_services", {"cluster": "nope", "services": ["api"]}, "ClusterNotFoundException"),
    "no service named": ("describe_services", {"cluster": "prod", "services": []}, "InvalidParameterException"),
    "eleven services": (
        "describe_services",
        {"cluster": "prod", "services": [f"s{n}" for n in range(11)]},
        "InvalidParameterException",
    ),
    "update of no service": ("update_service", {"cluster": "prod", "service": "x"}, "ServiceNotFoundException"),
    "update in no cluster": ("update_service", {"cluster": "x", "service": "api"}, "ClusterNotFoundException"),
    "unknown definition": (
        "update_service",
        {"cluster": "prod", "service": "api", "taskDefinition": "unifocus-prod-api:99"},
        "ClientException",
    ),
    "revision that is no number": (
        "update_service",
        {"cluster": "prod", "service": "api", "taskDefinition": "unifocus-prod-api:new"},
        "ClientException",
    ),
    "definition of another account": (
        "update_service",
        {
            "cluster": "prod",
            "service": "api",
            "taskDefinition": "arn:aws:ecs:eu-west-1:999999999999:task-definition/unifocus-prod-api:1",
        },
        "ClientException",
    ),
    "service that is there": (
        "create_service",
        {"cluster": "prod", "serviceName": "api", "taskDefinition": "unifocus-prod-api", "desiredCount": 1},
        "InvalidParameterException",
    ),
    "service without a network": (
        "create_service",
        {"cluster": "prod", "serviceName": "web", "taskDefinition": "unifocus-prod-api", "desiredCount": 1},
        "InvalidParameterException",
    ),
    "service name with a space": (
        "create_service",
        {"cluster": "prod", "serviceName": "a b", "taskDefinition": "unifocus-prod-api", "desiredCount": 1},
        "InvalidParameterException",
    ),
    "rollback without a breaker": (
        "update_service",
        {
            "cluster": "prod",
            "service": "api",
            "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": False, "rollback": True}},
        },
        "InvalidParameterException",
    ),
    "negative desired count": (
        "update_service",
        {"cluster": "prod", "service": "api", "desiredCount": -1},
        "InvalidParameterException",
    ),
    "definition that is not there": ("describe_task_definition", {"taskDefinition": "nope"}, "ClientException"),
    "deregistering without a revision": (
        "deregister_task_definition",
        {"taskDefinition": "unifocus-prod-api"},
        "ClientException",
    ),
    "tasks of no service": ("list_tasks", {"cluster": "prod", "serviceName": "x"}, "ServiceNotFoundException"),
    "no task named": ("describe_tasks", {"cluster": "prod", "tasks": []}, "InvalidParameterException"),
    "101 tasks": ("describe_tasks", {"cluster": "prod", "tasks": ["t"] * 101}, "InvalidParameterException"),
    "deployments of no service": (
        "list_service_deployments",
        {"cluster": "prod", "service": "x"},
        "ServiceNotFoundException",
    ),
    "21 service deployments": (
        "describe_service_deployments",
        {"serviceDeploymentArns": ["a"] * 21},
        "InvalidParameterException",
    ),
    "stopping what is not there": (
        "stop_service_deployment",
        {"serviceDeploymentArn": "arn:aws:ecs:eu-west-1:111122223333:service-deployment/prod/api/x"},
        "ServiceDeploymentNotFoundException",
    ),
    "page of 101": ("list_services", {"cluster": "prod", "maxResults": 101}, "InvalidParameterException"),
    "token of somebody else": (
        "list_services",
        {"cluster": "prod", "nextToken": "zzz"},
        "InvalidParameterException",
    ),
    "tags of nothing": (
        "list_tags_for_resource",
        {"resourceArn": "arn:aws:ecs:eu-west-1:111122223333:service/prod/x"},
        "ResourceNotFoundException",
    ),
    "an operation that the sandbox lacks": ("list_account_settings", {}, "UnknownOperationException"),
}


@pytest.mark.parametrize("case", CODES)
def test_refused_with_its_code_and_nothing_changes(rig, case):
    operation, asked, code = CODES[case]
    before = (rig.service(), rig.story())
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        getattr(rig.ecs, operation)(**asked)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["Error"]["Message"]
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert (rig.service(), rig.story()) == before


def test_an_inactive_revision_is_refused_and_what_runs_it_keeps_it(rig):
    arn = rig.service()["taskDefinition"]
    rig.ecs.deregister_task_definition(taskDefinition=arn)
    with pytest.raises(rig.ecs.exceptions.ClientException, match="TaskDefinition is inactive"):
        rig.ecs.update_service(cluster="prod", service="api", taskDefinition=arn)
    with pytest.raises(rig.ecs.exceptions.ClientException):
        rig.ecs.update_service(cluster="prod", service="api", taskDefinition="unifocus-prod-api")
    rig.ecs.update_service(cluster="prod", service="api", desiredCount=3)
    rig.tick(60)
    assert rig.service()["runningCount"] == 3
    described = rig.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert described["status"] == "INACTIVE"
    assert described["deregisteredAt"]


def test_a_family_alone_means_its_newest_active_revision(rig):
    second = rig.register("v1.2.3")
    third = rig.register("v1.2.4")
    rig.ecs.deregister_task_definition(taskDefinition=third)
    described = rig.ecs.describe_task_definition(taskDefinition="unifocus-prod-api")["taskDefinition"]
    assert described["taskDefinitionArn"] == second


def test_services_that_are_not_there_are_failures_with_whole_arns(rig):
    answer = rig.ecs.describe_services(cluster="prod", services=["api", "nope"])
    assert [service["serviceName"] for service in answer["services"]] == ["api"]
    (failure,) = answer["failures"]
    assert failure == {"arn": "arn:aws:ecs:eu-west-1:111122223333:service/prod/nope", "reason": "MISSING"}


def test_tasks_and_service_deployments_that_are_not_there_are_failures(rig):
    answer = rig.ecs.describe_tasks(cluster="prod", tasks=["deadbeef"])
    assert answer["failures"][0]["reason"] == "MISSING"
    arn = "arn:aws:ecs:eu-west-1:111122223333:service-deployment/prod/api/x"
    assert rig.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["failures"][0]["arn"] == arn


def test_stopping_a_deployment_that_has_ended_is_a_conflict(rig):
    arn = rig.service()["currentServiceDeployment"]
    with pytest.raises(rig.ecs.exceptions.ConflictException, match="SUCCESSFUL"):
        rig.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    running = rig.release("v1.2.3")["currentServiceDeployment"]
    with pytest.raises(rig.ecs.exceptions.InvalidParameterException):
        rig.ecs.stop_service_deployment(serviceDeploymentArn=running, stopType="ABORT")


def test_a_refused_update_leaves_every_field_as_it_was(rig):
    before = rig.service()
    with pytest.raises(rig.ecs.exceptions.ClientException):
        rig.ecs.update_service(
            cluster="prod", service="api", taskDefinition="nope", desiredCount=9, healthCheckGracePeriodSeconds=9
        )
    assert rig.service() == before


def test_the_same_client_token_creates_a_service_once(rig):
    asked = {
        "cluster": "prod",
        "serviceName": "web",
        "taskDefinition": "unifocus-prod-api",
        "desiredCount": 1,
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        "clientToken": "abc",
    }
    first = rig.ecs.create_service(**asked)["service"]
    assert rig.ecs.create_service(**asked)["service"]["createdAt"] == first["createdAt"]
    with pytest.raises(rig.ecs.exceptions.InvalidParameterException, match="not idempotent"):
        rig.ecs.create_service(**{**asked, "clientToken": "other"})


def test_an_unsigned_request_is_refused(rig):
    unsigned = SESSION.client(
        "ecs",
        endpoint_url=rig.sandbox.endpoint_url,
        config=botocore.config.Config(signature_version=botocore.UNSIGNED),
    )
    with pytest.raises(botocore.exceptions.ClientError, match="MissingAuthenticationToken"):
        unsigned.list_clusters()
    unsigned.close()


def test_a_body_that_is_no_json_object_is_refused(rig):
    reply = rig.sandbox.desk.serve("DescribeServices", "111122223333", "eu-west-1", b"[1")
    assert (reply.status, b"SerializationException" in reply.body) == (400, True)


def with_container(**more):
    container = {"name": "api", "image": "registry.example/api:v1", **more}
    return {"containerDefinitions": [{key: value for key, value in container.items() if value is not None}]}


WAITS = [{"containerName": "db", "condition": "START"}]
SECRETS = [{"name": "KEY", "valueFrom": "key"}]
AWSLOGS = {"logDriver": "awslogs", "options": {"awslogs-group": "api", "awslogs-region": "eu-west-1"}}
INSIDE = {"interval": (5, 300), "timeout": (2, 60), "retries": (1, 10), "startPeriod": (0, 300)}
OUTSIDE = {key: (least - 1, most + 1) for key, (least, most) in INSIDE.items()}
BAD_DEFINITIONS = {
    "family with a dot": ({"family": "a.b"}, "Family"),
    "family of 256": ({"family": "a" * 256}, "Family"),
    "no container": ({"containerDefinitions": []}, "cannot be empty"),
    "container without a name": (with_container(name=None), "Container.name should not be null or empty"),
    "container without an image": (with_container(image=None), "Container.image should not be null or empty"),
    "two of one name": (
        {"containerDefinitions": [{"name": "a", "image": "x"}, {"name": "a", "image": "y"}]},
        "should be unique",
    ),
    "eleven containers": (
        {"containerDefinitions": [{"name": f"c{n}", "image": "x"} for n in range(11)]},
        "Too many containers",
    ),
    "nothing essential": (with_container(essential=False), "essential"),
    "memory that Fargate has not": ({"memory": "4096"}, "No Fargate configuration exists for given values"),
    "cpu that Fargate has not": ({"cpu": "300"}, "No Fargate configuration exists for given values"),
    "memory between two steps": ({"cpu": "1024", "memory": "2500"}, "No Fargate configuration exists"),
    "Fargate without cpu": ({"cpu": ""}, "'cpu' and 'memory' be defined at the task level"),
    "bridge on Fargate": ({"networkMode": "bridge"}, "only supports network mode 'awsvpc'"),
    "cpu that is no number": ({"cpu": "much"}, "Invalid 'cpu' setting"),
    "container larger than the task": (with_container(memory=1024), "more memory than the task"),
    "another host port": (
        with_container(portMappings=[{"containerPort": 80, "hostPort": 81}]),
        "host ports and container ports in port mappings must match",
    ),
    "mount of no volume": (
        with_container(mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}]),
        "Unknown volume 'v'",
    ),
    "secrets without a role to fetch them": (
        with_container(secrets=SECRETS),
        "you must also specify a value for 'executionRoleArn'",
    ),
    "secrets without a role on EC2": (
        {"requiresCompatibilities": ["EC2"], **with_container(secrets=SECRETS)},
        "you must also specify a value for 'executionRoleArn'",
    ),
    "awslogs without a role on Fargate": (
        with_container(logConfiguration=AWSLOGS),
        "execution role ARN to support log driver awslogs",
    ),
    "a dependency on nobody": (with_container(dependsOn=WAITS), "'db' because"),
    "a dependency on nobody on EC2": (
        {"requiresCompatibilities": ["EC2"], **with_container(dependsOn=WAITS)},
        "because it does not exist",
    ),
    "privileged on Fargate": (with_container(privileged=True), "do not support privileged"),
    **{
        f"a health check with {key} {value}": (
            with_container(healthCheck={"command": ["CMD", "true"], key: value}),
            f"'{key}' must be between",
        )
        for key, values in OUTSIDE.items()
        for value in values
    },
    "no memory anywhere": (
        {"requiresCompatibilities": ["EC2"], "networkMode": "bridge", "memory": ""},
        "At least one of 'memory' or 'memoryReservation'",
    ),
}


@pytest.mark.parametrize("case", BAD_DEFINITIONS)
def test_a_definition_that_aws_refuses_is_not_registered(rig, case):
    given, sentence = BAD_DEFINITIONS[case]
    with pytest.raises(rig.ecs.exceptions.ClientException, match=sentence):
        rig.ecs.register_task_definition(**{**definition(), **given})
    listed = rig.ecs.list_task_definitions(familyPrefix="unifocus-prod-api")["taskDefinitionArns"]
    assert [arn.rsplit(":", 1)[1] for arn in listed] == ["1"]


ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/execution"
ON_EC2 = {"requiresCompatibilities": ["EC2"]}
GOOD_DEFINITIONS = {
    "secrets with a role": {"executionRoleArn": ROLE_ARN, **with_container(secrets=SECRETS)},
    "no secrets": with_container(secrets=[]),
    "awslogs with a role": {"executionRoleArn": ROLE_ARN, **with_container(logConfiguration=AWSLOGS)},
    "awslogs without a role on EC2": {**ON_EC2, **with_container(logConfiguration=AWSLOGS)},
    "privileged on EC2": {**ON_EC2, **with_container(privileged=True)},
    "not privileged on Fargate": with_container(privileged=False),
    **{
        f"a health check at bound {place} of each": with_container(
            healthCheck={"command": ["CMD", "true"], **{key: bounds[place] for key, bounds in INSIDE.items()}}
        )
        for place in (0, 1)
    },
}


@pytest.mark.parametrize("case", GOOD_DEFINITIONS)
def test_a_definition_at_the_edge_of_what_aws_takes_is_registered(rig, case):
    made = rig.ecs.register_task_definition(**{**definition(), **GOOD_DEFINITIONS[case]})
    assert made["taskDefinition"]["revision"] == 2


@pytest.mark.parametrize(
    "tags", [[{"key": f"k{n}", "value": ""} for n in range(51)], [{"key": "aws:x", "value": "y"}]]
)
def test_tags_that_aws_refuses_register_nothing(rig, tags):
    with pytest.raises(rig.ecs.exceptions.InvalidParameterException):
        rig.register("v9", tags=tags)
    assert len(rig.ecs.list_task_definitions()["taskDefinitionArns"]) == 1
