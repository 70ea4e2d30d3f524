"""Views: status, why and history, for people and for machines."""

import json
from datetime import UTC, datetime

import pytest
import yaml

from controller.app.memory import open_store
from controller.codes import DONE, NEGATIVE, WRONG
from controller.model.orders import Pause
from controller.model.questions import Changer
from tests.world import digest

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_status_is_one_line_a_target(shop):
    shop.release("1")
    lines = shop("status").out.splitlines()
    assert lines[0].split() == ["ENV", "TARGET", "WANTED", "RUNS", "PHASE", "TASKS", "LOOKED", "WHY"]
    assert lines[1].split()[:6] == ["prod", "api", "1", "1", "idle", "2/2"]


def test_status_with_exit_code_tells_whether_all_is_as_wanted(shop):
    shop.release("1")
    assert shop("status", "--exit-code").code == DONE
    shop.world.version = "2"
    shop.ticks(1)
    assert shop("status", "--exit-code").code == NEGATIVE and shop("status").code == DONE


def test_machines_get_one_envelope_in_camel_case(shop):
    shop.release("1")
    told = json.loads(shop("status", "-o", "json").out)
    assert (told["apiVersion"], told["kind"]) == ("trueup/v1", "TargetStatusList")
    item = told["items"][0]
    assert (item["env"], item["target"], item["live"], item["lastGood"]) == ("prod", "api", "1", "1")
    assert yaml.safe_load(shop("status", "-o", "yaml").out)["kind"] == "TargetStatusList"


def test_why_names_what_blocks_and_what_to_do_next(shop):
    shop.release("1")
    shop.world.platform.bad.add(digest("2"))
    shop.world.version = "2"
    shop.ticks(20)
    told = shop("why", "prod", "api").out
    assert "quarantine: 2 failed here" in told and "circuit breaker" in told
    assert "do next commit another version, or: trueup retry prod api --reason" in told


def test_why_tells_of_drift_what_differs_since_when_who_and_what_becomes_of_it(shop):
    shop.release("1")
    shop.world.changer = Changer(by="arn:aws:iam::1:user/ana", call="UpdateService", at=NOON, via="terraform")
    ours = shop.world.service.primary.revision
    theirs = shop.world.platform.by_hand("api", "9").revision
    shop.world.platform.settle("api")
    shop.ticks(2)
    told = shop("why", "prod", "api").out
    assert f"  drift   {theirs} differs from 1 ({ours}) in taskDefinition.image\n" in told
    assert "by arn:aws:iam::1:user/ana (UpdateService with terraform, 2030-01-01T12:00:00Z)\n" in told
    assert "  then    heals " in told
    assert f"differs from 1 ({ours})" in shop("history", "prod", "api").out


def test_why_of_a_fight_says_how_to_end_it(shop):
    shop.release("1")
    for _ in range(4):
        shop.world.platform.by_hand("api", "9")
        shop.ticks(14)
    told = shop("why", "prod", "api").out
    assert "  blocks  fight: it was healed three times in 24h" in told
    assert "  do next find who changes it back and stop one of the two; then: trueup retry prod api" in told
    assert "  fight  " in shop("history", "prod", "api").out


@pytest.mark.parametrize(
    ("paused", "advice"),
    [
        (("api",), "trueup resume prod api"),
        ((), "trueup resume prod"),
        (("api", "--until", "2040-01-01T00:00:00Z"), "trueup resume prod api, or wait until 2040-01-01T00:00:00Z"),
    ],
)
def test_why_says_which_pause_to_end(shop, paused, advice):
    shop.release("1")
    target, *flags = paused or ("",)
    shop("pause", "prod", *filter(None, [target]), "--reason", "audit", *flags)
    shop.ticks(1)
    assert f"  do next {advice}\n" in shop("why", "prod", "api").out


def test_why_of_two_pauses_names_both_and_an_end_only_if_both_have_one(shop):
    shop.release("1")
    shop("pause", "prod", "--reason", "freeze")
    shop("pause", "prod", "api", "--reason", "audit", "--until", "2040-01-01T00:00:00Z")
    shop.ticks(1)
    assert "  do next trueup resume prod api, and trueup resume prod\n" in shop("why", "prod", "api").out
    shop("pause", "prod", "--reason", "freeze", "--until", "2041-01-01T00:00:00Z")
    assert "resume prod, or wait until 2041-01-01T00:00:00Z\n" in shop("why", "prod", "api").out


def test_why_of_a_pause_in_the_spec_says_to_commit_another(shop):
    shop.release("1")
    shop.world.pause_in_spec = Pause(reason="audit")
    shop.ticks(1)
    assert "  do next commit the spec without `paused`\n" in shop("why", "prod", "api").out
    shop.world.pause_in_spec = Pause(reason="audit", until=datetime(2040, 1, 1, tzinfo=UTC))
    shop.ticks(1)
    assert "without `paused`, or wait until 2040-01-01T00:00:00Z\n" in shop("why", "prod", "api").out


def test_why_of_a_pause_that_was_just_ended_asks_for_nothing(shop):
    shop.release("1")
    shop("pause", "prod", "--reason", "audit")
    shop.ticks(1)
    shop("resume", "prod")
    assert "do next nothing: that pause has ended" in shop("why", "prod", "api").out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nope",), "no environment 'nope' is known to this store; known: prod"),
        (("prod", "web"), "no target 'web' is known in prod; known: api"),
        (("prod", "web", "-o", "json"), "no target 'web' is known in prod; known: api"),
    ],
)
def test_status_of_what_is_not_known_names_what_is(shop, args, message):
    shop.release("1")
    said = shop("status", *args)
    assert said.code == WRONG and message in said.err and said.out == ""


def forgotten(shop):
    """A target that was released, taken out of the spec, and forgotten."""
    shop.release("1")
    shop.world.versions.clear()
    shop.ticks(1)
    assert shop("forget", "prod", "api", "--confirm").code == DONE
    shop.ticks(1)
    shop.store.withdraw("prod", set())
    return shop


def test_status_of_an_environment_that_has_nothing_left_points_to_its_history(shop):
    said = forgotten(shop)("status", "prod")
    assert (
        said.code == DONE and said.out == "No target of prod is shown. What happened there: trueup history prod\n"
    )


def test_the_history_of_a_target_that_was_forgotten_stays(shop):
    said = forgotten(shop)("history", "prod", "api")
    assert said.code == DONE and "good after" in said.out and "forget" in said.out
    said = shop("history", "prod", "web")
    assert said.code == WRONG and "no target 'web' is known in prod" in said.err


def test_history_tells_of_rollouts_and_their_ends(shop):
    shop.release("1")
    shop.world.platform.bad.add(digest("2"))
    shop.world.version = "2"
    shop.ticks(20)
    told = shop("history", "prod", "api").out
    assert "rolled_back after" in told and "quarantined" in told
    rows = json.loads(shop("history", "prod", "api", "--all", "-o", "json").out)["items"]
    assert {"intent", "outcome", "phase"} <= {row["event"] for row in rows}
    assert [row["number"] for row in rows] == sorted(row["number"] for row in rows)


def test_what_was_read_elsewhere_cannot_move_the_cursor(shop):
    shop.release("1")
    shop("pause", "prod", "--reason", "red \x1b[31malert\nnext line")
    shop.ticks(1)
    out = shop("status").out
    assert "\x1b" not in out and len(out.splitlines()) == 2


def test_an_empty_store_says_how_to_begin(tmp_path, trueup):
    url = f"sqlite:///{tmp_path}/new.db"
    open_store(url).close()
    assert "trueup run --repo" in trueup("status", "--store", url).out
