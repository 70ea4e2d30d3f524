"""What a spec looks up is in the release before anything is decided; one that cannot be had holds its target."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from controller.model.desired import DesiredTarget
from controller.model.lookups import Lookup
from controller.model.names import Commit, TargetName
from controller.model.packed import Packed
from controller.model.record import Memory
from controller.model.release import Release
from controller.ports import Unfinished
from controller.probes.lookups import Lookups
from controller.shaping import Native
from controller.targets.ecs.manifest import read_shape
from controller.targets.ecs.spec import shape
from controller.targets.ecs.target import EcsTarget
from tests.targets.ecs.rig import ACCOUNT, REGION, Ground, definition, new_ground

ROLE = Lookup(kind="ssm", name="/prod/role")
SUBNETS = Lookup(kind="ssm", name="/prod/subnets")
NETWORK = {"awsvpcConfiguration": {"subnets": [SUBNETS.marked], "securityGroups": ["sg-a"]}}


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with new_ground(monkeypatch) as ground:
        yield ground


def wanted(ground, commit="c1", service=None, **more):
    shaped = shape(
        Native(definition=definition("v1.2.3", **more), service=service or {}, account=ACCOUNT, region=REGION)
    )
    assert shaped.faults == ()
    release = Release(
        version="v1.2.3", manifest=shaped.manifest, shape=Packed.of(shaped.shape), commit=Commit(commit)
    )
    want = DesiredTarget(
        place=ground.place(), release=release, settings=shaped.settings, draft=Packed.of(shaped.draft)
    )
    return Unfinished(target=TargetName("api"), want=want, sight=ground.sight(), memory=None)


def completing(ground):
    return EcsTarget(ground.clients, lookups=Lookups(ground.clients.of_place))


def remembering(one, looked):
    return replace(one, memory=Memory(looked=looked))


def complete(target, one, ground):
    return target.complete([one], ground.now())[one.target]


def put(ground, **values):
    ssm = ground.aws.client("ssm")
    for name, value in values.items():
        ssm.put_parameter(
            Name=f"/prod/{name}", Value=value, Type="StringList" if "," in value else "String", Overwrite=True
        )


def test_values_are_in_the_release_as_if_they_had_been_written_there(ground):
    put(ground, role="task", subnets="subnet-b,subnet-a")
    one = wanted(ground, taskRoleArn=ROLE.marked, service={"networkConfiguration": NETWORK})
    done = complete(completing(ground), one, ground)
    assert done.unread == ""
    written = wanted(
        ground,
        taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/task",
        service={
            "networkConfiguration": {
                "awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-a"]}
            }
        },
    )
    assert done.release.manifest == written.want.release.manifest
    assert read_shape(str(done.release.shape))[0]["taskRoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/task"


def test_a_value_is_read_once_a_commit(ground):
    put(ground, role="one")
    target = completing(ground)
    first = complete(target, wanted(ground, taskRoleArn=ROLE.marked), ground)
    put(ground, role="two")
    again = complete(target, wanted(ground, taskRoleArn=ROLE.marked), ground)
    assert again.release.manifest == first.release.manifest
    assert ground.made("GetParameters") == 1
    later = complete(target, wanted(ground, "c2", taskRoleArn=ROLE.marked), ground)
    assert read_shape(str(later.release.shape))[0]["taskRoleArn"].endswith(":role/two")


def test_one_that_cannot_be_had_leaves_its_target_unread_and_is_asked_for_again(ground):
    target, one = completing(ground), wanted(ground, taskRoleArn=ROLE.marked)
    assert complete(target, one, ground).unread == "${ssm:/prod/role}: there is no parameter /prod/role"
    put(ground, role="task")
    assert complete(target, one, ground).unread == ""


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("a,b", "${ssm:/prod/role} is a list: it can only be the only item of a list"),
        ("two\nlines", "the value holds a line break"),
        ("AKIA" + "A" * 16, "'TOKEN' is an AWS access key: keep it in a secret"),
    ],
)
def test_a_value_that_does_not_fit_is_said(ground, value, why):
    put(ground, role=value)
    container = {
        **definition()["containerDefinitions"][0],
        "environment": [{"name": "TOKEN", "value": ROLE.marked}],
    }
    done = complete(completing(ground), wanted(ground, containerDefinitions=[container]), ground)
    assert why in done.unread
    assert value not in done.unread


def test_a_value_that_looks_like_a_look_up_is_only_a_text(ground):
    put(ground, role="${ssm:/prod/subnets} ${version}")
    container = {**definition()["containerDefinitions"][0], "command": [ROLE.marked]}
    done = complete(completing(ground), wanted(ground, containerDefinitions=[container]), ground)
    assert done.unread == ""
    command = read_shape(str(done.release.shape))[0]["containerDefinitions"][0]["command"]
    assert command == ["${ssm:/prod/subnets} ${version}"]
    assert ground.made("GetParameters") == 1


def role_of(done):
    assert done.unread == ""
    return read_shape(str(done.release.shape))[0]["taskRoleArn"].rpartition("/")[2]


def test_after_a_restart_the_record_says_what_was_looked_up_for_a_commit(ground):
    put(ground, role="one", subnets="subnet-b,subnet-a")
    one = wanted(ground, taskRoleArn=ROLE.marked, service={"networkConfiguration": NETWORK})
    first = complete(completing(ground), one, ground)
    put(ground, role="two", subnets="subnet-c,subnet-d")
    again = complete(completing(ground), remembering(one, first.looked), ground)
    assert (again.release.manifest, again.looked) == (first.release.manifest, first.looked)
    assert ground.made("GetParameters") == 1


def test_it_is_so_too_for_what_is_no_part_of_the_release_and_for_a_rule_that_passes_over(ground):
    put(ground, role="one")
    one = wanted(ground, service={"tags": [{"key": "net", "value": ROLE.marked}]})
    first = complete(completing(ground), one, ground)
    put(ground, role="two")
    again = complete(completing(ground), remembering(one, first.looked), ground)
    assert again.settings.manifest.get("service.tags[net]") == "one"


def test_another_commit_looks_up_anew_whatever_is_remembered(ground):
    put(ground, role="one")
    first = complete(completing(ground), wanted(ground, taskRoleArn=ROLE.marked), ground)
    put(ground, role="two")
    later = wanted(ground, "c2", taskRoleArn=ROLE.marked)
    done = complete(completing(ground), remembering(later, first.looked), ground)
    assert (role_of(first), role_of(done), done.looked.commit) == ("one", "two", "c2")


def test_another_value_is_another_content_that_was_asked_for(ground):
    put(ground, role="one")
    first = complete(completing(ground), wanted(ground, taskRoleArn=ROLE.marked), ground)
    put(ground, role="two")
    other = complete(completing(ground), wanted(ground, "c2", taskRoleArn=ROLE.marked), ground)
    same = complete(completing(ground), wanted(ground, "c3", taskRoleArn=ROLE.marked), ground)
    assert first.release.asked != other.release.asked == same.release.asked


class Shelf:
    """Where look-ups are found, all of them as the same value."""

    def __init__(self, value):
        self.value, self.asked = value, 0

    def find(self, asked):
        self.asked += 1
        return dict.fromkeys(asked, self.value)


def test_an_empty_value_is_said_and_may_be_mended_without_a_commit(ground):
    shelf = Shelf("")
    target, one = EcsTarget(ground.clients, lookups=shelf), wanted(ground, taskRoleArn=ROLE.marked)
    for _ in range(2):
        assert complete(target, one, ground).unread == "${ssm:/prod/role} is empty"
    shelf.value = "task"
    assert role_of(complete(target, one, ground)) == "task"


def test_nothing_is_looked_up_for_what_looks_up_nothing(ground):
    shelf = Shelf("x")
    done = complete(EcsTarget(ground.clients, lookups=shelf), wanted(ground), ground)
    assert (done.unread, done.looked, shelf.asked) == ("", None, 0)
