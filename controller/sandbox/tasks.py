"""The life of a task: launched, pulled, running, healthy or not, stopping, stopped."""

from controller.sandbox.images import Course, Fate, worsened
from controller.sandbox.native import Native
from controller.sandbox.pace import Pace
from controller.sandbox.pulling import pull, tags_of, why_not
from controller.sandbox.world import Region, Revision, Task, World

KEPT_STOPPED = 3600.0  # ECS shows stopped tasks for at least an hour


def launch(
    world: World,
    region: Region,
    revision: Revision,
    origin: tuple[str, str, str],
    settings: Native,
    *,
    late: float,
) -> Task:
    """Start one task. `origin` is the cluster's name, the group and startedBy; `late` delays it, in seconds."""
    cluster, group, started_by = origin
    now = world.now()
    course, pulled = pull(world, revision.definition, revision.pulled)
    start = world.pace.start * (world.pace.slow if course.slow else 1.0)
    task = Task(
        arn=region.arn(f"task/{cluster}/{world.hexadecimal(32)}"),
        definition=revision.definition,
        settings=settings,
        group=group,
        started_by=started_by,
        course=course,
        created=world.stamp(),
        running_due=now + start + late,
        pulled=pulled,
    )
    region.tasks[task.arn] = task
    return task


def proceed(world: World, task: Task, now: float) -> bool:
    """Bring one task to `now`; True if it failed by its own fault on the way."""
    failed = False
    if task.live:
        failed = _fail_to_pull(world, task, now)
    if task.live and task.running_at is None and now >= task.running_due:
        task.running_at = world.stamp()
    if task.live and task.running_at is not None:
        failed = _run(world, task, now)
    if task.stopped_at is None and task.stopped_due is not None and now >= task.stopped_due:
        task.stopped_at = world.stamp()
    return failed


def order_stop(world: World, task: Task, reason: str, code: str = "ServiceSchedulerInitiated") -> None:
    """Tell a task to stop; it drains for a while, or is stopped at once if it never ran."""
    task.stopping_at = world.stamp()
    drain = world.pace.drain if task.running_at is not None else 1.0
    task.stopped_due = world.now() + drain
    task.stop_code = code
    task.stopped_reason = reason
    task.exit_code = 0 if task.running_at is not None else None
    task.healthy = False


def settled(task: Task, now: float) -> None:
    """Make a task one that has long been running and healthy: for seeding."""
    task.created = task.running_due = task.running_at = round(now, 3)
    task.course = Course()
    task.healthy = True


def status_of(task: Task, now: float) -> str:
    """Give the task's lastStatus."""
    if task.stopped_at is not None:
        return "STOPPED"
    if task.stopping_at is not None:
        return "DEPROVISIONING" if task.stop_code == "EssentialContainerExited" else "DEACTIVATING"
    if task.running_at is not None:
        return "RUNNING"
    return "PROVISIONING" if now - task.created < 1.0 else "PENDING"


def _fail_to_pull(world: World, task: Task, now: float) -> bool:
    course = task.course
    pulled = task.running_due - world.pace.start + world.pace.pull
    if course.fate is not Fate.PULL_ERROR or course.culprit is None or now < pulled:
        return False
    reason = why_not(course)
    _end(world, task, "TaskFailedToStart", reason)
    task.exit_reason = reason
    return True


def _run(world: World, task: Task, now: float) -> bool:
    began = task.running_at if task.running_at is not None else now
    pace: Pace = world.pace
    task.course = worsened(task.course, task.definition.images, world.trouble.crashing, tags_of(task.pulled))
    if task.course.fate is Fate.CRASH and now >= began + pace.crash:
        _end(world, task, "EssentialContainerExited", "Essential container in task exited")
        task.exit_code = 1
        return True
    if task.healthy or now < began + pace.settle:
        return False
    if task.course.fate is Fate.UNHEALTHY:
        order_stop(world, task, "Task failed container health checks")
        task.unhealthy = True
        task.exit_code = 137
        return True
    task.healthy = task.course.fate is Fate.SOUND
    return False


def _end(world: World, task: Task, code: str, reason: str) -> None:
    task.stopping_at = task.stopped_at = world.stamp()
    task.stopped_due = world.now()
    task.stop_code = code
    task.stopped_reason = reason
    task.healthy = False
