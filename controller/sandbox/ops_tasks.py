"""The operations on tasks; reading them moves nothing."""

from controller.sandbox import deployments, oneoff, tasks
from controller.sandbox.call import Answer, Call, cluster_of, find_service, limited, missing, page
from controller.sandbox.native import Refused, invalid, short, text, texts
from controller.sandbox.render_task import task as rendered
from controller.sandbox.world import Task

_AT_ONCE = 100


def list_tasks(call: Call) -> Answer:
    """ListTasks: RUNNING ones unless STOPPED are asked for; PENDING never matches."""
    cluster, status = cluster_of(call), text(call.params, "desiredStatus", "RUNNING")
    if status not in {"RUNNING", "PENDING", "STOPPED"}:
        raise invalid("desiredStatus must be RUNNING, PENDING or STOPPED.")
    group = _group(call)
    family, started_by = text(call.params, "family"), text(call.params, "startedBy")
    launch = text(call.params, "launchType")
    arns = [
        task.arn
        for task in call.region.tasks.values()
        if f":task/{cluster.name}/" in task.arn
        and ("RUNNING" if task.live else "STOPPED") == status
        and group in {"", task.group}
        and family in {"", task.definition.family}
        and started_by in {"", task.started_by}
        and launch in {"", text(task.settings, "launchType", "EC2")}
        and not text(call.params, "containerInstance")
        and _shown(call, task)
    ]
    return page(call, arns, "taskArns")


def _shown(call: Call, task: Task) -> bool:
    """Whether this read may show it: one-off tasks lag as services do, and are remembered longer than shown."""
    lag = call.past.lag.seconds if call.past.lag else 0.0
    return not isinstance(task, oneoff.OneOff) or task.shown(call.world.now(), lag)


def _group(call: Call) -> str:
    name = text(call.params, "serviceName")
    if not name:
        return ""
    service = find_service(call.region, cluster_of(call), name)
    if service is None:
        raise Refused("ServiceNotFoundException", "Service not found.")
    return f"service:{service.name}"


def describe_tasks(call: Call) -> Answer:
    """DescribeTasks: one to a hundred; those that are not there as failures."""
    names = texts(call.params, "tasks")
    limited(names, "Tasks", _AT_ONCE)
    cluster = cluster_of(call)
    now = call.world.now()
    found, failures = [], []
    for name in names:
        arn = call.region.arn(f"task/{cluster.name}/{short(name)}")
        task = call.region.tasks.get(arn)
        if task is None or not _shown(call, task):
            failures.append(missing(arn))
        else:
            found.append(rendered(task, now))
    return {"tasks": found, "failures": failures}


def stop_task(call: Call) -> Answer:
    """StopTask: a person stops a task; its service starts another."""
    cluster = cluster_of(call)
    task = call.region.tasks.get(call.region.arn(f"task/{cluster.name}/{short(text(call.params, 'task'))}"))
    if task is None:
        raise invalid("The referenced task was not found.")
    reason = text(call.params, "reason", "Task stopped by user")
    if isinstance(task, oneoff.OneOff):
        if task.live:
            oneoff.stop(call.world, task, reason)
    elif task.live:
        tasks.order_stop(call.world, task, reason, "UserInitiated")
        _wake(call, task)
    return {"task": rendered(task, call.world.now())}


def _wake(call: Call, task: Task) -> None:
    for service in call.region.services.values():
        if task.group == f"service:{service.name}":
            deployments.touch(service)
