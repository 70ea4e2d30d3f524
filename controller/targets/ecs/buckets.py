"""AWS's own budget for calls, kept here too: one bucket for each account, region and class of call.

Sizes and rates: "Request throttling for the Amazon ECS API" (ECS API Reference), "CloudWatch service quotas",
"CloudWatch Logs quotas", and "LookupEvents" (CloudTrail API Reference: two requests a second for each account and
region).
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from controller.errors import Refusal
from controller.model.place import Place

WAITS: Final = "waits for AWS quota"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A class of calls: how many at once, and how many a second after that."""

    name: str
    burst: float
    rate: float


REGISTER: Final = Budget(name="task definition modify", burst=20, rate=1)
UPDATE: Final = Budget(name="service modify", burst=50, rate=5)
TAG: Final = Budget(name="tag modify", burst=20, rate=10)
# 100 and 40 a second, of which Fargate takes 20 a second of RunTask ("AWS Fargate throttling quotas").
RUN: Final = Budget(name="cluster resource modify", burst=20, rate=20)
_DEFINITIONS: Final = Budget(name="task definition read", burst=50, rate=20)
_SERVICES: Final = Budget(name="service read", burst=100, rate=20)
_DEPLOYMENTS: Final = Budget(name="service deployment", burst=50, rate=20)
_DEPLOYMENT_CHANGES: Final = Budget(name="service deployment modify", burst=50, rate=5)  # not in AWS's table
_REVISIONS: Final = Budget(name="service revision", burst=50, rate=20)
_TASKS: Final = Budget(name="cluster resource read", burst=100, rate=20)
_ALARMS: Final = Budget(name="alarm read", burst=9, rate=9)
_HISTORY: Final = Budget(name="alarm history read", burst=20, rate=20)
# "Amazon ECR service quotas" allow some thousand a second, but every start of a task lives on them too.
_IMAGES: Final = Budget(name="image read", burst=200, rate=100)
_LOGS: Final = Budget(name="log read", burst=10, rate=10)
_TRAIL: Final = Budget(name="event lookup", burst=2, rate=2)
_SCALING: Final = Budget(name="scalable target read", burst=5, rate=5)  # AWS names none: asked once in five minutes
_SNAPSHOTS: Final = Budget(name="database snapshot", burst=5, rate=1)  # AWS names none
_DATABASES: Final = Budget(name="database read", burst=20, rate=10)  # AWS names none

BUDGETS: Final = MappingProxyType({
    "RegisterTaskDefinition": REGISTER,
    "CreateService": UPDATE,
    "UpdateService": UPDATE,
    "TagResource": TAG,
    "RunTask": RUN,
    "StopTask": RUN,
    "StopServiceDeployment": _DEPLOYMENT_CHANGES,
    "ContinueServiceDeployment": _DEPLOYMENT_CHANGES,
    "DescribeTaskDefinition": _DEFINITIONS,
    "ListTaskDefinitions": _DEFINITIONS,
    "DescribeServices": _SERVICES,
    "ListServiceDeployments": _DEPLOYMENTS,
    "DescribeServiceDeployments": _DEPLOYMENTS,
    "DescribeServiceRevisions": _REVISIONS,
    "ListTasks": _TASKS,
    "DescribeTasks": _TASKS,
    "DescribeAlarms": _ALARMS,
    "DescribeAlarmHistory": _HISTORY,
    "BatchGetImage": _IMAGES,
    "DescribeImages": _IMAGES,
    "GetDownloadUrlForLayer": _IMAGES,
    "LookupEvents": _TRAIL,
    "GetLogEvents": _LOGS,
    "DescribeScalableTargets": _SCALING,
    "CreateDBSnapshot": _SNAPSHOTS,
    "CreateDBClusterSnapshot": _SNAPSHOTS,
    "DescribeDBInstances": _DATABASES,
    "DescribeDBClusters": _DATABASES,
    "DescribeDBSnapshots": _DATABASES,
    "DescribeDBClusterSnapshots": _DATABASES,
})  # fmt: skip


@dataclass(slots=True, kw_only=True)
class _Bucket:
    tokens: float
    filled: float


class Buckets:
    """Every bucket of this process. `share` is the part of AWS's budget that is ours, above 0 and up to 1.

    `elapsed` counts seconds that never go back; `wait` waits at most so many of them, and says whether to give up.
    """

    def __init__(self, elapsed: Callable[[], float], wait: Callable[[float], bool], *, share: float = 1.0) -> None:
        if not 0 < share <= 1:
            raise ValueError(f"a share of {share} is not above 0 and up to 1")
        self._elapsed = elapsed
        self._wait = wait
        self._share = share
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def take(self, account: str, region: str, operation: str, patience: float = 0.0) -> bool:
        """Spend a token, if need be after waiting for it no longer than `patience` seconds."""
        budget = BUDGETS.get(operation)
        if budget is None:
            return True
        ends = self._elapsed() + patience
        while (short := self._spend(account, region, budget)) > 0:
            seconds = short / self._rate(budget)
            if self._elapsed() + seconds > ends or self._wait(seconds):
                return False
        return True

    def left(self, account: str, region: str, budget: Budget) -> int:
        """Count the tokens in hand."""
        with self._lock:
            return int(self._filled(account, region, budget).tokens)

    def require(self, place: Place, needed: Iterable[Budget]) -> None:
        """Raise Refusal unless a call of each of these budgets may be made now: none is begun that cannot end."""
        if any(self.left(place.account, place.region, budget) < 1 for budget in needed):
            raise Refusal(WAITS)

    def empty(self, account: str, region: str, operation: str) -> None:
        """AWS said that there is nothing left, whatever we counted: others spend from the same budget."""
        budget = BUDGETS.get(operation)
        if budget is not None:
            with self._lock:
                self._filled(account, region, budget).tokens = 0.0

    def _spend(self, account: str, region: str, budget: Budget) -> float:
        """Spend a token and give 0, or say what part of one is missing."""
        with self._lock:
            bucket = self._filled(account, region, budget)
            if bucket.tokens < 1.0:
                return 1.0 - bucket.tokens
            bucket.tokens -= 1.0
            return 0.0

    def _filled(self, account: str, region: str, budget: Budget) -> _Bucket:
        now, most = self._elapsed(), max(1.0, budget.burst * self._share)
        bucket = self._buckets.setdefault((account, region, budget.name), _Bucket(tokens=most, filled=now))
        bucket.tokens = min(most, bucket.tokens + max(0.0, now - bucket.filled) * self._rate(budget))
        bucket.filled = now
        return bucket

    def _rate(self, budget: Budget) -> float:
        return budget.rate * self._share
