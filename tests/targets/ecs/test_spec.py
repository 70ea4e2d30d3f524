"""What a spec declares becomes a release and settings, or every complaint about it at once."""

import json
import subprocess
import sys

import pytest

from controller.shaping import Native
from controller.targets.ecs.shapes import last_word
from controller.targets.ecs.spec import shape

FARGATE = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}


def definition(**more):
    return {"family": "api", "containerDefinitions": [{"name": "api", "image": "x:1"}], **more}


def faults(definition, service=None, images=None):
    shaped = shape(Native(definition=definition, service=service or {}, images=images or {}))
    assert (shaped.manifest, shaped.shape, shaped.settings) == (None, "", None)
    return {".".join(map(str, fault.path)): fault.what for fault in shaped.faults}


def shaped(definition, service=None, images=None):
    result = shape(Native(definition=definition, service=service or {}, images=images or {}))
    assert result.faults == ()
    return result


def test_the_shape_holds_what_to_register_and_the_fields_that_start_a_deployment_in_fixed_order():
    network = {"awsvpcConfiguration": {"subnets": ["b", "a"]}}
    result = shaped(
        definition(cpu=256),
        {"networkConfiguration": network, "healthCheckGracePeriodSeconds": "30"},
        {"api": "registry.example/api:v1"},
    )
    assert json.loads(result.shape) == {
        "taskDefinition": {
            "family": "api",
            "cpu": "256",
            "containerDefinitions": [{"name": "api", "image": "registry.example/api:v1"}],
        },
        "service": {"networkConfiguration": network},
    }
    assert result.shape == json.dumps(json.loads(result.shape), sort_keys=True, separators=(",", ":"))
    assert json.loads(result.settings.shape) == {"healthCheckGracePeriodSeconds": 30}
    assert result.settings.manifest.fields == (("service.healthCheckGracePeriodSeconds", 30),)


def test_nothing_declared_for_the_service_is_no_settings():
    assert shaped(definition()).settings is None


def test_values_are_brought_to_the_types_of_aws():
    container = {
        "name": "api",
        "image": "x",
        "cpu": "128",
        "essential": "true",
        "environment": [{"name": "A", "value": 1}, {"name": "B", "value": True}, {"name": "C", "value": 1.5}],
        "dockerLabels": {"team": 7},
        "portMappings": [{"containerPort": "8080"}],
        "user": None,
    }
    api = json.loads(shaped(definition(containerDefinitions=[container])).shape)["taskDefinition"]
    assert api["containerDefinitions"] == [
        {
            "name": "api",
            "image": "x",
            "cpu": 128,
            "essential": True,
            "environment": [
                {"name": "A", "value": "1"},
                {"name": "B", "value": "true"},
                {"name": "C", "value": "1.5"},
            ],
            "dockerLabels": {"team": "7"},
            "portMappings": [{"containerPort": 8080}],
        }
    ]


def test_every_complaint_comes_at_once_and_says_where():
    found = faults(
        {
            "containerDefinitions": [
                {"name": "api", "imge": "x", "cpu": "lots", "environment": [{"name": "A", "value": None}]},
                {"name": "api", "image": "y", "dependsOn": [{"containerName": "db", "condition": "START"}]},
            ],
            "cpu": [1],
            "networkMode": "awsvcp",
        },
        {"clientToken": "x", "healthCheckGracePeriodSecond": 3},
        {"apii": "z"},
    )
    assert found == {
        "images.apii": "there is no container 'apii'; did you mean 'api'?",
        "taskDefinition.family": "is missing, and AWS requires it",
        "taskDefinition.cpu": "is a list, not text",
        "taskDefinition.networkMode": "'awsvcp' is not a word that AWS knows; did you mean 'awsvpc'?",
        "taskDefinition.containerDefinitions.0.image": (
            "container 'api' has no image: give one here or under `images`"
        ),
        "taskDefinition.containerDefinitions.0.imge": "is not a field of AWS's; did you mean 'image'?",
        "taskDefinition.containerDefinitions.0.cpu": "is 'lots', not a whole number",
        "taskDefinition.containerDefinitions.0.environment.0.value": "'A' has no value",
        "taskDefinition.containerDefinitions.1.name": "'api' is the name of two containers",
        "taskDefinition.containerDefinitions.1.dependsOn.0.containerName": "there is no container 'db'",
        "serviceDefinition.clientToken": "is set by trueup itself; leave it out: each creation has its own",
        "serviceDefinition.healthCheckGracePeriodSecond": (
            "is not a field of AWS's; did you mean 'healthCheckGracePeriodSeconds'?"
        ),
    }


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("serviceName", "api", "`service`"),
        ("clientToken", "x", "trueup itself"),
        ("forceNewDeployment", True, "trueup itself"),
        ("taskDefinition", "api:1", "trueup itself"),
        ("cluster", "prod", "`cluster`"),
        ("service", "api", "`service`"),
    ],
)
def test_fields_that_may_not_be_declared_are_refused_with_a_reason(field, value, says):
    found = faults(definition(), {field: value})
    assert list(found) == [f"serviceDefinition.{field}"]
    assert says in found[f"serviceDefinition.{field}"]


