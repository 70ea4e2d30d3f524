"""Specs for the fleet: environment folders for trueup, a shape of its own for the floor, in git with a history."""

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import fleet
from benchmarks.fleet import ENVIRONMENT, FIRST_VERSION, Native

HISTORY: Final = 200
_FOLDER: Final = f"specs/{ENVIRONMENT}"
_WHO: Final = "Bench <bench@example.com>"
_BEGAN: Final = 1_700_000_000
_MINUTE: Final = 60


def environment(*, bake: str = "0s", guarded: bool = False) -> str:
    """Give environment.yaml: what holds for all targets."""
    lines = [
        "apiVersion: trueup/v1",
        "kind: Environment",
        f"metadata: {{name: {ENVIRONMENT}}}",
        "spec:",
        f'  aws: {{account: "{fleet.ACCOUNT}", region: {fleet.REGION}, roleArn: "{fleet.ROLE}"}}',
        f"  cluster: {fleet.CLUSTER}",
        "  owner: bench",
        "  defaults:",
        "    kind: ecs",
        f"    rollout: {{deadline: 20m, bake: {bake}}}",
        "    serviceDefinition:",
        "      deploymentConfiguration:",
        "        deploymentCircuitBreaker: {enable: true, rollback: true}",
        "        maximumPercent: 200",
        "        minimumHealthyPercent: 100",
    ]
    if guarded:
        lines.append("    guards: [{kind: alarms, prefix: bench-prod-}]")
    return "\n".join(lines) + "\n"


def targets(versions: Mapping[int, str]) -> str:
    """Give one file of targets, each at its version."""
    lines = ["apiVersion: trueup/v1", "kind: Targets", "targets:"]
    for index, version in versions.items():
        lines += _target(index, version)
    return "\n".join(lines) + "\n"


def _target(index: int, version: str) -> list[str]:
    name = fleet.service_name(index)
    plain = fleet.definition(index, version)
    lines = [
        f"  {name}:",
        f"    version: {version}",
        f"    service: {name}",
        f'    images: {{app: "{fleet.image(index, "app", "${version}")}"}}',
        "    taskDefinition:",
        *(f'      {key}: "{plain[key]}"' for key in ("family", "networkMode", "cpu", "memory")),
        *(f"      {key}: {plain[key]}" for key in ("executionRoleArn", "taskRoleArn")),
        "      requiresCompatibilities: [FARGATE]",
        "      containerDefinitions:",
    ]
    for container in plain["containerDefinitions"]:
        lines += _container(container)
    return lines


def _container(container: Native) -> list[str]:
    name = container["name"]
    lines = [f"        - name: {name}"]
    if name != "app":
        lines.append(f"          image: {container['image']}")
    lines += [f"          {key}: {str(container[key]).lower()}" for key in ("cpu", "memory", "essential")]
    if "portMappings" in container:
        port = container["portMappings"][0]["containerPort"]
        lines += ["          portMappings:", f"            - {{containerPort: {port}, protocol: tcp}}"]
    for key, value in (("environment", "value"), ("secrets", "valueFrom")):
        lines.append(f"          {key}:")
        lines += [f"            - {{name: {pair['name']}, {value}: {pair[value]}}}" for pair in container[key]]
    options = container["logConfiguration"]["options"]
    lines += ["          logConfiguration:", "            logDriver: awslogs", "            options:"]
    lines += [f"              {key}: {value}" for key, value in options.items()]
    return lines + _health(container.get("healthCheck"))


def _health(check: Native | None) -> list[str]:
    if check is None:
        return []
    return [
        "          healthCheck:",
        f'            command: [CMD-SHELL, "{check["command"][1]}"]',
        *(f"            {key}: {check[key]}" for key in ("interval", "timeout", "retries")),
    ]


