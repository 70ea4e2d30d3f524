"""The alert rules ring when they should, say what to do, and speak of metrics that exist."""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from controller.model.names import EnvName, TargetName
from controller.model.rollout import Phase
from controller.model.status import TargetStatus
from controller.telemetry.metrics import Metrics
from controller.telemetry.table import Table
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


def exposed():
    """Every series of a controller with one target, before anything has happened to it."""
    metrics = Metrics(version="0.1.0")
    metrics.environment_seen(EnvName("prod"))
    metrics.source_seen("git")
    metrics.watcher_seen("metrics")
    metrics.notifier_seen("mail")
    metrics.aws_seen("111122223333", "eu-west-1")
    targets = Table()
    targets.show(
        [
            TargetStatus(
                env=EnvName("prod"), target=TargetName("api"), phase=Phase.IDLE, reason="", since=datetime.now(UTC)
            )
        ]
    )
    text = metrics.scrape()[0].decode() + targets.text(openmetrics=False).decode()
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


SAMPLES = exposed()
SELECTOR = re.compile(r"(?<![:a-z_])(trueup_[a-z_]+)(?:\{([^}]*)\})?(?![:a-z_])")
MATCHER = re.compile(r'([a-z]+)(=~|!=|=)"([^"]*)"')


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_every_metric_and_label_of_a_rule_is_exposed(rule):
    selectors = SELECTOR.findall(rule["expr"])
    assert selectors or "trueup:" in rule["expr"]
    for metric, matchers in selectors:
        labels = [sample.labels for sample in SAMPLES if sample.name == metric]
        assert labels, f"{metric} is not exposed"
        for label, operator, values in MATCHER.findall(matchers):
            known = {found[label] for found in labels}
            assert operator == "!=" or set(values.split("|")) <= known, f"{metric}: {label} is one of {known}"


@pytest.mark.parametrize("alert", ALERTS)
def test_what_an_alert_says_uses_labels_that_it_has(alert):
    rule = ALERTS[alert]
    said = set(re.findall(r"\$labels\.([a-z]+)", str(rule["annotations"])))
    grouped = re.findall(r"\b(?:sum|max|min|count) by \(([a-z, ]+)\)", rule["expr"])
    assert said <= set(re.split(r", ", grouped[0])) if grouped else not said


def test_operations_lists_every_metric_that_is_exposed_and_no_other():
    exposed_names = {re.sub(r"_(bucket|count|sum)$", "", sample.name) for sample in SAMPLES}
    section = OPERATIONS.read_text(encoding="utf-8").partition("\n## Metrics\n")[2].partition("\n## ")[0]
    listed = {
        name for row in section.splitlines() if row.startswith("|") for name in re.findall(r"`(trueup_\w+)`", row)
    }
    assert listed == {
        name for name in exposed_names if name.startswith("trueup_") and not name.endswith("_created")
    }
