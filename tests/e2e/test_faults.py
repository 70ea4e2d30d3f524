"""AWS at its worst: answers get lost, calls are throttled, reads are old, an API is missing, capacity runs out."""

from collections.abc import Callable

import pytest

from controller.model.story import Event
from tests.e2e.environments import environment
from tests.e2e.stage import FIRST, SEEDED, Stage

pytestmark = pytest.mark.e2e


def it_is_good(stage: Stage, version: str = "v1.2.3") -> None:
    """The same end as without any fault."""
    stage.until_rests(version)
    assert stage.told() == [version], stage.story()
    assert len(stage.registered(version)) == 1, stage.story()
    assert stage.goods() == [version, SEEDED]
    assert stage.quarantined() == set()
    assert [row.version for row in stage.journal(Event.OPENED)] == [version]


@pytest.mark.parametrize("operation", ["UpdateService", "RegisterTaskDefinition"])
def test_a_lost_answer_is_found_by_reading_and_nothing_is_sent_twice(stage: Stage, operation: str):
    stage.begin()
    stage.cloud.set_faults({"lost": {operation: 1}})
    stage.release("v1.2.3")
    it_is_good(stage)
    lost = [change["operation"] for change in stage.cloud.changes() if change["outcome"] == "lost"]
    assert lost == [operation]


def test_a_lost_answer_of_the_rollback_is_found_by_reading_too(stage: Stage):
    stage.begin(bake="10m")
    stage.release("v1.2.3", bake="10m")
    stage.until("it bakes", lambda: stage.phase().value == "baking")
    stage.cloud.set_faults({"lost": {"UpdateService": 1}})
    stage.eye.ring()
    stage.until_ended("v1.2.3", "rolled_back")
    stage.until_rests(SEEDED)
    assert stage.told() == ["v1.2.3", SEEDED]


@pytest.mark.parametrize(
    ("operation", "code", "status"),
    [
        ("UpdateService", "ServerException", 500),
        ("UpdateService", "ThrottlingException", 400),
        ("UpdateService", "AccessDeniedException", 400),
        ("RegisterTaskDefinition", "ThrottlingException", 400),
        ("RegisterTaskDefinition", "ServerException", 503),
    ],
)
def test_a_call_that_is_refused_through_no_fault_of_the_release_is_repeated(
    stage: Stage, operation: str, code: str, status: int
):
    stage.begin()
    refused = {"operation": operation, "code": code, "message": "made to fail", "status": status, "times": 1}
    stage.cloud.set_faults({"errors": [refused]})
    stage.release("v1.2.3")
    it_is_good(stage)
    assert [change["outcome"] for change in stage.cloud.changes()].count(code) == 1


def test_a_release_that_aws_refuses_for_its_content_is_barred_and_not_repeated(stage: Stage):
    stage.begin()
    refused = {"operation": "UpdateService", "code": "InvalidParameterException", "message": "no such role"}
    stage.cloud.set_faults({"errors": [{**refused, "times": 1}]})
    stage.release("v1.2.3")
    stage.until("it is barred", lambda: stage.quarantined() == {"v1.2.3"})
    stage.looks()
    assert stage.told() == []
    assert "no such role" in stage.order("why", "prod", "api").out
    assert stage.eye.running() == SEEDED


def converges(stage: Stage, targets: list[str]) -> None:
    for target in targets:
        stage.until_rests("v1.2.3", target)
        assert stage.told(target) == ["v1.2.3"], stage.story()
        assert len(stage.registered("v1.2.3", target)) == 1
        assert stage.quarantined(target) == set()


def many(stage: Stage, count: int) -> list[str]:
    targets = [f"t{number:02}" for number in range(count)]
    stage.seed({"prod.yaml": environment("prod", dict.fromkeys(targets, FIRST))})
    stage.commit({"prod.yaml": environment("prod", dict.fromkeys(targets, SEEDED))})
    stage.start()
    stage.until("all are good", lambda: all(stage.goods(target) for target in targets))
    return targets


def test_more_releases_at_once_than_aws_takes_converge_and_nothing_is_barred(stage: Stage):
    targets = many(stage, 24)  # RegisterTaskDefinition: twenty at once, then one a second
    stage.cloud.set_faults({"throttle": True})
    stage.commit({"prod.yaml": environment("prod", dict.fromkeys(targets, "v1.2.3"))})
    converges(stage, targets)


def test_while_aws_throttles_whatever_we_ask_it_converges_and_nothing_is_barred(stage: Stage):
    targets = many(stage, 3)
    throttled = {"code": "ThrottlingException", "message": "Rate exceeded", "times": 1}
    asked = ("UpdateService", "RegisterTaskDefinition", "DescribeServices", "DescribeServiceDeployments")
    stage.cloud.set_faults({"errors": [{"operation": operation, **throttled} for operation in asked]})
    stage.commit({"prod.yaml": environment("prod", dict.fromkeys(targets, "v1.2.3"))})
    converges(stage, targets)
    assert stage.cloud.desk.calls.throttled.keys() == set(asked)


