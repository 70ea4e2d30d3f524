"""Deployments begin, are superseded, fail and go back: every change of state outside the counting of tasks."""

import math

from controller.sandbox import events
from controller.sandbox.lifecycle import CLEAN_UP, SCALE_UP
from controller.sandbox.native import Native, flag, number, part, text
from controller.sandbox.pulling import resolve
from controller.sandbox.strategies import shifts
from controller.sandbox.world import (
    Counted,
    Definition,
    Deployment,
    Region,
    Revision,
    Rollback,
    Service,
    ServiceDeployment,
    World,
    alarm_names,
)

ENDED = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
GOING_BACK = frozenset({"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
KEPT = 100  # service deployments kept for each service; AWS keeps ninety days


def threshold(settings: Native, desired: int) -> int:
    """How many consecutive failures trip the circuit breaker.

    AWS, "How the Amazon ECS deployment circuit breaker detects failures": half of the desired count, between 3
    and 200, unless `thresholdConfiguration` says otherwise.
    """
    breaker = part(part(settings, "deploymentConfiguration"), "deploymentCircuitBreaker")
    configured = part(breaker, "thresholdConfiguration")
    kind = text(configured, "type", "BOUNDED_PERCENT")
    value = number(configured, "value", 50)
    if kind == "COUNT":
        return max(1, value)
    failures = math.ceil(desired * value / 100)
    return max(1, failures) if kind == "UNBOUNDED_PERCENT" else min(200, max(3, failures))


def count(deployment: Deployment) -> Counted:
    """Count the tasks of a deployment, now."""
    running = sum(task.up for task in deployment.tasks)
    live = sum(task.live for task in deployment.tasks)
    return Counted(
        arn=deployment.revision.arn, requested=deployment.desired, running=running, pending=live - running
    )


def new_revision(world: World, service: Service, definition: Definition) -> Revision:
    """Freeze the service as it is set now, with this task definition."""
    digits = world.digits()
    return Revision(
        number=digits,
        arn=service.arn.replace(":service/", ":service-revision/") + f"/{digits}",
        definition=definition,
        settings=dict(service.settings),
        created=world.stamp(),
        pulled=resolve(world, definition),
    )


def begin(world: World, region: Region, service: Service, definition: Definition) -> Deployment:
    """Start a deployment: a new PRIMARY, the others ACTIVE, and whatever was in flight is asked to stop."""
    for older in service.deployments:
        older.status, older.desired = "ACTIVE", 0
    previous = service.current
    revision = new_revision(world, service, definition)
    deployment = _primary(revision, service.desired)
    sources = tuple(count(older) for older in service.deployments if any(task.live for task in older.tasks))
    service.deployments = [deployment, *service.deployments]
    if previous is not None and previous.status not in ENDED:
        previous.status, previous.updated = "STOP_REQUESTED", revision.created
        previous.reason = "Service deployment stopped because a newer service deployment was started."
    service.history = [*service.history, _story(world, region, service, deployment, sources)][-KEPT:]
    touch(service)
    return deployment


def _primary(revision: Revision, desired: int) -> Deployment:
    return Deployment(
        revision=revision,
        status="PRIMARY",
        desired=desired,
        created=revision.created,
        updated=revision.created,
        rollout_state="IN_PROGRESS",
        rollout_reason=f"ECS deployment ecs-svc/{revision.number} in progress.",
    )


def _story(
    world: World, region: Region, service: Service, deployment: Deployment, sources: tuple[Counted, ...]
) -> ServiceDeployment:
    watched = alarm_names(service.settings)
    # AWS, "How CloudWatch alarms detect Amazon ECS deployment failures": an alarm that rings at the start
    # turns the watching of alarms off for the whole deployment.
    rings = world.ringing(region.account, region.name, watched) if watched else []
    breaker = part(part(service.settings, "deploymentConfiguration"), "deploymentCircuitBreaker")
    return ServiceDeployment(
        arn=service.arn.replace(":service/", ":service-deployment/") + "/" + world.hexadecimal(21),
        target=deployment,
        sources=sources,
        settings=dict(service.settings),
        created=deployment.created,
        updated=deployment.created,
        threshold=threshold(service.settings, service.desired),
        alarm_names=tuple(watched),
        breaker="MONITORING" if flag(breaker, "enable") else "DISABLED",
        alarms="MONITORING" if watched and not rings else "DISABLED",
    )


def touch(service: Service) -> None:
    """Something about the service changed: it is looked at in the next step."""
    service.moving = True
    service.changes += 1


def fail(world: World, service: Service, why: str, *, rollback: bool) -> None:
    """Declare the deployment in flight failed: go back if asked and possible, else stop where it is."""
    story, failed = service.current, service.primary
    if story is None:
        return
    mark_failed(world, failed, why)
    events.say(
        world, service, f"(deployment {failed.id}) deployment failed: {why.removeprefix('circuit breaker: ')}"
    )
    reason = f"Service deployment rolled back because {_because(story)}."
    if rollback and go_back(world, service, reason, f"ECS deployment {_cause(story)}"):
        return
    story.status, story.updated = "STOP_REQUESTED", world.stamp()
    story.reason = f"Service deployment stopped because {_because(story)}."


def take_back(world: World, service: Service, because: str, why: str) -> None:
    """Go back for another reason than a failure that ECS detected; stop if there is nothing to go back to."""
    story, before = service.current, service.primary
    if story is None:
        return
    if go_back(world, service, f"Service deployment rolled back because {because}."):
        mark_failed(world, before, why)
        return
    mark_failed(world, before, f"{why.removesuffix('.')}; there is nothing to roll back to.")
    story.status, story.reason = "STOP_REQUESTED", f"Service deployment stopped because {because}."


def go_back(world: World, service: Service, reason: str, prefix: str = "ECS deployment") -> bool:
    """Bring the last completed deployment back; False when there is none, or it has not completed again since."""
    story, failed = service.current, service.primary
    good = service.good
    if story is None or good is None or good is failed or good.rollout_state != "COMPLETED":
        return False
    at = world.stamp()
    target = good
    if world.trouble.rollback_makes_new_deployment:
        revision = new_revision(world, service, good.revision.definition)
        target = _primary(
            Revision(
                number=revision.number,
                arn=revision.arn,
                definition=revision.definition,
                settings=good.revision.settings,
                created=revision.created,
                pulled=good.revision.pulled,
            ),
            service.desired,
        )
        good.status, good.desired = "ACTIVE", 0
    failed.status, failed.desired = "ACTIVE", 0
    target.status, target.rollout_state, target.desired = "PRIMARY", "IN_PROGRESS", service.desired
    target.rollout_reason = f"{prefix}: rolling back to deploymentId {target.id}."
    target.updated, target.failed, target.steady_since, target.launch_after = at, 0, None, 0.0
    service.deployments = [target, *(one for one in service.deployments if one is not target)]
    kept = {key: value for key, value in service.settings.items() if key not in FROZEN}
    service.settings = {**kept, **_frozen(target.revision.settings)}
    story.status, story.reason, story.updated = "ROLLBACK_IN_PROGRESS", reason, at
    story.rollback = Rollback(reason=reason, started=at, revision_arn=target.revision.arn)
    life = story.lifecycle
    life.stage, life.weight, life.test_weight = (CLEAN_UP if shifts(story.settings) else SCALE_UP), 0.0, 0.0
    events.say(world, service, f"rolling back to deployment {target.id}.")
    touch(service)
    return True


# What starts a deployment when it changes.
STARTING = (
    "platformVersion", "networkConfiguration", "loadBalancers", "serviceRegistries",
    "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations",
    "gatewayConnectors", "monitoring",  # AWS's text does not say so; only a new revision can show them
)  # fmt: skip
# What a service revision freezes, so what ECS puts back; everything else stays as it was last set.
FROZEN = (*STARTING, "capacityProviderStrategy", "launchType")


def _frozen(settings: Native) -> dict[str, object]:
    return {key: settings[key] for key in FROZEN if key in settings}


def mark_failed(world: World, deployment: Deployment, why: str) -> None:
    """Set a deployment's rollout state to FAILED."""
    deployment.rollout_state, deployment.updated = "FAILED", world.stamp()
    deployment.rollout_reason = (
        f"ECS deployment {why}" if why.startswith("circuit") else f"ECS deployment failed: {why}"
    )


def _because(story: ServiceDeployment) -> str:
    if story.breaker == "TRIGGERED":
        return "the circuit breaker threshold was exceeded"
    return "an alarm was detected: " + ", ".join(story.ringing)


def _cause(story: ServiceDeployment) -> str:
    return "circuit breaker" if story.breaker == "TRIGGERED" else "alarm detected"


def complete(world: World, service: Service, now: float) -> None:
    """Declare the PRIMARY deployment complete: it has all it needs, and nothing else is left."""
    primary, story, at = service.primary, service.current, world.stamp()
    primary.rollout_state, primary.updated, primary.steady_since = "COMPLETED", at, None
    primary.rollout_reason = f"ECS deployment {primary.id} completed."
    service.deployments, service.good = [primary], primary
    if story is not None and story.status not in ENDED:
        story.status = "ROLLBACK_SUCCESSFUL" if story.status in GOING_BACK else "SUCCESSFUL"
        end(story, at)
    events.say(world, service, f"(deployment {primary.id}) deployment completed.")
    events.tell_steady(world, service, now)


def end(story: ServiceDeployment, at: float) -> None:
    """Write down when a service deployment ended, and what ran then."""
    story.updated = at
    story.stopped, story.finished = (at, None) if story.status == "STOPPED" else (None, at)
    story.final = count(story.target)
    if story.breaker == "MONITORING":
        story.breaker = "MONITORING_COMPLETE"
    if story.alarms == "MONITORING":
        story.alarms = "MONITORING_COMPLETE"
