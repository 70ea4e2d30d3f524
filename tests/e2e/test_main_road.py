"""The main road: a commit reaches ECS and is watched, and a bad one comes back."""

import json
from pathlib import Path

import pytest

from controller.model.rollout import Phase
from controller.model.story import Event
from tests.e2e.environments import environment
from tests.e2e.process import trueup
from tests.e2e.stage import FIRST, SEEDED, Stage

pytestmark = pytest.mark.e2e


def ended(stage: Stage) -> list[tuple[str, str, str]]:
    """How each rollout ended: version, result, and why in one word."""
    return [(row.version, row.data["result"], row.data["cause"]) for row in stage.journal(Event.ENDED)]


def test_a_commit_is_deployed_watched_and_becomes_good(stage: Stage):
    stage.begin()
    commit = stage.release("v1.2.3")
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    assert stage.goods() == [SEEDED]
    stage.until_rests("v1.2.3")
    assert stage.goods() == ["v1.2.3", SEEDED]
    assert len(stage.registered("v1.2.3")) == 1
    assert stage.told() == ["v1.2.3"]
    assert ended(stage) == [("v1.2.3", "good", "")]
    status = stage.status()
    assert status is not None
    assert (status.live, status.wanted, status.commit, status.synced) == ("v1.2.3", "v1.2.3", commit, True)
    described = stage.eye.client("ecs").describe_task_definition(
        taskDefinition=stage.registered("v1.2.3")[0], include=["TAGS"]
    )
    tags = {tag["key"]: tag["value"] for tag in described["tags"]}
    assert tags == {
        "trueup:digest": stage.memory().goods[0].digest,
        "trueup:version": "v1.2.3",
        "trueup:commit": commit,
        "trueup:rollout": "1",
    }
    assert stage.check_cycles() > 3, "turns were saved, to be decided again"


def test_the_journal_has_the_whole_record_of_a_release_and_is_whole(stage: Stage, tmp_path: Path):
    stage.begin()
    commit = stage.release("v1.2.3")
    stage.until_rests("v1.2.3")
    (record,) = json.loads(stage.order("history", "prod", "api", "--show", "1", "-o", "json").out)["items"]
    assert (record["version"], record["commit"], record["replaced"]) == ("v1.2.3", commit, SEEDED)
    assert "ada" in record["author"].lower() and record["verdict"]["result"] == "good"
    assert [one["phase"] for one in record["phases"]] == ["rolling", "baking", "idle"]
    (image,) = record["images"].values()
    assert "@sha256:" in image
    stage.order("audit", "export", str(tmp_path / "journal.jsonl"))
    (told,) = json.loads(stage.order("audit", "verify", "-o", "json").out)["items"]
    assert (told["why"], told["rows"]) == ("", told["number"])
    assert trueup("audit", "verify", "--file", str(tmp_path / "journal.jsonl"), "--head", told["head"]).code == 0


def test_what_runs_already_is_adopted_and_nothing_is_sent(stage: Stage):
    controller = stage.begin()
    stage.looks()
    assert stage.cloud.changes() == []
    assert stage.goods() == [SEEDED]
    assert [row.event for row in stage.journal(target="api")] == [Event.ADOPTED]
    assert controller.stop() == 0


def test_a_change_beside_the_specs_is_no_release(stage: Stage):
    stage.begin()
    commit = stage.repository.commit({"README.md": "Specs of unifocus.\n"})
    stage.until("the commit is read", lambda: stage.status().commit == commit)
    stage.looks()
    assert stage.cloud.changes() == []


def test_a_release_that_ecs_takes_back_is_barred_and_never_sent_again(stage: Stage):
    stage.begin()
    stage.release("v1.2.3", tag="${version}-crash")
    stage.until_ended("v1.2.3", "rolled_back")
    stage.until_rests(SEEDED)
    assert ended(stage) == [("v1.2.3", "rolled_back", "breaker")]
    assert stage.eye.verdict() == "ROLLBACK_SUCCESSFUL"
    assert stage.quarantined() == {"v1.2.3"}
    (barred,) = stage.memory().quarantine.values()
    assert "exited 1" in f"{barred.why} {barred.evidence}", "why it failed is kept, before ECS forgets the tasks"
    # Neither time, nor another commit that does not touch it, nor a new process tries it again.
    commit = stage.repository.commit({"README.md": "Specs of unifocus.\n"})
    stage.until("the commit is read", lambda: stage.status().commit == commit)
    stage.looks()
    stage.kill()
    stage.start()
    stage.looks(2)
    assert stage.told() == ["v1.2.3-crash"]
    assert len(stage.registered("v1.2.3-crash")) == 1
    assert stage.eye.running() == SEEDED
    assert "failed here" in stage.order("why", "prod", "api").out
    # Another content is another release.
    stage.release("v1.2.4")
    stage.until_rests("v1.2.4")
    assert stage.told() == ["v1.2.3-crash", "v1.2.4"]


