"""Why a deployment fails, in words: read while its tasks can still be read, which is an hour after they stopped."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from controller.errors import TrueupError
from controller.model.names import DeploymentId
from controller.model.observation import Absent, Unseen
from controller.model.place import Place
from controller.targets.ecs.client import Access, Clients
from controller.targets.ecs.following import described
from controller.targets.ecs.loglines import LogLines
from controller.targets.ecs.look import Looking
from controller.targets.ecs.native import Native, last, micros, parts, text, texts
from controller.targets.ecs.stopped import line_of, read_stopped

MOST: Final = 64 * 1024
"""Bytes of all lines together: evidence is kept in the journal (design section 9)."""
_PAGES: Final = 3
_AT_ONCE: Final = 100
_TASKS: Final = 3
_LOGS: Final = 6
_EVENTS: Final = 10
_MICROS: Final = 1_000_000
_ROOM: Final = 40  # bytes that are kept for the last line
_ID: Final = 4


class Evidence:
    """Gathers what is known of a failing deployment: its tasks, what they logged, what the service said."""

    def __init__(self, clients: Clients, looking: Looking, lines: LogLines) -> None:
        self._clients = clients
        self._looking = looking
        self._lines = lines

    def of(self, place: Place, deployment: DeploymentId) -> tuple[str, ...]:
        """Give it in lines, at most `MOST` bytes together; what could not be read is said. Never raises."""
        access = self._clients.access(place)
        try:
            access.verify()
        except TrueupError as error:
            return (self._lines.cleaned(f"nothing could be read: {error}"),)
        found: list[str] = []
        for what, lines in (("tasks", self._of_tasks), ("events", self._of_events)):
            try:
                found += lines(access, place, deployment)
            except TrueupError as error:
                found.append(self._lines.cleaned(f"the {what} could not be read: {error}"))
            except Exception as error:  # noqa: BLE001 - it is an aid: whatever happens, the rollout goes on
                found.append(f"the {what} could not be read: {type(error).__name__}")
        return bounded(found)

    def _of_tasks(self, access: Access, place: Place, deployment: DeploymentId) -> Iterator[str]:
        """Tell of the newest tasks that failed, else of those that are not healthy; then what they logged."""
        stopped = [task for task in _tasks(access, place, "STOPPED") if text(task, "startedBy") == deployment]
        chosen = sorted(
            (task for task in stopped if read_stopped(task).failed), key=lambda task: -micros(task, "stoppedAt")
        )[:_TASKS]
        if not chosen:
            running = (task for task in _tasks(access, place, "RUNNING") if text(task, "startedBy") == deployment)
            chosen = [task for task in running if text(task, "healthStatus") != "HEALTHY"][:_TASKS]
        for task in chosen:
            yield self._lines.cleaned(line_of(task))
            yield from (self._lines.cleaned(line) for line in _health(task))
        for task, container in [(one, name) for one in chosen for name in _containers(one)][:_LOGS]:
            said = self._lines.of(place, task, container)
            yield from (f"{container} ({_short(task)}) | {line}" for line in said)

    def _of_events(self, access: Access, place: Place, deployment: DeploymentId) -> Iterator[str]:
        """Tell what the service said since the deployment was made, newest first."""
        service = self._looking.describe(access, place)
        if isinstance(service, Absent):
            yield "the service is no longer there"
            return
        if isinstance(service, Unseen):
            raise TrueupError(service.why)
        made = (one for one in parts(service, "deployments") if text(one, "id") == deployment)
        born = micros(next(made, {}), "createdAt")
        since = [event for event in parts(service, "events") if micros(event, "createdAt") >= born]
        for event in since[:_EVENTS]:
            at = datetime.fromtimestamp(micros(event, "createdAt") / _MICROS, UTC)
            yield self._lines.cleaned(f"event {at:%H:%M:%S}: {text(event, 'message')}")


def bounded(lines: Sequence[str], most: int = MOST) -> tuple[str, ...]:
    """Give as many lines as fit into so many bytes, and say how many did not."""
    kept: list[str] = []
    left = most
    for line in lines:
        left -= len(line.encode(errors="replace")) + 1
        if left < _ROOM:
            return (*kept, f"… and {len(lines) - len(kept)} more lines")
        kept.append(line)
    return tuple(kept)


def _tasks(access: Access, place: Place, status: str) -> list[Native]:
    """Read the tasks of a service that should run, or should not."""
    arns: list[str] = []
    token = ""
    for _ in range(_PAGES):
        more = {"nextToken": token} if token else {}
        answer = access.read(
            "ListTasks", cluster=place.cluster, serviceName=place.service, desiredStatus=status, **more
        )
        arns += texts(answer, "taskArns")
        token = text(answer, "nextToken")
        if not token:
            break
    pages = (described(access, place, arns[start : start + _AT_ONCE])[0] for start in range(0, len(arns), _AT_ONCE))
    return [task for page in pages for task in page.values()]


def _containers(task: Native) -> list[str]:
    """Name its containers: those that ended badly first."""
    listed = sorted(parts(task, "containers"), key=lambda one: one.get("exitCode") in (None, 0, 137, 143))
    return [text(one, "name") for one in listed]


def _health(task: Native) -> Iterator[str]:
    for container in parts(task, "containers"):
        if text(container, "healthStatus") == "UNHEALTHY":
            said = text(container, "reason") or "its health check fails"
            yield f"task {_short(task)}: {text(container, 'name')} is UNHEALTHY: {said}"


def _short(task: Native) -> str:
    return last(text(task, "taskArn"))[:_ID]
