"""One step of simulated time for one service: tasks move, a deployment is judged, tasks are stopped and started."""

import math

from controller.sandbox import deployments, events, stages, tasks
from controller.sandbox.native import flag, number, part
from controller.sandbox.world import Deployment, Region, Service, Task, World, alarm_names

_BATCH = 20  # tasks that one service starts in one step


def step(world: World, region: Region, service: Service, now: float) -> None:
    """Bring one service to `now`."""
    if not service.moving:
        if service.status == "ACTIVE" and events.steady_is_due(service, now):
            events.tell_steady(world, service, now)
        return
    _acknowledge(world, service)
    _age(world, service, now)
    if service.status == "DRAINING":
        _empty(world, service)
        return
    _judge(world, region, service)
    stages.walk(world, service, now)
    _settle_counts(service)
    _stop_surplus(world, service)
    _launch_missing(world, region, service, now)
    _finish(world, service, now)


def _acknowledge(world: World, service: Service) -> None:
    """Begin, or end, what was requested in an earlier step."""
    for story in service.history:
        if story.status == "PENDING":
            story.status = "IN_PROGRESS"
            story.started = story.updated = world.stamp()
        elif story.status == "STOP_REQUESTED":
            story.status = "STOPPED"
            deployments.end(story, world.stamp())
        else:
            continue
        deployments.touch(service)


def _age(world: World, service: Service, now: float) -> None:
    for deployment in service.deployments:
        for task in deployment.tasks:
            was = (task.running_at, task.healthy, task.stopping_at, task.stopped_at)
            failed = tasks.proceed(world, task, now)
            if failed and deployment is service.primary:
                _count_failure(world, service, deployment, task, now)
            elif task.healthy and not was[1] and _forgives(service):
                deployment.failed = 0
            if was != (task.running_at, task.healthy, task.stopping_at, task.stopped_at):
                deployments.touch(service)
        deployment.tasks = [task for task in deployment.tasks if task.stopped_at is None]
    service.deployments = [service.primary, *(one for one in service.deployments[1:] if one.tasks)]


def _count_failure(world: World, service: Service, deployment: Deployment, task: Task, now: float) -> None:
    deployment.failed += 1
    deployment.updated = world.stamp()
    deployment.launch_after = now + min(60.0, world.pace.backoff * deployment.failed)
    story = service.current
    if story is not None and story.target is deployment and story.status not in deployments.ENDED:
        story.failures, story.updated = deployment.failed, deployment.updated
    if task.unhealthy:
        name = task.arn.rsplit("/", 1)[-1]
        events.say(world, service, f"(task {name}) failed container health checks.")
    if deployment.failed % 10 == 5:  # noqa: PLR2004 - now and then, as ECS does
        events.say(world, service, "is unable to consistently start tasks successfully.")


def _forgives(service: Service) -> bool:
    """Whether a healthy task sets the count of failures back to nothing."""
    breaker = part(part(service.settings, "deploymentConfiguration"), "deploymentCircuitBreaker")
    return flag(breaker, "resetOnHealthyTask", default=True)


def _empty(world: World, service: Service) -> None:
    """Stop all that a deleted service runs; then it is INACTIVE."""
    for deployment in service.deployments:
        for task in deployment.tasks:
            if task.live:
                tasks.order_stop(world, task, "Task stopped because its service was deleted")
    if not any(deployment.tasks for deployment in service.deployments):
        service.status, service.deployments = "INACTIVE", []
        deployments.touch(service)
        service.moving = False


def _settle_counts(service: Service) -> None:
    for older in service.deployments[1:]:
        older.desired = stages.wanted(service, older)


def _judge(world: World, region: Region, service: Service) -> None:
    story, primary = service.current, service.primary
    if story is None or primary.rollout_state != "IN_PROGRESS":
        return
    if story.status == "ROLLBACK_REQUESTED":
        deployments.take_back(world, service, "of a user request", "stopped on request.")
    elif story.status == "ROLLBACK_IN_PROGRESS" and primary.failed >= story.threshold:
        deployments.mark_failed(world, primary, "circuit breaker: tasks failed to start.")
        story.status = "ROLLBACK_FAILED"
        story.reason = "Service deployment rollback failed because the circuit breaker threshold was exceeded."
        deployments.end(story, world.stamp())
        events.say(world, service, f"(deployment {primary.id}) deployment failed: tasks failed to start.")
    elif story.status == "IN_PROGRESS":
        _judge_progress(world, region, service)


