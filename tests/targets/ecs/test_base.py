"""What is laid over a task definition that others register."""

import json

import pytest

from controller.model.packed import Packed
from controller.shaping import Native
from controller.targets.ecs.base import lay_over
from controller.targets.ecs.draft import read_draft
from controller.targets.ecs.spec import shape

BASE = {"family": "shop-api", "follow": "newest-foreign"}
IMAGES = {"api": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop-api:v1.2.3"}
THERE = {
    "family": "shop-api",
    "cpu": "256",
    "containerDefinitions": [
        {"name": "api", "image": "old", "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
        {"name": "log", "image": "fluent:1"},
    ],
}


def laid(definition=None, images=None, base=None, service=None):
    native = Native(
        definition=definition or {},
        service=service or {},
        images=IMAGES if images is None else images,
        base=base or BASE,
    )
    return shape(native)


def test_an_image_alone_is_owned_alone():
    shaped = laid()
    assert shaped.faults == ()
    assert shaped.manifest.owns == ("taskDefinition.containerDefinitions[api].image",)
    assert dict(shaped.manifest.fields) == {"taskDefinition.containerDefinitions[api].image": IMAGES["api"]}
    assert read_draft(Packed.of(shaped.draft)).base == BASE


def test_environment_is_owned_name_by_name_and_laid_over_the_rest():
    over = {"containerDefinitions": [{"name": "api", "environment": [{"name": "B", "value": 3}]}]}
    shaped = laid(over)
    assert shaped.manifest.owns == (
        "taskDefinition.containerDefinitions[api].environment[B]",
        "taskDefinition.containerDefinitions[api].image",
    )
    whole = lay_over(THERE, json.loads(shaped.shape)["taskDefinition"])
    api, log = whole["containerDefinitions"]
    assert api["environment"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]
    assert (api["image"], log["image"], whole["cpu"]) == (IMAGES["api"], "fluent:1", "256")


def test_a_container_that_the_base_does_not_have_is_named():
    with pytest.raises(LookupError, match="has no container 'apx'; it has api, log"):
        lay_over(THERE, {"containerDefinitions": [{"name": "apx", "image": "x"}]})


@pytest.mark.parametrize(
    ("definition", "base", "path", "what"),
    [
        ({"cpu": "512"}, BASE, ("taskDefinition", "cpu"), "cannot be laid over a base"),
        (
            {"containerDefinitions": [{"name": "api", "memory": 5}]},
            BASE,
            ("taskDefinition", "containerDefinitions", 0, "memory"),
            "cannot be laid over a base",
        ),
        ({}, {"family": "f"}, ("base", "follow"), "is missing: newest-foreign or running"),
        ({}, {"family": "f", "follow": "newest"}, ("base", "follow"), "'newest' is not newest-foreign or running"),
        ({}, {"follow": "running"}, ("base", "family"), "is missing"),
        ({}, {**BASE, "famly": "f"}, ("base", "famly"), "unknown field; did you mean 'family'?"),
        (
            {"containerDefinitions": [{"name": "api", "environment": [{"name": "K", "value": "AKIA" + "A" * 16}]}]},
            BASE,
            ("taskDefinition", "containerDefinitions", 0, "environment", 0, "value"),
            "is an AWS access key",
        ),
    ],
)
def test_what_is_wrong_with_a_base_or_what_lies_over_it_is_named(definition, base, path, what):
    faults = laid(definition, base=base).faults
    assert [(fault.path, what in fault.what) for fault in faults] == [(path, True)]
