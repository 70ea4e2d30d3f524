"""Secrets that changed since tasks started are named, cheaply, and never by their values.

The embedded ECS lives a day ago: Secrets Manager and Systems Manager beside it live now.
"""

import time

import pytest

from controller.model.desired import DesiredTarget
from controller.model.names import TargetName
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.release import Release
from controller.ports import LookAt
from controller.shaping import Native
from controller.targets.ecs.rotated import changed_at
from controller.targets.ecs.spec import shape
from controller.targets.ecs.verify import Verifying
from tests.targets.ecs.rig import EXECUTION, definition, new_ground

DAY = 86400.0


@pytest.fixture
def ground(monkeypatch):
    with new_ground(monkeypatch, start=time.time() - DAY) as ground:
        yield ground


def deployed(ground, *names):
    """The service with these secrets, a while after it was deployed."""
    container = {"name": "api", "image": "registry.example/api:v1", "essential": True}
    secrets = [{"name": f"S{index}", "valueFrom": name} for index, name in enumerate(names)]
    shaped = shape(
        Native(
            definition=definition(
                containerDefinitions=[{**container, "secrets": secrets}], executionRoleArn=EXECUTION
            ),
            service={},
        )
    )
    release = Release(version="v1", manifest=shaped.manifest, shape=Packed.of(shaped.shape))
    ground.send(release)
    ground.tick(600)
    ground.forget()
    ground.calls.clear()
    return release


def secret(ground, name="db", value="hunter2"):
    return ground.aws.client("secretsmanager").create_secret(Name=name, SecretString=value)["ARN"]


def parameter(ground, name, value="hunter2"):
    ground.aws.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    return f"arn:aws:ssm:eu-west-1:111122223333:parameter/{name.removeprefix('/')}"


def test_what_changed_after_tasks_started_is_named_and_its_value_is_not(ground):
    arn = secret(ground)
    deployed(ground, f"{arn}:password::", parameter(ground, "/api/key"), "plain")
    parameter(ground, "plain")
    notes = ground.look().notes
    assert [note.split(" changed at ")[0] for note in notes] == [
        f"the secret {arn}:password::",
        "the secret arn:aws:ssm:eu-west-1:111122223333:parameter/api/key",
        "the secret plain",
    ]
    assert all("after tasks started: they have the old one" in note for note in notes) and "hunter2" not in str(
        notes
    )
    values = {"GetSecretValue", "GetParameters", "GetParameter", "BatchGetSecretValue"}
    assert not values & {operation for operation, _ in ground.calls}


def test_it_is_asked_about_once_an_hour_and_the_very_same_value_is_given(ground):
    deployed(ground, parameter(ground, "/api/key"))
    first = ground.look()
    assert ground.made("DescribeParameters") == 1 and first.notes
    assert ground.look() is first and ground.made("DescribeParameters") == 1
    ground.ahead = 3600.0 * 1.5
    assert ground.look() is first and ground.made("DescribeParameters") == 2


def test_a_restart_gives_the_new_one(ground):
    release = deployed(ground, secret(ground))
    assert ground.look().notes
    ground.tick(2 * DAY)
    ground.send(release, force=True)
    assert ground.look().notes == ()  # known at once, without being asked again
    ground.tick(600)
    ground.ahead = 3600.0 * 3
    assert ground.look().notes == ()


def test_a_fixed_version_and_what_may_not_be_asked_are_not_named(ground):
    arn = secret(ground)
    version = ground.aws.client("secretsmanager").describe_secret(SecretId=arn)["VersionIdsToStages"]
    deployed(ground, f"{arn}:::{next(iter(version))}")
    assert ground.look().notes == () and ground.made("ListSecretVersionIds") == 0
    deployed(ground, arn)
    error = {
        "operation": "secretsmanager:ListSecretVersionIds",
        "code": "AccessDeniedException",
        "message": "no",
        "status": 400,
    }
    ground.faults(errors=[{**error, "times": 9}])
    assert ground.look().notes == ()


def test_a_start_of_the_controller_asks_about_a_few_targets_at_once(ground):
    arn = secret(ground)
    deployed(ground, arn)
    wanted = [LookAt(target=TargetName(f"t{index}"), place=ground.place()) for index in range(3)]
    ground.target.look(wanted)
    assert ground.made("ListSecretVersionIds") == 1  # one service, however many targets name it


def test_the_arn_of_a_parameter_without_folders_means_either_spelling():
    asked = []

    def ask(place, service, operation, **params):
        asked.append(params["ParameterFilters"][0]["Values"])
        return {}

    place = Place(kind="ecs", account="1", region="r", cluster="c", service="s")
    for name in ("arn:aws:ssm:r:1:parameter/key", "arn:aws:ssm:r:1:parameter/a/key", "key", "/key"):
        assert changed_at(name, place, ask) == 0
    assert asked == [["/key", "key"], ["/a/key"], ["key"], ["/key", "key"]]
    assert changed_at("arn:aws:s3:::bucket/key", place, ask) == 0


def test_verify_names_it_too(ground):
    arn = secret(ground)
    release = deployed(ground, arn)
    want = DesiredTarget(place=ground.place(), release=release)
    found = {one.name: one.answer for one in Verifying(ground.clients).check(TargetName("api"), want)}
    assert found[arn].result.value == "OK"
    assert "they have the old one; trueup restart gives them the new one" in found[arn].why
