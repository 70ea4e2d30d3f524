"""Deployment strategies, and what AWS does not take for them (ecs.md §1.3): InvalidParameterException.

Sources: the texts of DeploymentConfiguration and DeploymentLifecycleHook (ECS API Reference).
"""

from collections.abc import Iterator

from controller.sandbox.native import Native, flag, invalid, number, part, parts, text, texts

_SHIFTING = frozenset({"BLUE_GREEN", "LINEAR", "CANARY"})
_IN_STEPS = frozenset({"LINEAR", "CANARY"})
_NO_PAUSE = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
_LONGEST_TIMEOUT = 20160
_DAY = 1440
_TENTH = 10
_STEPS = (
    ("LINEAR", "linearConfiguration", "stepPercent", 3.0, "stepBakeTimeInMinutes"),
    ("CANARY", "canaryConfiguration", "canaryPercent", 0.1, "canaryBakeTimeInMinutes"),
)


def shifts(settings: Native) -> bool:
    """Whether a service with these settings is deployed by shifting traffic, not by replacing tasks."""
    return text(part(settings, "deploymentConfiguration"), "strategy", "ROLLING") in _SHIFTING


def is_managed(settings: Native) -> bool:
    """Whether ECS shifts the traffic itself: through a load balancer, or Service Connect."""
    connected = flag(part(settings, "serviceConnectConfiguration"), "enabled")
    return connected or bool(parts(settings, "loadBalancers"))


def percent(native: Native, key: str, default: float) -> float:
    """Give the percent under `key`, whole or not."""
    value = native.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def changed(kept: Native, sent: Native) -> dict[str, object]:
    """Give the deployment configuration after an update: AWS keeps the members that are not sent.

    The steps of another strategy are not kept: with them no service could ever leave it.
    """
    after = {**kept, **sent}
    for strategy, key, *_ in _STEPS:
        if key not in sent and after.get("strategy", "ROLLING") != strategy:
            after.pop(key, None)
    return after


def check_configuration(settings: Native) -> None:
    """Raise Refused if AWS would not take these settings' deployment configuration."""
    configured = part(settings, "deploymentConfiguration")
    low, high = number(configured, "minimumHealthyPercent", 100), number(configured, "maximumPercent", 200)
    if not 0 <= low <= 100 or high < 100:  # noqa: PLR2004 - AWS's bounds for REPLICA services
        raise invalid("minimumHealthyPercent must be 0 to 100, and maximumPercent at least 100.")
    _check_switches(configured)
    for complaint in (*_strategy(settings, configured), *_steps(configured), *_hooks(configured)):
        raise invalid(complaint)


def _check_switches(configured: Native) -> None:
    for key in ("deploymentCircuitBreaker", "alarms"):
        switch = part(configured, key)
        if key in configured and not ("enable" in switch and "rollback" in switch):
            raise invalid(f"{key} needs both enable and rollback.")
        if flag(switch, "rollback") and not flag(switch, "enable"):
            raise invalid(f"{key}: rollback needs enable.")
    if flag(part(configured, "alarms"), "enable") and not texts(part(configured, "alarms"), "alarmNames"):
        raise invalid("alarms: alarmNames cannot be empty when alarms are enabled.")


def _strategy(settings: Native, configured: Native) -> Iterator[str]:
    strategy = text(configured, "strategy", "ROLLING")
    if number(configured, "bakeTimeInMinutes") not in range(_DAY + 1):
        yield f"bakeTimeInMinutes must be between 0 and {_DAY}."
    if strategy == "BLUE_GREEN" and "bakeTimeInMinutes" not in configured:
        yield "bakeTimeInMinutes is required for the BLUE_GREEN deployment strategy."
    if strategy in _IN_STEPS and not is_managed(settings):
        yield f"The {strategy} deployment strategy needs a load balancer or Service Connect."
    if strategy in _SHIFTING:
        for balancer in parts(settings, "loadBalancers"):
            if not text(part(balancer, "advancedConfiguration"), "alternateTargetGroupArn"):
                yield f"advancedConfiguration is required for load balancers with the {strategy} strategy."


def _steps(configured: Native) -> Iterator[str]:
    for strategy, key, share, least, bake in _STEPS:
        if key not in configured:
            continue
        steps = part(configured, key)
        if text(configured, "strategy", "ROLLING") != strategy:
            yield f"{key} is only valid with the {strategy} deployment strategy."
        given = percent(steps, share, 100.0)
        if not least <= given <= 100 or not float(round(given * _TENTH, 6)).is_integer():  # noqa: PLR2004 - percent
            yield f"{share} must be a multiple of 0.1 between {least} and 100.0."
        if number(steps, bake) not in range(_DAY + 1):
            yield f"{bake} must be between 0 and {_DAY}."


def _hooks(configured: Native) -> Iterator[str]:
    for hook in parts(configured, "lifecycleHooks"):
        stages, kind = texts(hook, "lifecycleStages"), text(hook, "targetType", "AWS_LAMBDA")
        if not stages:
            yield "lifecycleStages is required for a lifecycle hook."
        if kind == "PAUSE":
            yield from (f"PAUSE hooks cannot be configured at {stage}." for stage in stages if stage in _NO_PAUSE)
            if text(hook, "hookTargetArn"):
                yield "hookTargetArn is not applicable for PAUSE hooks."
        elif not (text(hook, "hookTargetArn") and text(hook, "roleArn")):
            yield "hookTargetArn and roleArn are required for AWS_LAMBDA hooks."
        minutes = number(part(hook, "timeoutConfiguration"), "timeoutInMinutes", _DAY)
        if not 1 <= minutes <= _LONGEST_TIMEOUT:
            yield f"timeoutInMinutes must be between 1 and {_LONGEST_TIMEOUT}."
