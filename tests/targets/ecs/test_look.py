"""What a look sees, and how few calls it takes."""

import pytest

from controller.model.names import DeploymentId, TargetName
from controller.model.observation import Absent, Blame, Live, State, Unseen
from controller.ports import LookAt
from tests.targets.ecs.rig import a_seed, definition, release

CRASH, GOOD = "v1.2.4-crash", "v1.2.3"


def follow(ground, sent, until, step=5, limit=60):
    """Look every few seconds, as the loop does, until ours is in this state."""
    for _ in range(limit):
        live = ground.look(moving=True, ours=sent.deployment)
        ours = live.find(sent.deployment)
        if ours is not None and ours.state is until:
            return live, ours
        ground.tick(step)
    raise AssertionError(live)


def test_a_service_at_rest_is_seen_whole(ground):
    live = ground.look()
    assert release("v1.2.2").runs_in(live.manifest)
    assert (live.desired, live.running, live.complete) == (2, 2, True)
    assert live.revision.endswith("task-definition/unifocus-prod-api:1")
    assert live.primary is not None
    assert live.identity.startswith("arn:aws:ecs:eu-west-1:111122223333:service/prod/api@")
    assert live.settings.get("service.deploymentConfiguration.deploymentCircuitBreaker.rollback") is True
    assert live.asof == live.primary.born + 45_000_000


def test_looks_at_rest_cost_one_call_for_ten_services_and_give_the_same_value(ground):
    ground.sandbox.seed([a_seed(service=f"s{index}") for index in range(24)])
    wanted = [LookAt(target=TargetName(f"s{index}"), place=ground.place(f"s{index}")) for index in range(24)]
    first = ground.target.look(wanted)
    ground.calls.clear()
    again = ground.target.look(wanted)
    assert ground.calls == [("DescribeServices", "ok")] * 3
    assert all(again[name] is first[name] for name in first)


def test_a_service_that_changed_is_seen_again(ground):
    first = ground.look()
    ground.aws.ecs.update_service(cluster="prod", service="api", desiredCount=3)
    assert ground.look().desired == 3
    assert first.desired == 2


def test_a_release_is_seen_through_in_seven_calls(ground):
    before = ground.look()
    ground.calls.clear()
    sent = ground.send(release(GOOD), live=before)
    live, ours = follow(ground, sent, State.SUCCESSFUL, step=10)
    assert live.told
    assert ours.manifest.digest == live.manifest.digest
    looks = ground.made("DescribeServices")
    assert [name for name, _ in ground.calls if name != "DescribeServices"] == [
        "RegisterTaskDefinition",
        "UpdateService",
        "DescribeServiceDeployments",
    ]
    assert len(ground.calls) == looks + 3
    assert looks <= 5  # 40 s, looked at every ten


def test_a_hundred_releases_at_once_cost_three_calls_each(ground):
    names = [f"s{index:03}" for index in range(40)]
    seeds = [a_seed(service=name, family=name, task_definition=definition(family=name)) for name in names]
    ground.sandbox.seed(seeds)
    ground.restart()
    places = {name: ground.place(name) for name in names}
    seen = ground.target.look([LookAt(target=TargetName(name), place=places[name]) for name in names])
    ground.calls.clear()
    sent = {}
    for name in names:
        outcome = ground.act(release(GOOD, family=name), seen[name], place=places[name], target=TargetName(name))
        sent[name] = getattr(outcome, "deployment", None)
    done = {name: made for name, made in sent.items() if made}
    for _ in range(6):
        ground.tick(10)
        wanted = [
            LookAt(target=TargetName(name), place=places[name], moving=True, ours=made)
            for name, made in done.items()
        ]
        sights = ground.target.look(wanted)
    assert all(sights[name].find(made).state is State.SUCCESSFUL for name, made in done.items())
    assert len(done) == 20  # as many as may be registered at once
    assert len(ground.calls) <= 3.0 * len(done)


def test_what_ecs_rolled_back_is_told_so_with_reasons(ground):
    sent = ground.send(release(CRASH))
    live, ours = follow(ground, sent, State.RETURNING)
    assert ours.blame is Blame.CONTENT
    assert "circuit breaker" in ours.why
    assert ours.evidence[0].endswith(": api exited 1: Essential container in task exited")
    assert live.primary.by == "ecs"
    live, ours = follow(ground, sent, State.RETURNED)
    assert (ours.blame, live.told) == (Blame.CONTENT, True)
    assert release("v1.2.2").runs_in(live.manifest)
    ground.calls.clear()
    assert ground.look(moving=True, ours=sent.deployment) is live
    assert ground.calls == [("DescribeServices", "ok")]


