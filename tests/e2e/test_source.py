"""The source goes wrong while the controller runs: nothing is stopped, and what is under way keeps its terms."""

from pathlib import Path

import pytest

from controller.model.rollout import Phase
from controller.model.story import Event
from tests.e2e.environments import environment
from tests.e2e.stage import FIRST, SEEDED, Stage

pytestmark = pytest.mark.e2e


def holds(stage: Stage, words: str, env: str = "prod") -> None:
    """Wait until it says why it holds, and see that it sends nothing meanwhile."""
    before = stage.told(place=env)
    stage.until(f"it says {words!r}", lambda: words in _said(stage, env))
    stage.looks()
    assert stage.told(place=env) == before


def _said(stage: Stage, env: str) -> str:
    status = stage.status(env=env)
    return f"{status.reason} {[blocker.why for blocker in status.blockers]}" if status else ""


def rename(repository: Path, name: str) -> Path:
    return repository.rename(repository.with_name(name))


def test_a_branch_that_is_deleted_holds_and_goes_on_when_it_is_back(stage: Stage):
    stage.begin()
    tip = stage.repository.tip()
    stage.repository.drop()
    stage.repository.commit({"README.md": "Another branch.\n"}, branch="other")
    holds(stage, "no branch main")
    assert stage.eye.running() == SEEDED
    stage.repository.point(tip)
    stage.release("v1.2.3")
    stage.until_rests("v1.2.3")
    assert stage.told() == ["v1.2.3"]


def test_a_repository_that_is_emptied_stops_nothing(stage: Stage):
    stage.begin()
    stage.repository.drop()
    holds(stage, "the repository is empty")
    assert stage.eye.running() == SEEDED


def test_a_file_that_is_removed_stops_nothing_and_no_other_environment(stage: Stage):
    stage.begin_all("prod", "stage")
    stage.commit({"prod.yaml": None, "stage.yaml": environment("stage", "v1.2.3")})
    holds(stage, "there is neither")
    assert stage.eye.running() == SEEDED
    stage.until_rests("v1.2.3", env="stage")
    assert stage.told() == []
    stage.commit({"prod.yaml": environment("prod", "v1.2.4")})
    stage.until_rests("v1.2.4")


def test_a_target_that_is_removed_is_left_as_it_is(stage: Stage):
    stage.seed({"prod.yaml": environment("prod", {"api": FIRST, "web": FIRST})})
    stage.commit({"prod.yaml": environment("prod", {"api": SEEDED, "web": SEEDED})})
    stage.start()
    stage.until("both are good", lambda: stage.goods("api") and stage.goods("web"))
    stage.commit({"prod.yaml": environment("prod", {"api": "v1.2.3"})})
    stage.until_rests("v1.2.3")
    stage.until("it says so", lambda: "no longer names it" in stage.status("web").reason)
    assert stage.eye.running("web") == SEEDED
    assert stage.told("web") == []


def test_a_broken_file_leaves_its_environment_as_it_was_and_stops_no_other(stage: Stage):
    controller = stage.begin_all("prod", "stage")
    broken = environment("prod", "v1.2.3").replace("version: v1.2.3", "version: v1.2")
    commit = stage.commit({"prod.yaml": broken, "stage.yaml": environment("stage", "v1.2.3")})
    stage.until_rests("v1.2.3", env="stage")
    place = "specs/prod.yaml:17:16: targets.api.version: 'v1.2' is not"
    stage.until("the status says where", lambda: any(place in one.why for one in stage.status().blockers))
    good = stage.status().commit
    assert good != commit
    assert stage.told() == []
    why = stage.order("why", "prod", "api").out
    assert f"blocks  source: {place}" in why
    assert f"it stands as at commit {good[:12]}" in why
    stage.until("it says where", lambda: place in controller.log.read_text(encoding="utf-8"))
    # A new process finds the last good spec again, and a person who mends the file is heard.
    stage.kill()
    again = stage.start()
    stage.until("it says where again", lambda: place in again.log.read_text(encoding="utf-8"))
    stage.looks()
    assert stage.told() == []
    stage.release("v1.2.3")
    stage.until_rests("v1.2.3")


def test_what_drifts_is_put_right_by_the_last_good_spec_while_the_file_is_broken(stage: Stage):
    stage.begin(more="healAfter: 1m")
    stage.commit({"prod.yaml": "spec: [\n"})
    stage.until("it is read", lambda: any("is not YAML" in one.why for one in stage.status().blockers))
    ecs = stage.eye.client("ecs")
    ours = ecs.describe_task_definition(taskDefinition=stage.eye.service()["taskDefinition"])["taskDefinition"]
    kept = {key: ours[key] for key in ("family", "networkMode", "requiresCompatibilities", "cpu")}
    other = ecs.register_task_definition(**kept, memory="1024", containerDefinitions=ours["containerDefinitions"])
    stage.eye.deploy(other["taskDefinition"]["taskDefinitionArn"])
    stage.until("it is put right", lambda: len(stage.told()) == 2)
    stage.until_rests(SEEDED)
    arn = stage.eye.service()["taskDefinition"]
    assert ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["memory"] == ours["memory"] != "1024"


