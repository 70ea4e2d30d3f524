"""The demos' eye on AWS: what it says is the proof, whatever the controller says."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Final
from urllib.request import Request, urlopen

from controller.sandbox.cast import Failed

_PATIENCE: Final = 20.0  # seconds for one look


class Eye:
    """Reads ECS as anybody would, with the SDK and the account's role: what it says is the proof."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._clients: dict[tuple[str, str], Any] = {}

    def running(self, account: str, cluster: str, service: str) -> tuple[str, str, bool]:
        """Give the image tag of what is PRIMARY, its rollout state, and whether all its tasks run."""
        with _looking_at(service):
            ecs = self.client(account)
            found, primary = _primary_of(ecs, cluster, service)
            tag = self._tag(_image_of(ecs, primary))
        whole = primary["runningCount"] == found["desiredCount"] and len(found["deployments"]) == 1
        return tag, str(primary.get("rolloutState", "")), whole

    def digest(self, account: str, cluster: str, service: str) -> str:
        """Give the digest of the image that is PRIMARY; empty if it is written by tag."""
        with _looking_at(service):
            ecs = self.client(account)
            _, primary = _primary_of(ecs, cluster, service)
            return _image_of(ecs, primary).partition("@")[2]

    def _tag(self, image: str) -> str:
        """Give the tag of an image; for one that is written by digest, the tag that the digest came from."""
        _, at, digest = image.partition("@")
        if at:
            image = str(self._told("images")["origins"][digest])
        return image.rpartition(":")[2]

    def _told(self, path: str) -> dict[str, Any]:
        with urlopen(f"{self._endpoint}/sandbox/{path}", timeout=_PATIENCE) as answer:  # noqa: S310  our own loopback address
            told: dict[str, Any] = json.load(answer)
        return told

    def verdict(self, account: str, cluster: str, service: str) -> str:
        """Give the newest service deployment's status, in ECS's words."""
        with _looking_at(service):
            listed = self.client(account).list_service_deployments(cluster=cluster, service=service)
            newest = max(listed["serviceDeployments"], key=lambda one: one["createdAt"])
        return str(newest["status"])

    def calls(self, operation: str, service: str) -> int:
        """Count the changing calls of one operation that named a service, and were carried out."""
        with _looking_at(service):
            changes = self._told("calls")["changes"]
        return sum(
            one["operation"] == operation
            and one["outcome"] == "done"
            and _service_of(one["parameters"]).endswith(service)
            for one in changes
        )

    def done(self, cluster: str) -> list[str]:
        """Tell what was carried out in a cluster, in order: the commands of one-off tasks, and `UpdateService`."""
        with _looking_at(cluster):
            changes = self._told("calls")["changes"]
        mine = [one for one in changes if one["outcome"] == "done" and _cluster_of(one["parameters"]) == cluster]
        return [
            _command_of(one["parameters"]["overrides"]) if one["operation"] == "RunTask" else "UpdateService"
            for one in mine
            if one["operation"] in {"RunTask", "UpdateService"}
        ]

    def exits(self, account: str, cluster: str) -> dict[str, int | None]:
        """Give the exit code of the last one-off task of each command, of those that ECS still shows as stopped."""
        with _looking_at(cluster):
            ecs = self.client(account)
            arns = ecs.list_tasks(cluster=cluster, desiredStatus="STOPPED")["taskArns"]
            found = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        found.sort(key=lambda one: one["createdAt"])
        return {
            command: one["containers"][0].get("exitCode")
            for one in found
            if (command := _command_of(one.get("overrides", {}))) and one["lastStatus"] == "STOPPED"
        }

    def push(self, image: str, *tags: str) -> None:
        """Push an image under more tags, as the end of a build does; they stand for the same digest."""
        name = image.rpartition(":")[0]
        orders = [{"move": f"{name}:{tag}", "to": image} for tag in tags]
        asked = Request(f"{self._endpoint}/sandbox/images", json.dumps(orders).encode())  # noqa: S310  as above
        with _looking_at(image), urlopen(asked, timeout=_PATIENCE):  # noqa: S310  our own loopback address
            pass

    def close(self) -> None:
        """Let go of its connections."""
        for client in self._clients.values():
            client.close()

    def client(self, account: str, kind: str = "ecs") -> Any:  # noqa: ANN401  the SDK makes its clients at run time
        """Give a client of the SDK for one of AWS's services, as the account's role."""
        if (account, kind) not in self._clients:
            import boto3  # noqa: PLC0415  loaded only where AWS is spoken to

            make: Any = boto3.Session().client
            where = {"endpoint_url": self._endpoint, "region_name": "eu-west-1"}
            ours = {"aws_access_key_id": "demo", "aws_secret_access_key": "demo"}
            role = f"arn:aws:iam::{account}:role/trueup"
            sts = make("sts", **where, **ours)
            with closing(sts):
                lent = sts.assume_role(RoleArn=role, RoleSessionName="demo")["Credentials"]
            self._clients[account, kind] = make(
                kind,
                **where,
                aws_access_key_id=lent["AccessKeyId"],
                aws_secret_access_key=lent["SecretAccessKey"],
                aws_session_token=lent["SessionToken"],
            )
        return self._clients[account, kind]


@contextmanager
def _looking_at(service: str) -> Iterator[None]:
    """Look at ECS; whatever comes between is the demo's failure, and raised as Failed."""
    try:
        yield
    except Exception as error:
        raise Failed(f"ECS did not say how {service} is: {type(error).__name__}: {error}") from error


def _primary_of(ecs: Any, cluster: str, service: str) -> tuple[Any, Any]:  # noqa: ANN401  as above
    """Give a service, and its deployment that is PRIMARY."""
    found = ecs.describe_services(cluster=cluster, services=[service])["services"][0]
    return found, next(one for one in found["deployments"] if one["status"] == "PRIMARY")


def _image_of(ecs: Any, deployment: Mapping[str, Any]) -> str:  # noqa: ANN401  as above
    definition = ecs.describe_task_definition(taskDefinition=deployment["taskDefinition"])["taskDefinition"]
    return str(definition["containerDefinitions"][0]["image"])


def _service_of(parameters: Mapping[str, object]) -> str:
    """Find which service a call names: by itself, or in the name of a service deployment of it."""
    named = parameters.get("service") or str(parameters.get("serviceDeploymentArn", "")).rpartition("/")[0]
    return str(named)


def _command_of(overrides: Mapping[str, Any]) -> str:
    """Give the command of a one-off task; empty for a task of a service."""
    return next(
        (" ".join(one["command"]) for one in overrides.get("containerOverrides", ()) if one.get("command")), ""
    )


def _cluster_of(parameters: Mapping[str, Any]) -> str:
    return str(parameters.get("cluster", "")).rpartition("/")[2]
