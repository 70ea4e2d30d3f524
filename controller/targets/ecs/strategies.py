"""What ECS's deployment strategies and lifecycle hooks need, and what AWS refuses of them.

Sources: the texts of DeploymentConfiguration, DeploymentLifecycleHook, LinearConfiguration and CanaryConfiguration
(ECS API Reference), "Pause hooks for Amazon ECS service deployments", "Required resources for Amazon ECS blue/green
deployments", and the same of linear and canary ones (Developer Guide).
"""

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from controller.shaping import Fault
from controller.targets.ecs.native import Native, part, parts, text, texts
from controller.targets.ecs.shapes import Path
from controller.targets.ecs.values import decimal, out_of_bounds, whole

CONFIGURATION: Final = "deploymentConfiguration"
_DAY: Final = 1440
_LONGEST_TIMEOUT: Final = 20160
_PERCENT: Final = 100
_TENTHS: Final = 10
_ROLLING: Final = frozenset({"", "ROLLING"})
_SHIFTING: Final = frozenset({"BLUE_GREEN", "LINEAR", "CANARY"})
_IN_STEPS: Final = frozenset({"LINEAR", "CANARY"})
_NO_PAUSE: Final = frozenset({"TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"})
_STEPS: Final = (
    ("LINEAR", "linearConfiguration", "stepPercent", 3.0, "stepBakeTimeInMinutes"),
    ("CANARY", "canaryConfiguration", "canaryPercent", 0.1, "canaryBakeTimeInMinutes"),
)


def strategy_faults(service: Native, where: str) -> Iterator[Fault]:
    """Say what a declared strategy lacks, and what is wrong with its steps and its hooks."""
    configured, at = part(service, CONFIGURATION), (where, CONFIGURATION)
    strategy = text(configured, "strategy")
    yield from out_of_bounds(configured, {"bakeTimeInMinutes": (0, _DAY)}, at)
    if strategy == "BLUE_GREEN" and "bakeTimeInMinutes" not in configured:
        what = "is missing: with BLUE_GREEN, say how long both sets of tasks run after the traffic has shifted"
        yield Fault(path=(*at, "bakeTimeInMinutes"), what=what)
    if strategy in _ROLLING:
        yield from _stuck(service, configured, at)
    if strategy in _SHIFTING:
        yield from _second_groups(service, strategy, where)
    if "loadBalancers" in service and "serviceConnectConfiguration" in service:
        yield from traffic_faults(service, where)
    yield from _steps(configured, strategy, at)
    for index, hook in enumerate(parts(configured, "lifecycleHooks")):
        yield from _hook(hook, (*at, "lifecycleHooks", index))


def traffic_faults(service: Native, where: str) -> Iterator[Fault]:
    """Say that there is no traffic to shift, of a service of which all is declared that shifts it."""
    strategy = text(part(service, CONFIGURATION), "strategy")
    connected = str(part(service, "serviceConnectConfiguration").get("enabled")).lower() == "true"
    if strategy in _IN_STEPS and not connected and not parts(service, "loadBalancers"):
        what = f"{strategy} needs a load balancer or Service Connect, by which ECS shifts traffic; there is neither"
        yield Fault(path=(where, CONFIGURATION, "strategy"), what=what)


def deadline_faults(service: Native, deadline: timedelta | None, where: str) -> Iterator[Fault]:
    """Say that ECS would still wait when the deadline of the rollout is over: every release would be taken back."""
    configured = part(service, CONFIGURATION)
    waits = timedelta(minutes=_waits(configured))
    if deadline is None or text(configured, "strategy") not in _SHIFTING or waits < deadline:
        return
    minutes, most = waits / timedelta(minutes=1), deadline / timedelta(minutes=1)
    what = (
        f"ECS waits {minutes:g}m in all with it, and rollout.deadline is {most:g}m: no deployment would be in time"
    )
    yield Fault(path=(where, CONFIGURATION, "strategy"), what=what)


