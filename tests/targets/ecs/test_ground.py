"""What can befall a rollout on AWS's side, row by row of the checklist: how it shows, and whose fault it is."""

import pytest

from controller.model.names import Revision
from controller.model.observation import Absent, Blame, State, Unseen
from controller.model.outcome import NotSent, Sent, Stale
from controller.model.rollout import Purpose
from controller.sandbox.tasks import order_stop
from tests.targets.ecs.rig import a_seed, release

GOOD, CRASH = "v1.2.3", "v1.2.4-crash"


def ours_of(ground, sent, **more):
    return ground.look(moving=True, ours=sent.deployment, **more).find(sent.deployment)


def until(ground, sent, state, limit=120):
    """Look every few seconds until ours is in this state."""
    for _ in range(limit):
        ours = ours_of(ground, sent)
        if ours is not None and ours.state is state:
            return ours
        ground.tick(2)
    raise AssertionError(ours)


def test_a_role_that_is_taken_away_in_the_middle_shows_nothing_and_what_went_on_is_seen_afterwards(ground):
    """Row 57."""
    sent = ground.send(release(GOOD))
    ground.faults(errors=[{"operation": "*", "code": "AccessDeniedException", "message": "revoked", "times": 9}])
    for _ in range(3):
        sight = ground.sight(moving=True, ours=sent.deployment)
        assert isinstance(sight, Unseen)
        assert "does not allow" in sight.why
        ground.tick(10)
    ground.faults(errors=[])
    assert until(ground, sent, State.SUCCESSFUL).revision == sent.revision


def test_a_storm_of_throttling_loses_no_rollout_and_blames_no_release(ground):
    """Row 58."""
    ground.sandbox.seed([a_seed(service=f"s{index}") for index in range(30)])
    sent = ground.send(release(GOOD))
    live = ground.look()
    ground.faults(
        errors=[{"operation": "*", "code": "ThrottlingException", "message": "Rate exceeded", "times": 60}]
    )
    seen = [ground.sight(moving=True, ours=sent.deployment) for _ in range(5)]
    assert {type(sight) for sight in seen} == {Unseen}
    refused = ground.act(release("v1.2.5"), live)
    assert isinstance(refused, NotSent)
    assert "throttles" in refused.why
    ground.faults(errors=[])
    ground.tick(30)
    ours = until(ground, sent, State.SUCCESSFUL)
    assert (ours.blame, ours.evidence) == (None, ())


@pytest.mark.parametrize("seconds", [1, 60])
def test_a_service_that_drains_or_is_inactive_is_absent_in_the_middle_too(ground, seconds):
    """Rows 59 and 61: DRAINING at first, INACTIVE in the end."""
    sent = ground.send(release(GOOD))
    ground.tick(5)
    ground.aws.ecs.delete_service(cluster="prod", service="api", force=True)
    ground.tick(seconds)
    status = ground.aws.service()["status"]
    assert status == ("DRAINING" if seconds == 1 else "INACTIVE")
    assert ground.sight(moving=True, ours=sent.deployment) == Absent()


def test_what_a_person_stops_goes_back_and_says_that_somebody_asked(ground):
    """Row 62: stopped by a person, in the console."""
    before = ground.look().deployment
    sent = ground.send(release(GOOD))
    ground.tick(12)
    arn = ground.aws.service()["currentServiceDeployment"]
    ground.aws.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    ground.tick(2)
    assert ours_of(ground, sent).state is State.RETURNING
    ours = until(ground, sent, State.RETURNED)
    assert "user request" in ours.why
    live = ground.look(moving=True, ours=sent.deployment)
    assert (live.deployment, live.primary.by) == (before, "ecs")


def test_what_an_alarm_took_back_is_the_contents_fault_and_names_the_alarm(ground):
    """Row 63, by alarm: even though the tasks themselves ran well."""
    cloudwatch = ground.aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="api-5xx", MetricName="5xx", Namespace="unifocus", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    alarms = {"alarmNames": ["api-5xx"], "enable": True, "rollback": True}
    ground.aws.ecs.update_service(cluster="prod", service="api", deploymentConfiguration={"alarms": alarms})
    sent = ground.send(release(GOOD))
    ground.tick(20)
    cloudwatch.set_alarm_state(AlarmName="api-5xx", StateValue="ALARM", StateReason="test")
    ours = until(ground, sent, State.RETURNED)
    assert (ours.blame, ours.evidence) == (Blame.CONTENT, ())
    assert "api-5xx" in ours.why


def test_what_the_breaker_stopped_without_going_back_is_failed(ground):
    """Row 63, by a breaker that does not roll back."""
    switch = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    ground.aws.ecs.update_service(cluster="prod", service="api", deploymentConfiguration=switch)
    sent = ground.send(release(CRASH))
    ours = until(ground, sent, State.FAILED)
    assert (ours.blame, ours.broke) == (Blame.CONTENT, True)
    assert "circuit breaker" in ours.why


def test_a_definition_that_is_deregistered_at_the_last_moment_is_registered_again_in_the_next_turn(ground):
    """The task definition is inactive."""
    first = ground.send(release(GOOD))
    ground.aws.until("SUCCESSFUL")
    live = ground.look()
    ground.faults(
        errors=[{"operation": "UpdateService", "code": "ClientException", "message": "TaskDefinition is inactive"}]
    )
    revision = Revision(ground.revision(1))
    refused = ground.act(release("v1.2.2"), live, revision=revision, purpose=Purpose.BACK)
    assert isinstance(refused, NotSent)
    assert refused.revision is None
    ground.aws.ecs.deregister_task_definition(taskDefinition=revision)
    again = ground.act(release("v1.2.2"), live, revision=revision, purpose=Purpose.BACK)
    assert isinstance(again, Sent)
    assert again.revision not in {revision, first.revision}


def test_a_service_of_no_tasks_completes_and_proves_nothing(ground):
    """Desired zero."""
    ground.aws.ecs.update_service(cluster="prod", service="api", desiredCount=0)
    ground.tick(30)
    sent = ground.send(release(CRASH))
    ours = until(ground, sent, State.SUCCESSFUL)
    live = ground.look(moving=True, ours=sent.deployment)
    assert (live.desired, live.running, live.complete, ours.broke) == (0, 0, False, False)


def test_tasks_that_spot_reclaims_are_the_platforms_fault_and_no_exits(ground):
    """Spot reclaim, while it rolls and while it bakes."""
    sent = ground.send(release(GOOD))
    until(ground, sent, State.SUCCESSFUL)
    proven = ground.now()
    ground.tick(5)
    world, (_, service) = ground.sandbox.world, ground.sandbox.world.services()[0]
    for task in service.primary.tasks:
        order_stop(world, task, "Your Spot Task was interrupted.", "SpotInterruption")
        task.exit_code = 137
    service.moving = True
    ground.faults(noCapacity=True)
    ground.tick(15)
    live = ground.look(moving=True, ours=sent.deployment, proven=proven)
    assert (live.running, live.exits) == (0, 0)
    assert live.find(sent.deployment).blame is Blame.PLATFORM


def test_what_somebody_else_replaced_is_not_replaced_by_us(ground):
    """Row 62, at the moment of the call."""
    live = ground.look()
    ground.aws.release("v9.9.9")
    ground.ahead = 10.0
    outcome = ground.act(release(GOOD), live)
    assert isinstance(outcome, Stale)
    assert ground.changes() == []
