"""What is sent, when nothing is sent, and what is said of it afterwards."""

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.errors import Conflict, PlatformError, Refusal
from controller.model.names import Revision
from controller.model.outcome import Lost, NotSent, Refused, Sent, Stale
from controller.model.packed import Packed
from controller.model.release import Release
from controller.model.rollout import Expect, Purpose
from controller.shaping import Native
from controller.targets.ecs.definitions import clean_tag
from controller.targets.ecs.spec import shape
from tests.targets.ecs.rig import ACCOUNT, REGION, a_seed, definition, release

GOOD = "v1.2.3"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-c"]}}


def settings(**fields):
    shaped = shape(Native(definition=definition(), service=fields))
    assert shaped.faults == ()
    return shaped.settings


def registered(ground, arn):
    return ground.aws.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])


def test_a_release_is_registered_with_our_tags_and_deployed_by_its_full_arn(ground):
    sent = ground.send(release(GOOD))
    told = registered(ground, sent.revision)
    assert {tag["key"]: tag["value"] for tag in told["tags"]} == {
        "trueup:digest": release(GOOD).digest,
        "trueup:version": GOOD,
        "trueup:commit": "9f3c",
        "trueup:rollout": "7",
    }
    service = ground.aws.service()
    assert service["taskDefinition"] == sent.revision
    assert (service["deployments"][0]["id"], ground.revisions()) == (sent.deployment, ["2", "1"])
    assert sent.asof == ground.look().asof


def test_tags_hold_only_what_aws_takes():
    ugly = Release(version="v1.2.3~rc(1) ü" + "x" * 300, manifest=release(GOOD).manifest, shape=release(GOOD).shape)
    assert clean_tag(ugly.version).startswith("v1.2.3-rc-1- üxxx")
    assert len(clean_tag(ugly.version)) == 256


def test_a_known_revision_is_deployed_and_nothing_is_registered(ground):
    first = ground.send(release(GOOD))
    ground.tick(60)
    back = ground.send(release("v1.2.2"), revision=Revision(ground.revision(1)), purpose=Purpose.BACK)
    assert back.revision.endswith(":1")
    assert back.deployment != first.deployment
    assert ground.made("RegisterTaskDefinition") == 1


def test_a_revision_that_somebody_deregistered_is_registered_again(ground):
    first = ground.send(release(GOOD))
    ground.tick(60)
    ground.aws.ecs.deregister_task_definition(taskDefinition=ground.revision(1))
    back = ground.send(release("v1.2.2"), revision=Revision(ground.revision(1)), purpose=Purpose.BACK)
    assert back.revision.endswith(":3")
    ground.tick(60)
    assert ground.aws.runs() == "v1.2.2"
    assert first.revision.endswith(":2")


def test_a_registration_whose_answer_was_lost_is_found_by_its_digest(ground):
    ground.faults(lost={"RegisterTaskDefinition": 1})
    lost = ground.act(release(GOOD))
    assert isinstance(lost, Lost)
    assert ground.made("UpdateService") == 0
    ground.restart()
    sent = ground.send(release(GOOD), look_first=True)
    assert (sent.revision, ground.revisions()) == (ground.revision(2), ["2", "1"])


def test_a_revision_with_our_tag_and_other_content_is_not_taken_for_ours(ground):
    other = definition("v6.6.6")
    tags = [{"key": "trueup:digest", "value": release(GOOD).digest}]
    ground.aws.ecs.register_task_definition(**other, tags=tags)
    assert ground.send(release(GOOD), look_first=True).revision.endswith(":3")


def test_without_leave_to_look_first_nothing_is_searched(ground):
    ground.send(release(GOOD))
    assert ground.made("ListTaskDefinitions") == 0


def test_what_is_no_longer_there_is_not_replaced(ground):
    live = ground.look()
    ground.aws.release("v9.9.9")
    ground.ahead += 6
    stale = ground.act(release(GOOD), live)
    assert isinstance(stale, Stale)
    assert live.deployment in stale.why
    assert ground.changes() == []


