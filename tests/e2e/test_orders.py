"""People's orders, given by the command line beside the running controller."""

import pytest

from controller.model.rollout import Phase
from controller.model.story import Event
from tests.e2e.stage import SEEDED, Stage

pytestmark = pytest.mark.e2e

REASON = ("--reason", "the test says so")


def good(stage: Stage, version: str = "v1.2.3") -> None:
    stage.begin()
    stage.release(version)
    stage.until_rests(version)


def test_nothing_is_sent_while_a_person_pauses_and_it_goes_on_after_resume(stage: Stage):
    stage.begin()
    stage.order("pause", "prod", "--reason", "quarter end")
    stage.until("the pause is heard", lambda: stage.status().paused == "quarter end")
    commit = stage.release("v1.2.3")
    stage.until("the commit is read", lambda: stage.status().commit == commit)
    stage.looks()
    assert stage.cloud.changes() == []
    assert "quarter end" in stage.order("why", "prod", "api").out
    stage.order("resume", "prod")
    stage.until_rests("v1.2.3")
    assert stage.told() == ["v1.2.3"]
    orders = [(row.text, row.by) for row in stage.journal(Event.ORDER)]
    assert orders[0] == ("pause: quarter end", "ada")
    assert len(orders) == 2


def test_a_pause_in_the_bake_stops_the_rollback_too_and_says_what_it_would_do(stage: Stage):
    stage.begin(bake="10m")
    stage.release("v1.2.3", bake="10m")
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    stage.order("pause", "prod", "api", *REASON)
    stage.until("the pause is heard", lambda: stage.status().paused)
    stage.eye.ring()
    stage.until("it is shouted", lambda: "WOULD ROLL BACK" in stage.status().reason)
    assert stage.told() == ["v1.2.3"]
    stage.order("resume", "prod", "api")
    stage.until_rests(SEEDED)
    assert stage.told() == ["v1.2.3", SEEDED]


def test_a_pause_with_its_rollback_armed_still_goes_back(stage: Stage):
    stage.begin(bake="10m")
    stage.release("v1.2.3", bake="10m")
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    stage.order("pause", "prod", *REASON, "--rollback", "armed")
    stage.until("the pause is heard", lambda: stage.status().paused)
    stage.eye.ring()
    stage.until("it goes back", lambda: stage.told() == ["v1.2.3", SEEDED])
    stage.until_rests(SEEDED)


def test_a_pause_outlives_the_controller(stage: Stage):
    stage.begin()
    stage.order("pause", "prod", *REASON)
    stage.kill()
    stage.release("v1.2.3")
    stage.start()
    stage.looks()
    assert stage.cloud.changes() == []
    stage.order("resume", "prod")
    stage.until_rests("v1.2.3")


def test_a_pause_in_the_spec_stops_and_its_removal_lets_go_on(stage: Stage):
    stage.begin()
    stage.release("v1.2.3", more="paused: {reason: audit}")
    stage.until("the pause is heard", lambda: stage.status().paused == "audit")
    stage.looks()
    assert stage.cloud.changes() == []
    stage.release("v1.2.3")
    stage.until_rests("v1.2.3")


def test_a_person_goes_back_and_stays_there_until_unpin_and_retry(stage: Stage):
    good(stage)
    stage.order("rollback", "prod", "api", *REASON)
    stage.until_rests(SEEDED)
    stage.looks()
    assert stage.told() == ["v1.2.3", SEEDED]
    assert stage.status().pinned == SEEDED
    assert stage.quarantined() == {"v1.2.3"}
    stage.order("unpin", "prod", "api")
    stage.until("the spec counts again", lambda: stage.status().pinned == "")
    stage.looks()
    assert stage.told() == ["v1.2.3", SEEDED], "what a person left has failed, and is not sent again by itself"
    stage.order("retry", "prod", "api", *REASON)
    stage.until_rests("v1.2.3")
    assert stage.told() == ["v1.2.3", SEEDED, "v1.2.3"]
    assert len(stage.registered("v1.2.3")) == 1
    assert stage.quarantined() == set()


def test_a_new_commit_ends_a_pin(stage: Stage):
    good(stage)
    stage.order("rollback", "prod", "api", "--to", SEEDED, *REASON)
    stage.until_rests(SEEDED)
    stage.release("v1.2.4")
    stage.until_rests("v1.2.4")
    assert stage.told() == ["v1.2.3", SEEDED, "v1.2.4"]


def test_a_person_goes_back_in_the_middle_of_a_rollout(stage: Stage):
    stage.begin()
    stage.release("v1.2.3", tag="${version}-slow")
    stage.until("it rolls", lambda: stage.told() == ["v1.2.3-slow"])
    stage.order("rollback", "prod", "api", *REASON)
    stage.until_rests(SEEDED)
    assert (stage.told(), stage.stopped()) == (["v1.2.3-slow"], 1), "ECS itself takes it back"


def test_going_back_to_what_was_never_good_is_refused_and_changes_nothing(stage: Stage):
    good(stage)
    said = stage.order("rollback", "prod", "api", "--to", "v9.9.9", *REASON, code=4)
    assert said.err == f"trueup: v9.9.9 was never good here; there is to go back to: {SEEDED}\n"
    assert stage.order("rollback", "prod", "nothing", *REASON, code=2).err.startswith("trueup: no target 'nothing'")
    stage.looks()
    assert stage.told() == ["v1.2.3"]


def test_retry_sends_again_what_failed_for_a_reason_that_is_gone(stage: Stage):
    stage.begin()
    stage.cloud.set_faults({"crashing": ["v1.2.3"]})
    stage.release("v1.2.3")
    stage.until_ended("v1.2.3", "rolled_back")
    stage.until_rests(SEEDED)
    assert stage.quarantined() == {"v1.2.3"}
    stage.cloud.set_faults({"crashing": []})
    stage.order("retry", "prod", "api", *REASON)
    stage.until_rests("v1.2.3")
    assert stage.told() == ["v1.2.3", "v1.2.3"]
    assert len(stage.registered("v1.2.3")) == 1, "the task definition was there"
    assert stage.quarantined() == set()
    assert stage.goods() == ["v1.2.3", SEEDED]


def test_the_commands_show_what_happened(stage: Stage):
    good(stage)
    (shown,) = stage.order("status", "prod", "api", "-o", "json").items
    assert (shown["live"], shown["phase"], shown["synced"]) == ("v1.2.3", "idle", True)
    assert stage.order("status", "--exit-code").code == 0
    told = stage.order("history", "prod", "api").out
    assert "good after" in told
    rows = stage.order("history", "prod", "api", "--all", "-o", "json").items
    assert [row["event"] for row in rows if row["version"] == "v1.2.3"] == [
        "rollout opened", "phase", "intent", "outcome", "phase", "rollout ended", "phase",
    ]  # fmt: skip
