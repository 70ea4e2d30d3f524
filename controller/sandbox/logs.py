"""What containers log, and GetLogEvents of CloudWatch Logs over it: for tasks with the awslogs driver.

A stream is called prefix/container/task id ("awslogs-stream-prefix", Developer Guide). Lines are there as long as
the task is known; a container that never ran has no stream.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from controller.sandbox.call import limited
from controller.sandbox.images import Fate
from controller.sandbox.native import Native, Refused, flag, number, part, parts, text
from controller.sandbox.oneoff import OneOff
from controller.sandbox.pulling import tags_of
from controller.sandbox.world import Region, Task

GET: Final = "logs:GetLogEvents"
_MOST: Final = 10_000
_MILLIS: Final = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `at` in seconds of the epoch."""

    at: float
    says: str


def get_log_events(region: Region, params: Native, now: float) -> dict[str, object]:
    """Answer GetLogEvents: the newest lines, or the oldest from the head, oldest first in either case."""
    group = text(params, "logGroupName") or text(params, "logGroupIdentifier").rsplit(":log-group:", 1)[-1]
    limited([one for one in (group, text(params, "logStreamName")) if one], "Names", 2)
    most = number(params, "limit", _MOST)
    if not 1 <= most <= _MOST:
        raise Refused("InvalidParameterException", f"limit must be between 1 and {_MOST}.")
    found = _stream(region, group, text(params, "logStreamName"))
    first, last = number(params, "startTime"), number(params, "endTime", round(now * _MILLIS) + 1)
    lines = [line for line in found if first <= line.at * _MILLIS < last]
    # A token stands for the end of what was told: there is no more than one page.
    lines = [] if text(params, "nextToken") else lines
    chosen = lines[:most] if flag(params, "startFromHead") else lines[-most:]
    return {
        "events": [
            {"timestamp": int(line.at * _MILLIS), "message": line.says, "ingestionTime": int(line.at * _MILLIS)}
            for line in chosen
        ],
        "nextForwardToken": "f/0",
        "nextBackwardToken": "b/0",
    }


def _stream(region: Region, group: str, stream: str) -> list[Line]:
    groups = set()
    for task in region.tasks.values():
        for container in parts(task.definition.body, "containerDefinitions"):
            options = part(part(container, "logConfiguration"), "options")
            if text(part(container, "logConfiguration"), "logDriver") != "awslogs":
                continue
            groups.add(text(options, "awslogs-group"))
            name, prefix = text(container, "name"), text(options, "awslogs-stream-prefix")
            if text(options, "awslogs-group") == group and stream == f"{prefix}/{name}/{task.arn.rsplit('/')[-1]}":
                lines = list(_lines(task, name))
                if lines:
                    return lines
    what = "log stream" if group in groups else "log group"
    raise Refused("ResourceNotFoundException", f"The specified {what} does not exist.")


def _lines(task: Task, name: str) -> Iterator[Line]:
    """Say what a container logs in its life, in order."""
    if task.running_at is None:
        return
    image = next(image for image in task.definition.images if image.container == name)
    began, tag = task.running_at, tags_of(task.pulled)(image)
    yield Line(began, f"{name} {tag} starts")
    ended = task.stopping_at
    guilty = task.course.culprit is not None and task.course.culprit.container == name
    if isinstance(task, OneOff):
        program = task.programs[name]
        yield from (Line(began, said) for said in program.says)
        code = task.exits.get(name)
        if code is not None:
            at = min(began + (program.takes or 0.0), ended or began) if program.takes else ended or began
            yield Line(at, f"{name} is done" if code == 0 else f"{name} ends with code {code}")
            return
    if ended is None:
        yield Line(began, f"{name} serves")
    elif guilty and task.course.fate is Fate.CRASH:
        yield Line(ended, "fatal: cannot start: the configuration is not complete")
        yield Line(ended, f"{name} ends with code {task.exit_code}")
    elif guilty and task.course.fate is Fate.UNHEALTHY:
        yield Line(ended, "error: the health check answers 503")
    else:
        yield Line(ended, f"{name} is told to stop")
