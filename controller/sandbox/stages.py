"""How a deployment walks through its stages: ROLLING by replacing tasks, the others by shifting traffic.

Sources: the texts of ServiceDeployment.lifecycleStage, LinearConfiguration and CanaryConfiguration (ECS API
Reference). A stage takes at least one step; ROLLING has no more of them than it has something to do in.
"""

from controller.sandbox import deployments, hooks
from controller.sandbox.lifecycle import (
    ALL_TRAFFIC,
    BAKE,
    CLEAN_UP,
    PRE_SHIFT,
    RECONCILE,
    ROLLING_STAGES,
    SCALE_UP,
    SHIFT,
    STAGES,
    TEST_SHIFT,
)
from controller.sandbox.native import Native, number, part
from controller.sandbox.strategies import percent, shifts
from controller.sandbox.world import Deployment, Service, ServiceDeployment, World

_BEGUN = frozenset({"PENDING", "IN_PROGRESS"})
_MINUTE = 60


def source(service: Service) -> Deployment | None:
    """Give the deployment that PRIMARY replaces: the last one that completed, if it is still there."""
    others = service.deployments[1:]
    good = next((one for one in others if one is service.good), None)
    return good or next((one for one in others if any(task.live for task in one.tasks)), None)


def wanted(service: Service, deployment: Deployment) -> int:
    """How many tasks a deployment is to have, in the stage that the service is in."""
    story, is_primary = service.current, deployment is service.primary
    if story is None or story.status not in _BEGUN or story.target is not service.primary:
        return service.desired if is_primary else 0
    life = story.lifecycle
    if is_primary:
        return service.desired if life.reached(SCALE_UP) else 0
    holds = not life.reached(CLEAN_UP if shifts(story.settings) else SCALE_UP)
    return service.desired if holds and deployment is source(service) else 0


def is_doubled(service: Service) -> bool:
    """Whether two whole sets of tasks run side by side now, whatever maximumPercent says."""
    story = service.current
    return story is not None and story.status in _BEGUN and shifts(story.settings)


def walk(world: World, service: Service, now: float) -> None:
    """Go on to the next stage if this one is over, and no hook stands in the way."""
    story = service.current
    if story is None or story.status != "IN_PROGRESS" or story.target is not service.primary:
        return
    if not story.lifecycle.stage:
        _enter(world, service, story, _path(service, story)[0], now)
        return
    if not hooks.let_through(world, service, story, now) or not _is_done(service, story, now):
        return
    following = _following(service, story)
    if following:
        _enter(world, service, story, following, now)


def _path(service: Service, story: ServiceDeployment) -> tuple[str, ...]:
    """Give the stages that this deployment goes through."""
    if shifts(story.settings):
        return STAGES if len(service.deployments) > 2 else STAGES[1:]  # noqa: PLR2004 - two sources and more
    chosen = {SCALE_UP, *(stage for stage in ROLLING_STAGES if hooks.at(story, stage))}
    if story.alarms == "MONITORING":
        chosen.add(BAKE)
    if len(service.deployments) < 3:  # noqa: PLR2004 - one source
        chosen.discard(RECONCILE)
    return tuple(stage for stage in ROLLING_STAGES if stage in chosen)


def _following(service: Service, story: ServiceDeployment) -> str:
    life = story.lifecycle
    if life.stage == SHIFT and life.weight < ALL_TRAFFIC:
        return PRE_SHIFT
    path = STAGES if life.stage == RECONCILE else _path(service, story)
    later = [stage for stage in path if STAGES.index(stage) > STAGES.index(life.stage)]
    return later[0] if later else ""


def _enter(world: World, service: Service, story: ServiceDeployment, stage: str, now: float) -> None:
    life = story.lifecycle
    life.stage, life.entered, story.updated = stage, now, world.stamp()
    if stage == TEST_SHIFT:
        life.test_weight = ALL_TRAFFIC
    elif stage == SHIFT:
        life.weight, life.test_weight = _next_weight(story), 0.0
    hooks.meet(world, story, now)
    deployments.touch(service)


def _next_weight(story: ServiceDeployment) -> float:
    """Give the traffic after the next shift."""
    configured, weight = part(story.settings, "deploymentConfiguration"), story.lifecycle.weight
    match configured.get("strategy"):
        case "LINEAR":
            step = percent(part(configured, "linearConfiguration"), "stepPercent", 10.0)
            return min(ALL_TRAFFIC, round(weight + step, 1))
        case "CANARY" if weight == 0:
            return percent(part(configured, "canaryConfiguration"), "canaryPercent", 5.0)
    return ALL_TRAFFIC


def _is_done(service: Service, story: ServiceDeployment, now: float) -> bool:
    """Whether there is nothing left to do, or to wait for, in the stage at hand."""
    life, configured = story.lifecycle, part(story.settings, "deploymentConfiguration")
    match life.stage:
        case "RECONCILE_SERVICE":
            return all(one is source(service) or not one.tasks for one in service.deployments[1:])
        case "SCALE_UP" if shifts(story.settings):
            tasks = service.primary.tasks
            return sum(task.healthy for task in tasks) == service.desired == len(tasks)
        case "SCALE_UP":
            return service.primary.steady_since is not None
        case "PRODUCTION_TRAFFIC_SHIFT" if life.weight < ALL_TRAFFIC:
            return now - life.entered >= _MINUTE * _between(configured)
        case "BAKE_TIME" if shifts(story.settings):
            return now - life.entered >= _MINUTE * number(configured, "bakeTimeInMinutes")
    return now > life.entered


def _between(configured: Native) -> int:
    """Minutes between two shifts of traffic."""
    if configured.get("strategy") == "LINEAR":
        return number(part(configured, "linearConfiguration"), "stepBakeTimeInMinutes", 6)
    return number(part(configured, "canaryConfiguration"), "canaryBakeTimeInMinutes", 10)


def may_complete(world: World, service: Service, now: float) -> bool:
    """Whether a service that is whole is also done: at its last stage, watched for long enough, and let through."""
    story, since = service.current, service.primary.steady_since
    if since is None:
        return False
    if story is None or story.status != "IN_PROGRESS" or story.target is not service.primary:
        return now - since >= world.pace.steady
    if any(hook.waits for hook in story.lifecycle.hooks) or _following(service, story):
        return False
    return shifts(story.settings) or now - since >= _hold(world, service, story)


def _hold(world: World, service: Service, story: ServiceDeployment) -> float:
    """How long a whole rolling deployment is watched: longer when ECS watches alarms for it."""
    if story.alarms != "MONITORING":
        return world.pace.steady
    minutes = number(part(service.settings, "deploymentConfiguration"), "bakeTimeInMinutes")
    return max(world.pace.steady, minutes * _MINUTE if minutes else world.pace.bake)
