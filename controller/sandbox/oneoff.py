"""One-off tasks: started by RunTask, and ended by what their containers do; no service starts them again.

Sources: "Amazon ECS task lifecycle" (Developer Guide), the texts of RunTask and StopTask (ECS API Reference).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from controller.sandbox import tasks
from controller.sandbox.images import Course, Fate
from controller.sandbox.native import Native, flag, part, parts, text, texts
from controller.sandbox.programs import Program, program_of
from controller.sandbox.pulling import pull, tags_of
from controller.sandbox.world import Definition, Region, Task, World

TOKEN_LASTS: Final = 86_400.0  # seconds that AWS knows a client token ("Ensuring idempotency", API Reference)
_CLEARING: Final = 2.0  # simulated seconds from the end of a container to STOPPED
_KILLED: Final = 137
_ENDED: Final = "Essential container in task exited"


@dataclass(slots=True, kw_only=True)
class OneOff(Task):
    """A task that no service started. `asked` is what its RunTask said, `token` by what it is known again.

    `programs` are what its containers do, `exits` the codes of those that ended.
    """

    asked: Native
    token: str
    overrides: Native
    tags: dict[str, str]
    programs: Mapping[str, Program]
    exits: dict[str, int] = field(default_factory=dict)

    def shown(self, now: float, lag: float = 0.0) -> bool:
        """Whether a read at `now` may show it: it is old enough, and did not stop more than an hour ago."""
        young = lag > 0 and now - self.created < lag
        return not young and not (self.stopped_at and now - self.stopped_at > tasks.KEPT_STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What one RunTask starts, checked."""

    cluster: str
    definition: Definition
    settings: Native
    group: str
    started_by: str
    asked: Native
    token: str
    overrides: Native
    tags: dict[str, str]


def launch(world: World, region: Region, wanted: Launch) -> OneOff:
    """Start one task."""
    definition = wanted.definition
    course, pulled = pull(world, definition, {})
    tag = tags_of(pulled)
    named = {image.container: tag(image) for image in definition.images}
    commands = {name: _command(definition.body, wanted.overrides, name) for name in named}
    slow = world.pace.slow if course.slow else 1.0
    task = OneOff(
        arn=region.arn(f"task/{wanted.cluster}/{world.hexadecimal(32)}"),
        definition=definition,
        settings=wanted.settings,
        group=wanted.group,
        started_by=wanted.started_by,
        course=_course(course, commands),
        created=world.stamp(),
        running_due=world.now() + world.pace.start * slow,
        pulled=pulled,
        asked=wanted.asked,
        token=wanted.token,
        overrides=wanted.overrides,
        tags=wanted.tags,
        programs={name: program_of(command, named[name]) for name, command in commands.items()},
    )
    region.tasks[task.arn] = task
    return task


def _command(definition: Native, overrides: Native, name: str) -> list[str]:
    for native, key in ((overrides, "containerOverrides"), (definition, "containerDefinitions")):
        for container in parts(native, key):
            if text(container, "name") == name and texts(container, "command"):
                return texts(container, "command")
    return []


def _course(course: Course, commands: Mapping[str, list[str]]) -> Course:
    """Leave out what is not so here: a command of its own is not the server, and nobody acts on a health check."""
    own = course.culprit is not None and bool(commands[course.culprit.container])
    spared = course.fate is Fate.UNHEALTHY or (course.fate is Fate.CRASH and own)
    return Course(slow=course.slow) if spared else course


def step(world: World, now: float) -> None:
    """Bring every one-off task to `now`."""
    for region in world.regions.values():
        for task in region.tasks.values():
            if isinstance(task, OneOff) and task.stopped_at is None:
                _proceed(world, task, now)


def _proceed(world: World, task: OneOff, now: float) -> None:
    tasks.proceed(world, task, now)
    if not task.up or task.running_at is None:
        return
    for name, program in task.programs.items():
        if program.takes is not None and now >= task.running_at + program.takes:
            task.exits.setdefault(name, program.code)
    essential = {
        text(one, "name")
        for one in parts(task.definition.body, "containerDefinitions")
        if flag(one, "essential", default=True)
    }
    if essential & set(task.exits) or len(task.exits) == len(task.programs):
        _finish(world, task)


def _finish(world: World, task: OneOff) -> None:
    task.exits = {name: task.exits.get(name, _KILLED) for name in task.programs}
    task.stopping_at, task.stopped_due = world.stamp(), world.now() + _CLEARING
    task.stop_code, task.stopped_reason, task.healthy = "EssentialContainerExited", _ENDED, False


def forget_old(region: Region, now: float) -> None:
    """Drop tasks that stopped more than an hour ago, and those that a client token stands for a day later."""
    for arn, task in list(region.tasks.items()):
        kept = TOKEN_LASTS if isinstance(task, OneOff) else tasks.KEPT_STOPPED
        if task.stopped_at and now - task.stopped_at > kept:
            del region.tasks[arn]


def stop(world: World, task: OneOff, reason: str) -> None:
    """Stop a task for a person: what still runs in it is killed."""
    tasks.order_stop(world, task, reason, "UserInitiated")
    if task.running_at is not None:
        task.exits = {name: task.exits.get(name, _KILLED) for name in task.programs}


def known_by(region: Region, cluster: str, token: str) -> list[OneOff]:
    """Find the tasks that a client token started in a cluster."""
    here = f":task/{cluster}/"
    return [
        task
        for task in region.tasks.values()
        if isinstance(task, OneOff) and token and task.token == token and here in task.arn
    ]


def network_of(settings: Native) -> Native:
    """Give the network that a task was asked to run in."""
    return part(part(settings, "networkConfiguration"), "awsvpcConfiguration")