def test_a_fresh_look_is_not_repeated(ground):
    live = ground.look()
    ground.calls.clear()
    ground.act(release(GOOD), live)
    assert [name for name, _ in ground.calls] == ["RegisterTaskDefinition", "UpdateService"]


def test_a_service_that_vanished_is_stale(ground):
    live = ground.look()
    ground.aws.ecs.delete_service(cluster="prod", service="api", force=True)
    assert isinstance(ground.act(release(GOOD), live), Stale)
    ground.ahead += 6
    assert isinstance(ground.act(release(GOOD), live), Stale)


def test_only_fields_that_differ_are_sent_and_undeclared_groups_are_kept(ground):
    wanted = release(GOOD, service={"networkConfiguration": NETWORK, "platformVersion": "LATEST"})
    ground.send(wanted)
    network = ground.aws.service()["networkConfiguration"]["awsvpcConfiguration"]
    assert (network["subnets"], network["securityGroups"]) == (["subnet-c"], ["sg-a"])
    ground.tick(60)
    assert wanted.runs_in(ground.look().manifest)
    sent = ground.sandbox_calls("UpdateService")
    assert set(sent[-1]) == {"cluster", "service", "taskDefinition", "networkConfiguration"}
    ground.send(release("v1.2.5", service={"networkConfiguration": NETWORK}))
    assert set(ground.sandbox_calls("UpdateService")[-1]) == {"cluster", "service", "taskDefinition"}


def test_settings_ride_with_a_forward_release_and_never_with_a_way_back(ground):
    declared = settings(
        healthCheckGracePeriodSeconds=30, desiredCount=3, deploymentConfiguration={"maximumPercent": 150}
    )
    ground.send(release(GOOD), settings=declared)
    service = ground.aws.service()
    assert (service["healthCheckGracePeriodSeconds"], service["desiredCount"]) == (30, 3)
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"]["rollback"] is True
    assert declared.manifest.runs_in(ground.look().settings)
    ground.tick(60)
    ground.aws.ecs.update_service(cluster="prod", service="api", desiredCount=5)
    ground.send(release("v1.2.2"), revision=Revision(ground.revision(1)), purpose=Purpose.BACK, settings=declared)
    assert ground.aws.service()["desiredCount"] == 5