@pytest.mark.parametrize(
    ("change", "where", "says"),
    [
        ({"memory": "8192"}, "memory", "'8192' does not go with cpu 256: 512 to 2048 MiB does"),
        ({"cpu": "300"}, "cpu", "'300' is not what Fargate offers: 256, 512"),
        ({"cpu": None}, "cpu", "'' is not what Fargate offers"),
        ({"memory": "0.5 TB"}, "memory", "does not go with cpu 256"),
        ({"networkMode": "bridge"}, "networkMode", "has to be awsvpc on Fargate"),
        (
            {
                "containerDefinitions": [
                    {"name": "a", "image": "x", "cpu": 200},
                    {"name": "b", "image": "x", "cpu": 200},
                ]
            },
            "cpu",
            "its containers ask for 400 units of the task's 256",
        ),
    ],
)
def test_what_fargate_does_not_offer_is_refused(change, where, says):
    found = faults(definition(**{**FARGATE, **change}))
    assert says in found[f"taskDefinition.{where}"]


@pytest.mark.parametrize("cpu", ["256", ".25 vCPU"])
@pytest.mark.parametrize("memory", ["512", "1 GB", "2GB"])
def test_what_fargate_offers_is_taken_in_either_spelling(cpu, memory):
    shaped(definition(**{**FARGATE, "cpu": cpu, "memory": memory}))


@pytest.mark.parametrize(
    ("change", "where", "says"),
    [
        ({"family": "a/b"}, "family", "is not 1 to 255 letters"),
        ({"containerDefinitions": []}, "containerDefinitions", "needs at least one container"),
        ({"containerDefinitions": {"api": {}}}, "containerDefinitions", "is a map, not a list"),
        ({"containerDefinitions": [{"image": "x"}]}, "containerDefinitions.0.name", "is missing"),
        (
            {"containerDefinitions": [{"name": "a", "image": "x", "essential": False}]},
            "containerDefinitions",
            "has no essential container",
        ),
        (
            {
                "containerDefinitions": [
                    {"name": "a", "image": "x", "secrets": [{"name": "S", "valueFrom": "a"}] * 2}
                ]
            },
            "containerDefinitions.0.secrets",
            "'S' is given twice",
        ),
        (
            {
                "containerDefinitions": [
                    {
                        "name": "a",
                        "image": "x",
                        "environment": [{"name": "S", "value": "a"}],
                        "secrets": [{"name": "S", "valueFrom": "a"}],
                    }
                ]
            },
            "containerDefinitions.0.secrets",
            "'S' is given in environment too",
        ),
        ({"tags": [{"key": "a", "value": "b"}]}, "tags", "not supported yet"),
    ],
)
def test_what_ecs_would_refuse_is_refused_before_anything_is_sent(change, where, says):
    assert says in faults(definition(**change))[f"taskDefinition.{where}"]


def test_nothing_of_aws_is_loaded_before_it_is_used():
    said = "import sys, controller.targets.ecs.target, controller.targets.ecs.spec, controller.probes.cloudwatch"
    loaded = "print([name for name in sys.modules if name.startswith(('boto', 'urllib3'))])"
    ran = subprocess.run([sys.executable, "-c", f"{said}; {loaded}"], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "[]"


def test_the_sdk_has_the_last_word():
    said = list(last_word({"family": 1, "cpus": "x"}, "RegisterTaskDefinition", ("taskDefinition",)))
    assert [fault.path for fault in said] == [("taskDefinition",)] * 3
    assert 'Missing required parameter in input: "containerDefinitions"' in [fault.what for fault in said]
    assert not list(last_word(definition(), "RegisterTaskDefinition", ()))


def test_a_deployment_that_could_never_end_is_refused():
    stuck = {"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 100}}
    assert (
        "no deployment could end"
        in faults(definition(), stuck)["serviceDefinition.deploymentConfiguration.maximumPercent"]
    )


def test_a_word_that_aws_may_add_one_day_is_let_through():
    shaped(definition(networkMode="quantum"))


def test_the_same_declared_in_other_words_is_the_same_release():
    one = shaped(definition(**FARGATE), {"platformVersion": "LATEST"})
    other = shaped(
        definition(**{**FARGATE, "cpu": ".25 vCPU", "memory": "0.5 GB"}, volumes=[]), {"platformVersion": "LATEST"}
    )
    assert one.manifest == other.manifest


def test_a_container_whose_name_is_a_list_is_a_fault_and_no_crash():
    found = shape(Native(definition={"family": "f", "containerDefinitions": [{"name": []}]}, images={"api": "i:1"}))
    assert found.faults


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_a_short_name_of_a_role_is_completed_by_the_account(region, partition):
    given = definition(taskRoleArn="task", executionRoleArn="arn:aws:iam::111122223333:role/x")
    found = shape(Native(definition=given, account="111122223333", region=region))
    made = json.loads(found.shape)["taskDefinition"]
    assert made["taskRoleArn"] == f"arn:{partition}:iam::111122223333:role/task"
    assert made["executionRoleArn"] == given["executionRoleArn"]


def test_without_an_account_a_short_name_stays_as_it_is():
    assert json.loads(shaped(definition(taskRoleArn="task")).shape)["taskDefinition"]["taskRoleArn"] == "task"


def test_a_word_is_brought_to_the_case_of_aws():
    container = {"name": "api", "image": "x:1", "portMappings": [{"containerPort": 80, "protocol": "TCP"}]}
    made = json.loads(shaped(definition(networkMode="AWSVPC", containerDefinitions=[container])).shape)
    assert made["taskDefinition"]["networkMode"] == "awsvpc"
    assert made["taskDefinition"]["containerDefinitions"][0]["portMappings"][0]["protocol"] == "tcp"


def test_a_number_of_thousands_of_digits_is_refused_like_any_other_that_is_none():
    container = {"name": "api", "image": "x:1", "memory": "9" * 5000}
    told = faults(definition(cpu="9" * 5000, containerDefinitions=[container]))
    assert told["taskDefinition.containerDefinitions.0.memory"].endswith("not a whole number")
    assert all(len(what) < 200 for what in told.values())
