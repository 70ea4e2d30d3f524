"""A stand-in for ECS, STS and CloudWatch that costs little and counts everything; it runs as its own process.

It answers in realistic sizes over keep-alive HTTP/1.1 without Nagle's delay, completes rollouts by its clock, and
throttles as AWS does if it is told to. `GET /told` gives what was asked and when (on CLOCK_MONOTONIC), `POST
/forget` begins to count anew.
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from benchmarks import fleet
from benchmarks.fleet import ACCOUNT, BASE, CLUSTER, Native
from benchmarks.images import batch_get_image, digest_of
from benchmarks.life import Service
from benchmarks.wire import Answer, Asked, serve
from controller.clock import Clock, parse

# "Request throttling for the Amazon ECS API": burst and calls a second, by class of call.
_BUDGETS: Final = MappingProxyType({
    "task definition modify": (20.0, 1.0, ("RegisterTaskDefinition", "DeregisterTaskDefinition")),
    "service modify": (50.0, 5.0, ("UpdateService",)),
    "task definition read": (50.0, 20.0, ("DescribeTaskDefinition", "ListTaskDefinitions")),
    "service read": (100.0, 20.0, ("DescribeServices",)),
    "service deployment": (50.0, 20.0, ("ListServiceDeployments", "DescribeServiceDeployments")),
    "cluster resource read": (100.0, 20.0, ("ListTasks", "DescribeTasks")),
})  # fmt: skip
_CLASS: Final = {name: budget for budget, (_, _, names) in _BUDGETS.items() for name in names}
_AT_ONCE: Final = 10


class Refused(Exception):
    """An error answer of AWS's: its code and what it says."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True, kw_only=True)
class Told:
    """What was asked since we last began to count, each with its time on CLOCK_MONOTONIC."""

    calls: list[tuple[float, str]] = field(default_factory=list)
    updates: list[tuple[float, str, str]] = field(default_factory=list)
    throttled: int = 0

    def native(self) -> Native:
        operations = Counter(name for _, name in self.calls)
        return {
            "operations": dict(operations),
            "calls": self.calls,
            "updates": self.updates,
            "throttled": self.throttled,
        }


@dataclass(slots=True, kw_only=True)
class Cloud:
    """The account: its services, the definitions that were registered, and how it behaves."""

    count: int
    clock: Clock
    rollout: float
    throttle: bool = False
    services: dict[str, Service] = field(default_factory=dict)
    registered: dict[str, list[Native]] = field(default_factory=dict)
    tokens: dict[str, tuple[float, float]] = field(default_factory=dict)
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        began = self.now()
        for index in range(self.count):
            service = Service(index=index, began=began)
            self.services[service.name] = service

    def now(self) -> float:
        return self.clock.now().timestamp()

    def take(self, operation: str) -> bool:
        """Spend a token of the class that an operation belongs to."""
        budget = _CLASS.get(operation)
        if not self.throttle or budget is None:
            return True
        burst, rate, _ = _BUDGETS[budget]
        now = self.clock.elapsed()
        tokens, filled = self.tokens.get(budget, (burst, now))
        tokens = min(burst, tokens + (now - filled) * rate)
        self.tokens[budget] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1

    def service(self, wanted: str) -> Service:
        found = self.services.get(wanted.rsplit("/", 1)[-1])
        if found is None:
            raise Refused("ServiceNotFoundException", "Service not found.")
        return found


def _describe_services(cloud: Cloud, asked: Native) -> bytes:
    names = asked["services"]
    if len(names) > _AT_ONCE:
        raise Refused("InvalidParameterException", "Services cannot have more than 10 elements.")
    now = cloud.now()
    found = [cloud.services.get(name.rsplit("/", 1)[-1]) for name in names]
    missing = [
        {"arn": f"{BASE}:service/{CLUSTER}/{name}", "reason": "MISSING"}
        for name, service in zip(names, found, strict=True)
        if service is None
    ]
    parts = b",".join(service.fragment(now) for service in found if service is not None)
    return b'{"services":[' + parts + b'],"failures":' + json.dumps(missing).encode() + b"}"


def _describe_definition(cloud: Cloud, asked: Native) -> Native:
    family, _, number = asked["taskDefinition"].rsplit("/", 1)[-1].partition(":")
    made = cloud.registered.get(family, [])
    revision = int(number) if number else fleet.FIRST_REVISION + len(made)
    place = revision - fleet.FIRST_REVISION - 1
    definition = made[place] if place >= 0 else fleet.definition(fleet.index_of(family), fleet.FIRST_VERSION)
    answer: Native = {"taskDefinition": fleet.described(definition, revision, cloud.now() - 1)}
    if "TAGS" in asked.get("include", []):
        answer["tags"] = definition.get("tags", [])
    return answer


