"""Deployments over time: what starts one, how it goes on, how it ends, and how ECS takes it back."""

import pytest

from controller.sandbox.server import Sandbox
from tests.sandbox.rig import BREAKER, NETWORK, Rig, a_seed

SPOT = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]


def test_a_seeded_service_is_steady_with_a_successful_deployment_in_the_past(rig):
    service, story = rig.service(), rig.story()
    (primary,) = service["deployments"]
    assert (primary["status"], primary["rolloutState"]) == ("PRIMARY", "COMPLETED")
    assert (service["runningCount"], service["pendingCount"], service["desiredCount"]) == (2, 0, 2)
    assert story["status"] == "SUCCESSFUL"
    assert story["createdAt"] < story["startedAt"] < story["finishedAt"]
    assert story["finishedAt"].timestamp() < rig.sandbox.clock.now() - 1800
    assert story["targetServiceRevision"]["arn"].rsplit("/", 1)[1] == primary["id"].removeprefix("ecs-svc/")
    assert [task["lastStatus"] for task in rig.tasks()] == ["RUNNING", "RUNNING"]
    assert rig.messages()[0] == "(service api) has reached a steady state."
    assert rig.runs() == "v1.2.2"


def test_a_good_release_becomes_primary_beside_the_old_one_and_then_replaces_it(rig):
    before = rig.service()["deployments"][0]
    answered = rig.release("v1.2.3")
    target, old = answered["deployments"]
    assert (target["status"], target["rolloutState"], old["status"]) == ("PRIMARY", "IN_PROGRESS", "ACTIVE")
    assert old["id"] == before["id"] != target["id"]
    assert answered["currentServiceDeployment"] == rig.service()["currentServiceDeployment"]
    assert rig.story()["sourceServiceRevisions"][0]["arn"].endswith(before["id"].removeprefix("ecs-svc/"))
    took = rig.until("SUCCESSFUL")
    assert 30 <= took <= 60
    (only,) = rig.service()["deployments"]
    assert (only["id"], only["rolloutState"], only["runningCount"]) == (target["id"], "COMPLETED", 2)
    assert f"(service api) (deployment {target['id']}) deployment completed." in rig.messages()
    assert rig.runs() == "v1.2.3"


def test_a_good_release_goes_through_pending_and_in_progress(rig):
    rig.release("v1.2.3")
    assert rig.statuses() == ["PENDING", "IN_PROGRESS", "SUCCESSFUL"]
    story = rig.story()
    assert story["createdAt"] < story["startedAt"] < story["finishedAt"] <= story["updatedAt"]
    assert story["deploymentCircuitBreaker"] == {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3}
    assert story["targetServiceRevision"]["runningTaskCount"] == 2


def test_tasks_stay_within_minimum_and_maximum_percent_all_the_way(rig):
    rig.ecs.update_service(
        cluster="prod",
        service="api",
        desiredCount=4,
        deploymentConfiguration={"minimumHealthyPercent": 50, "maximumPercent": 150},
    )
    rig.tick(60)
    rig.release("v1.2.3")
    while rig.story()["status"] != "SUCCESSFUL":
        rig.tick()
        service = rig.service()
        assert service["runningCount"] >= 2
        assert service["runningCount"] + service["pendingCount"] <= 6
    assert rig.service()["runningCount"] == 4


