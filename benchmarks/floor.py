"""The floor: the thinnest loop that still does the work, with git's command line, pydantic and boto3.

It keeps no memory, checks nothing, waits for nothing, and forgets a release once it is sent. What costs less than
this does less than is needed; what costs twice as much has to say what for.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Literal

import boto3
import botocore.session
import yaml
from botocore.config import Config
from pydantic import BaseModel, ConfigDict, Field

from benchmarks.fleet import CLUSTER, REGION
from benchmarks.process import obey

_AT_ONCE = 10


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Health(Strict):
    command: list[str]
    interval: int = Field(ge=5, le=300)
    timeout: int = Field(ge=2, le=60)
    retries: int = Field(ge=1, le=10)


class Container(Strict):
    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,255}$")
    image: str
    cpu: int = Field(ge=0)
    memory: int = Field(ge=6)
    essential: bool = True
    ports: list[int] = []
    environment: dict[str, str] = {}
    secrets: dict[str, str] = {}
    log: dict[str, str] = {}
    health: Health | None = None


class Release(Strict):
    kind: Literal["Release"]
    service: str = Field(pattern=r"^[A-Za-z0-9_-]{1,255}$")
    version: str = Field(pattern=r"^v\d+\.\d+\.\d+$")
    cluster: str
    cpu: int
    memory: int
    execution_role: str = Field(alias="executionRole")
    task_role: str = Field(alias="taskRole")
    containers: list[Container] = Field(min_length=1)


def definition(release: Release) -> dict[str, Any]:
    """Give the task definition that a release asks for."""
    return {
        "family": release.service,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": str(release.cpu),
        "memory": str(release.memory),
        "executionRoleArn": release.execution_role,
        "taskRoleArn": release.task_role,
        "containerDefinitions": [_container(one) for one in release.containers],
    }


def _container(one: Container) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": one.name,
        "image": one.image,
        "cpu": one.cpu,
        "memory": one.memory,
        "essential": one.essential,
        "portMappings": [{"containerPort": port, "protocol": "tcp"} for port in one.ports],
        "environment": [{"name": name, "value": value} for name, value in sorted(one.environment.items())],
        "secrets": [{"name": name, "valueFrom": value} for name, value in sorted(one.secrets.items())],
        "logConfiguration": {"logDriver": "awslogs", "options": one.log},
    }
    if one.health is not None:
        made["healthCheck"] = one.health.model_dump()
    return made


def digest(definition: dict[str, Any]) -> bytes:
    """Name a task definition by its content."""
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).digest()


class Floor:
    """One process that follows one repository and one cluster."""

    def __init__(self, url: str, endpoint: str, mirror: Path, *, naive: bool) -> None:
        self._url, self._mirror = url, mirror
        session = botocore.session.get_session()
        if not naive:
            # What the AWS CLI does too: leave instants as they came instead of making dates of them.
            session.get_component("response_parser_factory").set_parser_defaults(
                timestamp_parser=lambda value: value
            )
        self._ecs = boto3.Session(botocore_session=session).client(
            "ecs", region_name=REGION, endpoint_url=endpoint, config=Config(retries={"mode": "standard"})
        )
        self._head = b""
        self._wanted: dict[str, bytes] = {}
        self._known: dict[str, bytes] = {}

    def begin(self) -> None:
        """Clone, read every spec, and take what runs for what is wanted."""
        shutil.rmtree(self._mirror, ignore_errors=True)
        subprocess.run(
            ["git", "clone", "-q", "--bare", "--single-branch", "-b", "main", self._url, str(self._mirror)],
            check=True,
        )
        self._head = self._git("rev-parse", "main").strip()
        tree = [line.split(None, 3) for line in self._git("ls-tree", "-r", "main", "--", "specs").splitlines()]
        for content in self._read([entry[2] for entry in tree]):
            release = _parse(content)
            self._wanted[release.service] = digest(definition(release))
        for service in self._services():
            self._known[service["taskDefinition"]] = self._wanted[service["serviceName"]]

    def look(self) -> dict[str, float]:
        """Look at every service once, and count those that do not run what is wanted."""
        differ = 0
        for service in self._services():
            primary = next(one for one in service["deployments"] if one["status"] == "PRIMARY")
            runs = self._known.get(primary["taskDefinition"])
            moves = primary["rolloutState"] != "COMPLETED" or primary["runningCount"] < service["desiredCount"]
            differ += runs != self._wanted[service["serviceName"]] or moves
        return {"differ": differ}

    def pull(self) -> dict[str, float]:
        """Ask git once, and send what changed to ECS."""
        ref = "refs/heads/main"
        asked = subprocess.run(["git", "ls-remote", self._url, ref], capture_output=True, check=True)
        head = asked.stdout.split()[0]
        if head == self._head:
            return {"sent": 0}
        self._git("fetch", "-q", self._url, f"+{ref}:{ref}")
        changed = self._git("diff-tree", "-r", self._head.decode(), head.decode(), "--", "specs").splitlines()
        sent = 0
        for content in self._read([line.split()[3] for line in changed]):
            sent += self._send(_parse(content))
        self._head = head
        return {"sent": sent}

    def _send(self, release: Release) -> int:
        made = definition(release)
        found = digest(made)
        if found == self._wanted.get(release.service):
            return 0
        arn = self._ecs.register_task_definition(**made)["taskDefinition"]["taskDefinitionArn"]
        self._ecs.update_service(cluster=CLUSTER, service=release.service, taskDefinition=arn)
        self._wanted[release.service] = self._known[arn] = found
        return 1

    def _services(self) -> Any:
        names = list(self._wanted)
        for start in range(0, len(names), _AT_ONCE):
            answer = self._ecs.describe_services(cluster=CLUSTER, services=names[start : start + _AT_ONCE])
            yield from answer["services"]

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        command = ["git", "-C", str(self._mirror), *arguments]
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout

    def _read(self, oids: list[bytes]) -> list[bytes]:
        out = self._git("cat-file", "--batch", "--buffer", given=b"".join(oid + b"\n" for oid in oids))
        found, at = [], 0
        for _ in oids:
            end = out.index(b"\n", at)
            size = int(out[at:end].split()[-1])
            found.append(out[end + 1 : end + 1 + size])
            at = end + 2 + size
        return found


def _parse(content: bytes) -> Release:
    return Release.model_validate(yaml.load(content, yaml.CSafeLoader))


def main() -> None:
    parser = argparse.ArgumentParser(description="The floor, told what to do on stdin")
    parser.add_argument("--repo", required=True)
    parser.add_argument("--endpoint-url", required=True)
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument(
        "--naive", action="store_true", help="boto3 as it comes, which makes a date of every instant"
    )
    options = parser.parse_args()
    floor = Floor(options.repo, options.endpoint_url, options.mirror, naive=options.naive)
    obey(floor.begin, {"look": floor.look, "pull": floor.pull})


if __name__ == "__main__":
    main()