def test_what_ecs_rolled_back_is_known_after_a_restart(ground):
    sent = ground.send(release(CRASH))
    ground.tick(200)
    ground.restart()
    live = ground.look(moving=True, ours=sent.deployment)
    ours = live.find(sent.deployment)
    assert (ours.state, ours.blame, ours.revision) == (State.RETURNED, Blame.CONTENT, sent.revision)
    assert release(CRASH).runs_in(ours.manifest)
    assert ours.evidence


def test_a_call_whose_answer_was_lost_is_found_although_ecs_rolled_it_back(ground):
    before = ground.look()
    ground.faults(lost={"UpdateService": 1})
    ground.act(release(CRASH), before)
    ground.tick(200)
    live = ground.look(moving=True)
    made = [one for one in live.deployments if one.born > before.youngest]
    assert [(one.state, release(CRASH).runs_in(one.manifest)) for one in made] == [(State.RETURNED, True)]
    assert ground.look(moving=True).deployments == live.deployments
    assert ground.made("ListServiceDeployments") == 1


def test_an_older_service_deployment_is_not_taken_for_a_lost_call(ground):
    ground.send(release(CRASH))
    ground.tick(200)
    ground.look()
    assert len(ground.look(moving=True).deployments) == 1


def test_without_the_service_deployment_api_the_list_decides(ground):
    ground.faults(serviceDeployments=False)
    sent = ground.send(release(GOOD))
    live, _ = follow(ground, sent, State.SUCCESSFUL)
    assert live.told is False
    asked = ground.made("DescribeServiceDeployments")
    sent = ground.send(release(CRASH))
    live, ours = follow(ground, sent, State.RETURNED)
    assert (ours.blame, live.told) == (Blame.CONTENT, False)
    assert ours.evidence
    assert ground.made("DescribeServiceDeployments") == asked


def test_without_that_api_a_restart_leaves_out_what_nobody_lists(ground):
    ground.faults(serviceDeployments=False)
    sent = ground.send(release(CRASH))
    ground.tick(200)
    ground.restart()
    live = ground.look(moving=True, ours=sent.deployment)
    assert (live.find(sent.deployment), live.told) == (None, False)


def test_a_rollback_that_is_a_new_deployment_is_ecs_own_too(ground):
    ground.faults(rollbackMakesNewDeployment=True)
    sent = ground.send(release(CRASH))
    live, _ = follow(ground, sent, State.RETURNED)
    assert live.primary.by == "ecs"


def test_a_deployment_by_somebody_else_is_seen_and_ours_is_stopped(ground):
    sent = ground.send(release(GOOD))
    ground.tick(5)
    ground.aws.release("v9.9.9")
    ground.tick(5)
    live = ground.look(moving=True, ours=sent.deployment)
    assert live.deployment != sent.deployment
    assert live.primary.by == "somebody"
    assert live.find(sent.deployment).state is State.STOPPED


def test_no_capacity_is_the_platforms_fault_until_tasks_are_placed(ground):
    ground.faults(noCapacity=True)
    sent = ground.send(release(GOOD))
    ground.tick(10)
    ours = ground.look(moving=True, ours=sent.deployment).find(sent.deployment)
    assert (ours.state, ours.blame) == (State.MOVING, Blame.PLATFORM)
    assert "unable to place a task" in ours.why
    ground.faults(noCapacity=False)
    ground.tick(10)
    ours = ground.look(moving=True, ours=sent.deployment).find(sent.deployment)
    assert (ours.state, ours.blame, ours.why) == (State.MOVING, None, "")


def test_an_image_that_is_not_there_is_the_contents_fault(ground):
    sent = ground.send(release("v1-pull-error"))
    _, ours = follow(ground, sent, State.RETURNED)
    assert ours.blame is Blame.CONTENT
    assert "CannotPullContainerError" in ours.evidence[0]


def stop_all(ground):
    for task in ground.aws.tasks():
        ground.aws.ecs.stop_task(cluster="prod", task=task["taskArn"], reason="a person did it")