def test_a_slip_of_the_hand_in_the_cluster_and_its_revert_lose_nothing(stage: Stage):
    stage.begin()
    stage.release("v1.2.3", tag="${version}-crash")
    stage.until_ended("v1.2.3", "rolled_back")
    barred, goods, told = stage.quarantined(), stage.goods(), stage.told()
    right = environment("prod", "v1.2.3", tag="${version}-crash")
    stage.commit({"prod.yaml": right.replace("cluster: unifocus-prod-cluster", "cluster: unifocus-prod-clster")})
    stage.until("it holds", lambda: "unifocus-prod-clster now, and that was not seen" in stage.status().reason)
    stage.commit({"prod.yaml": right})
    stage.until("it is back", lambda: "failed here" in stage.status().reason)
    stage.looks()
    assert (stage.quarantined(), stage.goods(), stage.told()) == (barred, goods, told)


def test_in_a_folder_each_file_fails_alone(stage: Stage):
    def files(api: str, web: str) -> dict[str, str]:
        head, _, targets = environment("prod", {"api": api, "web": web}).partition("  targets:\n")
        first, _, second = targets.partition("    web:\n")
        begin = "apiVersion: trueup/v1\nkind: Targets\ntargets:\n"
        return {
            "prod/environment.yaml": head,
            "prod/api.yaml": begin + first,
            "prod/web.yaml": f"{begin}    web:\n{second}",
        }

    stage.seed(files(FIRST, FIRST))
    stage.commit(files(SEEDED, SEEDED))
    stage.start()
    stage.until("both are good", lambda: stage.goods("api") and stage.goods("web"))
    stage.commit(files("not-a-version!", "v1.2.3"))
    stage.until_rests("v1.2.3", "web")
    assert stage.told("api") == []
    assert stage.memory("api").phase is Phase.IDLE


def test_a_rewritten_history_holds_until_a_person_accepts_it(stage: Stage):
    stage.begin()
    stage.release("v1.2.3")
    stage.until_rests("v1.2.3")
    stage.repository.commit({"specs/prod.yaml": environment("prod", "v1.9.0")}, onto=None)
    holds(stage, "history was rewritten")
    assert stage.told() == ["v1.2.3"]
    stage.kill()
    stage.start()
    holds(stage, "history was rewritten")
    stage.order("accept-history", "prod", "--reason", "the repository was cleaned up")
    stage.until_rests("v1.9.0")
    assert stage.told() == ["v1.2.3", "v1.9.0"]


def test_an_older_head_served_again_is_not_gone_back_to(stage: Stage):
    stage.begin()
    old = stage.repository.tip()
    stage.release("v1.2.3")
    stage.until_rests("v1.2.3")
    stage.repository.point(old)
    holds(stage, "went back from")
    assert stage.told() == ["v1.2.3"]


def test_git_goes_away_while_it_runs_and_the_rollout_goes_on(stage: Stage):
    stage.begin()
    stage.release("v1.2.3")
    stage.until("it rolls", stage.told)
    rename(stage.repository.folder, "away.git")
    stage.until_rests("v1.2.3")
    assert stage.goods() == ["v1.2.3", SEEDED]


def test_git_is_away_at_a_start_and_nothing_opens(stage: Stage):
    stage.begin()
    stage.kill()
    stage.release("v1.2.3")
    away = rename(stage.repository.folder, "away.git")
    stage.start()
    holds(stage, "asking for main failed")
    assert stage.cloud.changes() == []
    rename(away, "specs.git")
    stage.until_rests("v1.2.3")


def test_git_is_away_at_a_start_and_a_rollout_in_flight_is_finished(stage: Stage):
    stage.begin()
    stage.release("v1.2.3")
    stage.until("it rolls", lambda: stage.phase() is Phase.ROLLING and stage.told())
    stage.kill()
    rename(stage.repository.folder, "away.git")
    stage.start()
    stage.until_rests("v1.2.3")
    assert stage.goods() == ["v1.2.3", SEEDED]
    assert stage.told() == ["v1.2.3"]


def test_git_is_away_at_a_start_and_a_rollout_in_flight_is_rolled_back_under_its_own_terms(stage: Stage):
    stage.begin(bake="10m")
    stage.release("v1.2.3", bake="10m")
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    stage.kill()
    rename(stage.repository.folder, "away.git")
    stage.start()
    stage.eye.ring()
    stage.until_rests(SEEDED)
    assert stage.told() == ["v1.2.3", SEEDED]
    assert [row.data["cause"] for row in stage.journal(Event.ENDED)] == ["alarm"]


def test_a_cluster_that_does_not_exist_holds_and_makes_nothing(stage: Stage):
    stage.begin()
    text = environment("prod", "v1.2.3").replace("cluster: unifocus-prod-cluster", "cluster: unifocus-pord-cluster")
    stage.commit({"prod.yaml": text})
    stage.until("it says so", lambda: "unifocus-pord-cluster" in stage.status().reason)
    stage.looks()
    assert stage.cloud.changes() == []
    clusters = stage.eye.client("ecs").list_clusters()["clusterArns"]
    assert [arn.rpartition("/")[2] for arn in clusters] == ["unifocus-prod-cluster"]


def test_credentials_of_another_account_are_refused_before_anything_is_sent(stage: Stage):
    stage.begin()
    own = environment("prod", "v1.2.3").replace(', roleArn: "arn:aws:iam::111122223333:role/trueup"', "")
    stage.commit({"prod.yaml": own})
    stage.until("it says so", lambda: "not to 111122223333" in stage.status().reason)
    stage.looks(0)
    assert stage.cloud.changes() == []
