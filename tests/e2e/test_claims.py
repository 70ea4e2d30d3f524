"""Who owns a service: one target at a time, whatever files are called, and never by an empty memory."""

import pytest

from tests.e2e.environments import environment
from tests.e2e.stage import FIRST, SEEDED, Stage

pytestmark = pytest.mark.e2e


def test_a_second_environment_that_claims_the_same_service_holds(stage: Stage):
    stage.begin()
    stage.commit({
        "prod.yaml": environment("prod", "v1.2.3"),
        "other.yaml": environment("other", "v6.6.6", place="prod"),
    })  # fmt: skip
    stage.until_rests("v1.2.3")
    stage.until("the second one holds", lambda: stage.status(env="other") is not None)
    status = stage.status(env="other")
    assert "its service is claimed by prod/api" in status.reason
    assert status.blockers[0].gate == "held"
    stage.looks()
    stage.kill()
    stage.start()
    stage.looks()
    assert stage.told() == ["v1.2.3"]
    assert stage.memory(env="other").current is None


def test_two_targets_of_one_environment_that_name_the_same_service_are_refused(stage: Stage):
    stage.begin()
    text = environment("prod", {"api": "v1.2.3", "web": "v6.6.6"})
    stage.commit({"prod.yaml": text.replace("unifocus-prod-web-service", "unifocus-prod-api-service")})
    clash = "'unifocus-prod-api-service' is the service of"
    stage.until("it is read", lambda: any(clash in one.why for one in stage.status().blockers))
    stage.looks()
    assert stage.told() == []


def test_a_renamed_file_keeps_what_is_remembered_after_a_move(stage: Stage):
    stage.begin()
    stage.release("v1.2.3")
    stage.until_rests("v1.2.3")
    stage.release("v1.2.4", tag="${version}-crash")
    stage.until_ended("v1.2.4", "rolled_back")
    stage.until_rests("v1.2.3")
    told = stage.told()
    bad = environment("production", "v1.2.4", place="prod", tag="${version}-crash")
    stage.commit({"prod.yaml": None, "production.yaml": bad})
    stage.until("the new one holds", lambda: stage.status(env="production") is not None)
    assert "its service is claimed by prod/api" in stage.status(env="production").reason
    stage.order("move", "prod/api", "production/api")
    stage.until("it was moved", lambda: stage.goods(env="production") == ["v1.2.3", SEEDED])
    assert stage.quarantined(env="production") == {"v1.2.4"}
    stage.looks()
    assert stage.told() == told, "what failed before the move is not tried again after it"
    stage.commit({"production.yaml": environment("production", "v1.2.5", place="prod")})
    stage.until_rests("v1.2.5", env="production", place="prod")
    assert stage.told() == [*told, "v1.2.5"]


def test_an_empty_store_that_meets_our_own_release_holds_until_a_person_recovers_it(stage: Stage):
    stage.begin()
    stage.release("v1.2.3")
    stage.until_rests("v1.2.3")
    stage.kill()
    stage.forget_store()
    stage.release("v1.2.4")
    stage.start()
    stage.until("it holds", lambda: "this store does not remember it" in getattr(stage.status(), "reason", ""))
    stage.looks()
    assert stage.told() == ["v1.2.3"]
    refused = stage.order("recover", "prod", code=4)
    assert "--confirm" in refused.err
    assert stage.told() == ["v1.2.3"]
    stage.order("recover", "prod", "--confirm", "--reason", "the disk was replaced")
    stage.until_rests("v1.2.4")
    assert stage.told() == ["v1.2.3", "v1.2.4"]


def test_a_service_that_is_gone_holds_and_is_not_made_again(stage: Stage):
    stage.begin()
    ecs = stage.eye.client("ecs")
    names = {"cluster": "unifocus-prod-cluster", "service": "unifocus-prod-api-service"}
    ecs.delete_service(**names, force=True)
    stage.forgives("DeleteService")
    stage.release("v1.2.3")
    stage.until("it says so", lambda: "is gone" in stage.status().reason)
    stage.looks()
    assert stage.told() == []


def test_a_service_that_was_made_again_under_its_name_holds_until_a_person_looked(stage: Stage):
    stage.begin()
    stage.seed({"prod.yaml": environment("prod", FIRST)})
    stage.release("v1.2.3")
    stage.until("it says so", lambda: "deleted and made again" in stage.status().reason)
    stage.looks()
    assert stage.told() == []
    stage.order("recover", "prod", "api", "--confirm")
    stage.until_rests("v1.2.3")


def test_a_target_that_left_the_spec_is_forgotten_only_when_a_person_says_so(stage: Stage):
    both = {"api": FIRST, "web": FIRST}
    stage.seed({"prod.yaml": environment("prod", both)})
    stage.commit({"prod.yaml": environment("prod", dict.fromkeys(both, SEEDED))})
    stage.start()
    stage.until("both are good", lambda: all(stage.goods(target) for target in both))
    stage.commit({"prod.yaml": environment("prod", SEEDED)})
    stage.until("it left", lambda: "no longer names it" in stage.status("web").reason)
    stage.order("forget", "prod", "web", code=4)
    stage.order("forget", "prod", "web", "--confirm")
    stage.until("it is forgotten", lambda: not stage.goods("web"))
    assert stage.eye.running("web") == SEEDED
    # Whoever names it now begins anew.
    stage.commit({"stage.yaml": environment("stage", {"web": "v1.2.9"}, place="prod")})
    stage.until_rests("v1.2.9", "web", env="stage", place="prod")
