"""Which revision is deployed of a release that is laid over what others own."""

import pytest

from controller.model.packed import Packed
from controller.model.release import Release
from controller.model.rollout import Purpose
from controller.targets.ecs.manifest import release_manifest, write_shape
from tests.targets.ecs.rig import definition

IMAGE = "taskDefinition.containerDefinitions[api].image"


def laid(base, version="v1.2.3"):
    """A release that owns nothing but its image."""
    body = definition(version, cpu=base, memory="2048")
    shape = Packed.of(write_shape(body, {}))
    return Release(version=version, manifest=release_manifest(body, {}, (IMAGE,)), shape=shape)


def deployed(ground, release, **more):
    revision = ground.send(release, **more).revision
    ground.tick(60)
    body = ground.aws.ecs.describe_task_definition(taskDefinition=revision)["taskDefinition"]
    return revision, body["cpu"]


@pytest.mark.parametrize("purpose", [Purpose.FORWARD, Purpose.HEAL])
def test_a_known_revision_with_an_older_base_is_not_deployed_again(ground, purpose):
    assert laid("512").digest == laid("1024").digest
    old, _ = deployed(ground, laid("512"))
    new, cpu = deployed(ground, laid("1024"), revision=old, purpose=purpose)
    assert (new != old, cpu) == (True, "1024")
    assert deployed(ground, laid("1024"), revision=old, purpose=purpose) == (new, "1024"), "it is found again"
    assert deployed(ground, laid("1024"), revision=new, purpose=purpose) == (new, "1024")


def test_what_is_gone_back_to_is_what_ran_with_the_base_that_it_ran_with(ground):
    old, _ = deployed(ground, laid("512"))
    deployed(ground, laid("1024", "v1.2.4"))
    assert deployed(ground, laid("1024"), revision=old, purpose=Purpose.BACK) == (old, "512")
