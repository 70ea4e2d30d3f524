"""The metrics of the process as a whole, kept by prometheus-client in a registry of our own."""

import platform
from collections.abc import Iterator
from itertools import product
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics import MetricWrapperBase

from controller.model.names import EnvName
from controller.telemetry.environments import Environments
from controller.telemetry.families import RESULTS
from controller.telemetry.visible import LABEL, visible

AWS_RESULTS: Final = ("ok", "throttled", "denied", "refused", "failed")
# Why a rollout ended as it did; `none` where it needs no reason, `other` for one that is not listed here.
REASONS: Final = (
    "none",
    "content",
    "breaker",
    "alarm",
    "deadline",
    "progress",
    "tasks",
    "hook",
    "rejected",
    "foreign",
    "person",
    "other",
)
# What a guard that shut did, or would have done: those that do not count only say it.
GUARDED: Final = ("warn", "hold", "would_hold", "would_rollback")
# What became of a message, or of one try to send it.
NOTIFIED: Final = ("sent", "failed", "dead")
# Every operation that is called; one that is not listed has its series from its first call.
OPERATIONS: Final = (
    "DescribeServices",
    "DescribeTaskDefinition",
    "ListTaskDefinitions",
    "ListServiceDeployments",
    "DescribeServiceDeployments",
    "DescribeServiceRevisions",
    "ListTasks",
    "DescribeTasks",
    "RegisterTaskDefinition",
    "UpdateService",
    "StopServiceDeployment",
    "ContinueServiceDeployment",
    "DescribeAlarms",
    "DescribeAlarmHistory",
    "LookupEvents",
    "AssumeRole",
    "GetCallerIdentity",
)
_TURN: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_ROLLOUT: Final = (30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 14400.0, 43200.0, 86400.0)


class Series:
    """Every metric that is not one target's, each with all its series as soon as its labels are known."""

    def __init__(self, version: str) -> None:
        """Make them in a registry of their own."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library says no types here
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        build = Info("trueup_build", "The version that runs, and on which Python.", registry=registry)
        build.info({"version": visible(version, LABEL), "python": platform.python_version()})
        self.environments = Environments()
        registry.register(self.environments)
        self._environments(registry)
        self._process(registry)
        self._telling(registry)

    def _environments(self, registry: CollectorRegistry) -> None:
        self.turns = Counter(
            "trueup_turns_total", "Turns, by how they ended.", ("environment", "result"), registry=registry
        )
        self.turn_seconds = Histogram(
            "trueup_turn_seconds", "How long a turn took.", ("environment",), buckets=_TURN, registry=registry
        )
        self.rollouts = Counter(
            "trueup_rollouts_total",
            "Rollouts that ended, by result and why.",
            ("environment", "result", "reason"),
            registry=registry,
        )
        self.guards = Counter(
            "trueup_guards_shut_total",
            "Guards that shut and took no release back, by what they did or would have done.",
            ("environment", "does"),
            registry=registry,
        )
        self.rollout_seconds = Histogram(
            "trueup_rollout_seconds",
            "How long a rollout took from when it was opened to how it ended.",
            ("environment", "result"),
            buckets=_ROLLOUT,
            registry=registry,
        )

    def _process(self, registry: CollectorRegistry) -> None:
        self.polled_at = Gauge(
            "trueup_source_timestamp_seconds",
            "When a source last answered; 0: never.",
            ("source",),
            registry=registry,
        )
        self.polls = Counter(
            "trueup_source_polls_total", "Times that a source was asked.", ("source", "result"), registry=registry
        )
        self.queue = Gauge("trueup_queue_depth", "Targets that are due and wait for a turn.", registry=registry)
        self.watcher_errors = Counter(
            "trueup_watcher_errors_total", "Times that a watcher of turns raised.", ("watcher",), registry=registry
        )
        self.aws_calls = Counter(
            "trueup_aws_calls_total",
            "Calls to AWS, by how they were answered.",
            ("account", "region", "operation", "result"),
            registry=registry,
        )
        self.aws_throttles = Counter(
            "trueup_aws_throttles_total",
            "Calls to AWS that were throttled.",
            ("account", "region", "operation"),
            registry=registry,
        )
        self.store_errors = Counter(
            "trueup_store_errors_total", "Times that the store could not be read or written.", registry=registry
        )

    def _telling(self, registry: CollectorRegistry) -> None:
        self.notifications = Counter(
            "trueup_notifications_total",
            "Messages of each notifier: sent, tries that failed, and dead letters.",
            ("notifier", "result"),
            registry=registry,
        )
        self.notifier_waits = Gauge(
            "trueup_notifier_waiting_timestamp_seconds",
            "Since when the oldest message waits to be sent; 0: none does.",
            ("notifier",),
            registry=registry,
        )

    def begin_notifier(self, name: str) -> None:
        """Make every series of a notifier, at 0."""
        self.notifier_waits.labels(name)
        for result in NOTIFIED:
            self.notifications.labels(name, result)

    def begin_environment(self, env: EnvName) -> None:
        """Make every series of an environment, at 0."""
        for metric, labels in self._of(env):
            metric.labels(*labels)

    def end_environment(self, env: EnvName) -> None:
        """Drop every series of an environment."""
        for metric, labels in self._of(env):
            metric.remove(*labels)

    def begin_source(self, source: str) -> None:
        """Make every series of a source, at 0."""
        self.polled_at.labels(source)
        for result in ("ok", "error"):
            self.polls.labels(source, result)

    def begin_operation(self, account: str, region: str, operation: str) -> None:
        """Make every series of one AWS operation, at 0."""
        self.aws_throttles.labels(account, region, operation)
        for result in AWS_RESULTS:
            self.aws_calls.labels(account, region, operation, result)

    def _of(self, env: EnvName) -> Iterator[tuple[MetricWrapperBase, tuple[str, ...]]]:
        name = visible(env, LABEL)
        for result in ("ok", "error"):
            yield self.turns, (name, result)
        yield self.turn_seconds, (name,)
        for ended, reason in product(RESULTS, REASONS):
            yield self.rollouts, (name, ended, reason)
        for ended in RESULTS:
            yield self.rollout_seconds, (name, ended)
        for does in GUARDED:
            yield self.guards, (name, does)
