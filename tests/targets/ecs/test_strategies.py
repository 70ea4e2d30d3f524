"""Strategies that ECS plays itself: how far they are, in what pause they stand, and how they are taken back."""

from datetime import timedelta

import pytest

from controller.errors import Conflict, Refusal
from controller.model.decision import Continue
from controller.model.names import DeploymentId, Revision, TargetName
from controller.model.observation import Absent, Awaits, State, Unseen
from controller.model.outcome import Done, Lost, NotSent, Refused, Sent, Stale
from controller.model.rollout import Purpose
from controller.shaping import Native
from controller.targets.ecs.permit import Permission
from controller.targets.ecs.spec import shape
from tests.targets.ecs.rig import ACCOUNT, REGION, a_seed, allow, definition, release

GOOD, CRASH = "v1.2.3", "v1.2.4-crash"
CONNECT = {"serviceConnectConfiguration": {"enabled": True, "namespace": "unifocus"}}
BLUE_GREEN = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 2}
PAUSE = {
    "targetType": "PAUSE",
    "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
    "timeoutConfiguration": {"timeoutInMinutes": 10, "action": "CONTINUE"},
}
PAUSED = {**BLUE_GREEN, "lifecycleHooks": [PAUSE]}


def settings(**configured):
    shaped = shape(Native(definition=definition(), service={"deploymentConfiguration": configured}))
    assert shaped.faults == ()
    return shaped.settings


@pytest.fixture
def connected(ground):
    """A service whose traffic ECS can shift, at rest."""
    ground.aws.ecs.update_service(cluster="prod", service="api", **CONNECT)
    ground.aws.until("SUCCESSFUL")
    return ground


def send(ground, configured, version=GOOD, **more):
    return ground.send(release(version), settings=settings(**configured), **more)


def looked(ground, sent, until, limit=900):
    """Look every second until `until` holds of ours; give every look at it."""
    seen = []
    for _ in range(limit):
        ours = ground.look(moving=True, ours=sent.deployment).find(sent.deployment)
        assert ours is not None
        seen.append(ours)
        if until(ours):
            return seen
        ground.tick(1)
    raise AssertionError(seen[-1])


def at(stage):
    return lambda ours: ours.stage == stage


def back(ground, **more):
    """Go back to the release that ran first."""
    given = {"revision": Revision(ground.revision(1)), "purpose": Purpose.BACK, **more}
    return ground.act(release("v1.2.2"), **given)


def going_on(ground, sent, pause, **more):
    given = {
        "target": TargetName("api"),
        "place": ground.place(),
        "deployment": sent.deployment,
        "pause": pause,
        "release": release(GOOD),
        "not_after": ground.now() + timedelta(seconds=30),
        **more,
    }
    return Continue(**given)


def paused(ground):
    """A deployment in its pause, and the pause's name."""
    sent = send(ground, PAUSED)
    awaits = looked(ground, sent, lambda ours: ours.awaits is not None)[-1].awaits
    return sent, awaits.pause


# --- reading


@pytest.mark.parametrize(
    ("configured", "stages"),
    [
        (BLUE_GREEN, {"PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"}),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 30.0, "stepBakeTimeInMinutes": 1}},
            {"PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"},
        ),
        (
            {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.1, "canaryBakeTimeInMinutes": 1}},
            {"PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"},
        ),
    ],
)
def test_a_strategy_is_followed_stage_by_stage_and_only_gets_on(connected, configured, stages):
    before = connected.look().deployment
    sent = send(connected, configured)
    seen = looked(connected, sent, lambda ours: ours.state is State.SUCCESSFUL)
    moving = seen[:-1]
    assert {ours.state for ours in moving} == {State.MOVING}
    assert stages <= {ours.stage for ours in moving}
    assert {ours.source for ours in moving} == {before}
    reached = [ours.reached for ours in moving]
    assert reached == sorted(reached)
    assert len(set(reached)) > 8
    assert (seen[-1].stage, seen[-1].awaits) == ("", None)


