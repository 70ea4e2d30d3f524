"""Let ECS itself take a deployment back, where that leads to the very release that we want to go back to.

Sources: "Stopping Amazon ECS service deployments" (Developer Guide) and StopServiceDeployment (API Reference): the
previous service revision comes back, without a deployment of its own having to roll out.
"""

from typing import Final

from controller.errors import TrueupError
from controller.model.decision import Ensure
from controller.model.names import DeploymentId, Revision
from controller.model.outcome import Outcome, Sent, Stale
from controller.targets.ecs.answers import Cause, Declined
from controller.targets.ecs.client import Access
from controller.targets.ecs.definitions import Definitions
from controller.targets.ecs.manifest import deploying, live_manifest
from controller.targets.ecs.memory import Seen
from controller.targets.ecs.native import Native, part, parts, text
from controller.targets.ecs.permit import STOP_DEPLOYMENT, Permission
from controller.targets.ecs.pinned import digests, pinned_fields
from controller.targets.ecs.progress import source_of
from controller.targets.ecs.verdict import deployment_of, tell

GONE: Final = frozenset({"ConflictException", "ServiceDeploymentNotFoundException"})
_STOPPABLE: Final = frozenset({"PENDING", "IN_PROGRESS"})
_RETURNING: Final = frozenset({"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
# Who may not stop a deployment, or where that is not to be had, goes back by UpdateService.
_OTHERWISE: Final = frozenset({Cause.DENIED, Cause.CONTENT})


def take_back(
    access: Access, action: Ensure, seen: Seen, definitions: Definitions, permission: Permission
) -> Outcome | None:
    """Stop PRIMARY's deployment so that ECS goes back, or find that it does; None: that is not how to get there.

    Raises Declined if the call was not taken and may be made again, and whatever the last gate raises.
    """
    expect, revision = action.expect, action.revision
    if expect is None or revision is None or action.force:
        return None
    told = _told(access, seen, expect.deployment)
    status, made = text(told, "status"), deployment_of(text(part(told, "targetServiceRevision"), "arn"))
    back_to = text(part(told, "rollback"), "serviceRevisionArn") or source_of(told)
    if status in _RETURNING and deployment_of(back_to) == expect.deployment and expect.revision == revision:
        return _sent(action, seen, revision, expect.deployment)
    if made != expect.deployment or status not in _STOPPABLE | _RETURNING:
        return None
    if not _leads_to(access, action, definitions, back_to):
        return None
    if status in _RETURNING:
        return _sent(action, seen, revision, None)
    permission.deployment = text(told, "serviceDeploymentArn")
    return _stop(access, action, seen, permission.deployment)


def _told(access: Access, seen: Seen, made: DeploymentId) -> Native:
    """Read ECS's own account of a deployment now, or give an empty one: then it is gone back without it."""
    known = seen.told.get(made)
    arn = known.arn if known else seen.current
    if not arn or (known and known.ended):
        return {}
    try:
        answer = access.read("DescribeServiceDeployments", serviceDeploymentArns=[arn])
    except TrueupError:
        return {}
    told = parts(answer, "serviceDeployments")
    if told:
        read = tell(told[0])
        seen.told[read.id] = read
    return told[0] if told else {}


def _leads_to(access: Access, action: Ensure, definitions: Definitions, service_revision: str) -> bool:
    """Whether a service revision runs our way back: its task definition, still active, and its recorded content."""
    revision = action.revision
    if not service_revision or revision is None:
        return False
    try:
        answer = access.read("DescribeServiceRevisions", serviceRevisionArns=[service_revision])
        frozen = next(iter(parts(answer, "serviceRevisions")), {})
        if text(frozen, "taskDefinition") != revision:
            return False
        definition = definitions.read(access, revision)
    except TrueupError:
        return False
    images = digests(parts(frozen, "containerImages"), "containerName")
    runs = live_manifest(pinned_fields(definition.fields, images), deploying({}, frozen))
    plain = live_manifest(definition.fields, deploying({}, frozen))
    return definition.active and (action.release.runs_in(runs) or action.release.runs_in(plain))


def _stop(access: Access, action: Ensure, seen: Seen, arn: str) -> Outcome | None:
    try:
        access.change(STOP_DEPLOYMENT, serviceDeploymentArn=arn, stopType="ROLLBACK")
    except Declined as declined:
        if declined.code in GONE:
            return Stale(action=action, why=f"it can not be stopped any more: {declined}", revision=action.revision)
        if declined.cause in _OTHERWISE:
            return None
        raise
    finally:
        seen.settled, seen.looked = False, float("-inf")
    return _sent(action, seen, action.revision or Revision(""), None)


def _sent(action: Ensure, seen: Seen, revision: Revision, made: DeploymentId | None) -> Sent:
    return Sent(action=action, deployment=made, revision=revision, asof=seen.live.asof if seen.live else 0)
