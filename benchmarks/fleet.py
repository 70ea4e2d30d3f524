"""A made-up fleet: the same services, task definitions and versions for the stub, the specs and the floor."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Native: TypeAlias = dict[str, Any]

ACCOUNT: Final = "111122223333"
REGION: Final = "eu-west-1"
CLUSTER: Final = "bench-prod-cluster"
ENVIRONMENT: Final = "prod"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/trueup-bench"
BASE: Final = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
FIRST_VERSION: Final = "v1.0.0"
FIRST_REVISION: Final = 7
DESIRED: Final = 2
EVENTS: Final = 100
_VARIABLES: Final = 15
_SECRETS: Final = 5
_SIDECARS: Final = ("proxy", "logs")
_ATTRIBUTES: Final = (
    "com.amazonaws.ecs.capability.logging-driver.awslogs",
    "ecs.capability.execution-role-awslogs",
    "com.amazonaws.ecs.capability.ecr-auth",
    "com.amazonaws.ecs.capability.docker-remote-api.1.19",
    "com.amazonaws.ecs.capability.docker-remote-api.1.29",
    "ecs.capability.secrets.ssm.environment-variables",
    "com.amazonaws.ecs.capability.task-iam-role",
    "ecs.capability.execution-role-ecr-pull",
    "ecs.capability.container-health-check",
    "ecs.capability.task-eni",
)


def service_name(index: int) -> str:
    """Name a service; the family of its task definitions and its target are called the same."""
    return f"svc-{index:05}"


def index_of(name: str) -> int:
    """Give the number in a service's or a family's name."""
    return int(name.removeprefix("svc-"))


def variables(index: int, container: str) -> dict[str, str]:
    """Give the environment of one container."""
    return {
        f"{container.upper()}_SETTING_{number}": f"{container}-{index}-{number}" for number in range(_VARIABLES)
    }


def secrets(index: int, container: str) -> dict[str, str]:
    """Give the secrets of one container: names and where they are kept, never values."""
    place = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/bench/{service_name(index)}/{container}"
    return {f"{container.upper()}_SECRET_{number}": f"{place}/{number}" for number in range(_SECRETS)}


def image(index: int, container: str, version: str) -> str:
    """Name an image: the app's follows the version, the sidecars' never move."""
    tag = version if container == "app" else "v3.2.1"
    name = service_name(index) if container == "app" else f"shared-{container}"
    return f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}:{tag}"


def containers(index: int, version: str) -> list[Native]:
    """Give the three containers of one service as RegisterTaskDefinition takes them."""
    return [_container(index, name, version) for name in ("app", *_SIDECARS)]


def definition(index: int, version: str) -> Native:
    """Give one service's input of RegisterTaskDefinition at one version."""
    return {
        "family": service_name(index),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1024",
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/bench-execution",
        "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/{service_name(index)}",
        "containerDefinitions": containers(index, version),
    }


def _container(index: int, name: str, version: str) -> Native:
    made: Native = {
        "name": name,
        "image": image(index, name, version),
        "cpu": 256 if name == "app" else 128,
        "memory": 512 if name == "app" else 256,
        "essential": name != "logs",
        "environment": _pairs(variables(index, name), "value"),
        "secrets": _pairs(secrets(index, name), "valueFrom"),
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": f"/ecs/{service_name(index)}",
                "awslogs-region": REGION,
                "awslogs-stream-prefix": name,
            },
        },
    }
    if name != "logs":
        made["portMappings"] = [{"containerPort": 8080 if name == "app" else 9901, "protocol": "tcp"}]
        made["healthCheck"] = {
            "command": ["CMD-SHELL", "wget -qO- http://localhost:8080/health || exit 1"],
            "interval": 30,
            "timeout": 5,
            "retries": 3,
        }
    return made


def _pairs(named: Mapping[str, str], key: str) -> list[Native]:
    return [{"name": name, key: value} for name, value in named.items()]


def described(definition: Native, revision: int, registered: float) -> Native:
    """Give a task definition as DescribeTaskDefinition answers it, with all that ECS adds."""
    said = {key: value for key, value in definition.items() if key != "tags"}
    said["containerDefinitions"] = [_as_answered(one) for one in definition["containerDefinitions"]]
    return {
        "volumes": [],
        "placementConstraints": [],
        **said,
        "taskDefinitionArn": f"{BASE}:task-definition/{definition['family']}:{revision}",
        "revision": revision,
        "status": "ACTIVE",
        "requiresAttributes": [{"name": name} for name in _ATTRIBUTES],
        "compatibilities": ["EC2", "FARGATE"],
        "registeredAt": registered,
        "registeredBy": f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/somebody",
    }


def _as_answered(container: Native) -> Native:
    ports = [{"hostPort": port["containerPort"], **port} for port in container.get("portMappings", [])]
    return {"mountPoints": [], "volumesFrom": [], "systemControls": [], **container, "portMappings": ports}
