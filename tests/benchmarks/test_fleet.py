"""The made-up fleet is one fleet: what the specs want at first is what the stub says runs."""

import asyncio
import json

import yaml

from benchmarks import fleet, floor, specs, stub
from benchmarks.wire import Asked, Door
from controller import kinds
from controller.clock import Clock
from controller.model.names import Commit, EnvName
from controller.spec.parse import compile_environment
from controller.targets.ecs.manifest import definition_fields

COUNT = 12


def cloud(**more):
    return stub.Cloud(count=COUNT, clock=Clock(), rollout=20.0, **more)


def asked(cloud, operation, **said):
    headers = {"x-amz-target": f"AmazonEC2ContainerServiceV20141113.{operation}"}
    answer = stub.answer(cloud, Asked("/", headers, json.dumps(said).encode()))
    return answer.status, json.loads(answer.body)


def test_the_specs_of_trueup_want_what_runs():
    files = {
        path.removeprefix("specs/"): text.encode()
        for path, text in specs.Layout(count=COUNT, per_file=5).files().items()
    }
    compiled = compile_environment(
        EnvName(fleet.ENVIRONMENT), files, prefix="specs", tables=kinds.SPEC, commit=Commit("0" * 40)
    )
    assert compiled.complaints == ()
    assert len(compiled.targets) == COUNT
    _, answer = asked(cloud(), "DescribeTaskDefinition", taskDefinition="svc-00003")
    wanted = compiled.targets["svc-00003"].release.manifest
    runs = definition_fields(answer["taskDefinition"])
    assert {path: value for path, value in wanted.fields if path in runs} == runs


def test_the_floor_wants_the_same_content():
    release = floor.Release.model_validate(yaml.safe_load(specs.floor(3, fleet.FIRST_VERSION)))
    assert definition_fields(floor.definition(release)) == definition_fields(
        fleet.definition(3, fleet.FIRST_VERSION)
    )


def test_an_update_makes_a_deployment_that_completes_in_time():
    aws = cloud()
    _, made = asked(aws, "RegisterTaskDefinition", **fleet.definition(3, "v1.0.1"))
    arn = made["taskDefinition"]["taskDefinitionArn"]
    asked(aws, "UpdateService", cluster=fleet.CLUSTER, service="svc-00003", taskDefinition=arn)
    now = aws.now()
    service = aws.services["svc-00003"]
    moving, done = service.native(now + 1), service.native(now + 21)
    assert [one["status"] for one in moving["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert moving["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert [(one["taskDefinition"], one["rolloutState"]) for one in done["deployments"]] == [(arn, "COMPLETED")]
    assert service.story(service.deployments[-1], now + 21)["status"] == "SUCCESSFUL"


def test_every_call_is_counted_also_one_that_is_throttled():
    aws = cloud(throttle=True)
    statuses = [asked(aws, "RegisterTaskDefinition", **fleet.definition(1, "v1.0.1"))[0] for _ in range(22)]
    assert statuses[:20] == [200] * 20
    assert 400 in statuses[20:]
    assert aws.told.native()["operations"] == {"RegisterTaskDefinition": 22}
    assert aws.told.throttled == statuses.count(400)


def test_eleven_services_at_once_are_refused_as_aws_does():
    status, answer = asked(cloud(), "DescribeServices", services=[fleet.service_name(index) for index in range(11)])
    assert (status, answer["__type"]) == (400, "InvalidParameterException")


def test_a_request_that_comes_in_pieces_is_answered_once():
    class Wire(asyncio.Transport):
        def __init__(self):
            super().__init__()
            self.sent = b""

        def get_extra_info(self, name, default=None):
            return self

        def setsockopt(self, *option):
            pass

        def write(self, data):
            self.sent += data

    seen = []
    wire, door = Wire(), Door(lambda one: (seen.append(one), stub.Answer(200, "text/plain", b"yes"))[1])
    door.connection_made(wire)
    for piece in (b"POST / HTTP/1.1\r\nContent-Le", b"ngth: 4\r\nX-Amz-Target: a.B\r\n\r\nbo", b"dy"):
        door.data_received(piece)
    assert [(one.headers["x-amz-target"], one.body) for one in seen] == [("a.B", b"body")]
    assert wire.sent.endswith(b"\r\n\r\nyes")
