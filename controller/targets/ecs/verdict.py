"""Where a deployment stands: by ECS's own account of it, or by what DescribeServices still lists.

Sources: "View service history using Amazon ECS service deployments" and the texts of ServiceDeployment and
Deployment (ECS API Reference). What a service looks like while ECS rolls back is told differently in the field, so
that only ids and times of creation are relied on.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from controller.model.names import DeploymentId
from controller.model.observation import Awaits, State
from controller.targets.ecs.native import Native, last, micros, number, part, parts, text, texts
from controller.targets.ecs.progress import UNTOLD, pause_of, place_of, source_of

_STATES: Final = MappingProxyType({
    "PENDING": State.MOVING,
    "IN_PROGRESS": State.MOVING,
    "SUCCESSFUL": State.SUCCESSFUL,
    "STOP_REQUESTED": State.MOVING,
    "STOPPED": State.STOPPED,
    "ROLLBACK_REQUESTED": State.RETURNING,
    "ROLLBACK_IN_PROGRESS": State.RETURNING,
    "ROLLBACK_SUCCESSFUL": State.RETURNED,
    "ROLLBACK_FAILED": State.FAILED,
})  # fmt: skip
_ENDED: Final = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
_GOING_BACK: Final = "rolling back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What ECS itself tells of one service deployment; `ended` ones never change again.

    `revision` is the service revision that it brings, `back_to` the deployment that ECS goes back to. `source` is
    the one that it replaces, `stage` and `place` say how far it is, `awaits` in what pause it stands.
    """

    arn: str
    id: DeploymentId
    born: int
    state: State
    ended: bool
    why: str
    revision: str
    back_to: DeploymentId | None = None
    source: DeploymentId | None = None
    stage: str = ""
    place: int = UNTOLD
    awaits: Awaits | None = None


def deployment_of(service_revision: str) -> DeploymentId:
    """Give the id of the deployment that brings a service revision: they share their number."""
    return DeploymentId(f"ecs-svc/{last(service_revision)}")


def tell(service_deployment: Native) -> Told:
    """Read one service deployment, in full or in brief."""
    status = text(service_deployment, "status")
    state = _STATES.get(status, State.MOVING)
    if state is State.STOPPED and _triggered(service_deployment):
        state = State.FAILED
    revision = text(part(service_deployment, "targetServiceRevision"), "arn")
    revision = revision or text(service_deployment, "targetServiceRevisionArn")
    source = source_of(service_deployment)
    back_to = text(part(service_deployment, "rollback"), "serviceRevisionArn")
    return Told(
        arn=text(service_deployment, "serviceDeploymentArn"),
        id=deployment_of(revision),
        born=micros(service_deployment, "createdAt"),
        state=state,
        ended=status in _ENDED,
        why=_why(service_deployment, state),
        revision=revision,
        back_to=deployment_of(back_to) if back_to else None,
        source=deployment_of(source) if source else None,
        stage="" if status in _ENDED else text(service_deployment, "lifecycleStage"),
        place=place_of(service_deployment),
        awaits=pause_of(service_deployment),
    )


def _triggered(service_deployment: Native) -> list[str]:
    """Name what made ECS give up."""
    named = (("deploymentCircuitBreaker", "circuit breaker"), ("alarms", "alarm"))
    return [what for key, what in named if text(part(service_deployment, key), "status") == "TRIGGERED"]


def _why(service_deployment: Native, state: State) -> str:
    if state in {State.MOVING, State.SUCCESSFUL}:
        return ""
    reason = text(service_deployment, "statusReason") or text(part(service_deployment, "rollback"), "reason")
    rings = texts(part(service_deployment, "alarms"), "triggeredAlarmNames")
    missing = [what for what in _triggered(service_deployment) if what not in reason.lower()]
    unnamed = [name for name in rings if name not in reason]
    return "; ".join(said for said in (reason, ", ".join(missing), ", ".join(unnamed)) if said)


def primary_of(service: Native) -> Native | None:
    """Give the deployment that ECS calls PRIMARY."""
    return next((one for one in parts(service, "deployments") if one.get("status") == "PRIMARY"), None)


def is_going_back(primary: Native) -> bool:
    """Whether ECS says that it is rolling back to this deployment."""
    return _GOING_BACK in text(primary, "rolloutStateReason")


def listed_state(one: Native, primary: Native, *, alone: bool) -> State:
    """Say where a listed deployment stands, from the list alone; `alone` if nothing else is listed."""
    rollout = text(one, "rolloutState")
    if one.get("id") == primary.get("id"):
        return _primary_state(one, rollout, alone=alone)
    if rollout == "COMPLETED":
        return State.SUCCESSFUL
    if is_going_back(primary) or micros(primary, "createdAt") <= micros(one, "createdAt"):
        return State.RETURNED if text(primary, "rolloutState") == "COMPLETED" else State.RETURNING
    return State.FAILED if rollout == "FAILED" else State.STOPPED


def _primary_state(primary: Native, rollout: str, *, alone: bool) -> State:
    known = {"COMPLETED": State.SUCCESSFUL, "FAILED": State.FAILED, "IN_PROGRESS": State.MOVING}
    if rollout in known:
        return known[rollout]
    # Without a rollout state (classic load balancers) there are only counts.
    whole = number(primary, "runningCount") >= number(primary, "desiredCount")
    return State.SUCCESSFUL if alone and whole else State.MOVING


def vanished_state(born: int, primary: Native, before: frozenset[str]) -> State:
    """Say what became of a deployment that is no longer listed; `before` are those that were there before it."""
    older = micros(primary, "createdAt") < born or text(primary, "id") in before
    return State.RETURNED if older else State.STOPPED


def asof(service: Native) -> int:
    """Give the newest change that an answer knows of, in microseconds: a later answer never has an older one.

    PRIMARY's last change counts, the times of creation, and the newest event, which is never taken back. What
    changed last in a deployment that is going away does not: it is not seen any more once that is gone.
    """
    primary = primary_of(service) or {}
    told = (micros(one, "createdAt") for key in ("deployments", "events") for one in parts(service, key))
    return max(micros(service, "createdAt"), micros(primary, "updatedAt"), max(told, default=0))