def test_a_crashing_release_trips_the_breaker_and_ecs_brings_the_old_one_back(rig):
    before = rig.service()["deployments"][0]
    bad = rig.release("v1.2.4-crash")["deployments"][0]
    took = rig.until("ROLLBACK_IN_PROGRESS")
    primary, failed = rig.service()["deployments"]
    assert (primary["id"], failed["id"]) == (before["id"], bad["id"])
    assert (failed["rolloutState"], failed["failedTasks"]) == ("FAILED", 3)
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    back = f"ECS deployment circuit breaker: rolling back to deploymentId {before['id']}."
    assert primary["rolloutStateReason"] == back
    took += rig.until("ROLLBACK_SUCCESSFUL")
    assert took <= 60
    story = rig.story()
    assert story["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert story["rollback"]["serviceRevisionArn"].endswith(before["id"].removeprefix("ecs-svc/"))
    assert story["targetServiceRevision"]["arn"].endswith(bad["id"].removeprefix("ecs-svc/"))
    assert rig.runs() == "v1.2.2"
    assert rig.service()["taskDefinition"] == before["taskDefinition"]
    assert f"(service api) rolling back to deployment {before['id']}." in rig.messages()


def test_a_rollback_can_make_a_new_deployment_instead_of_reviving_the_old_one(rig):
    rig.sandbox.set_faults({"rollbackMakesNewDeployment": True})
    before = rig.service()["deployments"][0]
    rig.release("crash")
    rig.until("ROLLBACK_SUCCESSFUL")
    (primary,) = rig.service()["deployments"]
    assert primary["id"] != before["id"]
    assert primary["taskDefinition"] == before["taskDefinition"]
    assert rig.service()["runningCount"] == 2


def test_without_a_breaker_a_crashing_release_stays_in_progress_and_its_failures_grow(rig):
    rig.release("crash", deploymentConfiguration={"deploymentCircuitBreaker": {"enable": False, "rollback": False}})
    counts = []
    for _ in range(6):
        rig.tick(40)
        primary = rig.service()["deployments"][0]
        assert primary["rolloutState"] == "IN_PROGRESS"
        counts.append(primary["failedTasks"])
    assert counts == sorted(counts)
    assert counts[-1] > counts[0] > 0
    assert rig.story()["status"] == "IN_PROGRESS"
    assert rig.story()["deploymentCircuitBreaker"]["status"] == "DISABLED"
    assert rig.service()["deployments"][1]["runningCount"] == 2


def test_a_breaker_that_does_not_roll_back_stops_where_it_is(rig):
    switch = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    rig.release("crash", deploymentConfiguration=switch)
    assert rig.statuses() == ["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "STOPPED"]
    story = rig.story()
    assert story["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert story["stoppedAt"] > story["createdAt"]
    rig.tick(120)
    primary, old = rig.service()["deployments"]
    assert (primary["rolloutState"], primary["runningCount"], primary["pendingCount"]) == ("FAILED", 0, 0)
    assert old["runningCount"] == 2


def test_a_first_release_that_crashes_has_nothing_to_go_back_to_and_stops():
    with Sandbox(speed=0) as sandbox:
        rig = Rig(sandbox)
        rig.ecs.create_cluster(clusterName="prod")
        arn = rig.register("crash")
        rig.ecs.create_service(
            cluster="prod", serviceName="api", taskDefinition=arn, desiredCount=1, launchType="FARGATE",
            networkConfiguration=NETWORK, deploymentConfiguration=BREAKER,
        )  # fmt: skip
        assert rig.statuses() == ["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "STOPPED"]
        assert rig.service()["deployments"][0]["rolloutState"] == "FAILED"
        rig.close()


def test_an_image_that_cannot_be_pulled_fails_without_ever_running(rig):
    bad = rig.release("pull-error")["deployments"][0]["id"]
    assert rig.statuses()[-2:] == ["ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]
    stopped = [task for task in rig.tasks("STOPPED") if task["startedBy"] == bad and "startedAt" not in task]
    failed = [task for task in stopped if task["stopCode"] == "TaskFailedToStart"]
    assert len(failed) >= 3
    assert failed[0]["stoppedReason"].startswith("CannotPullContainerError: ")
    assert failed[0]["containers"][0]["reason"].startswith("CannotPullContainerError: ")
    assert "exitCode" not in failed[0]["containers"][0]


def test_an_unhealthy_release_runs_for_a_while_and_its_tasks_are_replaced(rig):
    bad = rig.release("unhealthy")["deployments"][0]["id"]
    rig.until("ROLLBACK_SUCCESSFUL")
    reasons = {task["stoppedReason"] for task in rig.tasks("STOPPED") if task["startedBy"] == bad}
    assert "Task failed container health checks" in reasons
    assert any("failed container health checks" in message for message in rig.messages())


def test_a_crash_is_seen_in_the_stopped_task_and_in_the_container_that_caused_it(rig):
    containers = [
        {"name": "api", "image": "registry.example/api:v1-crash"},
        {"name": "proxy", "image": "registry.example/proxy:v9"},
    ]
    arn = rig.register("", containerDefinitions=containers)
    bad = rig.ecs.update_service(cluster="prod", service="api", taskDefinition=arn)["service"]["deployments"][0][
        "id"
    ]
    rig.until("ROLLBACK_SUCCESSFUL")
    crashed = [task for task in rig.tasks("STOPPED") if task["stopCode"] == "EssentialContainerExited"]
    assert {task["startedBy"] for task in crashed} == {bad}
    assert {task["stoppedReason"] for task in crashed} == {"Essential container in task exited"}
    assert [one["exitCode"] for one in crashed[0]["containers"]] == [1, 137]
    assert crashed[0]["group"] == "service:api"


def test_a_slow_release_takes_longer_and_succeeds(rig):
    rig.release("v1.2.3")
    usual = rig.until("SUCCESSFUL")
    rig.release("v1.2.4-slow")
    assert rig.until("SUCCESSFUL") > usual + 25


def placing(native):
    return (native.get("launchType"), native.get("capacityProviderStrategy"))


def test_ecs_brings_the_launch_type_back_with_the_release(rig):
    rig.release("crash", capacityProviderStrategy=SPOT)
    assert placing(rig.service()) == (None, SPOT)
    rig.until("ROLLBACK_SUCCESSFUL")
    service = rig.service()
    assert placing(service) == placing(service["deployments"][0]) == ("FARGATE", None)


def test_ecs_brings_the_capacity_providers_back_with_the_release(rig):
    rig.release("v1.2.3", capacityProviderStrategy=SPOT)
    rig.until("SUCCESSFUL")
    rig.release("crash", capacityProviderStrategy=[])
    assert placing(rig.service()) == ("FARGATE", None)
    rig.until("ROLLBACK_SUCCESSFUL")
    service = rig.service()
    assert placing(service) == placing(service["deployments"][0]) == (None, SPOT)


def test_a_newer_release_supersedes_the_one_in_flight(rig):
    first = rig.release("v1.2.3")
    rig.tick(12)
    second = rig.release("v1.2.4")
    assert rig.story(first["currentServiceDeployment"])["status"] == "STOP_REQUESTED"
    assert [one["status"] for one in rig.service()["deployments"]] == ["PRIMARY", "ACTIVE", "ACTIVE"]
    rig.tick(2)
    story = rig.story(first["currentServiceDeployment"])
    assert (story["status"], story["deploymentCircuitBreaker"]["status"]) == ("STOPPED", "MONITORING_COMPLETE")
    rig.until("SUCCESSFUL")
    assert rig.service()["deployments"][0]["id"] == second["deployments"][0]["id"]
    assert rig.story(first["currentServiceDeployment"])["status"] == "STOPPED"


def test_a_release_that_fails_while_ecs_is_going_back_has_no_way_back(rig):
    rig.release("crash")
    rig.until("ROLLBACK_IN_PROGRESS")
    rig.release("crash-again")
    assert rig.statuses()[-1] == "STOPPED"
    assert rig.service()["deployments"][0]["rolloutState"] == "FAILED"


def test_a_rollback_to_an_image_that_is_gone_fails(rig):
    rig.ecs.update_service(
        cluster="prod", service="api", deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100}
    )
    rig.release("v1.2.3-crash")
    rig.sandbox.set_faults({"unpullable": ["v1.2.2"]})
    assert rig.statuses()[-2:] == ["ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED"]
    assert rig.service()["deployments"][0]["rolloutState"] == "FAILED"


def test_a_person_stops_a_deployment_and_ecs_goes_back(rig):
    before = rig.service()["deployments"][0]
    arn = rig.release("v1.2.3")["currentServiceDeployment"]
    rig.tick(15)
    assert (
        rig.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")["serviceDeploymentArn"]
        == arn
    )
    assert rig.story(arn)["status"] == "ROLLBACK_REQUESTED"
    assert rig.statuses() == ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]
    assert rig.story(arn)["deploymentCircuitBreaker"]["status"] == "MONITORING_COMPLETE"
    assert rig.service()["deployments"][0]["id"] == before["id"]


@pytest.mark.parametrize(
    ("asked", "starts"),
    [
        ({}, False),
        ({"taskDefinition": "unifocus-prod-api:1"}, False),
        ({"networkConfiguration": NETWORK}, False),
        ({"desiredCount": 3}, False),
        ({"healthCheckGracePeriodSeconds": 30}, False),
        ({"enableExecuteCommand": True}, False),
        ({"deploymentConfiguration": {"maximumPercent": 150}}, False),
        ({"placementStrategy": [{"type": "spread", "field": "instanceId"}]}, False),
        ({"capacityProviderStrategy": SPOT}, False),
        ({"forceNewDeployment": True}, True),
        ({"monitoring": {"metricConfigurations": [{"metricNames": ["CPU"], "resolutionSeconds": 20}]}}, True),
        ({"gatewayConnectors": [{"portName": "http"}]}, True),
        ({"platformVersion": "1.4.0"}, True),
        ({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-c"]}}}, True),
        ({"serviceConnectConfiguration": {"enabled": True, "namespace": "unifocus"}}, True),
        ({"loadBalancers": [{"targetGroupArn": "arn:x", "containerName": "api", "containerPort": 80}]}, True),
        ({"serviceRegistries": [{"registryArn": "arn:x"}]}, True),
    ],
)
def test_only_some_fields_start_a_deployment(rig, asked, starts):
    before = rig.service()["deployments"][0]["id"]
    after = rig.ecs.update_service(cluster="prod", service="api", **asked)["service"]["deployments"][0]["id"]
    assert (after != before) is starts


def test_the_order_of_subnets_is_no_difference(rig):
    before = rig.service()["deployments"][0]["id"]
    turned = {"awsvpcConfiguration": {"subnets": ["subnet-b", "subnet-a"], "securityGroups": ["sg-a"]}}
    rig.ecs.update_service(cluster="prod", service="api", networkConfiguration=turned)
    assert rig.service()["deployments"][0]["id"] == before


def test_what_is_set_is_read_back_and_what_is_not_sent_is_kept(rig):
    rig.ecs.update_service(
        cluster="prod",
        service="api",
        healthCheckGracePeriodSeconds=45,
        enableExecuteCommand=True,
        propagateTags="SERVICE",
        deploymentConfiguration={"minimumHealthyPercent": 50},
        serviceConnectConfiguration={"enabled": True, "namespace": "unifocus"},
        monitoring={"metricConfigurations": [{"metricNames": ["CPU"], "resolutionSeconds": 20}]},
    )
    service = rig.service()
    assert service["healthCheckGracePeriodSeconds"] == 45
    assert service["enableExecuteCommand"] is True
    assert service["propagateTags"] == "SERVICE"
    configured = service["deploymentConfiguration"]
    assert (configured["minimumHealthyPercent"], configured["maximumPercent"]) == (50, 200)
    assert configured["deploymentCircuitBreaker"]["rollback"] is True
    assert "serviceConnectConfiguration" not in service
    assert service["deployments"][0]["serviceConnectConfiguration"]["namespace"] == "unifocus"
    assert "monitoring" not in service
    arn = rig.story()["targetServiceRevision"]["arn"]
    revision = rig.ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"][0]
    assert revision["monitoring"]["metricConfigurations"][0]["resolutionSeconds"] == 20
    assert revision["containerImages"][0]["imageDigest"].startswith("sha256:")


def test_desired_count_is_followed_up_and_down_without_a_deployment(rig):
    before = rig.service()["deployments"][0]["id"]
    for desired in (5, 1, 0):
        rig.ecs.update_service(cluster="prod", service="api", desiredCount=desired)
        rig.tick(60)
        (primary,) = rig.service()["deployments"]
        assert (primary["id"], primary["rolloutState"]) == (before, "COMPLETED")
        assert (primary["desiredCount"], primary["runningCount"], primary["pendingCount"]) == (desired, desired, 0)


def test_a_release_of_a_service_with_no_tasks_completes_and_proves_nothing(rig):
    rig.ecs.update_service(cluster="prod", service="api", desiredCount=0)
    rig.tick(30)
    rig.release("crash")
    rig.until("SUCCESSFUL", limit=30)


def test_without_capacity_nothing_fails_and_nothing_moves(rig):
    rig.sandbox.set_faults({"noCapacity": True})
    rig.release("v1.2.3")
    rig.tick(200)
    primary = rig.service()["deployments"][0]
    assert (primary["rolloutState"], primary["pendingCount"], primary["failedTasks"]) == ("IN_PROGRESS", 0, 0)
    complaints = [message for message in rig.messages() if "unable to place a task" in message]
    assert 2 <= len(complaints) <= 5
    rig.sandbox.set_faults({"noCapacity": []})
    rig.until("SUCCESSFUL")


def test_a_release_can_be_made_to_crash_after_its_deployment_succeeded(rig):
    rig.release("v1.2.3")
    rig.until("SUCCESSFUL")
    rig.tick(60)
    rig.sandbox.set_faults({"crashing": ["v1.2.3"]})
    rig.tick(30)
    service, story = rig.service(), rig.story()
    assert (story["status"], service["deployments"][0]["rolloutState"]) == ("SUCCESSFUL", "COMPLETED")
    assert service["runningCount"] < 2
    crashed = [task for task in rig.tasks("STOPPED") if task["stopCode"] == "EssentialContainerExited"]
    assert len(crashed) >= 2
    assert crashed[0]["containers"][0]["exitCode"] == 1
    rig.sandbox.set_faults({"crashing": []})
    rig.tick(120)
    assert rig.service()["runningCount"] == 2


def test_percentages_that_leave_no_room_stand_still_and_only_an_event_says_so(rig):
    room = {"minimumHealthyPercent": 100, "maximumPercent": 125}
    rig.ecs.update_service(cluster="prod", service="api", desiredCount=3, deploymentConfiguration=room)
    rig.tick(60)
    rig.release("v1.2.3")
    rig.tick(100)
    assert rig.story()["status"] == "IN_PROGRESS"
    assert any("unable to stop or start tasks during a deployment" in message for message in rig.messages())


def test_a_task_stopped_by_a_person_is_replaced(rig):
    victim = rig.tasks()[0]["taskArn"]
    rig.ecs.stop_task(cluster="prod", task=victim, reason="for fun")
    rig.tick(60)
    assert rig.service()["runningCount"] == 2
    (stopped,) = rig.tasks("STOPPED")
    assert (stopped["taskArn"], stopped["stopCode"], stopped["stoppedReason"]) == (
        victim,
        "UserInitiated",
        "for fun",
    )
    assert rig.service()["deployments"][0]["rolloutState"] == "COMPLETED"


def test_a_deleted_service_drains_and_is_then_inactive(rig):
    with pytest.raises(rig.ecs.exceptions.InvalidParameterException, match="scaled above 0"):
        rig.ecs.delete_service(cluster="prod", service="api")
    assert rig.ecs.delete_service(cluster="prod", service="api", force=True)["service"]["status"] == "DRAINING"
    assert rig.ecs.list_services(cluster="prod")["serviceArns"] == []
    with pytest.raises(rig.ecs.exceptions.ServiceNotActiveException):
        rig.ecs.update_service(cluster="prod", service="api", desiredCount=1)
    rig.tick(20)
    service = rig.service()
    assert (service["status"], service["runningCount"], service["deployments"]) == ("INACTIVE", 0, [])
    rig.ecs.create_service(
        cluster="prod", serviceName="api", taskDefinition="unifocus-prod-api", desiredCount=1, launchType="FARGATE",
        networkConfiguration=NETWORK,
    )  # fmt: skip
    rig.tick(60)
    assert rig.service()["status"] == "ACTIVE"
    assert rig.service()["runningCount"] == 1


def test_a_service_has_at_most_a_hundred_events_newest_first(rig):
    rig.release("crash", deploymentConfiguration={"deploymentCircuitBreaker": {"enable": False, "rollback": False}})
    rig.tick(8000)
    events = rig.service()["events"]
    stamps = [event["createdAt"] for event in events]
    assert len(events) == 100
    assert stamps == sorted(stamps, reverse=True)
    assert len({event["id"] for event in events}) == 100


def test_a_service_at_rest_says_every_six_hours_that_it_is_steady(rig):
    rig.tick(13 * 3600)
    assert rig.messages().count("(service api) has reached a steady state.") == 3


def test_two_deployments_at_the_same_instant_still_differ_in_when_they_were_made(rig):
    stamps = [rig.release(f"v1.3.{patch}")["deployments"][0]["createdAt"] for patch in range(5)]
    assert stamps == sorted(set(stamps))
    assert any(stamp.microsecond for stamp in stamps)


def test_the_same_steps_give_the_same_world_twice():
    worlds = []
    for _ in range(2):
        with Sandbox(speed=0, start=1_800_000_000) as sandbox:
            sandbox.seed([a_seed()])
            rig = Rig(sandbox)
            rig.release("crash")
            rig.tick(80)
            worlds.append((rig.service(), rig.story(), rig.tasks("STOPPED")))
            rig.close()
    assert worlds[0][0]["deployments"] == worlds[1][0]["deployments"]
    assert worlds[0][0]["events"] == worlds[1][0]["events"]
    assert worlds[0][1:] == worlds[1][1:]


def test_reading_tasks_moves_nothing(rig):
    rig.release("v1.2.3")
    rig.tick(3)
    first = rig.tasks()
    for _ in range(5):
        assert rig.tasks() == first