def _judge_progress(world: World, region: Region, service: Service) -> None:
    story, configured = service.current, part(service.settings, "deploymentConfiguration")
    if story is None:
        return
    breaker, alarms = part(configured, "deploymentCircuitBreaker"), part(configured, "alarms")
    if flag(breaker, "enable") and service.primary.failed >= story.threshold:
        story.breaker = "TRIGGERED"
        why = "circuit breaker: tasks failed to start."
        deployments.fail(world, service, why, rollback=flag(breaker, "rollback"))
        return
    if story.alarms != "MONITORING":
        return
    rings = world.ringing(region.account, region.name, alarm_names(service.settings))
    if rings:
        story.alarms, story.ringing = "TRIGGERED", tuple(rings)
        deployments.fail(world, service, "alarm detected.", rollback=flag(alarms, "rollback"))


def _bounds(service: Service) -> tuple[int, int]:
    """Give the fewest healthy tasks and the most live ones: rounded up, and down."""
    configured = part(service.settings, "deploymentConfiguration")
    low = math.ceil(service.desired * number(configured, "minimumHealthyPercent", 100) / 100)
    high = service.desired * number(configured, "maximumPercent", 200) // 100
    return low, high


def _stop_surplus(world: World, service: Service) -> None:
    primary = service.primary
    if primary.rollout_state == "FAILED":
        return  # ECS leaves a failed deployment as it is
    low, _ = _bounds(service)
    healthy = sum(task.healthy for deployment in service.deployments for task in deployment.tasks)
    surplus = [
        task
        for one in (*service.deployments[1:], primary)
        for task in [task for task in one.tasks if task.live][stages.wanted(service, one) :]
    ]
    stopped = []
    for task in sorted(surplus, key=lambda task: (task.healthy, task.created)):
        if task.healthy and healthy - 1 < low:
            break
        healthy -= task.healthy
        tasks.order_stop(world, task, f"Scaling activity initiated by (deployment {primary.id})")
        stopped.append(task)
    if stopped:
        events.say(world, service, f"has stopped {events.of_tasks(stopped)}")


def _launch_missing(world: World, region: Region, service: Service, now: float) -> None:
    if service.primary.rollout_state == "FAILED":
        return
    for deployment in service.deployments:
        missing = stages.wanted(service, deployment) - sum(task.live for task in deployment.tasks)
        if missing > 0 and now >= deployment.launch_after:
            _launch(world, region, service, deployment, missing)


def _launch(world: World, region: Region, service: Service, deployment: Deployment, missing: int) -> None:
    now = world.now()
    if world.trouble.starves(service):
        events.complain(world, service, events.NO_FARGATE_CAPACITY if service.fargate else events.NO_INSTANCE, now)
        return
    room = missing
    if not stages.is_doubled(service):
        _, high = _bounds(service)
        room = high - sum(task.live for one in service.deployments for task in one.tasks)
    if room <= 0:
        if _nothing_moves(service):
            events.complain(world, service, events.DEADLOCK, now)
        return
    origin = (service.cluster.name, f"service:{service.name}", deployment.id)
    started = [
        tasks.launch(world, region, deployment.revision, origin, service.settings,
                     late=world.pace.stagger * min(place, 2))
        for place in range(min(missing, room, _BATCH))
    ]  # fmt: skip
    deployment.tasks = [*deployment.tasks, *started]
    events.say(world, service, f"has started {events.of_tasks(started)}")


def _nothing_moves(service: Service) -> bool:
    return all(task.healthy for deployment in service.deployments for task in deployment.tasks)


def _finish(world: World, service: Service, now: float) -> None:
    """Complete the deployment when all is healthy and the old tasks are gone, and stays so for a while."""
    primary = service.primary
    whole = sum(task.healthy for task in primary.tasks) == service.desired == len(primary.tasks)
    if not whole or any(one.tasks for one in service.deployments[1:]):
        primary.steady_since = None
        return
    if primary.rollout_state == "COMPLETED":
        service.moving = False
        return
    if primary.rollout_state == "FAILED":
        return
    if primary.steady_since is None:
        primary.steady_since = now
    if stages.may_complete(world, service, now):
        deployments.complete(world, service, now)