def floor(index: int, version: str) -> str:
    """Give one release file of the floor: the same content, in the shape that suits it."""
    name, plain = fleet.service_name(index), fleet.definition(index, version)
    lines = ["kind: Release", f"service: {name}", f"version: {version}", f"cluster: {fleet.CLUSTER}"]
    lines += [f"cpu: {plain['cpu']}", f"memory: {plain['memory']}", f"executionRole: {plain['executionRoleArn']}"]
    lines += [f"taskRole: {plain['taskRoleArn']}", "containers:"]
    for container in plain["containerDefinitions"]:
        lines.append(f"  - name: {container['name']}")
        lines += [f"    {key}: {str(container[key]).lower()}" for key in ("image", "cpu", "memory", "essential")]
        lines.append(
            f"    ports: [{', '.join(str(port['containerPort']) for port in container.get('portMappings', []))}]"
        )
        for key, value in (("environment", "value"), ("secrets", "valueFrom")):
            lines.append(f"    {key}:")
            lines += [f"      {pair['name']}: {pair[value]}" for pair in container[key]]
        options = container["logConfiguration"]["options"]
        lines += ["    log:", *(f"      {key}: {value}" for key, value in options.items())]
        if "healthCheck" in container:
            check = container["healthCheck"]
            lines += ["    health:", f'      command: [CMD-SHELL, "{check["command"][1]}"]']
            lines += [f"      {key}: {check[key]}" for key in ("interval", "timeout", "retries")]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How many services there are, and how many of them share a file."""

    count: int
    per_file: int = 1
    bake: str = "0s"
    guarded: bool = False

    def path(self, index: int) -> str:
        """Name the file that a service is in."""
        return f"{_FOLDER}/{fleet.service_name(index - index % self.per_file)}.yaml"

    def file(self, index: int, versions: Mapping[int, str]) -> str:
        """Give the file that a service is in; those without a version have the first one."""
        first = index - index % self.per_file
        inside = range(first, min(first + self.per_file, self.count))
        return targets({one: versions.get(one, FIRST_VERSION) for one in inside})

    def files(self) -> dict[str, str]:
        """Give every file of the environment."""
        made = {f"{_FOLDER}/environment.yaml": environment(bake=self.bake, guarded=self.guarded)}
        for first in range(0, self.count, self.per_file):
            made[self.path(first)] = self.file(first, {})
        return made


def floor_path(index: int) -> str:
    """Name the floor's file of a service."""
    return f"specs/{fleet.service_name(index)}.yaml"


def floor_files(count: int) -> dict[str, str]:
    """Give every file of the floor."""
    return {floor_path(index): floor(index, FIRST_VERSION) for index in range(count)}


class Repository:
    """A bare repository that is written to by fast-import: no checkout, no index, whatever its size."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._commits = 0

    def create(self, files: Mapping[str, str]) -> "Repository":
        """Make the repository: some history, and then these files."""
        _run("git", "init", "--quiet", "--bare", "--initial-branch=main", str(self.folder))
        _run("git", "-C", str(self.folder), "config", "http.receivepack", "false")
        names = list(files)
        history = [{names[n % len(names)]: f"# before {n}\n{files[names[n % len(names)]]}"} for n in range(HISTORY)]
        self._import([*history, files])
        return self

    def commit(self, files: Mapping[str, str]) -> None:
        """Commit some files to main."""
        self._import([files])

    def _import(self, commits: Iterable[Mapping[str, str]]) -> None:
        parts: list[bytes] = []
        for files in commits:
            before = "from refs/heads/main^0\n" if self._commits and not parts else ""
            self._commits += 1
            said = f"Release {self._commits}"
            parts.append(
                f"commit refs/heads/main\ncommitter {_WHO} {_BEGAN + self._commits * _MINUTE} +0000\n"
                f"data {len(said)}\n{said}\n{before}".encode()
            )
            for path, text in files.items():
                content = text.encode()
                parts.append(f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n")
        _run("git", "-C", str(self.folder), "fast-import", "--quiet", "--date-format=raw", given=b"".join(parts))


def _run(*command: str, given: bytes = b"") -> None:
    subprocess.run(command, input=given, check=True, capture_output=True)
