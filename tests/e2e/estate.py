"""Sixty services as teams make them, with boto3 and nothing of ours: of every sort that the sandbox takes."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.e2e.environments import ACCOUNTS, REGION

CLUSTER = "unifocus-prod-cluster"
COUNT = 60
_ACCOUNT = ACCOUNTS["prod"]
_REGISTRY = f"{_ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
_DIGEST = "sha256:" + "ab" * 32
NETWORK = {
    "awsvpcConfiguration": {
        "subnets": ["subnet-0b", "subnet-0a"],
        "securityGroups": ["sg-2", "sg-1"],
        "assignPublicIp": "DISABLED",
    }
}
# Values that a careless writer of YAML, or of ${names}, makes something else of.
ODD = {
    "HOME_DIR": "${HOME}/data",
    "TWICE": "$${HOME}",
    "LOOKED_UP": "${ssm:/app/x}",
    "NORWAY": "no",
    "EMPTY": "",
    "ZIP": "01234",
    "FLOAT": "1e3",
    "VERSION_LIKE": "1.10",
    "COMMENT": "a # b",
    "COLON": "a: b",
    "SPACES": "  padded  ",
    "LINES": "first\nsecond\n",
    "NULLISH": "~",
    "QUOTES": "'single' and \"double\"",
    "JSON": '{"a": [1, 2], "b": null}',
    "LONG": "word " * 60,
    "MARK": "ümlaut → ✓",
    "STAR": "*",
    "AT": "@x",
}
LOGS = {
    "logDriver": "awslogs",
    "options": {
        "awslogs-group": "/x",
        "awslogs-region": REGION,
        "awslogs-stream-prefix": "x",
        "mode": "non-blocking",
    },
}


def create(ecs: Any) -> list[str]:
    """Make the cluster and all of its services; gives their names."""
    ecs.create_cluster(clusterName=CLUSTER)
    names = []
    for name, definition, service in estate():
        arn = ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
        ecs.create_service(cluster=CLUSTER, serviceName=name, taskDefinition=arn, **service)
        names.append(name)
    return names


def estate() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Give the name, the task definition and the service of each."""
    sorts = (plain, bridge, connected, shared, beside, secretive, provided, tuned, odd, frozen)
    for number in range(COUNT):
        sort = sorts[number % len(sorts)]
        definition, service = sort(number)
        yield _name(sort.__name__, number), copy.deepcopy(definition), copy.deepcopy({"desiredCount": 2, **service})


def _name(sort: str, number: int) -> str:
    special = {8: "unifocus-prod-Legacy_API", 18: "unifocus-prod-2fa", 28: f"unifocus-prod-{'long-' * 12}service"}
    return special.get(number, f"unifocus-prod-{sort}-{number}-service")


def _fargate(number: int, *containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "family": f"unifocus-prod-{number}",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "512",
        "memory": "1 GB",
        "executionRoleArn": f"arn:aws:iam::{_ACCOUNT}:role/execution",
        "taskRoleArn": f"arn:aws:iam::{_ACCOUNT}:role/task",
        "containerDefinitions": list(containers),
        **more,
    }


def _container(number: int, **more: Any) -> dict[str, Any]:
    return {
        "name": "app",
        "image": f"{_REGISTRY}/app-{number}:v1.{number}.0",
        "essential": True,
        "portMappings": [{"name": "http", "containerPort": 8080, "protocol": "tcp", "appProtocol": "http"}],
        "environment": [{"name": "PORT", "value": "8080"}, {"name": "A_FIRST", "value": "x"}],
        "logConfiguration": LOGS,
        **more,
    }


def _served(number: int, container: str = "app", port: int = 8080) -> dict[str, Any]:
    arn = f"arn:aws:elasticloadbalancing:{REGION}:{_ACCOUNT}:targetgroup/t{number}/0123456789abcdef"
    return {"loadBalancers": [{"targetGroupArn": arn, "containerName": container, "containerPort": port}]}


