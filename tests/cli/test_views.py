"""Views: status, why and history, for people and for machines."""

import json

import yaml

from controller.app.memory import open_store
from controller.codes import DONE, NEGATIVE
from tests.world import digest


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