def test_reads_that_are_five_seconds_old_lead_to_the_same_end(stage: Stage):
    stage.begin()
    stage.cloud.set_faults({"stale": {"seconds": 5}})
    stage.release("v1.2.3")
    it_is_good(stage)


def test_reads_that_are_five_seconds_old_lead_to_the_same_end_of_a_rollback(stage: Stage):
    stage.begin(bake="10m")
    stage.cloud.set_faults({"stale": {"seconds": 5}})
    stage.release("v1.2.3", bake="10m")
    stage.until("it bakes", lambda: stage.phase().value == "baking")
    stage.eye.ring()
    stage.until_ended("v1.2.3", "rolled_back")
    stage.cloud.set_faults({"stale": None})
    stage.until_rests(SEEDED)
    assert stage.told() == ["v1.2.3", SEEDED]


def test_a_crash_and_reads_that_are_old_lead_to_the_same_end(stage: Stage):
    stage.begin()
    stage.cloud.set_faults({"stale": {"seconds": 5}})
    hold = stage.cloud.hold("UpdateService", after=True)
    stage.release("v1.2.3")
    assert hold.arrives()
    stage.kill()
    stage.start()
    it_is_good(stage)


def test_a_look_that_is_torn_by_the_rollback_of_ecs_itself_sends_nothing(open_stage: Callable[..., Stage]):
    stage = open_stage(10.0)
    stage.begin()
    stage.release("v1.2.3", tag="${version}-crash")
    stage.until("a task of it failed", stage.cloud.failed_tasks)
    hold = stage.cloud.hold("DescribeServices", after=True)
    assert hold.arrives()
    # The list is as it was before; what is asked next is answered as it is now.
    stage.until("ECS goes back by itself", lambda: stage.eye.verdict().startswith("ROLLBACK"))
    hold.let_go()
    stage.until_ended("v1.2.3", "rolled_back")
    assert stage.told() == ["v1.2.3-crash"], stage.story()
    stage.until_rests(SEEDED)
    assert stage.quarantined() == {"v1.2.3"}


def test_without_the_service_deployment_api_a_good_release_is_good(stage: Stage):
    stage.cloud.set_faults({"serviceDeployments": False})
    stage.begin()
    stage.release("v1.2.3")
    it_is_good(stage)


def test_without_the_service_deployment_api_a_release_that_ecs_takes_back_has_failed(stage: Stage):
    stage.cloud.set_faults({"serviceDeployments": False})
    stage.begin()
    stage.release("v1.2.3", tag="${version}-crash")
    stage.until_ended("v1.2.3", "rolled_back")
    stage.until_rests(SEEDED)
    assert stage.told() == ["v1.2.3-crash"]
    assert stage.quarantined() == {"v1.2.3"}
    stage.looks()
    assert stage.told() == ["v1.2.3-crash"]


def test_a_release_is_not_to_blame_for_capacity_that_was_missing(stage: Stage):
    stage.begin(deadline="1m")
    stage.cloud.set_faults({"noCapacity": True})
    stage.release("v1.2.3", deadline="1m")
    stage.until("it is sent", stage.told)
    opened = stage.journal(Event.OPENED)[0].at

    def past_its_deadline() -> bool:
        status = stage.status()
        return (status.since - opened).total_seconds() > 3 * 60

    stage.until("three times its deadline has passed", past_its_deadline)
    assert stage.told() == ["v1.2.3"]
    assert stage.quarantined() == set()
    stage.cloud.set_faults({"noCapacity": False})
    it_is_good(stage)


def test_an_image_that_cannot_be_pulled_is_the_releases_own_fault(stage: Stage):
    stage.begin()
    stage.release("v1.2.3", tag="${version}-pull-error")
    stage.until_ended("v1.2.3", "rolled_back")
    stage.until_rests(SEEDED)
    (barred,) = stage.memory().quarantine.values()
    assert "CannotPullContainerError" in f"{barred.why} {barred.evidence}"


def test_cloudwatch_is_away_in_the_bake_and_the_bake_waits(stage: Stage):
    stage.begin()
    denied = {"operation": "cloudwatch:DescribeAlarms", "code": "AccessDenied", "message": "no", "times": 1000}
    stage.release("v1.2.3")
    stage.until("it bakes", lambda: stage.phase().value == "baking")
    stage.cloud.set_faults({"errors": [denied]})
    stage.until("it says so", lambda: "alarms unreadable" in stage.status().reason)
    baked = stage.status().baked
    stage.looks(4)
    assert stage.phase().value == "baking"
    assert stage.status().baked <= baked + 60
    assert stage.goods() == [SEEDED]
    stage.cloud.set_faults({"errors": []})
    it_is_good(stage)
