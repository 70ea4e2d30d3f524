"""A cluster is read whole: page after page, ten services a call, and what cannot be read is said of each."""

from dataclasses import replace

import pytest

from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.inventory import definition_of, service_names, services_of
from tests.targets.ecs.rig import Ground, a_seed

MANY = 123


@pytest.fixture
def many(ground: Ground) -> Ground:
    ground.sandbox.seed([replace(a_seed(), service=f"s-{number:03}") for number in range(MANY)])
    ground.calls.clear()
    return ground


def test_every_service_is_named_and_read_in_as_few_calls_as_there_can_be(many: Ground):
    access = many.clients.access(many.place())
    names = service_names(access, "prod")
    assert set(names) >= {f"s-{number:03}" for number in range(MANY)}
    assert list(names) == sorted(names)
    found = services_of(access, "prod", names)
    assert [name for name, service in found.items() if isinstance(service, str)] == []
    asked = [operation for operation, _ in many.calls]
    assert asked.count("ListServices") == 2
    assert asked.count("DescribeServices") == -(-len(names) // 10)
    assert set(asked) <= {"ListServices", "DescribeServices", "AssumeRole", "GetCallerIdentity"}


def test_a_service_that_is_not_there_is_said_beside_those_that_are(many: Ground):
    access = many.clients.access(many.place())
    found = services_of(access, "prod", ["s-001", "nothing"])
    assert not isinstance(found["s-001"], str)
    assert found["nothing"] == "there is no service nothing in prod"


def test_the_task_definition_is_that_of_the_revision(many: Ground):
    access = many.clients.access(many.place())
    service = services_of(access, "prod", ["s-001"])["s-001"]
    assert not isinstance(service, str)
    arn = str(service["taskDefinition"])
    assert definition_of(access, arn)["taskDefinitionArn"] == arn


def test_a_cluster_that_is_not_there_is_declined(many: Ground):
    with pytest.raises(Declined) as said:
        service_names(many.clients.access(many.place()), "nowhere")
    assert said.value.cause is Cause.NO_CLUSTER