def plain(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    service = {**_served(number), "healthCheckGracePeriodSeconds": 30}
    return _fargate(number, _container(number)), {
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        **service,
    }


def bridge(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Several containers on EC2, a family with several revisions, links and ports that the host chooses."""
    ports = [{"containerPort": 80}, {"containerPort": 53, "hostPort": 5353, "protocol": "udp"}]
    app = {"name": "web", "image": "nginx:1.27", "memory": 256, "links": ["cache"], "portMappings": ports}
    cache = {"name": "cache", "image": "redis", "memoryReservation": 64, "essential": False}
    limits = {"ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}], "dockerLabels": {"a.b": ""}}
    definition = {"family": "shared-family", "containerDefinitions": [{**app, **limits}, cache]}
    return definition, {"launchType": "EC2", **_served(number, "web", 80)}


def connected(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    connect = {
        "enabled": True,
        "namespace": "unifocus",
        "services": [
            {"portName": "http", "discoveryName": f"d{number}", "clientAliases": [{"port": 80, "dnsName": "d"}]}
        ],
        "logConfiguration": LOGS,
    }
    service = {"launchType": "FARGATE", "networkConfiguration": NETWORK, "serviceConnectConfiguration": connect}
    return _fargate(number, _container(number)), service


def shared(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Volumes: EFS, the task's own, and one that an agent container shares."""
    efs = {
        "fileSystemId": "fs-1",
        "transitEncryption": "ENABLED",
        "authorizationConfig": {"accessPointId": "fsap-1"},
    }
    volumes = [{"name": "files", "efsVolumeConfiguration": efs}, {"name": "scratch"}]
    mounts = [
        {"sourceVolume": "scratch", "containerPath": "/tmp"},
        {"sourceVolume": "files", "containerPath": "/f"},
    ]
    agent = {"name": "agent", "image": "agent:7", "essential": False, "volumesFrom": [{"sourceContainer": "app"}]}
    container = _container(number, mountPoints=mounts, readonlyRootFilesystem=True)
    definition = _fargate(number, container, agent, volumes=volumes, ephemeralStorage={"sizeInGiB": 40})
    return definition, {"launchType": "FARGATE", "networkConfiguration": NETWORK, "platformVersion": "1.4.0"}


def beside(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sidecars: a log router, and a proxy that waits for the application."""
    router = {
        "name": "router",
        "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable",
        "firelensConfiguration": {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}},
    }
    app = _container(
        number,
        logConfiguration={"logDriver": "awsfirelens", "options": {"Name": "cloudwatch"}},
        healthCheck={"command": ["CMD-SHELL", "curl -f http://localhost:8080/ || exit 1"], "startPeriod": 20},
        image=f"{_REGISTRY}/app:{number}.1.0",
    )
    proxy = {
        "name": "proxy",
        "image": "envoyproxy/envoy:v1.31.0",
        "portMappings": [{"containerPort": 9901}],
        "dependsOn": [{"containerName": "app", "condition": "HEALTHY"}],
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {}},
        "user": "1000",
    }
    platform = {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    definition = _fargate(number, router, app, proxy, runtimePlatform=platform)
    return definition, {"launchType": "FARGATE", "networkConfiguration": NETWORK}


def secretive(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    held = f"arn:aws:secretsmanager:{REGION}:{_ACCOUNT}:secret:app-{number}"
    logs = {"logDriver": "splunk", "secretOptions": [{"name": "splunk-token", "valueFrom": held}]}
    secrets = [{"name": "DB_PASSWORD", "valueFrom": held}, {"name": "API_KEY", "valueFrom": "/app/key"}]
    app = _container(number, secrets=secrets, logConfiguration=logs, environment=[])
    app["repositoryCredentials"] = {"credentialsParameter": held}
    return _fargate(number, app), {"launchType": "FARGATE", "networkConfiguration": NETWORK}


def provided(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    strategy = [
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
        {"capacityProvider": "FARGATE", "weight": 1, "base": 1},
    ]
    service = {"capacityProviderStrategy": strategy, "networkConfiguration": NETWORK}
    return _fargate(number, _container(number, image=f"{_REGISTRY}/app:latest")), service


def tuned(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of every sort, on EC2."""
    deployment = {
        "deploymentCircuitBreaker": {"enable": True, "rollback": False},
        "maximumPercent": 150,
        "minimumHealthyPercent": 50,
    }
    app = _container(number, image=f"{_REGISTRY}/app:main-4f2a", memory=512, command=["serve", "", "--port=8080"])
    definition = {
        "family": f"unifocus-prod-{number}",
        "networkMode": "host",
        "containerDefinitions": [app],
        "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}],
        "pidMode": "task",
    }
    return definition, {
        "launchType": "EC2",
        "deploymentConfiguration": deployment,
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "propagateTags": "SERVICE",
        "placementStrategy": [{"type": "spread", "field": "attribute:ecs.availability-zone"}],
        "placementConstraints": [{"type": "distinctInstance"}],
        "tags": [{"key": "ManagedBy", "value": "Terraform"}],
        "desiredCount": 3,
    }


def odd(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    environment = [{"name": name, "value": value} for name, value in ODD.items()]
    app = _container(number, environment=environment, entryPoint=["sh", "-c"], command=["exec ${CMD:-serve} # now"])
    return _fargate(number, app), {"launchType": "FARGATE", "networkConfiguration": NETWORK, "desiredCount": 0}


def frozen(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """An image by digest, and a network whose groups nobody chose."""
    network = {"awsvpcConfiguration": {"subnets": ["subnet-0a"]}}
    app = _container(number, image=f"{_REGISTRY}/app@{_DIGEST}")
    return _fargate(number, app), {"launchType": "FARGATE", "networkConfiguration": network}
