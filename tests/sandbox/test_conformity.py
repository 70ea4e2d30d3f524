"""Answers have the shape that AWS's own model of ECS gives them, and no request brings the sandbox down."""

import json

import pytest
from botocore.model import ServiceModel, Shape
from hypothesis import given
from hypothesis import strategies as st

from controller.sandbox import logs, oneoff
from controller.sandbox.dispatch import OPERATIONS
from controller.sandbox.scheduler import step
from controller.sandbox.throttle import QUOTAS
from tests.sandbox.rig import ACCOUNT, NETWORK, REGION, SESSION, definition
from tests.sandbox.test_properties import Life

MODEL = ServiceModel(SESSION._session.get_service_model("ecs")._service_description, "ecs")
TYPES = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "double": (int, float),
    "timestamp": (int, float),
}


def wrong(shape: Shape, value: object, where: str) -> list[str]:
    """What in this answer AWS's model does not know, or knows of another type."""
    match shape.type_name, value:
        case "structure", dict():
            unknown = [f"{where}.{key}" for key in value if key not in shape.members]
            known = [key for key in value if key in shape.members]
            return unknown + [
                each for key in known for each in wrong(shape.members[key], value[key], f"{where}.{key}")
            ]
        case "list", list():
            return [each for item in value for each in wrong(shape.member, item, f"{where}[]")]
        case "map", dict():
            return [each for item in value.values() for each in wrong(shape.value, item, f"{where}{{}}")]
        case name, _ if name in TYPES and isinstance(value, TYPES[name]):
            return []
    return [f"{where}: {type(value).__name__}, not {shape.type_name}"]


def every_answer(life: Life) -> dict[str, list[dict]]:
    """Ask everything that can be asked of a life."""
    service = life.service()
    arn, cluster = service["currentServiceDeployment"], service["clusterArn"]
    revision = service["currentServiceRevisions"][0]["arn"]
    tasks = [task.arn for task in life.tasks()]
    asked = {
        "DescribeServices": {"services": ["api", "nope"], "include": ["TAGS"]},
        "ListServices": {},
        "ListServiceDeployments": {"service": "api"},
        "DescribeServiceDeployments": {"serviceDeploymentArns": [arn, "nope"]},
        "DescribeServiceRevisions": {"serviceRevisionArns": [revision, "nope"]},
        "DescribeTaskDefinition": {"taskDefinition": service["taskDefinition"], "include": ["TAGS"]},
        "ListTaskDefinitions": {},
        "ListTaskDefinitionFamilies": {},
        "DescribeTasks": {"tasks": [*tasks, "nope"]},
        "ListTasks": {},
        "DescribeClusters": {"clusters": [cluster, "nope"], "include": ["TAGS"]},
        "ListClusters": {},
        "ListTagsForResource": {"resourceArn": service["serviceArn"]},
    }
    return {operation: life.call(operation, **params) for operation, params in asked.items()}


def test_every_answer_has_the_members_and_types_of_the_model():
    life = Life()
    found = []
    shifting = (("wait", 60), ("strategy", "LINEAR"), ("release", "v3"), ("answer", "CONTINUE"), ("wait", 60))
    rolling = (("release", "v2"), ("wait", 12), ("release", "crash"), ("wait", 30), ("stop", None))
    for verb, value in (*rolling, *shifting):
        life.act(verb, value)
        for operation, answer in every_answer(life).items():
            assert answer is not None, operation
            found += wrong(MODEL.operation_model(operation).output_shape, answer, operation)
    changing = {
        "RegisterTaskDefinition": definition("v9", tags=[{"key": "a", "value": "b"}]),
        "UpdateService": {"service": "api", "desiredCount": 3},
        "DeregisterTaskDefinition": {"taskDefinition": "unifocus-prod-api:1"},
        "RunTask": {
            "taskDefinition": "unifocus-prod-api",
            "launchType": "FARGATE",
            "networkConfiguration": NETWORK,
            "overrides": {"containerOverrides": [{"name": "api", "command": ["true"], "cpu": 128}]},
            "tags": [{"key": "a", "value": "b"}],
        },
        "StopTask": {"task": life.tasks()[-1].arn},
        "DeleteService": {"service": "api", "force": True},
    }
    for operation, params in changing.items():
        answer = life.call(operation, **params)
        assert answer is not None, operation
        found += wrong(MODEL.operation_model(operation).output_shape, answer, operation)
    assert found == []


def test_a_one_off_task_is_told_as_the_model_has_it_at_each_step_of_its_life():
    life, found = Life(), []
    asked = {
        "taskDefinition": "unifocus-prod-api",
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        "overrides": {"containerOverrides": [{"name": "api", "command": ["exit 3"]}]},
    }
    arn = life.call("RunTask", **asked)["tasks"][0]["taskArn"]
    shape = MODEL.operation_model("DescribeTasks").output_shape
    for _ in range(30):
        life.world.clock.advance(1.0)
        oneoff.step(life.world, life.world.now())
        answer = life.call("DescribeTasks", tasks=[arn])
        found += wrong(shape, answer, "DescribeTasks")
    assert answer["tasks"][0]["lastStatus"] == "STOPPED"
    assert found == []