def test_it_moves_through_the_bake_though_every_task_runs_and_the_list_may_say_that_it_is_done(connected):
    sent = send(connected, BLUE_GREEN)
    ours = looked(connected, sent, at("BAKE_TIME"))[-1]
    live = connected.look(moving=True, ours=sent.deployment)
    assert (live.running, live.desired, ours.state) == (2, 2, State.MOVING)
    connected.sandbox.world.services()[0][1].primary.rollout_state = "COMPLETED"
    again = connected.look(moving=True, ours=sent.deployment).find(sent.deployment)
    assert again.state is State.MOVING


def test_a_rolling_deployment_without_hooks_gets_on_by_its_tasks_and_costs_no_call_more(ground):
    sent = ground.send(release(GOOD))
    ground.calls.clear()
    moving = looked(ground, sent, lambda ours: ours.state is State.SUCCESSFUL)[:-1]
    reached = [ours.reached for ours in moving]
    assert reached == sorted(reached)
    assert len(set(reached)) >= 4
    assert ground.made("DescribeServiceDeployments") == 1


def test_without_the_service_deployment_api_a_strategy_is_followed_by_the_list(connected):
    connected.faults(serviceDeployments=False)
    sent = send(connected, BLUE_GREEN)
    seen = looked(connected, sent, lambda ours: ours.state is State.SUCCESSFUL)
    assert {(ours.state, ours.stage, ours.source) for ours in seen[:-1]} == {(State.MOVING, "", None)}
    assert [ours.reached for ours in seen[:-1]] == sorted(ours.reached for ours in seen[:-1])


def test_an_account_that_cannot_be_heard_is_no_progress_and_no_verdict(connected):
    sent = send(connected, BLUE_GREEN)
    connected.tick(5)
    connected.faults(
        errors=[{"operation": "DescribeServiceDeployments", "code": "ServerException", "status": 500, "times": 9}]
    )
    assert isinstance(connected.sight(moving=True, ours=sent.deployment), Unseen)


def test_a_pause_is_told_with_its_end_and_what_comes_then(connected):
    sent = send(connected, PAUSED)
    ours = looked(connected, sent, lambda ours: ours.awaits is not None)[-1]
    (hook,) = connected.aws.story()["lifecycleHookDetails"]
    assert ours.awaits == Awaits(
        pause=hook["hookId"], stage="POST_TEST_TRAFFIC_SHIFT", until=hook["expiresAt"], then="continue"
    )
    assert ours.state is State.MOVING
    connected.tick(601)
    seen = looked(connected, sent, lambda ours: ours.state is State.SUCCESSFUL)
    assert {ours.awaits for ours in seen} == {None}


def test_a_pause_of_a_deployment_that_goes_back_waits_for_nobody(connected):
    sent, _ = paused(connected)
    arn = connected.aws.story()["serviceDeploymentArn"]
    connected.aws.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    ours = connected.look(moving=True, ours=sent.deployment).find(sent.deployment)
    assert (ours.state, ours.awaits) == (State.RETURNING, None)


def test_a_function_that_fails_is_the_contents_fault_and_is_named(connected):
    connected.faults(failingHooks=["*"])
    hook = {
        "hookTargetArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:check",
        "roleArn": "arn:aws:iam::1:role/h",
    }
    sent = send(connected, {**BLUE_GREEN, "lifecycleHooks": [{**hook, "lifecycleStages": ["POST_SCALE_UP"]}]})
    ours = looked(connected, sent, lambda ours: ours.state is State.RETURNED)[-1]
    assert "lifecycle hook" in ours.why
    assert ours.blame == "content"


@pytest.mark.parametrize("kind", ["CODE_DEPLOY", "EXTERNAL"])
def test_a_service_of_another_deployment_controller_is_not_driven_and_the_reason_is_said(ground, kind):
    ground.sandbox.world.services()[0][1].settings["deploymentController"] = {"type": kind}
    sight = ground.sight()
    assert isinstance(sight, Unseen)
    assert sight.why.startswith(f"its deployment controller is {kind}, and only ECS is driven by trueup: its ")
    assert sight.why.endswith("; nothing is done")


# --- taking back


@pytest.mark.parametrize("configured", [{}, BLUE_GREEN])
def test_a_deployment_in_progress_is_stopped_so_that_ecs_goes_back(connected, configured):
    before = connected.look()
    sent = send(connected, configured)
    connected.tick(20)
    live = connected.look(moving=True, ours=sent.deployment)
    connected.calls.clear()
    outcome = back(connected, live=live)
    assert isinstance(outcome, Sent)
    assert (outcome.deployment, outcome.revision) == (None, connected.revision(1))
    assert connected.changes() == [("StopServiceDeployment", "ok")]
    assert outcome.asof >= before.asof
    connected.aws.until("ROLLBACK_SUCCESSFUL")
    live = connected.look()
    assert (live.deployment, live.complete) == (before.deployment, True)


