"""One large task definition twice: as it is declared, and as ECS answers it with all that it fills in."""

import random
from typing import Final

from benchmarks.fleet import ACCOUNT, REGION, Native, described

CONTAINERS: Final = 10
VARIABLES: Final = 25
SECRETS: Final = 5
REVISION: Final = 42
_REGISTERED: Final = 1_700_000_000.0
_NAMES: Final = ("api", "worker", "proxy", "logs", "metrics", "cache", "cron", "admin", "mesh", "tracing")


def declared() -> Native:
    """Give the definition as a spec declares it: nothing is said that AWS fills in by itself."""
    return {
        "family": "shop-prod",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "4 vCPU",
        "memory": "16 GB",
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/shop-execution",
        "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/shop-task",
        "volumes": [
            {
                "name": "shared",
                "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0", "transitEncryption": "ENABLED"},
            },
            {"name": "scratch"},
        ],
        "containerDefinitions": [_container(index, name) for index, name in enumerate(_NAMES)],
    }


def answered(definition: Native) -> Native:
    """Give a declared definition as DescribeTaskDefinition answers it: filled in, and in another order."""
    chance = random.Random(REVISION)  # noqa: S311 - an order, no secret
    said = {
        **definition,
        "cpu": "4096",
        "memory": "16384",
        "containerDefinitions": [_filled_in(one, chance) for one in definition["containerDefinitions"]],
        "volumes": [_filled_volume(one) for one in reversed(definition["volumes"])],
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "enableFaultInjection": False,
        "inferenceAccelerators": [],
    }
    return described(said, REVISION, _REGISTERED)


def _container(index: int, name: str) -> Native:
    upper = name.upper()
    kept = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop/prod/{name}"
    return {
        "name": name,
        "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop/{name}@sha256:{index:064x}",
        "cpu": 128,
        "memory": 512,
        "memoryReservation": 256,
        "essential": index < CONTAINERS // 2,
        "command": ["run", "--listen", f"0.0.0.0:{8000 + index}", "--log-format", "json"],
        "environment": [
            {"name": f"{upper}_SETTING_{number}", "value": f"https://{name}-{number}.shop.internal:8443/v1"}
            for number in range(VARIABLES)
        ],
        "secrets": [
            {"name": f"{upper}_SECRET_{number}", "valueFrom": f"{kept}-AbCdEf:key{number}::"}
            for number in range(SECRETS)
        ],
        "portMappings": [
            {"containerPort": 8000 + index, "name": f"{name}-http", "appProtocol": "http"},
            {"containerPort": 9000 + index},
        ],
        "mountPoints": [
            {"sourceVolume": "shared", "containerPath": "/var/shared", "readOnly": True},
            {"sourceVolume": "scratch", "containerPath": "/var/scratch"},
        ],
        "healthCheck": {"command": ["CMD-SHELL", f"wget -qO- http://localhost:{8000 + index}/health || exit 1"]},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": f"/ecs/shop/{name}",
                "awslogs-region": REGION,
                "awslogs-stream-prefix": name,
                "mode": "non-blocking",
            },
        },
        "dockerLabels": {f"com.example.{key}": f"{name}-{key}" for key in ("team", "service", "tier", "cost")},
        "ulimits": [{"name": "nofile", "softLimit": 65536, "hardLimit": 65536}],
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["NET_RAW", "MKNOD"]}},
        "dependsOn": [{"containerName": _NAMES[index - 1], "condition": "START"}] if index else [],
        "stopTimeout": 60,
    }


def _filled_in(container: Native, chance: random.Random) -> Native:
    """Give a container as it is answered; `described` adds the host's ports and some empty lists."""
    said = dict(container)
    for key in ("environment", "secrets", "mountPoints"):
        said[key] = chance.sample(container[key], len(container[key]))
    said["mountPoints"] = [{"readOnly": False, **one} for one in said["mountPoints"]]
    said["portMappings"] = [{"protocol": "tcp", **one} for one in reversed(container["portMappings"])]
    said["healthCheck"] = {**container["healthCheck"], "interval": 30, "timeout": 5, "retries": 3}
    said["linuxParameters"] = {
        **container["linuxParameters"],
        "capabilities": {"add": [], "drop": ["MKNOD", "NET_RAW"]},
        "devices": [],
        "tmpfs": [],
    }
    said["logConfiguration"] = {**container["logConfiguration"], "secretOptions": []}
    said["versionConsistency"] = "enabled"
    return said | {key: [] for key in ("dnsServers", "extraHosts", "links", "environmentFiles")}


def _filled_volume(volume: Native) -> Native:
    if "efsVolumeConfiguration" in volume:
        return {**volume, "efsVolumeConfiguration": {"rootDirectory": "/", **volume["efsVolumeConfiguration"]}}
    return {**volume, "host": {}}
