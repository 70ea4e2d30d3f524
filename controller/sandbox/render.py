"""The nouns as AWS answers them: native structures, instants as seconds of the epoch."""

from collections.abc import Mapping

from controller.sandbox.deployments import count
from controller.sandbox.lifecycle import ALL_TRAFFIC, HookRun
from controller.sandbox.native import Native, flag, part, parts, text, without_nothing
from controller.sandbox.strategies import is_managed, shifts
from controller.sandbox.world import Counted, Definition, Deployment, Revision, Service, ServiceDeployment

_OF_SERVICE = (
    "loadBalancers", "serviceRegistries", "placementConstraints", "placementStrategy",
)  # fmt: skip
_OF_DEPLOYMENT = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
_BREAKER: Mapping[str, object] = {
    "enable": False,
    "rollback": False,
    "resetOnHealthyTask": True,
    "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
}


def configuration(settings: Native) -> dict[str, object]:
    """Give the deployment configuration with AWS's defaults filled in."""
    given = part(settings, "deploymentConfiguration")
    return {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
        **given,
        "deploymentCircuitBreaker": {**_BREAKER, **part(given, "deploymentCircuitBreaker")},
    }


def _placing(settings: Native, *, fargate: bool, resolved: bool) -> dict[str, object]:
    strategy = parts(settings, "capacityProviderStrategy")
    placing: dict[str, object] = {}
    if strategy:
        placing["capacityProviderStrategy"] = strategy
    else:
        placing["launchType"] = text(settings, "launchType", "EC2")
    if fargate:
        asked = text(settings, "platformVersion", "LATEST")
        placing["platformVersion"] = "1.4.0" if resolved and asked == "LATEST" else asked
        placing["platformFamily"] = "Linux"
    return placing


def deployment(one: Deployment, *, fargate: bool) -> dict[str, object]:
    """One entry of `deployments`."""
    counted, settings = count(one), one.revision.settings
    return without_nothing(
        {
            "id": one.id,
            "status": one.status,
            "taskDefinition": one.revision.definition.arn,
            "desiredCount": one.desired,
            "pendingCount": counted.pending,
            "runningCount": counted.running,
            "failedTasks": one.failed,
            "createdAt": one.created,
            "updatedAt": one.updated,
            **_placing(settings, fargate=fargate, resolved=True),
            "networkConfiguration": settings.get("networkConfiguration"),
            "rolloutState": one.rollout_state,
            "rolloutStateReason": one.rollout_reason,
            **{key: settings.get(key) for key in _OF_DEPLOYMENT},
        }
    )


def service(one: Service, *, with_story: bool = True) -> dict[str, object]:
    """Give a service, without its tags. `with_story`: name its service deployment and revisions."""
    settings, counted = one.settings, [count(each) for each in one.deployments]
    last = one.primary if one.deployments else one.good
    answer: dict[str, object] = {
        "serviceArn": one.arn,
        "serviceName": one.name,
        "clusterArn": one.cluster.arn,
        "status": one.status,
        "desiredCount": one.desired,
        "runningCount": sum(each.running for each in counted),
        "pendingCount": sum(each.pending for each in counted),
        **_placing(settings, fargate=one.fargate, resolved=False),
        "taskDefinition": last.revision.definition.arn if last else None,
        "deploymentConfiguration": configuration(settings),
        "deployments": [deployment(each, fargate=one.fargate) for each in one.deployments],
        "roleArn": settings.get("role"),
        "events": one.events,
        "createdAt": one.created,
        **{key: parts(settings, key) for key in _OF_SERVICE},
        "networkConfiguration": settings.get("networkConfiguration"),
        "healthCheckGracePeriodSeconds": settings.get("healthCheckGracePeriodSeconds", 0),
        "schedulingStrategy": text(settings, "schedulingStrategy", "REPLICA"),
        "deploymentController": settings.get("deploymentController", {"type": "ECS"}),
        "createdBy": f"arn:aws:iam::{one.arn.split(':')[4]}:role/trueup",
        "enableECSManagedTags": flag(settings, "enableECSManagedTags"),
        "propagateTags": text(settings, "propagateTags", "NONE"),
        "enableExecuteCommand": flag(settings, "enableExecuteCommand"),
        "availabilityZoneRebalancing": text(settings, "availabilityZoneRebalancing", "ENABLED"),
        "resourceManagementType": "CUSTOMER",
    }
    if with_story and one.current is not None:
        answer["currentServiceDeployment"] = one.current.arn
        answer["currentServiceRevisions"] = [counts(each) for each in counted]
    return without_nothing(answer)