def test_a_release_whose_alarm_rings_in_the_bake_is_rolled_back_by_us(stage: Stage):
    stage.begin(bake="10m")
    stage.release("v1.2.3", bake="10m")
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    assert stage.eye.verdict() == "SUCCESSFUL", "to ECS it is a success"
    stage.eye.ring()
    stage.until_rests(SEEDED)
    assert stage.told() == ["v1.2.3", SEEDED]
    assert ended(stage) == [("v1.2.3", "rolled_back", "alarm")]
    assert stage.quarantined() == {"v1.2.3"}
    assert len(stage.registered(SEEDED)) == 1, "what was found ran by a tag, and is gone back to by its digest"


def test_a_release_that_never_comes_up_is_rolled_back_at_the_deadline(stage: Stage):
    stage.begin(breaker=False, deadline="2m")
    stage.release("v1.2.3", breaker=False, deadline="2m", tag="${version}-unhealthy")
    stage.until_ended("v1.2.3", "rolled_back")
    stage.until_rests(SEEDED)
    assert (stage.told(), stage.stopped()) == (["v1.2.3-unhealthy"], 1), "ECS itself takes it back"
    assert ended(stage) == [("v1.2.3", "rolled_back", "deadline")]


def test_a_newer_commit_waits_for_a_healthy_rollout_and_replaces_a_failing_one(stage: Stage):
    stage.begin(breaker=False, deadline="2m")
    stage.release("v1.2.3", breaker=False, deadline="2m", tag="${version}-crash")
    stage.until("it rolls", lambda: stage.told() == ["v1.2.3-crash"])
    stage.release("v1.2.4", breaker=False, deadline="2m")
    stage.until_rests("v1.2.4")
    assert stage.told() == ["v1.2.3-crash", "v1.2.4"], "straight on to the newer one, not back first"
    assert stage.quarantined() == {"v1.2.3"}
    assert [result for _, result, _ in ended(stage)] == ["failed", "good"]


def test_a_newer_commit_replaces_a_healthy_rollout_at_once_where_the_spec_says_always(stage: Stage):
    stage.begin(supersede="always")
    stage.release("v1.2.3", supersede="always", tag="${version}-slow")
    stage.until("it rolls", lambda: stage.told() == ["v1.2.3-slow"])
    stage.release("v1.2.4", supersede="always")
    stage.until_rests("v1.2.4")
    assert stage.told() == ["v1.2.3-slow", "v1.2.4"]
    assert stage.quarantined() == set(), "it did not fail, it was overtaken"
    assert [result for _, result, _ in ended(stage)] == ["superseded", "good"]


def test_a_commit_that_goes_back_replaces_a_rollout_at_once(stage: Stage):
    stage.begin(bake="30m")
    stage.release("v1.2.3", bake="30m")
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    stage.release(SEEDED, bake="1m")
    stage.until_ended("v1.2.3", "superseded")
    stage.until_rests(SEEDED)
    assert stage.told() == ["v1.2.3", SEEDED]
    assert len(stage.registered(SEEDED)) == 1, "by the digest that its tag stood for"


def test_what_somebody_deploys_by_hand_is_put_right_after_a_while(stage: Stage):
    more = "healAfter: 1m"
    stage.begin(more=more)
    stage.release("v1.2.3", more=more)
    stage.until_rests("v1.2.3")
    ecs = stage.eye.client("ecs")
    arn = stage.registered("v1.2.3")[0]
    ours = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    container = {**ours["containerDefinitions"][0], "image": "registry.example/api:by-hand"}
    kept = {key: ours[key] for key in ("family", "networkMode", "requiresCompatibilities", "cpu", "memory")}
    made = ecs.register_task_definition(**kept, containerDefinitions=[container])["taskDefinition"]
    stage.eye.deploy(made["taskDefinitionArn"])
    stage.until("it is seen", lambda: stage.memory().drift)
    stage.until_rests("v1.2.3")
    assert stage.told() == ["v1.2.3", "by-hand", "v1.2.3"]
    assert len(stage.registered("v1.2.3")) == 1


def test_what_somebody_goes_back_to_by_hand_is_accepted(stage: Stage):
    stage.begin(more="healAfter: 1m")
    before = stage.eye.service()["taskDefinition"]
    stage.release("v1.2.3", more="healAfter: 1m")
    stage.until_rests("v1.2.3")
    stage.eye.deploy(before)
    stage.until_rests(SEEDED)
    stage.looks(3)
    assert stage.told() == ["v1.2.3", SEEDED], "the second one was by hand, and nothing followed"
    assert stage.quarantined() == {"v1.2.3"}


def test_what_two_commits_ask_of_two_targets_is_done_for_each(stage: Stage):
    stage.seed({"prod.yaml": environment("prod", {"api": FIRST, "web": FIRST})})
    stage.commit({"prod.yaml": environment("prod", {"api": SEEDED, "web": SEEDED})})
    stage.start()
    stage.until("both are good", lambda: stage.goods("api") and stage.goods("web"))
    stage.commit({"prod.yaml": environment("prod", {"api": "v1.2.3", "web": SEEDED})})
    stage.until("api rolls", lambda: stage.told("api"))
    stage.commit({"prod.yaml": environment("prod", {"api": "v1.2.3", "web": "v1.2.4"})})
    stage.until_rests("v1.2.3", "api")
    stage.until_rests("v1.2.4", "web")
    assert (stage.told("api"), stage.told("web")) == (["v1.2.3"], ["v1.2.4"])
