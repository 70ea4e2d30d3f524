"""Read stopped tasks: only when something fails, and each only once."""

from typing import Final

from controller.errors import TrueupError
from controller.model.observation import State
from controller.targets.ecs.client import Access
from controller.targets.ecs.memory import Asked
from controller.targets.ecs.native import number, parts, text, texts
from controller.targets.ecs.sight import Job
from controller.targets.ecs.stopped import read_stopped, started_after
from controller.targets.ecs.verdict import listed_state

_PAGE: Final = 100
_PAGES: Final = 3
_FAILED: Final = frozenset({State.RETURNING, State.RETURNED, State.FAILED})


def gather(access: Access, job: Job) -> None:
    """Read why tasks stopped, if there is a reason to ask that was not asked about before.

    ECS forgets stopped tasks after an hour, so they are read when it happens. What cannot be read is said.
    """
    wanted = _reason(job)
    if wanted is None or wanted == job.seen.gathered:
        return
    try:
        job.over = _gather(access, job)
    except TrueupError as error:
        job.over, job.unread = False, f"why tasks stopped could not be read: {error}"
        return
    job.seen.gathered = wanted if job.over else ()
    job.seen.started = max(job.seen.started, started_after(job.service, job.seen.started))


def _gather(access: Access, job: Job) -> bool:
    """Read the stopped tasks that are not known; False if one of them is still stopping, and has not said why."""
    unknown = [arn for arn in _stopped(access, job) if arn not in job.seen.tasks]
    over = True
    for start in range(0, len(unknown), _PAGE):
        page = unknown[start : start + _PAGE]
        described = parts(access.read("DescribeTasks", cluster=job.one.place.cluster, tasks=page), "tasks")
        ended = [task for task in described if text(task, "lastStatus") == "STOPPED"]
        job.seen.keep_tasks(read_stopped(task) for task in ended)
        over = over and len(ended) == len(described)
    return over


def _stopped(access: Access, job: Job) -> list[str]:
    arns: list[str] = []
    place, token = job.one.place, ""
    for _ in range(_PAGES):
        more = {"nextToken": token} if token else {}
        answer = access.read(
            "ListTasks", cluster=place.cluster, serviceName=place.service, desiredStatus="STOPPED", **more
        )
        arns += texts(answer, "taskArns")
        token = text(answer, "nextToken")
        if not token:
            break
    return arns


def _reason(job: Job) -> Asked | None:
    """Say what tasks are to be read for, as a value that changes when they are to be read again; None: nothing."""
    one, ours = job.one, job.ours
    if one.ours is None or not (one.moving or one.proven):
        return None
    failed = number(ours, "failedTasks") if ours else 0
    running, desired = number(job.primary, "runningCount"), number(job.service, "desiredCount")
    began = max(job.proven, job.seen.started)
    started = started_after(job.service, began) if job.proven else 0
    broke = _broke(job)
    if broke or failed or started or (job.proven and running < desired):
        return (one.ours, failed, broke, running if job.proven else -1, max(began, started))
    return None


def _broke(job: Job) -> bool:
    """Whether ours failed, as far as is known; one that is neither listed nor told of most likely did."""
    ours = job.ours
    told = job.account_of(job.one.ours) if job.one.ours else None
    if told is not None:
        return told.state in _FAILED
    return ours is None or listed_state(ours, job.primary, alone=len(job.listed) == 1) in _FAILED