def counts(counted: Counted) -> dict[str, object]:
    """Give a service revision with its task counts."""
    return {
        "arn": counted.arn,
        "requestedTaskCount": counted.requested,
        "runningTaskCount": counted.running,
        "pendingTaskCount": counted.pending,
    }


def brief(story: ServiceDeployment, owner: Service) -> dict[str, object]:
    """Give a service deployment as ListServiceDeployments shows it."""
    return without_nothing(
        {
            "serviceDeploymentArn": story.arn,
            "serviceArn": owner.arn,
            "clusterArn": owner.cluster.arn,
            "startedAt": story.started,
            "createdAt": story.created,
            "finishedAt": story.finished,
            "targetServiceRevisionArn": story.target.revision.arn,
            "status": story.status,
            "statusReason": story.reason,
        }
    )


def service_deployment(story: ServiceDeployment, owner: Service) -> dict[str, object]:
    """Give a service deployment in full; its counts stand still once it has ended."""
    back, life = story.rollback, story.lifecycle
    shifted = _weights(story, life.weight, life.test_weight)
    left = _weights(story, ALL_TRAFFIC - life.weight, 0.0)
    return without_nothing({
        "serviceDeploymentArn": story.arn,
        "serviceArn": owner.arn,
        "clusterArn": owner.cluster.arn,
        "createdAt": story.created,
        "startedAt": story.started,
        "finishedAt": story.finished,
        "stoppedAt": story.stopped,
        "updatedAt": story.updated,
        "sourceServiceRevisions": [counts(source) | left for source in story.sources],
        "targetServiceRevision": counts(story.final or count(story.target)) | shifted,
        "status": story.status,
        "statusReason": story.reason,
        "lifecycleStage": None if story.finished or story.stopped else life.stage or None,
        "lifecycleHookDetails": [_hook(hook) for hook in life.hooks] or None,
        "deploymentConfiguration": configuration(story.settings),
        "rollback": back
        and {"reason": back.reason, "startedAt": back.started, "serviceRevisionArn": back.revision_arn},
        "deploymentCircuitBreaker": {
            "status": story.breaker, "failureCount": story.failures, "threshold": story.threshold,
        },
        "alarms": {
            "status": story.alarms,
            "alarmNames": list(story.alarm_names),
            "triggeredAlarmNames": list(story.ringing),
        },
    })  # fmt: skip


def _weights(story: ServiceDeployment, production: float, test: float) -> dict[str, object]:
    """Give the shares of the traffic that are shifted to a revision, where ECS shifts it."""
    if not shifts(story.settings) or not is_managed(story.settings):
        return {}
    return {"requestedProductionTrafficWeight": round(production, 1), "requestedTestTrafficWeight": test}


def _hook(hook: HookRun) -> dict[str, object]:
    return without_nothing(
        {
            "hookId": hook.id,
            "targetType": hook.kind,
            "targetArn": hook.target,
            "status": hook.status,
            "expiresAt": hook.expires,
            "timeoutAction": hook.action,
        }
    )


def revision(one: Revision, owner: Service) -> dict[str, object]:
    """Give a service revision: what it froze, and the digests that its images meant."""
    settings = one.settings
    return without_nothing(
        {
            "serviceRevisionArn": one.arn,
            "serviceArn": owner.arn,
            "clusterArn": owner.cluster.arn,
            "taskDefinition": one.definition.arn,
            **_placing(settings, fargate=owner.fargate, resolved=True),
            "loadBalancers": parts(settings, "loadBalancers"),
            "serviceRegistries": parts(settings, "serviceRegistries"),
            "networkConfiguration": settings.get("networkConfiguration"),
            "containerImages": [
                {
                    "containerName": image.container,
                    "image": image.reference,
                    **(
                        {"imageDigest": one.pulled[image.container].digest} if image.container in one.pulled else {}
                    ),
                }
                for image in one.definition.images
            ],
            "createdAt": one.created,
            "gatewayConnectors": settings.get("gatewayConnectors"),
            "monitoring": settings.get("monitoring"),
            **{key: settings.get(key) for key in _OF_DEPLOYMENT},
        }
    )


def definition(one: Definition) -> dict[str, object]:
    """Give a task definition; its tags are answered beside it."""
    return one.body
