"""The embedded ECS of one test: requests can be held up on either side, and everything is read with boto3."""

import json
import threading
import urllib.request
from collections.abc import Iterable
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from controller.sandbox.door import Reply
from controller.sandbox.server import Sandbox
from tests.e2e.environments import REGION, alarm, cluster, role, service

CAREFUL = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=60)
HELD_AT_MOST = 100.0  # seconds; a test that forgets to let go must not hang


class Hold:
    """One request that waits: before it reaches AWS, or, with `after`, while its answer is on the way back."""

    def __init__(self, operation: str, *, after: bool, about: str) -> None:
        self.operation, self.after, self._about = operation, after, about.encode()
        self._arrived, self._over = threading.Event(), threading.Event()
        self._is_dropped = False

    def holds(self, operation: str, body: bytes) -> bool:
        return operation == self.operation and self._about in body

    def arrives(self, seconds: float = 60.0) -> bool:
        return self._arrived.wait(seconds)

    def let_go(self) -> None:
        self._over.set()

    def drop(self) -> None:
        """It never reaches AWS."""
        self._is_dropped = True
        self._over.set()

    def passes(self) -> bool:
        """Said by the request itself: wait, and learn whether it may go on."""
        self._arrived.set()
        self._over.wait(HELD_AT_MOST)
        return not self._is_dropped


class Cloud(Sandbox):
    """The sandbox, with a door that can be held."""

    def __init__(self, *, speed: float) -> None:
        super().__init__(speed=speed)
        self._waiting: list[Hold] = []
        self._held: list[Hold] = []
        self._guard = threading.Lock()

    def hold(self, operation: str, *, after: bool = False, about: str = "") -> Hold:
        """Hold the next request for this operation in which these words stand."""
        hold = Hold(operation, after=after, about=about)
        with self._guard:
            self._waiting.append(hold)
            self._held.append(hold)
        return hold

    def _serve(self, operation: str, access_key: str, region: str, body: bytes) -> Reply:
        with self._guard:
            hold = next((one for one in self._waiting if one.holds(operation, body)), None)
            if hold is not None:
                self._waiting.remove(hold)
        if hold is None:
            return super()._serve(operation, access_key, region, body)
        if hold.after:
            reply = super()._serve(operation, access_key, region, body)
            return reply if hold.passes() else Reply(status=500, body=b"", lost=True)
        if hold.passes():
            return super()._serve(operation, access_key, region, body)
        return Reply(status=500, body=b"", lost=True)

    def stop(self) -> None:
        for hold in self._held:
            hold.let_go()
        super().stop()

    def changes(self) -> list[dict[str, Any]]:
        """Every call that AWS was asked to change something with, in order."""
        with self.desk.world.lock:
            return list(self.desk.calls.changes)

    def failed_tasks(self) -> int:
        """How many tasks of what is PRIMARY failed, over all services; asked of the world, not through its door."""
        world = self.desk.world
        with world.lock:
            return sum(service.primary.failed for _, service in world.services())

    def asked(self, operation: str) -> int:
        """How often an operation was asked for, whatever became of it."""
        with self.desk.world.lock:
            return self.desk.calls.counts[operation]


@cache
def sdk() -> boto3.Session:
    """One session a process: reading AWS's models is most of the work of making a client."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106 - no secret


class Eye:
    """What ECS says, to anybody who asks it with boto3 and the account's role."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, name: str, place: str = "prod") -> Any:
        if (name, place) not in self._clients:
            self._clients[name, place] = self._make(name, **self._lent(place))
        return self._clients[name, place]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def service(self, target: str = "api", place: str = "prod") -> dict[str, Any]:
        names = {"cluster": cluster(place), "services": [service(target, place)]}
        return self.client("ecs", place).describe_services(**names)["services"][0]

    def tag(self, arn: str, place: str = "prod") -> str:
        """The image tag of a task definition, which is how these specs say a version."""
        found = self.client("ecs", place).describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return self.tag_of(found["containerDefinitions"][0]["image"])

    def tag_of(self, image: str) -> str:
        """The tag of an image; for one that is written by digest, the tag that the digest came from."""
        _, at, digest = image.partition("@")
        if at:
            with urllib.request.urlopen(f"{self._endpoint}/sandbox/images", timeout=10) as answer:  # noqa: S310 - our own
                image = json.load(answer)["origins"][digest]
        return image.rpartition(":")[2]

    def running(self, target: str = "api", place: str = "prod") -> str:
        """The version that runs: what is PRIMARY, complete, and all that there is; else what is going on."""
        found = self.service(target, place)
        primary, *others = found["deployments"]
        tag = self.tag(primary["taskDefinition"], place)
        whole = primary["rolloutState"] == "COMPLETED" and primary["runningCount"] == found["desiredCount"] > 0
        return tag if whole and not others else f"{tag} {primary['rolloutState']} beside {len(others)} others"

    def verdict(self, target: str = "api", place: str = "prod") -> str:
        """How ECS says that the newest service deployment goes, or went."""
        names = {"cluster": cluster(place), "service": service(target, place)}
        listed = self.client("ecs", place).list_service_deployments(**names)["serviceDeployments"]
        return max(listed, key=lambda one: one["createdAt"])["status"]

    def images_of_tasks(self, target: str = "api", place: str = "prod") -> set[str]:
        """The image tags of the tasks that run now."""
        ecs, names = self.client("ecs", place), {"cluster": cluster(place)}
        arns = ecs.list_tasks(**names, serviceName=service(target, place))["taskArns"]
        tasks = ecs.describe_tasks(**names, tasks=arns)["tasks"] if arns else []
        return {self.tag_of(container["image"]) for task in tasks for container in task["containers"]}

    def ring(self, target: str = "api", place: str = "prod", *, state: str = "ALARM") -> None:
        """Ring an alarm, or quiet it, as CloudWatch lets anybody do."""
        self.client("cloudwatch", place).set_alarm_state(
            AlarmName=alarm(target, place), StateValue=state, StateReason="the test says so"
        )

    def deploy(self, arn: str, target: str = "api", place: str = "prod", **more: Any) -> None:
        """Deploy as somebody else would, by hand."""
        names = {"cluster": cluster(place), "service": service(target, place)}
        self.client("ecs", place).update_service(**names, taskDefinition=arn, **more)

    def _make(self, name: str, **credentials: str) -> Any:
        return sdk().client(name, endpoint_url=self._endpoint, config=CAREFUL, **credentials)

    def _lent(self, place: str) -> dict[str, str]:
        sts = self._make("sts")
        lent = sts.assume_role(RoleArn=role(place), RoleSessionName="eye")["Credentials"]
        sts.close()
        return {
            "aws_access_key_id": lent["AccessKeyId"],
            "aws_secret_access_key": lent["SecretAccessKey"],
            "aws_session_token": lent["SessionToken"],
        }


def told(changes: Iterable[dict[str, Any]], eye: Eye, target: str = "api", place: str = "prod") -> list[str]:
    """The versions that a service was told to run, one for each UpdateService that AWS carried out, in order."""
    versions = []
    for change in changes:
        asked = change["parameters"]
        if change["operation"] != "UpdateService" or change["outcome"] not in {"done", "lost"}:
            continue
        if asked["service"] == service(target, place) and asked["cluster"] == cluster(place):
            named = asked.get("taskDefinition")
            versions.append(eye.tag(named, place) if named else "settings")
    return versions
