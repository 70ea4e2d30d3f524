"""What a spec may say of a service beyond a release, and what it has to say to have one created."""

import json
from dataclasses import replace

import pytest

from controller.kinds import SPEC
from controller.model.desired import DesiredTarget
from controller.model.lookups import Lookup
from controller.model.names import TargetName
from controller.model.observation import Absent
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.release import Release
from controller.ports import Unfinished
from controller.shaping import Native
from controller.spec.check import validate
from controller.targets.ecs.creation import lacking
from controller.targets.ecs.lookedup import LookedUp, fill
from controller.targets.ecs.scaling import limits_of
from controller.targets.ecs.spec import shape

PLAIN = {"family": "api", "containerDefinitions": [{"name": "api", "image": "x:1"}]}
FARGATE = {
    **PLAIN,
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}
WHOLE = {"desiredCount": 2, "launchType": "FARGATE", "networkConfiguration": NETWORK}
ON_SPOT = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}


def shaped(service, definition=None, *, create=False, **more):
    return shape(Native(definition=definition or PLAIN, service=service, create=create, **more))


def faults(service, definition=None, *, create=False):
    found = shaped(service, definition, create=create).faults
    return {".".join(map(str, fault.path)).removeprefix("serviceDefinition."): fault.what for fault in found}


def without(*names):
    return {name: value for name, value in WHOLE.items() if name not in names}


