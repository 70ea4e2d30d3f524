"""The alert rules ring when they should, say what to do, and speak of metrics that exist."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from tests.architecture import markdown, tree

FOLDER = tree.ROOT / "charts" / "rules"
OPERATIONS = tree.ROOT / "docs" / "operations.md"
GROUPS = yaml.safe_load((FOLDER / "trueup.rules.yaml").read_text(encoding="utf-8"))["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
CASES = yaml.safe_load((FOLDER / "trueup.tests.yaml").read_text(encoding="utf-8"))["tests"]
PROMTOOL = shutil.which("promtool")


@pytest.mark.e2e
@pytest.mark.promtool
@pytest.mark.skipif(not PROMTOOL and os.environ.get("CI") != "true", reason="promtool is not installed")
@pytest.mark.parametrize("command", ["check rules trueup.rules.yaml", "test rules trueup.tests.yaml"])
def test_promtool_agrees(command):
    assert PROMTOOL, "CI needs promtool (Debian's package is prometheus)"
    told = subprocess.run(
        [PROMTOOL, *command.split()], cwd=FOLDER, check=False, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_says_what_it_is_and_where_to_read_what_to_do(name):
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert all(rule["annotations"][said] for said in ("summary", "description"))
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert tree.ROOT / page == OPERATIONS
    assert anchor == name.lower()
    assert anchor in markdown.anchors(OPERATIONS)


def test_operations_explains_no_alert_that_does_not_exist():
    explained = {anchor for anchor in markdown.anchors(OPERATIONS) if re.fullmatch(r"trueup[a-z]+", anchor)}
    assert explained == {name.lower() for name in ALERTS}


def test_every_alert_is_proven_to_ring_and_to_be_silent():
    expected = [
        (proof["alertname"], bool(proof["exp_alerts"]))
        for case in CASES
        for proof in case.get("alert_rule_test", ())
    ]
    assert {name for name, rings in expected if rings} == set(ALERTS)
    # At rest: one query over every alert at once.
    assert any(query["expr"] == "ALERTS" and query["exp_samples"] == [] for query in CASES[0]["promql_expr_test"])


def test_every_recording_rule_is_named_level_metric_operation():
    names = [rule["record"] for rule in RULES if "record" in rule]
    assert [name for name in names if not re.fullmatch(r"([a-z_]+:)?[a-z_]+:[a-z0-9_]+", name)] == []
