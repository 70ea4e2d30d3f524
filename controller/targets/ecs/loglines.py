"""The last lines that containers logged: read from CloudWatch Logs, for the awslogs driver only.

A stream is called prefix/container/task id, or by the container's own id where no prefix is set ("Send Amazon ECS
logs to CloudWatch", Developer Guide).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from controller.errors import TrueupError
from controller.model.place import Place
from controller.targets.ecs.answers import Declined
from controller.targets.ecs.client import Clients
from controller.targets.ecs.definitions import Definitions
from controller.targets.ecs.native import Native, last, part, parts, text

Clean: TypeAlias = Callable[[str, int, Mapping[str, str]], str]
LINES: Final = 20
LONGEST: Final = 300
_NOTHING: Final = "ResourceNotFoundException"


class LogLines:
    """Reads what containers logged. `clean` leaves out what nobody may see, and bounds what is left."""

    def __init__(self, clients: Clients, definitions: Definitions, clean: Clean) -> None:
        self._clients = clients
        self._definitions = definitions
        self._clean = clean

    def of(self, place: Place, task: Native, container: str) -> tuple[str, ...]:
        """Give the last lines of a container, oldest first, or one that says why there are none; never raises."""
        try:
            return self._read(place, task, container)
        except TrueupError as error:
            return (self.cleaned(f"the log of {container} could not be read: {error}"),)

    def cleaned(self, line: str) -> str:
        """Bring a line that somebody else wrote to what may be shown."""
        return self._clean(line, LONGEST, {})

    def _read(self, place: Place, task: Native, container: str) -> tuple[str, ...]:
        definition = self._definitions.get(self._clients.access(place), text(task, "taskDefinitionArn"))
        containers = parts(json.loads(str(definition.native)), "containerDefinitions")
        declared = next((one for one in containers if text(one, "name") == container), {})
        logging = part(declared, "logConfiguration")
        options = part(logging, "options")
        stream = _stream(options, task, container)
        if text(logging, "logDriver") != "awslogs" or not stream:
            return ()
        there = replace(place, region=text(options, "awslogs-region") or place.region)
        try:
            answer = self._clients.access(there).ask(
                "logs",
                "GetLogEvents",
                logGroupName=text(options, "awslogs-group"),
                logStreamName=stream,
                limit=LINES,
                startFromHead=False,
            )
        except Declined as declined:
            if declined.code == _NOTHING:
                return ()
            raise
        newest = [text(event, "message").rstrip() for event in parts(answer, "events")][-LINES:]
        environment = {**_environment(declared), **_overridden(task, container)}
        return tuple(self._clean(line, LONGEST, environment) for line in newest if line)


def _environment(container: Native) -> dict[str, str]:
    return {text(one, "name"): text(one, "value") for one in parts(container, "environment")}


def _overridden(task: Native, container: str) -> dict[str, str]:
    overrides = parts(part(task, "overrides"), "containerOverrides")
    return _environment(next((one for one in overrides if text(one, "name") == container), {}))


def _stream(options: Native, task: Native, container: str) -> str:
    prefix = text(options, "awslogs-stream-prefix")
    if prefix:
        return f"{prefix}/{container}/{last(text(task, 'taskArn'))}"
    found = (one for one in parts(task, "containers") if text(one, "name") == container)
    return text(next(found, {}), "runtimeId")