def _register(cloud: Cloud, asked: Native) -> Native:
    made = cloud.registered.setdefault(asked["family"], [])
    made.append(asked)
    described = fleet.described(asked, fleet.FIRST_REVISION + len(made), cloud.now())
    return {"taskDefinition": described, "tags": asked.get("tags", [])}


def _deregister(cloud: Cloud, asked: Native) -> Native:
    answer = _describe_definition(cloud, asked)
    answer["taskDefinition"]["status"] = "INACTIVE"
    return answer


def _list_definitions(cloud: Cloud, asked: Native) -> Native:
    family = asked["familyPrefix"]
    newest = fleet.FIRST_REVISION + len(cloud.registered.get(family, []))
    arns = [f"{BASE}:task-definition/{family}:{revision}" for revision in range(newest, 0, -1)]
    return {"taskDefinitionArns": arns[: asked.get("maxResults", 100)]}


def _update_service(cloud: Cloud, asked: Native) -> bytes:
    service = cloud.service(asked["service"])
    wanted = asked.get("taskDefinition", "")
    revision = int(wanted.rsplit(":", 1)[-1]) if wanted else service.deployments[-1].revision
    now = cloud.now()
    if asked.get("forceNewDeployment") or revision != service.deployments[-1].revision:
        service.update(revision, now, cloud.rollout)
    return b'{"service":' + service.fragment(now) + b"}"


def _list_stories(cloud: Cloud, asked: Native) -> Native:
    service, now = cloud.service(asked["service"]), cloud.now()
    told = [service.story(one, now) for one in reversed(service.deployments)]
    briefs = [{**one, "targetServiceRevisionArn": one["targetServiceRevision"]["arn"]} for one in told]
    return {"serviceDeployments": briefs[: asked.get("maxResults", 20)]}


def _describe_stories(cloud: Cloud, asked: Native) -> Native:
    found, now = [], cloud.now()
    for arn in asked["serviceDeploymentArns"]:
        _, name, number = arn.rsplit("/", 2)
        service = cloud.service(name)
        found += [service.story(one, now) for one in service.deployments if f"{one.number:x}" == number]
    return {"serviceDeployments": found, "failures": []}


def _describe_revisions(cloud: Cloud, asked: Native) -> Native:
    found = []
    for arn in asked["serviceRevisionArns"]:
        _, name, number = arn.rsplit("/", 2)
        service = cloud.service(name)
        found += [service.frozen(one) for one in service.deployments if str(one.number) == number]
    for one in found:
        one["containerImages"] = _resolved(cloud, one["taskDefinition"])
    return {"serviceRevisions": found, "failures": []}


def _resolved(cloud: Cloud, arn: str) -> list[Native]:
    """Give the digests that ECS resolved the images of a definition to."""
    described = _describe_definition(cloud, {"taskDefinition": arn})["taskDefinition"]
    return [
        {"containerName": one["name"], "image": one["image"], "imageDigest": digest_of(one["image"])}
        for one in described["containerDefinitions"]
    ]


def _list_tasks(cloud: Cloud, asked: Native) -> Native:
    if asked.get("desiredStatus") == "STOPPED":
        return {"taskArns": []}
    return {"taskArns": [task["taskArn"] for task in cloud.service(asked["serviceName"]).tasks(cloud.now())]}


def _describe_tasks(cloud: Cloud, asked: Native) -> Native:
    found, now = [], cloud.now()
    for arn in asked["tasks"]:
        service = cloud.service(fleet.service_name(int(arn.rsplit("/", 1)[-1][:8], 16)))
        found += [task for task in service.tasks(now) if task["taskArn"] == arn]
    return {"tasks": found, "failures": []}


def _list_services(cloud: Cloud, asked: Native) -> Native:
    start, size = int(asked.get("nextToken", 0)), asked.get("maxResults", 10)
    names = list(cloud.services)[start : start + size]
    more = {"nextToken": str(start + size)} if start + size < cloud.count else {}
    return {"serviceArns": [f"{BASE}:service/{CLUSTER}/{name}" for name in names], **more}


def _describe_alarms(cloud: Cloud, asked: Native) -> Native:
    """Give two alarms, both quiet, whatever was asked."""
    del cloud, asked
    alarms = [
        {
            "AlarmName": f"bench-prod-{name}",
            "AlarmArn": f"arn:aws:cloudwatch:{fleet.REGION}:{ACCOUNT}:alarm:bench-prod-{name}",
            "StateValue": "OK",
            "StateReason": "Threshold crossed: 1 datapoint was not greater than the threshold.",
            "ActionsEnabled": True,
            "MetricName": name,
            "Namespace": "AWS/ApplicationELB",
        }
        for name in ("5xx", "latency")
    ]
    return {"MetricAlarms": alarms, "CompositeAlarms": []}


