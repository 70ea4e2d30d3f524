"""Why tasks stopped: the line that people read, whether it counts, and whose fault it is."""

import pytest

from controller.model.observation import Blame
from controller.targets.ecs.stopped import (
    blame_of,
    evidence_of,
    exits_of,
    read_stopped,
    started_after,
)

OURS = "ecs-svc/1"
ESSENTIAL = "Essential container in task exited"


def task(code, reason, exits=(), at=10.0, name="1a2b3c4d", by=OURS, why=""):
    containers = [{"name": f"c{index}", "exitCode": exit_code} for index, exit_code in enumerate(exits)]
    if why:
        containers.append({"name": "api", "reason": why})
    return read_stopped(
        {
            "taskArn": f"arn:aws:ecs:eu-west-1:1:task/prod/{name}",
            "startedBy": by,
            "stopCode": code,
            "stoppedReason": reason,
            "stoppedAt": at,
            "containers": containers,
        }
    )


@pytest.mark.parametrize(
    ("stopped", "line", "abnormal"),
    [
        (task("EssentialContainerExited", ESSENTIAL, [1]), f"task 1a2b: c0 exited 1: {ESSENTIAL}", True),
        (task("EssentialContainerExited", ESSENTIAL, [137, 2]), f"task 1a2b: c1 exited 2: {ESSENTIAL}", True),
        (task("EssentialContainerExited", ESSENTIAL, [0]), f"task 1a2b: {ESSENTIAL}", False),
        (
            task("EssentialContainerExited", ESSENTIAL, [137], why="OutOfMemoryError: killed"),
            f"task 1a2b: c0 exited 137: {ESSENTIAL}; OutOfMemoryError: killed",
            True,
        ),
        (
            task("TaskFailedToStart", "CannotPullContainerError: manifest unknown"),
            "task 1a2b: TaskFailedToStart: CannotPullContainerError: manifest unknown",
            True,
        ),
        (
            task("ServiceSchedulerInitiated", "Task failed container health checks", [137]),
            "task 1a2b: c0 exited 137: Task failed container health checks",
            True,
        ),
        (
            task("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group x)", [0]),
            "task 1a2b: Task failed ELB health checks in (target-group x)",
            True,
        ),
        (
            task("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)", [143]),
            "task 1a2b: c0 exited 143: Scaling activity initiated by (deployment ecs-svc/2)",
            False,
        ),
        (task("UserInitiated", "Task stopped by user", [1]), "task 1a2b: c0 exited 1: Task stopped by user", False),
        (
            task("SpotInterruption", "Your Spot Task was interrupted.", [137]),
            "task 1a2b: c0 exited 137: Your Spot Task was interrupted.",
            False,
        ),
    ],
)
def test_a_stopped_task_is_read(stopped, line, abnormal):
    assert (stopped.line, stopped.abnormal) == (line, abnormal)


@pytest.mark.parametrize(
    "reason",
    [
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): toomanyrequests: rate limit",
        "CannotPullContainerError: ref pull has been retried: 503 Service Unavailable",
        "CannotPullContainerError: net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
        "CannotPullContainerError: dial tcp 1.2.3.4:443: i/o timeout",
        "ResourceInitializationError: unable to pull secrets: RequestCanceled: context deadline exceeded",
        "Timeout waiting for network interface provisioning to complete.",
        "Host EC2 (instance i-1) terminated.",
        "RESOURCE:MEMORY",
        "Capacity is unavailable at this time. Please try again later",
    ],
)
def test_what_the_platform_lacks_is_the_platforms_fault_and_no_exit(reason):
    stopped = task("TaskFailedToStart", reason)
    assert blame_of([stopped], OURS) is Blame.PLATFORM
    assert not stopped.abnormal
    assert evidence_of([stopped], OURS)


@pytest.mark.parametrize(
    "reason",
    [
        "CannotPullContainerError: failed to resolve ref x:v9: not found",
        "CannotPullContainerError: pull access denied, repository does not exist",
        "CannotPullContainerError: manifest unknown: timed out before",
        "ResourceInitializationError: unable to pull secrets: AccessDeniedException: is not authorized",
        "CannotStartContainerError: exec: no such file",
        "dial tcp: lookup registry.exmaple: no such host",
    ],
)
def test_what_the_release_names_wrongly_is_its_own_fault(reason):
    assert blame_of([task("TaskFailedToStart", reason)], OURS) is Blame.CONTENT


def test_one_task_that_failed_by_itself_is_enough_for_blame():
    spot = task("SpotInterruption", "Your Spot Task was interrupted.", name="aaaa")
    crash = task("EssentialContainerExited", ESSENTIAL, [1], name="bbbb")
    drained = task("ServiceSchedulerInitiated", "Scaling activity initiated by x", [143], name="cccc")
    assert blame_of([spot, crash], OURS) is Blame.CONTENT
    assert blame_of([spot, drained], OURS) is Blame.PLATFORM
    assert blame_of([drained], OURS) is None


def test_evidence_is_newest_first_at_most_ten_and_of_one_deployment():
    many = [task("EssentialContainerExited", ESSENTIAL, [1], at=float(n), name=f"{n:04}") for n in range(20)]
    other = task("EssentialContainerExited", ESSENTIAL, [1], at=99.0, by="ecs-svc/2")
    lines = evidence_of([*many, other], OURS)
    assert [line[5:9] for line in lines] == [f"{n:04}" for n in range(19, 9, -1)]


def test_exits_count_abnormal_ends_of_ours_after_an_instant():
    ends = [
        task("EssentialContainerExited", ESSENTIAL, [1], at=10.0),
        task("EssentialContainerExited", ESSENTIAL, [1], at=11.0),
        task("EssentialContainerExited", ESSENTIAL, [1], at=11.0, by="ecs-svc/2"),
        task("UserInitiated", "x", [1], at=11.0),
    ]
    assert exits_of(ends, OURS, 10_000_000) == 1


def events(*messages):
    return {
        "events": [
            {"createdAt": 10.0 - place, "message": f"(service api) {said}"} for place, said in enumerate(messages)
        ]
    }


def test_only_what_was_started_after_an_instant_counts():
    assert started_after(events("x", "has started 1 tasks: (task x)."), 0) == 9_000_000
    assert started_after(events("x", "has started 1 tasks: (task x)."), 9_000_000) == 0