def test_settings_alone_start_no_deployment_and_are_sent_once(ground):
    declared = settings(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    live = ground.look()
    sent = ground.send(release("v1.2.2"), purpose=Purpose.SETTINGS, settings=declared)
    assert (sent.deployment, sent.revision) == (live.deployment, live.revision)
    after = ground.look()
    assert after.deployment == live.deployment
    assert declared.manifest.runs_in(after.settings)
    assert not declared.manifest.runs_in(live.settings)
    ground.calls.clear()
    again = ground.send(release("v1.2.2"), live=after, purpose=Purpose.SETTINGS, settings=declared)
    assert (again.deployment, ground.changes()) == (live.deployment, [])


def test_a_restart_says_nothing_but_that_the_very_revision_is_deployed_anew(ground):
    live = ground.look()
    again = replace(release("v1.2.2"), shape=live.shape)
    sent = ground.send(again, revision=live.revision, force=True, purpose=Purpose.RESTART)
    assert sent.deployment != live.deployment and sent.revision == live.revision and ground.revisions() == ["1"]
    (call,) = ground.sandbox_calls("UpdateService")
    assert call == {
        "cluster": "prod",
        "service": "api",
        "taskDefinition": live.revision,
        "forceNewDeployment": True,
    }


def test_the_same_shape_starts_nothing_unless_it_is_forced(ground):
    live = ground.look()
    same = ground.send(release("v1.2.2"), revision=live.revision)
    assert same.deployment == live.deployment
    forced = ground.send(release("v1.2.2"), revision=live.revision, force=True)
    assert forced.deployment != live.deployment


def test_the_last_check_stops_the_call_after_it_was_signed(ground):
    asked = []

    def refuse():
        asked.append(len(asked))
        if len(asked) > 2:
            raise Refusal("the lease is gone")

    outcome = ground.act(release(GOOD), check=refuse)
    assert isinstance(outcome, NotSent)
    assert (outcome.why, outcome.revision) == ("the lease is gone", ground.revision(2))
    assert ground.changes() == [("RegisterTaskDefinition", "ok")]


@pytest.mark.parametrize("error", [Conflict("somebody else saved first"), PlatformError("the store is away")])
def test_whatever_the_last_check_raises_is_said_as_it_is(ground, error):
    asked = []

    def fail():
        asked.append(1)
        if len(asked) > 1:
            raise error

    outcome = ground.act(release(GOOD), check=fail)
    assert isinstance(outcome, NotSent)
    assert (outcome.why, ground.changes()) == (str(error), [])


def test_an_intent_that_is_too_old_is_not_sent(ground):
    outcome = ground.act(release(GOOD), not_after=ground.now() - timedelta(seconds=1))
    assert outcome.why == "the intent is too old to be sent; the next turn decides again"
    assert (ground.changes(), ground.revisions()) == ([], ["1"])


def test_invariant_16_credentials_of_another_account_change_nothing(ground):
    live = ground.look()
    outcome = ground.act(release(GOOD), live, place=ground.place(role="arn:aws:iam::999988887777:role/trueup"))
    assert isinstance(outcome, NotSent)
    assert "belong to account 999988887777" in outcome.why
    assert ground.changes() == []


def test_what_aws_refuses_for_its_content_is_refused(ground):
    bridge = release(GOOD, service={"networkConfiguration": NETWORK})
    ground.faults(
        errors=[{"operation": "UpdateService", "code": "ClientException", "message": "Role is not valid."}]
    )
    outcome = ground.act(bridge)
    assert isinstance(outcome, Refused)
    assert (outcome.revision, "Role is not valid." in outcome.why) == (ground.revision(2), True)


@pytest.mark.parametrize(
    ("code", "message", "says"),
    [
        ("ThrottlingException", "Rate exceeded", "AWS throttles"),
        ("AccessDeniedException", "no", "AWS does not allow"),
        ("LimitExceededException", "no", "a quota of the account is used up"),
        (
            "ClientException",
            "Too many concurrent attempts to create a new revision of the specified family.",
            "throttles",
        ),
        ("ClientException", "User is not authorized to perform: iam:PassRole", "does not allow"),
    ],
)
def test_what_is_not_the_contents_fault_is_not_sent(ground, code, message, says):
    ground.faults(errors=[{"operation": "RegisterTaskDefinition", "code": code, "message": message}])
    outcome = ground.act(release(GOOD))
    assert isinstance(outcome, NotSent)
    assert says in outcome.why


def test_an_update_whose_answer_was_lost_is_lost_and_names_the_revision(ground):
    ground.faults(lost={"UpdateService": 1})
    outcome = ground.act(release(GOOD))
    assert isinstance(outcome, Lost)
    assert outcome.revision == ground.revision(2)
    assert ground.aws.runs() == GOOD


def test_an_answer_that_does_not_show_what_was_asked_for_settles_nothing(ground):
    def tamper(parsed, **_):
        parsed["service"]["deployments"][0]["taskDefinition"] = ground.revision(1)

    live = ground.look()
    client = ground.clients.access(ground.place())._client("ecs", changing=True)
    client.meta.events.register("after-call.ecs.UpdateService", tamper)
    outcome = ground.act(release(GOOD), live)
    assert isinstance(outcome, Lost)
    assert outcome.revision == ground.revision(2)


def test_a_server_error_on_an_update_is_lost_because_it_may_have_happened(ground):
    ground.faults(errors=[{"operation": "UpdateService", "code": "ServerException", "status": 500}])
    assert isinstance(ground.act(release(GOOD)), Lost)


def test_changing_calls_are_never_repeated_by_the_sdk(ground):
    ground.faults(errors=[{"operation": "UpdateService", "code": "ServerException", "status": 500, "times": 5}])
    ground.act(release(GOOD))
    assert ground.changes() == [("RegisterTaskDefinition", "ok"), ("UpdateService", "failed")]


def test_without_tokens_nothing_is_sent(ground):
    live = ground.look()
    for _ in range(20):
        assert ground.clients.buckets.take(ACCOUNT, REGION, "RegisterTaskDefinition")
    assert ground.target.tokens([ground.place()])[f"{ACCOUNT}/{REGION}"] == 0
    outcome = ground.act(release(GOOD), live)
    assert (outcome.why, ground.changes()) == ("waits for AWS quota", [])
    back = ground.act(release("v1.2.2"), live, revision=live.revision, purpose=Purpose.BACK)
    assert isinstance(back, Sent)


def test_a_fleet_is_released_as_fast_as_aws_allows_and_never_throttled(ground):
    names = [f"s{index:02}" for index in range(30)]
    ground.sandbox.seed(
        [a_seed(service=name, family=name, task_definition=definition(family=name)) for name in names]
    )
    ground.faults(throttle=True)
    live = {name: ground.look(name) for name in names}
    waiting, seconds = list(names), 0
    while waiting:
        in_hand = ground.target.tokens([ground.place()])[f"{ACCOUNT}/{REGION}"]
        for name in waiting[:in_hand]:
            seen = live[name]
            ground.send(release(GOOD, family=name), live=seen, place=ground.place(name))
        waiting = waiting[in_hand:]
        ground.tick(1)
        seconds += 1
    assert seconds == 1 + 10  # twenty at once, then one a second
    assert [result for _, result in ground.calls if result != "ok"] == []


def test_a_throttled_answer_empties_the_bucket(ground):
    ground.faults(
        errors=[{"operation": "UpdateService", "code": "ThrottlingException", "message": "Rate exceeded"}]
    )
    ground.act(release(GOOD))
    assert ground.target.tokens([ground.place()])[f"{ACCOUNT}/{REGION}"] == 0
    ground.tick(1)
    assert ground.target.tokens([ground.place()])[f"{ACCOUNT}/{REGION}"] == 5


def test_a_service_that_was_never_there_is_not_created(ground):
    outcome = ground.target.act(ground.action(release(GOOD), expect=None), lambda: None)
    assert isinstance(outcome, NotSent)
    assert "not written to create one" in outcome.why
    assert ground.changes() == []


def test_a_shape_that_cannot_be_read_is_not_sent(ground):
    broken = Release(version="v1", manifest=release(GOOD).manifest, shape=Packed.of("not json"))
    assert isinstance(ground.act(broken), NotSent)
    assert ground.changes() == []


def test_what_was_found_can_be_brought_back_from_its_recorded_shape(ground):
    found = ground.look()
    kept = Release(version="found", manifest=found.manifest, shape=found.shape)
    assert json.loads(str(found.shape))["taskDefinition"]["family"] == "unifocus-prod-api"
    ground.send(release(GOOD))
    ground.tick(60)
    ground.aws.ecs.deregister_task_definition(taskDefinition=found.revision)
    ground.send(kept, revision=found.revision, purpose=Purpose.BACK)
    ground.tick(60)
    assert kept.runs_in(ground.look().manifest)


def test_registrations_of_one_family_are_made_one_at_a_time(ground):
    ground.sandbox.seed([a_seed(service=name) for name in ("one", "two", "three")])
    live = {name: ground.look(name) for name in ("one", "two", "three")}
    ground.faults(latency={"RegisterTaskDefinition": 0.05})
    outcomes = []

    def go(name):
        expect = Expect(deployment=live[name].deployment, revision=live[name].revision)
        action = ground.action(release(f"v2.0.{len(name)}"), live[name], place=ground.place(name), expect=expect)
        outcomes.append(ground.target.act(action, lambda: None))

    threads = [threading.Thread(target=go, args=(name,)) for name in live]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(outcome) for outcome in outcomes] == [Sent] * 3
    assert len({outcome.revision for outcome in outcomes}) == 3
