"""A sandbox moved by hand, the clients that look at it over HTTP, and short sentences for what tests do with it."""

import copy
import json
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from controller.sandbox.server import Sandbox, Seed

ACCOUNT = "111122223333"
REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/trueup"
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=10)
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-a"]}}
SESSION = boto3.Session(aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="none", region_name=REGION)  # noqa: S106 - no secret


def definition(tag: str = "v1.2.2", **more: Any) -> dict[str, Any]:
    """A Fargate task definition of one container."""
    return {
        "family": "unifocus-prod-api",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"name": "api", "image": f"registry.example/api:{tag}"}],
        **more,
    }


def a_seed(**more: Any) -> Seed:
    """One service at v1.2.2, with a circuit breaker that rolls back."""
    given: dict[str, Any] = {
        "account": ACCOUNT,
        "region": REGION,
        "cluster": "prod",
        "service": "api",
        "family": "unifocus-prod-api",
        "task_definition": definition(),
        "service_definition": {"deploymentConfiguration": BREAKER, "networkConfiguration": NETWORK},
        "role": ROLE,
        **more,
    }
    return Seed(**given)


@dataclass
class Rig:
    """A sandbox and clients of the account that its seeds are in."""

    sandbox: Sandbox
    clients: list[Any] = field(default_factory=list)
    role: dict[str, str] = field(default_factory=dict)

    def client(self, service: str, *, config: Config = ONCE, role: bool = True) -> Any:
        credentials = self.credentials() if role else {}
        client = SESSION.client(service, endpoint_url=self.sandbox.endpoint_url, config=config, **credentials)
        self.clients.append(client)
        return client

    def credentials(self) -> dict[str, str]:
        if not self.role:
            sts = self.client("sts", role=False)
            given = sts.assume_role(RoleArn=ROLE, RoleSessionName="tests")["Credentials"]
            self.role = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"],
            }
        return self.role

    def close(self) -> None:
        for client in self.clients:
            client.close()

    @property
    def ecs(self) -> Any:
        if not hasattr(self, "_ecs"):
            self._ecs = self.client("ecs")
        return self._ecs

    def tick(self, seconds: float = 1) -> None:
        self.sandbox.tick(seconds)

    def service(self, name: str = "api") -> dict[str, Any]:
        return self.ecs.describe_services(cluster="prod", services=[name])["services"][0]

    def story(self, arn: str | None = None) -> dict[str, Any]:
        """The service deployment of this ARN, or the current one."""
        arn = arn or self.service()["currentServiceDeployment"]
        return self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]

    def register(self, tag: str, **more: Any) -> str:
        answer = self.ecs.register_task_definition(**copy.deepcopy(definition(tag, **more)))
        return answer["taskDefinition"]["taskDefinitionArn"]

    def release(self, tag: str, **more: Any) -> dict[str, Any]:
        """Register a definition of this image tag and update the service to it; the answer of UpdateService."""
        arn = self.register(tag)
        return self.ecs.update_service(cluster="prod", service="api", taskDefinition=arn, **more)["service"]

    def until(self, *statuses: str, limit: int = 300) -> int:
        """Tick until the current service deployment has one of these states; the simulated seconds it took."""
        for passed in range(limit):
            if self.story()["status"] in statuses:
                return passed
            self.tick()
        raise AssertionError(f"not {statuses} after {limit} s but {self.story()}")

    def statuses(self, limit: int = 300) -> list[str]:
        """Every state that the current service deployment goes through until it ends."""
        arn, seen = self.service()["currentServiceDeployment"], []
        for _ in range(limit):
            status = self.story(arn)["status"]
            if status not in seen[-1:]:
                seen.append(status)
            if status in {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}:
                return seen
            self.tick()
        raise AssertionError(seen)

    def tasks(self, status: str = "RUNNING", name: str = "api") -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster="prod", serviceName=name, desiredStatus=status)["taskArns"]
        return self.ecs.describe_tasks(cluster="prod", tasks=arns)["tasks"] if arns else []

    def messages(self) -> list[str]:
        return [event["message"] for event in self.service()["events"]]

    def runs(self) -> str:
        """The image tag of the PRIMARY deployment."""
        arn = self.service()["deployments"][0]["taskDefinition"]
        body = self.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return body["containerDefinitions"][0]["image"].rsplit(":", 1)[1]

    def ask(self, path: str, document: object = None) -> dict[str, Any]:
        """Ask the sandbox's own paths: GET, or POST with a document; the body, whatever the status."""
        url = f"{self.sandbox.endpoint_url}/sandbox/{path}"
        data = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(url, data=data)  # noqa: S310 - our own endpoint
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own endpoint
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)
