"""Why tasks stopped: what people are shown of it, whether it counts against a release, and whose fault it is.

Sources: "Stopped tasks error codes", "CannotPullContainer task errors" and "ResourceInitializationError errors"
(Developer Guide), and the text of Task.stopCode (API Reference).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from controller.model.names import DeploymentId
from controller.model.observation import Blame
from controller.targets.ecs.native import Native, last, micros, parts, text

SHOWN: Final = 10
_LONGEST: Final = 300
_ID: Final = 4
INTERRUPTED: Final = frozenset({
    "InfrastructureHealth", "SpotInterruption", "TerminationNotice", "UserInitiated",
})  # fmt: skip
_GROUND: Final = frozenset({"InfrastructureHealth", "SpotInterruption", "TerminationNotice"})
_SCHEDULER: Final = "ServiceSchedulerInitiated"
_FAILED_TO_START: Final = "TaskFailedToStart"
_KILLED: Final = frozenset({137, 143})

# What a release is to blame for though the registry or the network says it.
_CONTENT: Final = re.compile(
    r"not found|manifest unknown|does not exist|denied|no basic auth|unauthorized|not authorized|no such host"
    r"|invalid reference|exec format|no matching manifest",
    re.IGNORECASE,
)
_PLATFORM: Final = re.compile(
    r"too ?many ?requests|rate exceeded|throttl|\b50[0234]\b|service unavailable|bad gateway|internal server error"
    r"|internal error|time-?out|timed out|deadline exceeded|connection (refused|reset|issue)|request canceled"
    r"|unexpected eof|capacity is unavailable|capacity provider|resource:|spot interruption|host ec2|insufficient"
    r"|network interface provisioning|no space left",
    re.IGNORECASE,
)
PLACED: Final = re.compile(r"\bhas started \d+ tasks", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """One stopped task: `abnormal` if it counts as an exit, `ground` if the platform is to blame."""

    arn: str
    by: DeploymentId
    at: int
    line: str
    failed: bool
    abnormal: bool
    ground: bool


def read_stopped(task: Native) -> Stopped:
    """Read one stopped task."""
    code, reason = text(task, "stopCode"), _reason(task)
    ground = code in _GROUND or (bool(_PLATFORM.search(reason)) and not _CONTENT.search(reason))
    failed = _failed(task, code, reason)
    return Stopped(
        arn=text(task, "taskArn"),
        by=DeploymentId(text(task, "startedBy")),
        at=micros(task, "stoppedAt") or micros(task, "stoppingAt"),
        line=line_of(task),
        failed=failed or code in _GROUND,
        abnormal=failed and not ground,
        ground=ground,
    )


def _failed(task: Native, code: str, reason: str) -> bool:
    if code in INTERRUPTED:
        return False
    if code == _FAILED_TO_START or ("failed" in reason and "health check" in reason):
        return True
    return code != _SCHEDULER and any(_exit(container) for container in parts(task, "containers"))


def _reason(task: Native) -> str:
    """Join what the task says with what its containers say that is more."""
    said = [text(task, "stoppedReason"), *(text(container, "reason") for container in parts(task, "containers"))]
    return "; ".join(dict.fromkeys(one for one in said if one))


def line_of(task: Native) -> str:
    """Say in one line what became of a task: which container ended it, and what ECS says of it."""
    code, reason = text(task, "stopCode"), _reason(task)
    name = last(text(task, "taskArn"))[:_ID]
    exits = [container for container in parts(task, "containers") if _exit(container)]
    # A container that was killed because another one went down is not the one to name.
    culprit = min(exits, key=lambda container: _exit(container) in _KILLED, default=None)
    exited = f"{text(culprit, 'name')} exited {_exit(culprit)}" if culprit else ""
    start = _FAILED_TO_START if code == _FAILED_TO_START else ""
    return ": ".join(said for said in (f"task {name}", start or exited, reason) if said)[:_LONGEST]


def _exit(container: Native) -> int:
    value = container.get("exitCode")
    return value if isinstance(value, int) else 0


def exit_of(task: Native, container: str) -> int | None:
    """Give the exit code of a container; None if it never ran, or nobody knows."""
    found = (one.get("exitCode") for one in parts(task, "containers") if text(one, "name") == container)
    code = next(found, None)
    return code if isinstance(code, int) else None


def evidence_of(tasks: Iterable[Stopped], by: DeploymentId) -> tuple[str, ...]:
    """Give what failed tasks of a deployment said, newest first."""
    failed = sorted((task for task in tasks if task.failed and task.by == by), key=lambda task: -task.at)
    return tuple(task.line for task in failed[:SHOWN])


def blame_of(tasks: Iterable[Stopped], by: DeploymentId) -> Blame | None:
    """Say whose fault failed tasks are: the platform's only if each of them is; None if none failed."""
    failed = [task for task in tasks if task.failed and task.by == by]
    if not failed:
        return None
    return Blame.PLATFORM if all(task.ground for task in failed) else Blame.CONTENT


def exits_of(tasks: Iterable[Stopped], by: DeploymentId, since: int) -> int:
    """Count the abnormal exits of a deployment's tasks after an instant, in microseconds."""
    return sum(task.abnormal and task.by == by and task.at > since for task in tasks)


def newer_events(service: Native, since: int) -> Iterator[Native]:
    """Give a service's events after an instant, newest first, as ECS lists them."""
    for event in parts(service, "events"):
        if micros(event, "createdAt") <= since:
            return
        yield event


def started_after(service: Native, since: int) -> int:
    """Say when ECS last said that it started tasks, if after an instant, in microseconds; 0 if it did not."""
    started = (event for event in newer_events(service, since) if PLACED.search(text(event, "message")))
    return next((micros(event, "createdAt") for event in started), 0)