@pytest.mark.parametrize(
    ("definition", "service", "where", "says"),
    [
        (FARGATE, without("desiredCount"), "desiredCount", "is missing: a new service needs one"),
        (
            FARGATE,
            without("networkConfiguration"),
            "networkConfiguration.awsvpcConfiguration.subnets",
            "is missing",
        ),
        (
            FARGATE,
            {**WHOLE, "networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}},
            "networkConfiguration.awsvpcConfiguration.subnets",
            "needs subnets",
        ),
        (FARGATE, without("launchType"), "launchType", "for FARGATE needs launchType or capacityProviderStrategy"),
        (FARGATE, {**WHOLE, "launchType": "EC2"}, "launchType", "EC2 is not among requiresCompatibilities"),
        (PLAIN, {"desiredCount": 1, "launchType": "FARGATE"}, "launchType", "networkMode awsvpc"),
        (
            PLAIN,
            {"desiredCount": 1, "networkConfiguration": NETWORK},
            "networkConfiguration",
            "this task definition has bridge",
        ),
        (PLAIN, {"desiredCount": {"managedBy": "autoscaling", "maximum": 3}}, "desiredCount", "with a minimum"),
    ],
)
def test_what_is_missing_to_create_a_service_is_named_and_only_then(definition, service, where, says):
    found = faults(service, definition, create=True)
    assert list(found) == [where]
    assert says in found[where]
    assert faults(service, definition) == {}


@pytest.mark.parametrize(
    ("definition", "service", "create"),
    [
        (FARGATE, WHOLE, {"desiredCount": 2, "launchType": "FARGATE"}),
        (FARGATE, {**without("launchType"), **ON_SPOT}, {"desiredCount": 2}),
        (PLAIN, {"desiredCount": 0}, {"desiredCount": 0}),
        (PLAIN, {"desiredCount": {"managedBy": "autoscaling", "minimum": "3"}}, {"desiredCount": 3}),
        (PLAIN, {"schedulingStrategy": "DAEMON"}, {"schedulingStrategy": "DAEMON"}),
    ],
)
def test_what_only_creation_takes_is_kept_with_the_release_and_is_none_of_its_content(definition, service, create):
    made, other = shaped(service, definition, create=True), shaped(service, definition)
    assert made.faults == ()
    assert json.loads(made.shape)["create"] == create
    assert "create" not in json.loads(other.shape)
    assert made.manifest == other.manifest


@pytest.mark.parametrize(
    ("service", "where", "says"),
    [
        ({"deploymentController": {"type": "CODE_DEPLOY"}}, "deploymentController.type", "only ECS is"),
        ({"launchType": "FARGATE", **ON_SPOT}, "launchType", "does not go with capacityProviderStrategy"),
        ({"schedulingStrategy": "DAEMON", "desiredCount": 2}, "desiredCount", "not yours to say of a DAEMON"),
        ({"launchType": "FARGAT"}, "launchType", "did you mean 'FARGATE'?"),
        ({"gatewayConnectors": [{"portName": "x"}]}, "gatewayConnectors.0.portName", "there is no port named 'x'"),
        ({"desiredCount": {"managedBy": "hpa"}}, "desiredCount.managedBy", "has to be autoscaling"),
        ({"desiredCount": {"minimum": 1}}, "desiredCount.managedBy", "has to be autoscaling"),
        (
            {"desiredCount": {"managedBy": "autoscaling", "minimun": 1}},
            "desiredCount.minimun",
            "is not one of managedBy, minimum, maximum; did you mean 'minimum'?",
        ),
        (
            {"desiredCount": {"managedBy": "autoscaling", "minimum": 3, "maximum": 2}},
            "desiredCount.minimum",
            "is more than maximum",
        ),
        (
            {"desiredCount": {"managedBy": "autoscaling", "maximum": "many"}},
            "desiredCount.maximum",
            "is not a whole number between 0 and 5000",
        ),
        ({"tags": [{"key": "aws:x", "value": "1"}]}, "tags.0.key", "'aws:x' is not yours to set"),
        ({"tags": [{"key": "trueup:digest", "value": "1"}]}, "tags.0.key", "is not yours to set"),
        ({"tags": [{"key": "a"}, {"key": "a"}]}, "tags.0.key", "'a' is given twice"),
        ({"tags": [{"key": "", "value": "1"}]}, "tags.0.key", "is not 1 to 128 characters long"),
        ({"tags": [{"key": "a", "value": "x" * 257}]}, "tags.0.value", "is longer than 256 characters"),
        ({"tags": [{"key": f"k{n}"} for n in range(51)]}, "tags", "has 51 tags; a service has at most 50"),
    ],
)
def test_what_a_service_can_not_be_is_refused_before_any_call(service, where, says):
    assert says in faults(service)[where]


def test_a_count_that_is_somebody_elses_is_no_setting_of_ours():
    both = shaped({"desiredCount": {"managedBy": "autoscaling", "minimum": 2, "maximum": 10}})
    assert (both.faults, both.settings) == ((), None)
    assert dict(both.beside.fields) == {"scaling.minimum": 2, "scaling.maximum": 10}
    assert shaped({"desiredCount": {"managedBy": "autoscaling"}}).beside is None
    assert limits_of({"minimum": True, "maximum": 1.5}) == {}


def test_a_short_name_of_a_services_role_is_completed_too():
    fixed = shaped({"role": "ecsServiceRole"}, account="111122223333", region="eu-west-1").fixed
    assert dict(fixed.manifest.fields) == {"service.role": "arn:aws:iam::111122223333:role/ecsServiceRole"}


def test_each_fixed_field_has_its_own_remedy():
    fixed = shaped({"launchType": "EC2", "deploymentController": {"type": "ECS"}}).fixed
    assert "with capacityProviderStrategy it can be changed in place" in fixed.remedy("service.launchType")
    assert "another name" in fixed.remedy("service.deploymentController.type")
    assert fixed.remedy("service.role") == ""


SPEC_OF_ONE = """\
apiVersion: trueup/v1
kind: Environment
metadata: {name: prod}
spec:
  aws: {account: "111122223333", region: eu-west-1}
  cluster: prod
  targets:
    api:
      kind: ecs
      version: v1.2.3
      service: api
      create: CREATE
      taskDefinition:
        family: api
        networkMode: awsvpc
        requiresCompatibilities: [FARGATE]
        cpu: "256"
        memory: "512"
        containerDefinitions: [{name: api, image: "x:1"}]
      serviceDefinition:
        launchType: FARGATE
"""


def complaints(folder, create):
    (folder / "prod.yaml").write_text(SPEC_OF_ONE.replace("CREATE", create), encoding="utf-8")
    return [str(one).rpartition("/")[2] for one in validate([folder], SPEC)[1]]


def test_validate_names_what_is_missing_with_file_and_line(tmp_path):
    where = "prod.yaml:21:9: targets.api.serviceDefinition"
    missing = "is missing: a new service"
    subnets = f"{where}.networkConfiguration.awsvpcConfiguration.subnets"
    assert complaints(tmp_path, "true") == [
        f"{where}.desiredCount: {missing} needs one (a number, or managedBy: autoscaling with a minimum)",
        f"{subnets}: {missing} with networkMode awsvpc needs subnets",
    ]
    assert complaints(tmp_path, "false") == []
    assert complaints(tmp_path, "maybe") == [
        "prod.yaml:12:15: targets.api.create: 'maybe' is neither true nor false"
    ]


class Shelf:
    """Where look-ups are found, all of them as the same value."""

    def __init__(self, value):
        self.value = value

    def find(self, wanted):
        return dict.fromkeys(wanted, self.value)


def completed(service, value):
    """What a spec with look-ups comes to once they are filled in."""
    made = shaped(service, FARGATE, create=True)
    assert made.faults == ()
    place = Place(kind="ecs", account="111122223333", region="eu-west-1", cluster="prod", service="api")
    want = DesiredTarget(
        place=place,
        release=Release(version="v1", manifest=made.manifest, shape=Packed.of(made.shape)),
        settings=made.settings,
        fixed=made.fixed,
        beside=made.beside,
        draft=Packed.of(made.draft),
        create=True,
    )
    looked_up = LookedUp(Shelf(value))
    one = Unfinished(target=TargetName("api"), want=want, sight=Absent(), memory=None)
    return fill(want, looked_up.resolve(one, looked_up.ask([one])))


@pytest.mark.parametrize("count", [2, {"managedBy": "autoscaling", "minimum": 2, "maximum": 9}])
def test_look_ups_in_a_service_that_is_to_be_created_are_filled_in_whole(count):
    mark = Lookup(kind="ssm", name="/net/x").marked
    service = {
        **WHOLE,
        "desiredCount": count,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": [mark]}},
        "role": f"arn:aws:iam::111122223333:role/{mark}",
        "tags": [{"key": "net", "value": mark}],
    }
    done = completed(service, "subnet-9")
    made = json.loads(str(done.release.shape))
    assert made["create"] == {
        "desiredCount": 2,
        "launchType": "FARGATE",
        "role": "arn:aws:iam::111122223333:role/subnet-9",
    }
    assert made["service"]["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == ["subnet-9"]
    assert dict(done.fixed.manifest.fields)["service.role"].endswith("/subnet-9")
    assert dict(done.settings.manifest.fields)["service.tags[net]"] == "subnet-9"
    assert mark not in str(done.release.shape) + done.settings.shape + done.fixed.shape


def test_what_a_base_comes_to_has_to_be_enough_to_create_a_service():
    want = completed(WHOLE, "x")
    assert lacking(want, FARGATE) == ""
    assert "networkConfiguration is for networkMode awsvpc" in lacking(want, PLAIN)
    assert lacking(replace(want, create=False), PLAIN) == ""