_OPERATIONS: Final[dict[str, Callable[[Cloud, Native], Native | bytes]]] = {
    "DescribeServices": _describe_services,
    "DescribeTaskDefinition": _describe_definition,
    "RegisterTaskDefinition": _register,
    "DeregisterTaskDefinition": _deregister,
    "ListTaskDefinitions": _list_definitions,
    "UpdateService": _update_service,
    "ListServiceDeployments": _list_stories,
    "DescribeServiceDeployments": _describe_stories,
    "DescribeServiceRevisions": _describe_revisions,
    "ListTasks": _list_tasks,
    "DescribeTasks": _describe_tasks,
    "ListServices": _list_services,
    "DescribeAlarms": _describe_alarms,
    "BatchGetImage": batch_get_image,
}


def answer(cloud: Cloud, asked: Asked) -> Answer:
    """Answer one request of an AWS client, or one of whoever measures."""
    at = time.monotonic()
    if "x-amz-target" in asked.headers:
        return _ecs(cloud, asked, at)
    if asked.path in {"/told", "/forget"}:
        return _control(cloud, asked)
    return _sts(cloud, asked, at)


def _ecs(cloud: Cloud, asked: Asked, at: float) -> Answer:
    operation = asked.headers["x-amz-target"].rsplit(".", 1)[-1]
    cloud.told.calls.append((at, operation))
    try:
        if not cloud.take(operation):
            cloud.told.throttled += 1
            raise Refused("ThrottlingException", "Rate exceeded")  # noqa: TRY301 - every refusal is told below
        made = _OPERATIONS.get(operation)
        if made is None:
            raise Refused("UnknownOperationException", f"{operation} is not in this stub")  # noqa: TRY301 - as above
        native = json.loads(asked.body or b"{}")
        if operation == "UpdateService":
            cloud.told.updates.append((at, native["service"], native.get("taskDefinition", "")))
        body = made(cloud, native)
    except Refused as refused:
        told = {"__type": refused.code, "message": str(refused)}
        return Answer(400, "application/x-amz-json-1.1", json.dumps(told).encode())
    return Answer(200, "application/x-amz-json-1.1", body if isinstance(body, bytes) else json.dumps(body).encode())


def _sts(cloud: Cloud, asked: Asked, at: float) -> Answer:
    operation = "AssumeRole" if b"AssumeRole" in asked.body else "GetCallerIdentity"
    cloud.told.calls.append((at, operation))
    role = f"arn:aws:sts::{ACCOUNT}:assumed-role/trueup-bench/bench"
    if operation == "AssumeRole":
        inner = (
            "<Credentials><AccessKeyId>ASIABENCHBENCHBENCH1</AccessKeyId><SecretAccessKey>bench</SecretAccessKey>"
            "<SessionToken>bench</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
            f"<AssumedRoleUser><Arn>{role}</Arn><AssumedRoleId>AROABENCH:bench</AssumedRoleId></AssumedRoleUser>"
        )
    else:
        inner = f"<Arn>{role}</Arn><UserId>AROABENCH:bench</UserId><Account>{ACCOUNT}</Account>"
    text = (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>{inner}'
        f"</{operation}Result><ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></{operation}Response>"
    )
    return Answer(200, "text/xml", text.encode())


def _control(cloud: Cloud, asked: Asked) -> Answer:
    if asked.path == "/told":
        told = {**cloud.told.native(), "cpu": time.process_time()}
        return Answer(200, "application/json", json.dumps(told).encode())
    cloud.told = Told()
    return Answer(200, "application/json", b"{}")


def main() -> None:
    parser = argparse.ArgumentParser(description="ECS, STS and CloudWatch, as little of them as a benchmark needs")
    parser.add_argument("--services", type=int, default=100)
    parser.add_argument(
        "--rollout", type=float, default=20.0, help="seconds of the clock from UpdateService to done"
    )
    parser.add_argument("--clock", default="now*1", help="START*SPEED, as TRUEUP_CLOCK")
    parser.add_argument("--throttle", action="store_true", help="keep AWS's token buckets")
    options = parser.parse_args()
    cloud = Cloud(
        count=options.services,
        clock=Clock(parse(options.clock)),
        rollout=options.rollout,
        throttle=options.throttle,
    )
    asyncio.run(serve(lambda asked: answer(cloud, asked)))


if __name__ == "__main__":
    main()