def test_the_next_turn_finds_that_ecs_is_going_back_and_sends_nothing(connected):
    first = connected.look().deployment
    sent = send(connected, BLUE_GREEN)
    connected.tick(20)
    live = connected.look(moving=True, ours=sent.deployment)
    assert isinstance(back(connected, live=live), Sent)
    connected.calls.clear()
    asked = back(connected, live=live)
    assert isinstance(asked, Sent)
    assert (asked.deployment, connected.changes()) == (None, [])
    connected.tick(2)
    shown = connected.look(moving=True)
    assert shown.deployment == first
    again = back(connected, live=shown)
    assert isinstance(again, Sent)
    assert (again.deployment, connected.changes()) == (first, [])


def test_what_the_breaker_takes_back_already_is_left_to_it(ground):
    first = ground.look().deployment
    sent = ground.send(release(CRASH))
    ground.aws.until("ROLLBACK_IN_PROGRESS")
    live = ground.look(moving=True, ours=sent.deployment)
    ground.calls.clear()
    outcome = back(ground, live=live)
    assert isinstance(outcome, Sent)
    assert (outcome.deployment, ground.changes()) == (first, [])


def test_ecs_is_not_asked_to_go_back_to_anything_but_our_way_back(ground):
    ground.send(release(GOOD))
    ground.aws.until("SUCCESSFUL")
    sent = ground.send(release("v1.2.5-slow"))
    ground.tick(5)
    live = ground.look(moving=True, ours=sent.deployment)
    ground.calls.clear()
    outcome = back(ground, live=live)
    assert isinstance(outcome, Sent)
    assert ground.changes() == [("UpdateService", "ok")]
    assert outcome.deployment == ground.look().deployment


def test_two_sources_are_none_to_go_back_to(ground):
    ground.send(release(GOOD))
    ground.tick(18)
    sent = ground.send(release("v1.2.5"))
    ground.tick(2)
    assert len(ground.aws.story()["sourceServiceRevisions"]) == 2
    outcome = back(ground, live=ground.look(moving=True, ours=sent.deployment))
    assert isinstance(outcome, Sent)
    assert ground.made("StopServiceDeployment") == 0