def test_an_answer_that_the_model_does_not_know_would_be_seen():
    shape = MODEL.operation_model("DescribeServices").output_shape
    assert wrong(shape, {"services": [{"colour": "red", "desiredCount": "2"}]}, "x") == [
        "x.services[].colour",
        "x.services[].desiredCount: str, not integer",
    ]


def test_the_lines_of_a_task_are_told_as_the_model_of_cloudwatch_logs_has_it():
    life = Life()
    driver = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/api", "awslogs-stream-prefix": "ecs"}}
    container = {"name": "api", "image": "registry.example/api:v1", "logConfiguration": driver}
    more = {"containerDefinitions": [container], "executionRoleArn": "arn:aws:iam::111122223333:role/execution"}
    life.call("RegisterTaskDefinition", **definition("v1", **more))
    asked = {"launchType": "FARGATE", "networkConfiguration": NETWORK}
    arn = life.call("RunTask", taskDefinition="unifocus-prod-api", **asked)["tasks"][0]["taskArn"]
    for _ in range(30):
        life.world.clock.advance(1.0)
        oneoff.step(life.world, life.world.now())
    stream = {"logGroupName": "/ecs/api", "logStreamName": f"ecs/api/{arn.rsplit('/', 1)[1]}"}
    reply = life.desk.logs(ACCOUNT, REGION, json.dumps(stream).encode())
    answer = json.loads(reply.body)
    assert answer["events"]
    model = ServiceModel(SESSION._session.get_service_model("logs")._service_description, "logs")
    assert wrong(model.operation_model("GetLogEvents").output_shape, answer, "GetLogEvents") == []
    for body in (b"{}", b"[]", b"{", json.dumps({**stream, "limit": 0}).encode()):
        assert life.desk.logs(ACCOUNT, REGION, body).status == 400
    assert logs.GET == "logs:GetLogEvents"


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_operation_is_one_of_aws_and_has_a_quota(operation):
    assert operation in MODEL.operation_names
    assert operation in QUOTAS


NAMES = [
    "prod",
    "api",
    "unifocus-prod-api",
    "unifocus-prod-api:1",
    "ACTIVE",
    "",
    "x:y:z",
    "arn:aws:ecs:::a/b/c/d",
    "-1",
]


def sent(shape: Shape, depth: int = 0) -> st.SearchStrategy:
    """Anything of the right type, sensible or not; rarely something else."""
    match shape.type_name:
        case "structure" if depth < 5:
            members = {key: sent(member, depth + 1) for key, member in shape.members.items()}
            return st.fixed_dictionaries({}, optional=members)
        case "list" if depth < 5:
            return st.lists(sent(shape.member, depth + 1), max_size=2)
        case "map":
            return st.dictionaries(st.sampled_from(NAMES), sent(shape.value, depth + 1), max_size=2)
        case "string":
            return st.sampled_from([*shape.enum, *NAMES] if shape.enum else NAMES)
        case "integer" | "long":
            return st.integers(-2, 300)
        case "double" | "timestamp":
            return st.floats(-2, 2e9)
        case "boolean":
            return st.booleans()
    return st.sampled_from([None, 0, "", [], {}])


@given(data=st.data(), operation=st.sampled_from(sorted(OPERATIONS)))
def test_whatever_is_sent_the_answer_is_an_answer_or_a_refusal_and_the_world_goes_on(data, operation):
    life = Life()
    shape = MODEL.operation_model(operation).input_shape
    params = data.draw(sent(shape))
    good = definition() if operation == "RegisterTaskDefinition" else {"cluster": "prod", "service": "api"}
    kept = {key: value for key, value in good.items() if key in shape.members and data.draw(st.booleans())}
    body = json.dumps({**params, **kept}).encode()
    reply = life.desk.serve(operation, ACCOUNT, REGION, body)
    answer = json.loads(reply.body)
    assert (reply.status == 200) != ("__type" in answer)
    for _ in range(3):
        life.world.clock.advance(1.0)
        for region, service in life.world.services():
            step(life.world, region, service, life.world.clock.now())
    listed = life.desk.serve("ListClusters", ACCOUNT, REGION, b"{}")
    assert listed.status == 200


def test_members_that_aws_does_not_know_are_ignored_and_types_are_checked():
    life = Life()
    made = life.call("RegisterTaskDefinition", **definition("v2", colour="red"))["taskDefinition"]
    assert "colour" not in made
    wrong_type = json.dumps({"cluster": "prod", "service": "api", "desiredCount": "3"}).encode()
    reply = life.desk.serve("UpdateService", ACCOUNT, REGION, wrong_type)
    assert json.loads(reply.body) == {
        "__type": "SerializationException",
        "message": "UpdateService.desiredCount can not be a str; it is of type integer.",
    }
    no_such_mode = json.dumps(definition("v2", networkMode="awsvpcs")).encode()
    reply = life.desk.serve("RegisterTaskDefinition", ACCOUNT, REGION, no_such_mode)
    assert json.loads(reply.body)["__type"] == "ClientException"
    assert life.service()["desiredCount"] == 2
