"""Task definitions: what AWS adds, how they are listed, and tags."""

from itertools import pairwise

import pytest

from tests.sandbox.rig import definition


def registered(rig, **given):
    return rig.ecs.register_task_definition(**{**definition(), **given})["taskDefinition"]


def test_aws_fills_in_its_defaults(rig):
    checked = {"command": ["CMD-SHELL", "true"], "timeout": 7}
    container = {
        "name": "api",
        "image": "registry.example/api:v1",
        "portMappings": [{"containerPort": 8080}],
        "healthCheck": checked,
    }
    body = registered(rig, containerDefinitions=[container])
    (filled,) = body["containerDefinitions"]
    assert filled["cpu"] == 0
    assert filled["essential"] is True
    assert filled["portMappings"] == [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]
    assert [filled[key] for key in ("environment", "mountPoints", "volumesFrom", "systemControls")] == [
        [],
        [],
        [],
        [],
    ]
    assert filled["healthCheck"] == {**checked, "interval": 30, "retries": 3}
    assert (body["volumes"], body["placementConstraints"]) == ([], [])
    assert (body["status"], body["revision"], body["compatibilities"]) == ("ACTIVE", 2, ["EC2", "FARGATE"])
    assert body["registeredAt"].timestamp() == pytest.approx(rig.sandbox.clock.now(), abs=0.01)
    assert {"name": "ecs.capability.task-eni"} in body["requiresAttributes"]


def test_on_a_bridge_the_host_port_is_dynamic_and_the_mode_is_the_default(rig):
    container = {"name": "api", "image": "x:v1", "memory": 64, "portMappings": [{"containerPort": 80}]}
    body = rig.ecs.register_task_definition(family="legacy", containerDefinitions=[container])["taskDefinition"]
    assert (body["networkMode"], body["compatibilities"]) == ("bridge", ["EC2"])
    assert body["containerDefinitions"][0]["portMappings"][0]["hostPort"] == 0
    assert "requiresCompatibilities" not in body


@pytest.mark.parametrize(
    ("cpu", "memory", "stored"),
    [("1 vCPU", "2 GB", ("1024", "2048")), (".5 vcpu", "1GB", ("512", "1024")), ("256", "512", ("256", "512"))],
)
def test_sizes_are_converted_to_cpu_units_and_mebibytes(rig, cpu, memory, stored):
    body = registered(rig, cpu=cpu, memory=memory)
    assert (body["cpu"], body["memory"]) == stored


def test_volumes_and_roles_are_completed(rig):
    body = registered(
        rig,
        taskRoleArn="app",
        volumes=[{"name": "scratch"}, {"name": "shared", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
    )
    assert body["taskRoleArn"] == "arn:aws:iam::111122223333:role/app"
    assert body["volumes"][0] == {"name": "scratch", "host": {}}
    assert body["volumes"][1]["efsVolumeConfiguration"]["rootDirectory"] == "/"


def test_registering_the_same_twice_makes_two_revisions(rig):
    assert [registered(rig)["revision"] for _ in range(2)] == [2, 3]


def test_tags_are_beside_the_definition_and_only_when_asked_for(rig):
    tags = [{"key": "trueup:digest", "value": "abc"}]
    arn = rig.register("v1.2.3", tags=tags)
    assert "tags" not in rig.ecs.describe_task_definition(taskDefinition=arn)
    assert rig.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])["tags"] == tags
    seeded = rig.ecs.describe_task_definition(taskDefinition="unifocus-prod-api:1", include=["TAGS"])
    assert seeded["tags"] == []


def test_services_have_tags_only_when_asked_for(rig):
    arn = rig.service()["serviceArn"]
    rig.ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "core"}, {"key": "tier", "value": "1"}])
    rig.ecs.untag_resource(resourceArn=arn, tagKeys=["tier"])
    assert "tags" not in rig.service()
    (service,) = rig.ecs.describe_services(cluster="prod", services=["api"], include=["TAGS"])["services"]
    assert service["tags"] == [{"key": "team", "value": "core"}]
    assert rig.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == service["tags"]


def test_definitions_are_listed_by_revision_number_both_ways_and_by_page(rig):
    for patch in range(12):
        rig.register(f"v2.0.{patch}")
    listed = rig.ecs.list_task_definitions(familyPrefix="unifocus-prod-api", sort="DESC", maxResults=5)
    revisions = [int(arn.rsplit(":", 1)[1]) for arn in listed["taskDefinitionArns"]]
    assert revisions == [13, 12, 11, 10, 9]
    pages = rig.ecs.get_paginator("list_task_definitions").paginate(PaginationConfig={"PageSize": 5})
    sizes, numbers = [], []
    for page in pages:
        sizes.append(len(page["taskDefinitionArns"]))
        numbers += [int(arn.rsplit(":", 1)[1]) for arn in page["taskDefinitionArns"]]
    assert sizes == [5, 5, 3]
    assert all(one < other for one, other in pairwise(numbers))


def test_a_family_prefix_names_one_family_in_lists_of_revisions_and_a_beginning_in_lists_of_families(rig):
    registered(rig, family="unifocus-prod-api-worker")
    of_family = rig.ecs.list_task_definitions(familyPrefix="unifocus-prod-api")["taskDefinitionArns"]
    assert len(of_family) == 1
    families = rig.ecs.list_task_definition_families(familyPrefix="unifocus")["families"]
    assert families == ["unifocus-prod-api", "unifocus-prod-api-worker"]


def test_inactive_revisions_are_listed_apart_and_may_be_deleted(rig):
    arn = rig.register("v1.2.3")
    refused = rig.ecs.delete_task_definitions(taskDefinitions=[arn])
    assert (refused["taskDefinitions"], len(refused["failures"])) == ([], 1)
    rig.ecs.deregister_task_definition(taskDefinition=arn)
    assert rig.ecs.list_task_definitions(status="INACTIVE")["taskDefinitionArns"] == [arn]
    deleted = rig.ecs.delete_task_definitions(taskDefinitions=[arn])["taskDefinitions"]
    assert deleted[0]["status"] == "DELETE_IN_PROGRESS"
    assert rig.register("v1.2.4").endswith(":3")