def test_a_source_with_other_fields_is_not_our_way_back(ground):
    """The same task definition ran there in another network since we recorded it."""
    network = {"awsvpcConfiguration": {"subnets": ["subnet-z"]}}
    ground.aws.ecs.update_service(cluster="prod", service="api", networkConfiguration=network)
    ground.aws.until("SUCCESSFUL")
    sent = ground.send(release(GOOD))
    ground.tick(3)
    recorded = {
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}}
    }
    outcome = ground.act(
        release("v1.2.2", service=recorded),
        ground.look(moving=True, ours=sent.deployment),
        revision=Revision(ground.revision(1)),
        purpose=Purpose.BACK,
    )
    assert isinstance(outcome, Sent)
    assert ground.made("StopServiceDeployment") == 0
    assert ground.aws.service()["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == ["subnet-a"]


def test_a_way_back_that_somebody_deregistered_is_registered_again_and_not_left_to_ecs(ground):
    sent = ground.send(release(GOOD))
    ground.tick(3)
    ground.aws.ecs.deregister_task_definition(taskDefinition=ground.revision(1))
    outcome = back(ground, live=ground.look(moving=True, ours=sent.deployment))
    assert isinstance(outcome, Sent)
    assert (outcome.revision, ground.made("StopServiceDeployment")) == (ground.revision(3), 0)


def test_what_has_ended_is_gone_back_from_by_an_update(ground):
    sent = ground.send(release(GOOD))
    ground.aws.until("SUCCESSFUL")
    outcome = back(ground, live=ground.look(moving=True, ours=sent.deployment))
    assert isinstance(outcome, Sent)
    assert (outcome.deployment is None, ground.made("StopServiceDeployment")) == (False, 0)


def test_only_going_back_stops_a_deployment(ground):
    sent = ground.send(release(GOOD))
    ground.tick(3)
    live = ground.look(moving=True, ours=sent.deployment)
    ground.send(release("v1.2.2"), live=live, revision=Revision(ground.revision(1)))
    assert ground.made("StopServiceDeployment") == 0


@pytest.mark.parametrize("code", ["ConflictException", "ServiceDeploymentNotFoundException"])
def test_a_deployment_that_ended_while_it_was_to_be_stopped_is_looked_at_again(ground, code):
    sent = ground.send(release(GOOD))
    ground.tick(3)
    live = ground.look(moving=True, ours=sent.deployment)
    ground.faults(errors=[{"operation": "StopServiceDeployment", "code": code}])
    outcome = back(ground, live=live)
    assert isinstance(outcome, Stale)
    assert "can not be stopped any more" in outcome.why
    assert ground.made("UpdateService") == 1  # the release itself


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnsupportedFeatureException"])
def test_who_may_not_stop_a_deployment_goes_back_by_an_update(ground, code):
    sent = ground.send(release(GOOD))
    ground.tick(3)
    live = ground.look(moving=True, ours=sent.deployment)
    ground.faults(errors=[{"operation": "StopServiceDeployment", "code": code}])
    outcome = back(ground, live=live)
    assert isinstance(outcome, Sent)
    assert outcome.deployment is not None
    assert ground.changes()[-1] == ("UpdateService", "ok")


def test_where_there_is_no_account_of_deployments_going_back_is_an_update(ground):
    ground.faults(serviceDeployments=False)
    sent = ground.send(release(GOOD))
    ground.tick(3)
    outcome = back(ground, live=ground.look(moving=True, ours=sent.deployment))
    assert isinstance(outcome, Sent)
    assert outcome.deployment is not None


def test_a_throttled_stop_is_not_sent_and_a_lost_one_is_lost(ground):
    sent = ground.send(release(GOOD))
    ground.tick(3)
    live = ground.look(moving=True, ours=sent.deployment)
    ground.faults(errors=[{"operation": "StopServiceDeployment", "code": "ThrottlingException"}])
    assert isinstance(back(ground, live=live), NotSent)
    ground.tick(1)
    ground.faults(lost={"StopServiceDeployment": 1})
    assert isinstance(back(ground, live=live), Lost)
    ground.faults(lost={})
    found = back(ground, live=live)
    assert isinstance(found, Sent)
    assert (found.deployment, ground.made("UpdateService")) == (None, 1)


def test_the_last_check_stops_a_stop(ground):
    sent = ground.send(release(GOOD))
    ground.tick(3)
    live = ground.look(moving=True, ours=sent.deployment)
    asked = []

    def lost():
        asked.append(1)
        if len(asked) > 1:
            raise Conflict("the lease is somebody else's")

    outcome = back(ground, live=live, check=lost)
    assert isinstance(outcome, NotSent)
    assert outcome.why == "the lease is somebody else's"
    assert ground.aws.story()["status"] == "IN_PROGRESS"


# --- going on


def test_a_pause_is_ended_and_to_say_so_twice_is_to_say_it_once(connected):
    sent, pause = paused(connected)
    connected.calls.clear()
    assert connected.target.act(going_on(connected, sent, pause), allow) == Done(
        action=going_on(connected, sent, pause)
    )
    assert connected.changes() == [("ContinueServiceDeployment", "ok")]
    again = connected.target.act(going_on(connected, sent, pause), allow)
    assert isinstance(again, Done)
    assert connected.made("ContinueServiceDeployment") == 1
    looked(connected, sent, lambda ours: ours.state is State.SUCCESSFUL)
    assert isinstance(connected.target.act(going_on(connected, sent, pause), allow), Done)
    assert connected.made("ContinueServiceDeployment") == 1


def test_after_a_restart_the_pause_is_found_again(connected):
    sent, pause = paused(connected)
    connected.restart()
    assert isinstance(connected.target.act(going_on(connected, sent, pause), allow), Done)
    assert connected.aws.story()["lifecycleHookDetails"][0]["status"] == "SUCCEEDED"


def test_a_pause_that_ended_between_the_look_and_the_call_is_done(connected):
    sent, pause = paused(connected)
    arn = connected.aws.story()["serviceDeploymentArn"]

    def somebody_was_faster():
        story = connected.aws.story()["lifecycleHookDetails"][0]["status"]
        if story == "AWAITING_ACTION" and connected.calls[-1][0] == "DescribeServiceDeployments":
            connected.aws.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=pause)

    connected.calls.clear()
    connected.calls.append(("before", ""))
    outcome = connected.target.act(going_on(connected, sent, pause), somebody_was_faster)
    assert isinstance(outcome, Done)
    assert ("ContinueServiceDeployment", "refused") in connected.calls