def test_tasks_that_fail_after_the_proof_are_counted_and_what_people_stop_is_not(ground):
    sent = ground.send(release(GOOD))
    follow(ground, sent, State.SUCCESSFUL)
    closer = {"moving": True, "ours": sent.deployment, "proven": ground.now()}
    assert ground.look(**closer).exits == 0
    ground.calls.clear()
    ground.tick(5)
    assert ground.look(**closer).exits == 0
    assert ground.calls == [("DescribeServices", "ok")]
    stop_all(ground)
    ground.tick(30)
    assert ground.look(**closer).exits == 0
    ground.faults(unpullable=[GOOD])
    stop_all(ground)
    ground.tick(25)
    live = ground.look(**closer)
    assert live.exits >= 2
    assert "CannotPullContainerError" in live.primary.evidence[0]
    assert live.exits == sum("task" in line for line in live.primary.evidence)


def test_a_service_that_is_not_there_is_absent(ground):
    assert ground.sight("nobody") == Absent()


def test_a_service_being_deleted_is_absent(ground):
    ground.look()
    ground.aws.ecs.delete_service(cluster="prod", service="api", force=True)
    assert ground.sight() == Absent()
    ground.tick(60)
    assert ground.sight() == Absent()


def test_a_service_made_again_under_its_name_has_another_identity(ground):
    first = ground.look()
    ground.aws.ecs.delete_service(cluster="prod", service="api", force=True)
    ground.tick(60)
    ground.aws.ecs.create_service(
        cluster="prod",
        serviceName="api",
        taskDefinition="unifocus-prod-api:1",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
    )
    again = ground.look()
    assert again.identity != first.identity
    assert again.asof > first.asof


def test_a_cluster_that_is_not_there_is_unseen_and_never_absent(ground):
    sight = ground.sight(place=ground.place(cluster="prdo"))
    assert isinstance(sight, Unseen)
    assert "'prdo'" in sight.why
    assert "Nothing is created" in sight.why


@pytest.mark.parametrize(
    ("arn", "is_seen"),
    [
        ("arn:aws:ecs:eu-west-1:111122223333:service/prod/api", True),
        ("arn:aws:ecs:eu-west-1:111122223333:service/api", True),
        ("arn:aws:ecs:eu-west-1:111122223333:service/stage/api", False),
        ("arn:aws:ecs:us-east-1:111122223333:service/prod/api", False),
        ("arn:aws:ecs:eu-west-1:999988887777:service/prod/api", False),
        ("", False),
    ],
)
def test_an_answer_about_another_place_is_no_answer(ground, arn, is_seen):
    def tamper(parsed, **_):
        parsed["services"][0]["serviceArn"] = arn

    access = ground.clients.access(ground.place())
    access.verify()
    access._client("ecs", changing=False).meta.events.register("after-call.ecs.DescribeServices", tamper)
    assert isinstance(ground.sight(), Live) is is_seen


def test_credentials_of_another_account_see_nothing(ground):
    sight = ground.sight(place=ground.place(role="arn:aws:iam::999988887777:role/trueup"))
    assert sight == Unseen(
        why="the credentials belong to account 999988887777, not to 111122223333; nothing is done"
    )
    ground.calls.clear()
    ground.sight(place=ground.place(role="arn:aws:iam::999988887777:role/trueup"))
    assert ground.calls == []


def test_one_name_that_aws_refuses_hides_no_other(ground):
    wanted = [LookAt(target=TargetName(name), place=ground.place(name)) for name in ("api", "b@d", "nobody")]
    ground.faults(errors=[{"operation": "DescribeServices", "code": "InvalidParameterException", "times": 1}])
    sights = ground.target.look(wanted)
    assert isinstance(sights[TargetName("api")], Live)
    assert sights[TargetName("nobody")] == Absent()


def test_a_verdict_that_cannot_be_heard_is_not_guessed(ground):
    sent = ground.send(release(CRASH))
    ground.tick(200)
    ground.restart()
    ground.faults(
        errors=[{"operation": "DescribeServiceDeployments", "code": "ServerException", "status": 500, "times": 9}]
    )
    sight = ground.sight(moving=True, ours=sent.deployment)
    assert isinstance(sight, Unseen)
    assert "DescribeServiceDeployments" in sight.why


