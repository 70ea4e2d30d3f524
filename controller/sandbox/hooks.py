"""Lifecycle hooks of a service deployment: met at a stage, passed, failed, answered, or left to their time.

Lambda functions are not run: a hook of one passes at once, unless a fault says that it fails.
"""

from controller.sandbox import deployments
from controller.sandbox.lifecycle import HookRun
from controller.sandbox.native import Native, number, part, parts, text, texts
from controller.sandbox.world import Service, ServiceDeployment, World

LAMBDA, PAUSE = "AWS_LAMBDA", "PAUSE"
LONGEST = 1440  # minutes that a hook is given if it does not say how many
EVERY = "*"


def at(story: ServiceDeployment, stage: str) -> list[Native]:
    """Give the hooks that a deployment has at a stage."""
    configured = part(story.settings, "deploymentConfiguration")
    return [hook for hook in parts(configured, "lifecycleHooks") if stage in texts(hook, "lifecycleStages")]


def meet(world: World, story: ServiceDeployment, now: float) -> None:
    """Begin the hooks of the stage that was just entered."""
    life = story.lifecycle
    life.hooks = [*life.hooks, *(_begun(world, hook, life.stage, now) for hook in at(story, life.stage))]


def _begun(world: World, hook: Native, stage: str, now: float) -> HookRun:
    kind, timeout = text(hook, "targetType", LAMBDA), part(hook, "timeoutConfiguration")
    target = text(hook, "hookTargetArn") or None
    failing = world.trouble.failing_hooks
    fails = EVERY in failing or (target or "").rsplit(":", 1)[-1] in failing or target in failing
    return HookRun(
        id=f"ecs-{'pause' if kind == PAUSE else 'lambda'}-{world.hexadecimal(43)}",
        stage=stage,
        kind=kind,
        status="AWAITING_ACTION" if kind == PAUSE else "FAILED" if fails else "SUCCEEDED",
        expires=round(now + 60 * number(timeout, "timeoutInMinutes", LONGEST), 3),
        action=text(timeout, "action", "ROLLBACK"),
        target=target,
    )


def let_through(world: World, service: Service, story: ServiceDeployment, now: float) -> bool:
    """Whether the deployment may go on: no hook waits, and none failed; one that failed takes it back."""
    for hook in story.lifecycle.hooks:
        if hook.waits and now >= hook.expires:
            hook.status, story.updated = "TIMED_OUT", world.stamp()
            deployments.touch(service)
        if hook.status == "FAILED" or (hook.status == "TIMED_OUT" and hook.action == "ROLLBACK"):
            why = "timed out" if hook.status == "TIMED_OUT" else "failed"
            because = f"the lifecycle hook {hook.id} at {hook.stage} {why}"
            deployments.take_back(world, service, because, f"a lifecycle hook {why} at {hook.stage}.")
            return False
    return not any(hook.waits for hook in story.lifecycle.hooks)


def answer(world: World, service: Service, story: ServiceDeployment, hook: HookRun, action: str) -> None:
    """Take a person's answer to a hook that waits: go on, or go back."""
    story.updated = world.stamp()
    if action == "CONTINUE":
        hook.status = "SUCCEEDED"
    else:
        hook.status, story.status = "FAILED", "ROLLBACK_REQUESTED"
    deployments.touch(service)
