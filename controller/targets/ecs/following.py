"""Look for one-off tasks: by the ARN that is known, else by the id that they were started by."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from controller.errors import TrueupError
from controller.model.hooks import TaskAbsent, TaskAt, TaskEnded, TaskRuns, TaskSight, TaskUnseen
from controller.model.names import TaskId
from controller.model.place import Place
from controller.targets.ecs.client import Access, Clients
from controller.targets.ecs.hooked import container_of
from controller.targets.ecs.loglines import LogLines
from controller.targets.ecs.native import Native, micros, parts, text, texts
from controller.targets.ecs.stopped import INTERRUPTED, exit_of, read_stopped

_AT_ONCE: Final = 100
_MISSING: Final = "MISSING"


class Following:
    """Looks for one-off tasks, a hundred in a call where their ARNs are known."""

    def __init__(self, clients: Clients, lines: LogLines) -> None:
        self._clients = clients
        self._lines = lines

    def follow(self, tasks: Sequence[TaskAt]) -> Mapping[TaskId, TaskSight]:
        """Look for all of them; what fails for some is TaskUnseen for these and nothing for the others."""
        clusters: defaultdict[tuple[Access, str], list[TaskAt]] = defaultdict(list)
        for one in tasks:
            clusters[self._clients.access(one.place), one.place.cluster].append(one)
        sights: dict[TaskId, TaskSight] = {}
        for (access, _), ones in clusters.items():
            sights.update(self._follow(access, ones))
        return sights

    def find(self, access: Access, place: Place, wanted: TaskId) -> Native | None:
        """Give the task that was started by an id, the oldest if there are several; raises if it cannot be told."""
        arns = _listed(access, place, wanted)
        found, _ = described(access, place, arns)
        if arns and not found:
            raise TrueupError(f"AWS lists {arns[0]}, and does not show it yet")
        return min(found.values(), key=lambda task: micros(task, "createdAt"), default=None)

    def _follow(self, access: Access, ones: Sequence[TaskAt]) -> dict[TaskId, TaskSight]:
        try:
            access.verify()
        except TrueupError as error:
            return {one.id: TaskUnseen(why=str(error)) for one in ones}
        place = ones[0].place
        known: dict[str, Native] = {}
        unread: dict[str, str] = {}
        arns = [one.task for one in ones if one.task]
        for start in range(0, len(arns), _AT_ONCE):
            page = arns[start : start + _AT_ONCE]
            try:
                known |= described(access, place, page)[0]
            except TrueupError as error:
                unread |= dict.fromkeys(page, str(error))
        return {one.id: self._sight(access, one, known.get(one.task), unread.get(one.task, "")) for one in ones}

    def _sight(self, access: Access, one: TaskAt, task: Native | None, unread: str) -> TaskSight:
        """Say where it stands; only where both lists were read without it, there is none."""
        if unread:
            return TaskUnseen(why=unread)
        try:
            task = task or self.find(access, one.place, one.id)
            if task is None:
                return TaskAbsent()
            if text(task, "startedBy") != one.id:
                return TaskUnseen(why=f"{one.task} was started by {text(task, 'startedBy') or 'somebody else'}")
            return self._read(one, task)
        except TrueupError as error:
            return TaskUnseen(why=str(error))
        except Exception as error:  # noqa: BLE001 - whatever one task looks like, the others are to be seen
            return TaskUnseen(why=f"{type(error).__name__}: {error}")

    def _read(self, one: TaskAt, task: Native) -> TaskSight:
        arn = text(task, "taskArn")
        if text(task, "lastStatus") != "STOPPED":
            return TaskRuns(task=arn)
        container = container_of(one.shape)
        code, stopped = exit_of(task, container), read_stopped(task)
        if code == 0 and text(task, "stopCode") in INTERRUPTED:
            code = None  # it was told to stop, and did so in good order before it was done
        if code == 0:
            return TaskEnded(task=arn, code=code)
        return TaskEnded(
            task=arn,
            code=code,
            why=self._lines.cleaned(stopped.line),
            ground=stopped.ground,
            lines=self._lines.of(one.place, task, container),
        )


def described(access: Access, place: Place, arns: Sequence[str]) -> tuple[dict[str, Native], list[str]]:
    """Read at most a hundred tasks of a cluster by ARN; gives those that are there, and those that are not."""
    if not arns:
        return {}, []
    answer = access.read("DescribeTasks", cluster=place.cluster, tasks=list(arns))
    found = {text(task, "taskArn"): task for task in parts(answer, "tasks")}
    gone = {text(one, "arn") for one in parts(answer, "failures") if text(one, "reason") == _MISSING}
    unclear = [arn for arn in arns if arn not in found and arn not in gone]
    if unclear:
        raise TrueupError(f"AWS does not answer for {unclear[0]}")
    return found, [arn for arn in arns if arn not in found]


def _listed(access: Access, place: Place, wanted: TaskId) -> list[str]:
    """List what an id started: what should run, which is what is listed unless asked otherwise, and the rest."""
    runs = access.read("ListTasks", cluster=place.cluster, startedBy=wanted)
    ended = access.read("ListTasks", cluster=place.cluster, startedBy=wanted, desiredStatus="STOPPED")
    return [*texts(runs, "taskArns"), *texts(ended, "taskArns")]