def test_a_deployment_that_is_gone_is_stale(connected):
    sent, pause = paused(connected)
    connected.restart()
    other = connected.target.act(going_on(connected, sent, pause, deployment=DeploymentId("ecs-svc/1")), allow)
    assert isinstance(other, Stale)
    assert "ecs-svc/1 is not the service's deployment any more" in other.why
    connected.aws.ecs.delete_service(cluster="prod", service="api", force=True)
    connected.tick(60)
    assert isinstance(connected.sight(), Absent)
    assert isinstance(connected.target.act(going_on(connected, sent, pause), allow), Stale)
    assert connected.made("ContinueServiceDeployment") == 0


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("ThrottlingException", NotSent),
        ("AccessDeniedException", NotSent),
        ("InvalidParameterException", Refused),
        ("ServiceDeploymentNotFoundException", Stale),
        ("ServerException", Lost),
    ],
)
def test_what_aws_says_to_it_is_told_apart(connected, code, outcome):
    sent, pause = paused(connected)
    connected.faults(errors=[{"operation": "ContinueServiceDeployment", "code": code, "message": "no"}])
    found = connected.target.act(going_on(connected, sent, pause), allow)
    assert isinstance(found, outcome)
    assert "no" in found.why


def test_an_answer_that_was_lost_is_found_by_reading(connected):
    sent, pause = paused(connected)
    connected.faults(lost={"ContinueServiceDeployment": 1})
    assert isinstance(connected.target.act(going_on(connected, sent, pause), allow), Lost)
    assert isinstance(connected.target.act(going_on(connected, sent, pause), allow), Done)
    assert connected.made("ContinueServiceDeployment") == 1


def test_the_last_gate_stands_before_a_pause_is_ended(connected):
    sent, pause = paused(connected)
    old = going_on(connected, sent, pause, not_after=connected.now() - timedelta(seconds=1))
    assert "too old" in connected.target.act(old, allow).why

    def no():
        raise Refusal("paused meanwhile")

    assert connected.target.act(going_on(connected, sent, pause), no).why == "paused meanwhile"
    stranger = connected.place(account="999988887777")
    assert isinstance(connected.target.act(going_on(connected, sent, pause, place=stranger), allow), NotSent)
    assert connected.made("ContinueServiceDeployment") == 0


def test_an_intent_for_one_service_stops_and_continues_no_other(connected):
    connected.sandbox.seed([a_seed(service="web")])
    other = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service-deployment/prod/web/x"
    entry = connected.clients.access(connected.place())
    entry.verify()
    given = {"place": connected.place(), "family": "", "not_after": connected.now() + timedelta(seconds=9)}
    calls = [
        ("StopServiceDeployment", {"deployment": other}, {"serviceDeploymentArn": other, "stopType": "ROLLBACK"}),
        ("StopServiceDeployment", {}, {"serviceDeploymentArn": other, "stopType": "ROLLBACK"}),
        ("StopServiceDeployment", {"deployment": other}, {"serviceDeploymentArn": other, "stopType": "ABORT"}),
        ("ContinueServiceDeployment", {"deployment": other}, {"serviceDeploymentArn": other, "hookId": "h"}),
        (
            "ContinueServiceDeployment",
            {"deployment": other, "pause": "h"},
            {"serviceDeploymentArn": other, "hookId": "h", "action": "ROLLBACK"},
        ),
    ]
    for operation, allowed, params in calls:
        permission = Permission(**given, check=allow, **allowed)
        with connected.clients.gate.permit(permission), pytest.raises(Refusal, match="does not allow"):
            entry.change(operation, **params)
    assert not {"StopServiceDeployment", "ContinueServiceDeployment"} & {name for name, _ in connected.calls}
