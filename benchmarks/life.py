"""How a service of the stub lives: deployments that complete some seconds after UpdateService, told as ECS does."""

import json
from dataclasses import dataclass, field

from benchmarks import fleet
from benchmarks.fleet import BASE, CLUSTER, DESIRED, Native

_DAY = 86_400.0
_NUMBERS = 1_000_000_000_000_000_000


@dataclass(slots=True, kw_only=True)
class Deployment:
    """One deployment: which revision of the family it brings, since when, and when it is complete."""

    number: int
    revision: int
    born: float
    done: float

    def phase(self, now: float) -> int:
        """Give 0 while nothing runs, 1 from half-time on, 2 when it is complete."""
        if now >= self.done:
            return 2
        return int(now >= (self.born + self.done) / 2)

    def changed(self, phase: int) -> float:
        """Give the time of the last change that can be seen in this phase."""
        return (self.born, (self.born + self.done) / 2, self.done)[phase]

    def running(self, phase: int) -> int:
        """Count its running tasks."""
        return (0, DESIRED // 2, DESIRED)[phase]


@dataclass(slots=True, kw_only=True)
class Service:
    """One service with all deployments that it ever had, newest last; `answer` is kept until something changes."""

    index: int
    began: float
    deployments: list[Deployment] = field(default_factory=list)
    answer: bytes = b""
    answered: tuple[int, int] = (-1, -1)

    def __post_init__(self) -> None:
        if not self.deployments:
            born = self.began - 30 * _DAY
            first = Deployment(number=self._number(0), revision=fleet.FIRST_REVISION, born=born, done=born + 60)
            self.deployments = [first]

    @property
    def name(self) -> str:
        return fleet.service_name(self.index)

    def update(self, revision: int, now: float, takes: float) -> None:
        """Begin a deployment."""
        number = self._number(len(self.deployments))
        self.deployments.append(Deployment(number=number, revision=revision, born=now, done=now + takes))

    def fragment(self, now: float) -> bytes:
        """Give the service as JSON; the same bytes as before while nothing changed."""
        key = (len(self.deployments), self.deployments[-1].phase(now))
        if key != self.answered:
            self.answer, self.answered = json.dumps(self.native(now)).encode(), key
        return self.answer

    def native(self, now: float) -> Native:
        """Give the service as DescribeServices answers it."""
        newest = self.deployments[-1]
        phase = newest.phase(now)
        listed = [self._listed(newest, "PRIMARY", phase)]
        if phase < 2 and len(self.deployments) > 1:
            listed.append(self._listed(self.deployments[-2], "ACTIVE", 2))
        return {
            "serviceArn": f"{BASE}:service/{CLUSTER}/{self.name}",
            "serviceName": self.name,
            "clusterArn": f"{BASE}:cluster/{CLUSTER}",
            "loadBalancers": [self._balancer()],
            "serviceRegistries": [],
            "status": "ACTIVE",
            "desiredCount": DESIRED,
            "runningCount": DESIRED,
            "pendingCount": 0,
            "launchType": "FARGATE",
            "platformVersion": "LATEST",
            "platformFamily": "Linux",
            "taskDefinition": self.arn(newest.revision),
            "deploymentConfiguration": {
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                "maximumPercent": 200,
                "minimumHealthyPercent": 100,
                "strategy": "ROLLING",
                "bakeTimeInMinutes": 0,
            },
            "deployments": listed,
            "roleArn": f"arn:aws:iam::{fleet.ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            "events": self._events(newest.changed(phase)),
            "createdAt": self.began - 300 * _DAY,
            "currentServiceDeployment": self.story(newest, now)["serviceDeploymentArn"],
            "currentServiceRevisions": [
                {"arn": self._revision(newest), "requestedTaskCount": DESIRED, "runningTaskCount": DESIRED,
                 "pendingTaskCount": 0}
            ],
            "placementConstraints": [],
            "placementStrategy": [],
            "networkConfiguration": _network(),
            "healthCheckGracePeriodSeconds": 30,
            "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "ECS"},
            "createdBy": f"arn:aws:iam::{fleet.ACCOUNT}:role/terraform",
            "enableECSManagedTags": True,
            "propagateTags": "NONE",
            "enableExecuteCommand": False,
            "availabilityZoneRebalancing": "DISABLED",
        }  # fmt: skip

    def arn(self, revision: int) -> str:
        """Name one of its task definitions."""
        return f"{BASE}:task-definition/{self.name}:{revision}"

    def story(self, deployment: Deployment, now: float) -> Native:
        """Give a deployment as DescribeServiceDeployments answers it."""
        phase = deployment.phase(now)
        done = {"finishedAt": deployment.done} if phase == 2 else {}
        return {
            "serviceDeploymentArn": f"{BASE}:service-deployment/{CLUSTER}/{self.name}/{deployment.number:x}",
            "serviceArn": f"{BASE}:service/{CLUSTER}/{self.name}",
            "clusterArn": f"{BASE}:cluster/{CLUSTER}",
            "createdAt": deployment.born,
            "startedAt": deployment.born,
            **done,
            "updatedAt": deployment.changed(phase),
            "targetServiceRevision": {
                "arn": self._revision(deployment),
                "requestedTaskCount": DESIRED,
                "runningTaskCount": deployment.running(phase),
                "pendingTaskCount": 0,
            },
            "status": "SUCCESSFUL" if phase == 2 else "IN_PROGRESS",
            "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
            "deploymentCircuitBreaker": {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3},
            "alarms": {"status": "DISABLED"},
        }

    def frozen(self, deployment: Deployment) -> Native:
        """Give a deployment's content as DescribeServiceRevisions answers it."""
        return {
            "serviceRevisionArn": self._revision(deployment),
            "serviceArn": f"{BASE}:service/{CLUSTER}/{self.name}",
            "clusterArn": f"{BASE}:cluster/{CLUSTER}",
            "taskDefinition": self.arn(deployment.revision),
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "networkConfiguration": _network(),
            "loadBalancers": [self._balancer()],
            "createdAt": deployment.born,
        }

    def tasks(self, now: float) -> list[Native]:
        """Give its running tasks, those of the newest deployment first."""
        newest = self.deployments[-1]
        running = newest.running(newest.phase(now))
        older = [self.deployments[-2]] * (DESIRED - running) if len(self.deployments) > 1 else []
        return [self._task(one, place) for place, one in enumerate([*[newest] * running, *older])]

    def _task(self, deployment: Deployment, place: int) -> Native:
        return {
            "taskArn": f"{BASE}:task/{CLUSTER}/{self.index:08x}{deployment.number % 1_000_000:08x}{place:016x}",
            "clusterArn": f"{BASE}:cluster/{CLUSTER}",
            "taskDefinitionArn": self.arn(deployment.revision),
            "group": f"service:{self.name}",
            "startedBy": f"ecs-svc/{deployment.number}",
            "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING",
            "healthStatus": "HEALTHY",
            "launchType": "FARGATE",
            "createdAt": deployment.born,
            "startedAt": deployment.done,
            "containers": [
                {"name": name, "lastStatus": "RUNNING", "healthStatus": "HEALTHY"}
                for name in ("app", "proxy", "logs")
            ],
        }

    def _listed(self, deployment: Deployment, status: str, phase: int) -> Native:
        complete = phase == 2
        return {
            "id": f"ecs-svc/{deployment.number}",
            "status": status,
            "taskDefinition": self.arn(deployment.revision),
            "desiredCount": DESIRED,
            "pendingCount": 0 if complete else DESIRED - deployment.running(phase),
            "runningCount": deployment.running(phase),
            "failedTasks": 0,
            "createdAt": deployment.born,
            "updatedAt": deployment.changed(phase),
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "networkConfiguration": _network(),
            "rolloutState": "COMPLETED" if complete else "IN_PROGRESS",
            "rolloutStateReason": f"ECS deployment ecs-svc/{deployment.number} "
            f"{'completed' if complete else 'in progress'}.",
        }

    def _events(self, newest: float) -> list[Native]:
        said = f"(service {self.name}) has reached a steady state."
        mark = f"{self.index:08x}-{len(self.deployments):04x}-4000-8000"
        return [
            {"id": f"{mark}-{place:012x}", "createdAt": newest - place * 21_600.0, "message": said}
            for place in range(fleet.EVENTS)
        ]

    def _balancer(self) -> Native:
        group = (
            f"arn:aws:elasticloadbalancing:{fleet.REGION}:{fleet.ACCOUNT}:targetgroup/{self.name}/0123456789abcdef"
        )
        return {"targetGroupArn": group, "containerName": "app", "containerPort": 8080}

    def _revision(self, deployment: Deployment) -> str:
        return f"{BASE}:service-revision/{CLUSTER}/{self.name}/{deployment.number}"

    def _number(self, count: int) -> int:
        return _NUMBERS + self.index * 1_000_000 + count


def _network() -> Native:
    return {
        "awsvpcConfiguration": {
            "subnets": ["subnet-0a1b2c3d4e5f60718", "subnet-1a2b3c4d5e6f70819"],
            "securityGroups": ["sg-0123456789abcdef0"],
            "assignPublicIp": "DISABLED",
        }
    }