def _waits(configured: Native) -> int:
    """Say for how many minutes ECS waits at least between and after the steps of a strategy."""
    minutes = whole(configured.get("bakeTimeInMinutes")) or 0
    for owner, key, share, _, bake in _STEPS:
        if text(configured, "strategy") == owner:
            step = decimal(part(configured, key).get(share)) or _PERCENT
            between = max(1, math.ceil(_PERCENT / step) - 1) if owner == "LINEAR" else 1
            minutes += between * (whole(part(configured, key).get(bake)) or 0)
    return minutes


def _second_groups(service: Native, strategy: str, where: str) -> Iterator[Fault]:
    for index, balancer in enumerate(parts(service, "loadBalancers")):
        advanced = part(balancer, "advancedConfiguration")
        if not text(advanced, "alternateTargetGroupArn"):
            what = f"is missing: {strategy} shifts traffic to a second target group"
            path = (where, "loadBalancers", index, "advancedConfiguration", "alternateTargetGroupArn")
            yield Fault(path=path, what=what)


def _stuck(service: Native, configured: Native, at: Path) -> Iterator[Fault]:
    """Percents that leave no room: as many tasks have to run as may, so that none can be started or stopped."""
    high, low = whole(configured.get("maximumPercent")), whole(configured.get("minimumHealthyPercent"))
    if high is None or low is None:
        return
    path = (*at, "maximumPercent")
    if high == low == _PERCENT:
        what = f"{high} with minimumHealthyPercent {low} lets no task start or stop: no deployment could end"
        yield Fault(path=path, what=what)
        return
    desired = whole(service.get("desiredCount")) or 0
    if 0 < desired <= math.ceil(desired * low / _PERCENT) and desired * high // _PERCENT <= desired:
        what = f"{high} with minimumHealthyPercent {low} lets none of {desired} tasks start or stop"
        yield Fault(path=path, what=f"{what}: no deployment could end")


def _steps(configured: Native, strategy: str, at: Path) -> Iterator[Fault]:
    for owner, key, share, least, bake in _STEPS:
        if key not in configured:
            continue
        steps = part(configured, key)
        if strategy not in {"", owner}:
            yield Fault(path=(*at, key), what=f"goes with strategy {owner}, and this one is {strategy}")
        given = decimal(steps.get(share))
        if given is not None and not (least <= given <= _PERCENT and _is_in_tenths(given)):
            what = f"{steps[share]} is not a multiple of 0.1 between {least} and {_PERCENT}"
            yield Fault(path=(*at, key, share), what=what)
        yield from out_of_bounds(steps, {bake: (0, _DAY)}, (*at, key))


def _is_in_tenths(share: float) -> bool:
    return math.isclose(share * _TENTHS, round(share * _TENTHS), abs_tol=1e-6)


def _hook(hook: Native, at: Path) -> Iterator[Fault]:
    stages, kind = texts(hook, "lifecycleStages"), text(hook, "targetType")
    if not stages:
        yield Fault(path=(*at, "lifecycleStages"), what="is missing: say at which stages the hook is met")
    if kind == "PAUSE":
        for place, stage in enumerate(stages):
            if stage in _NO_PAUSE:
                what = f"a PAUSE can not be at {stage}, only before or after it"
                yield Fault(path=(*at, "lifecycleStages", place), what=what)
        if "hookTargetArn" in hook:
            yield Fault(path=(*at, "hookTargetArn"), what="is for AWS_LAMBDA; a PAUSE waits for a person")
    else:
        for name in ("hookTargetArn", "roleArn"):
            if not hook.get(name):
                yield Fault(path=(*at, name), what="is missing: a hook is a function called by a role, or a PAUSE")
    timeout = part(hook, "timeoutConfiguration")
    yield from out_of_bounds(timeout, {"timeoutInMinutes": (1, _LONGEST_TIMEOUT)}, (*at, "timeoutConfiguration"))