def test_where_we_may_not_ask_the_list_decides_and_we_ask_again_after_a_while(ground):
    ground.faults(errors=[{"operation": "DescribeServiceDeployments", "code": "AccessDeniedException", "times": 1}])
    sent = ground.send(release(GOOD))
    live, _ = follow(ground, sent, State.SUCCESSFUL)
    assert (live.told, ground.made("DescribeServiceDeployments")) == (False, 1)
    sent = ground.send(release(CRASH))
    ground.tick(901)
    live, ours = follow(ground, sent, State.RETURNED)
    assert live.told
    assert ours.why


def test_what_cannot_be_heard_of_one_hides_no_other(ground):
    ground.sandbox.seed([a_seed(service="web", family="web", task_definition=definition(family="web"))])
    sent = ground.send(release(CRASH))
    ground.tick(200)
    ground.restart()
    ground.faults(errors=[{"operation": "ListServiceDeployments", "code": "ServiceNotFoundException", "times": 1}])
    wanted = [
        LookAt(target=TargetName("web"), place=ground.place("web"), moving=True),
        LookAt(target=TargetName("api"), place=ground.place(), moving=True, ours=sent.deployment),
    ]
    sights = ground.target.look(wanted)
    assert isinstance(sights[TargetName("web")], Unseen)
    assert sights[TargetName("api")].find(sent.deployment).state is State.RETURNED
    assert all(isinstance(sight, Live) for sight in ground.target.look(wanted).values())


def test_a_verdict_counts_even_if_what_it_is_about_may_not_be_read(ground):
    sent = ground.send(release(CRASH))
    ground.tick(200)
    ground.restart()
    ground.faults(errors=[{"operation": "DescribeServiceRevisions", "code": "AccessDeniedException", "times": 9}])
    live = ground.look(moving=True, ours=sent.deployment)
    ours = live.find(sent.deployment)
    assert (ours.state, live.told) == (State.RETURNED, True)
    assert not release(CRASH).runs_in(ours.manifest)


def test_a_definition_that_cannot_be_read_hides_what_runs_but_not_what_ran(ground):
    sent = ground.send(release(GOOD))
    ground.tick(5)
    gone = [{"operation": "DescribeTaskDefinition", "code": "ClientException", "times": 1}]
    ground.restart()
    ground.faults(errors=gone)
    assert isinstance(ground.sight(moving=True, ours=sent.deployment), Unseen)
    ground.restart()
    access = ground.clients.access(ground.place())
    access.verify()
    ground.target._looking._definitions.get(access, sent.revision)
    ground.faults(errors=gone)
    live = ground.look(moving=True, ours=sent.deployment)
    assert [release(GOOD).runs_in(one.manifest) for one in live.deployments] == [True, False]
    assert not release("v1.2.2").runs_in(live.deployments[1].manifest)


def test_tasks_that_may_not_be_read_stop_nothing_and_are_said(ground):
    ground.faults(errors=[{"operation": "ListTasks", "code": "AccessDeniedException", "times": 99}])
    sent = ground.send(release(CRASH))
    _, ours = follow(ground, sent, State.RETURNED)
    assert ours.blame is Blame.CONTENT
    assert "could not be read: AWS does not allow ListTasks" in ours.evidence[-1]


def test_a_stale_read_is_known_by_its_asof(ground):
    ground.faults(stale={"seconds": 60})
    ground.tick(1)
    before = ground.look()
    sent = ground.send(release(GOOD))
    stale = ground.look(moving=True, ours=sent.deployment)
    assert (stale.deployment, stale.find(sent.deployment)) == (before.deployment, None)
    assert stale.asof < sent.asof


def test_asof_never_goes_back_while_a_release_fails_and_is_rolled_back(ground):
    known = [ground.look().asof]
    sent = ground.send(release(CRASH))
    known.append(sent.asof)
    for _ in range(40):
        ground.tick(5)
        known.append(ground.look(moving=True, ours=sent.deployment).asof)
    known.append(ground.look().asof)
    assert known == sorted(known)


def test_a_forgotten_deployment_id_is_just_not_there(ground):
    live = ground.look(moving=True, ours=DeploymentId("ecs-svc/1"))
    assert (live.told, live.find(DeploymentId("ecs-svc/1"))) == (True, None)


def test_our_own_tags_are_seen_on_what_runs(ground):
    assert ground.look().tags is None
    sent = ground.send(release(GOOD))
    ground.restart()
    ground.tick(60)
    tags = ground.look().tags
    assert (tags.digest, tags.version, tags.commit) == (release(GOOD).digest, GOOD, "9f3c")
    assert ground.look().revision == sent.revision
