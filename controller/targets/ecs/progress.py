"""How far a deployment has come, in ECS's word and as a number, and the pause that it stands in.

Sources: the texts of ServiceDeployment.lifecycleStage and DeploymentLifecycleHookDetail (ECS API Reference), "Pause
hooks for Amazon ECS service deployments" (Developer Guide).
"""

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from controller.model.observation import Awaits
from controller.targets.ecs.native import NUMBERS, Native, micros, part, parts, text

# While traffic is shifted, the stages around a shift come again at every step: there its share is what counts.
_SHIFTING: Final = 6
_TENTHS: Final = 10
_ALL: Final = 100 * _TENTHS
UNTOLD: Final = 2
"""Where a deployment stands of which nothing is told: it scales up, as a rolling one does nearly all the time."""
_PLACES: Final = MappingProxyType({
    "RECONCILE_SERVICE": 0,
    "PRE_SCALE_UP": 1,
    "SCALE_UP": UNTOLD,
    "POST_SCALE_UP": 3,
    "TEST_TRAFFIC_SHIFT": 4,
    "POST_TEST_TRAFFIC_SHIFT": 5,
    "PRE_PRODUCTION_TRAFFIC_SHIFT": _SHIFTING,
    "PRODUCTION_TRAFFIC_SHIFT": _SHIFTING,
    "POST_PRODUCTION_TRAFFIC_SHIFT": _SHIFTING,
    "BAKE_TIME": _SHIFTING + _ALL + 2,
    "CLEAN_UP": _SHIFTING + _ALL + 3,
})  # fmt: skip
_AFTER: Final = "POST_PRODUCTION_TRAFFIC_SHIFT"
_TASKS: Final = 50_000


def place_of(service_deployment: Native) -> int:
    """Say at what place of its way a deployment is, the later the greater; a stage nobody knows is UNTOLD."""
    stage = text(service_deployment, "lifecycleStage")
    begun = text(service_deployment, "status") != "PENDING"
    place = _PLACES.get(stage, UNTOLD if begun else 0)
    if place != _SHIFTING:
        return place
    share = part(service_deployment, "targetServiceRevision").get("requestedProductionTrafficWeight")
    known = isinstance(share, NUMBERS) and not isinstance(share, bool)
    shifted = min(_ALL, max(0, round(share * _TENTHS))) if isinstance(share, NUMBERS) and known else 0
    # Where ECS shifts no traffic, or has shifted all of it, what comes after the shift comes once.
    over = stage == _AFTER and (not known or shifted == _ALL)
    return place + (_ALL + 1 if over else shifted)


def reached(place: int, new: int, old: int) -> int:
    """Say how far it has come: the place first, then tasks of its own that run, less those that it replaces."""
    return place * 2 * _TASKS + _TASKS + max(1 - _TASKS, min(_TASKS - 1, new - old))


def has_stages(service: Native) -> bool:
    """Whether a deployment of this service goes through more than a rolling one without hooks, and may pause."""
    configured = part(service, "deploymentConfiguration")
    return text(configured, "strategy") not in {"", "ROLLING"} or bool(parts(configured, "lifecycleHooks"))


def source_of(service_deployment: Native) -> str:
    """Name the service revision that a deployment replaces; nothing if there is not exactly one."""
    sources = parts(service_deployment, "sourceServiceRevisions")
    return text(sources[0], "arn") if len(sources) == 1 else ""


def pause_of(service_deployment: Native) -> Awaits | None:
    """Give the pause in which a deployment waits for somebody's answer."""
    if text(service_deployment, "status") != "IN_PROGRESS":
        return None
    for hook in parts(service_deployment, "lifecycleHookDetails"):
        if text(hook, "status") == "AWAITING_ACTION" and text(hook, "targetType") != "AWS_LAMBDA":
            return Awaits(
                pause=text(hook, "hookId"),
                stage=text(service_deployment, "lifecycleStage"),
                until=_instant(micros(hook, "expiresAt")),
                then=(text(hook, "timeoutAction") or "ROLLBACK").lower(),
            )
    return None


def _instant(at: int) -> datetime | None:
    return datetime.fromtimestamp(at / 1_000_000, UTC) if at else None
