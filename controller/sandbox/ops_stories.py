"""The operations on service deployments and service revisions."""

from controller.sandbox import hooks, render
from controller.sandbox.call import Answer, Call, as_seen, cut, limited, missing
from controller.sandbox.deployments import ENDED, GOING_BACK
from controller.sandbox.native import Refused, invalid, moment, part, text, texts
from controller.sandbox.ops_services import described, owner_of
from controller.sandbox.world import Revision, Service, ServiceDeployment

_AT_ONCE = 20


def list_service_deployments(call: Call) -> Answer:
    """ListServiceDeployments: newest first, filtered by status and by when they were created."""
    service = described(call, "service")
    statuses, created = texts(call.params, "status"), part(call.params, "createdAt")
    after, before = moment(created, "after"), moment(created, "before")
    chosen = {
        story.arn: render.brief(story, service)
        for story in reversed(service.history)
        if (not statuses or story.status in statuses)
        and (after is None or story.created >= after)
        and (before is None or story.created <= before)
    }
    arns, token = cut(call, list(chosen), default=20)
    return {"serviceDeployments": [chosen[arn] for arn in arns], **token}


def describe_service_deployments(call: Call) -> Answer:
    """DescribeServiceDeployments: one to twenty, in full."""
    arns = texts(call.params, "serviceDeploymentArns")
    limited(arns, "serviceDeploymentArns", _AT_ONCE)
    found, failures = [], []
    for arn in arns:
        service, story = find_story(call, arn)
        seen = as_seen(call, service) if service else None
        story = _story(seen, arn) if seen else None
        if seen is None or story is None:
            failures.append(missing(arn))
        else:
            found.append(render.service_deployment(story, seen))
    return {"serviceDeployments": found, "failures": failures}


def find_story(call: Call, arn: str) -> tuple[Service | None, ServiceDeployment | None]:
    """Find a service deployment by its ARN, with its service."""
    service = owner_of(call, arn)
    if service is None or service.status == "INACTIVE":
        return None, None
    return service, _story(service, arn)


def _story(service: Service, arn: str) -> ServiceDeployment | None:
    return next((story for story in service.history if story.arn == arn), None)


def stop_service_deployment(call: Call) -> Answer:
    """StopServiceDeployment: ask ECS to go back; a conflict once the deployment has ended."""
    arn = text(call.params, "serviceDeploymentArn")
    if text(call.params, "stopType", "ROLLBACK") != "ROLLBACK":
        raise invalid("Invalid stopType. Valid values are ROLLBACK.")
    service, story = find_story(call, arn)
    if service is None or story is None:
        raise Refused("ServiceDeploymentNotFoundException", "Service deployment not found.")
    if story.status in ENDED:
        raise Refused(
            "ConflictException", f"The service deployment is already {story.status} and can't be stopped."
        )
    if story.status not in GOING_BACK and story is service.current and story.status != "STOP_REQUESTED":
        story.status, story.updated = "ROLLBACK_REQUESTED", call.world.stamp()
        service.moving = True
        service.changes += 1
    return {"serviceDeploymentArn": arn}


def continue_service_deployment(call: Call) -> Answer:
    """ContinueServiceDeployment: answer a hook that waits; refused once nothing waits for an answer."""
    arn, identity = text(call.params, "serviceDeploymentArn"), text(call.params, "hookId")
    service, story = find_story(call, arn)
    if service is None or story is None:
        raise Refused("ServiceDeploymentNotFoundException", "Service deployment not found.")
    hook = next((hook for hook in story.lifecycle.hooks if hook.id == identity), None)
    if hook is None:
        raise invalid(f"There is no lifecycle hook {identity!r} in this service deployment.")
    if story.status != "IN_PROGRESS" or not hook.waits:
        raise invalid(f"The lifecycle hook is {hook.status}, and the service deployment {story.status}.")
    hooks.answer(call.world, service, story, hook, text(call.params, "action", "CONTINUE"))
    return {"serviceDeploymentArn": arn}


def describe_service_revisions(call: Call) -> Answer:
    """DescribeServiceRevisions: one to twenty."""
    arns = texts(call.params, "serviceRevisionArns")
    limited(arns, "serviceRevisionArns", _AT_ONCE)
    found, failures = [], []
    for arn in arns:
        service = owner_of(call, arn)
        revision = _revision(service, arn) if service else None
        if service is None or revision is None:
            failures.append(missing(arn))
        else:
            found.append(render.revision(revision, service))
    return {"serviceRevisions": found, "failures": failures}


def _revision(service: Service, arn: str) -> Revision | None:
    known = [story.target.revision for story in service.history] + [one.revision for one in service.deployments]
    return next((revision for revision in known if revision.arn == arn), None)
