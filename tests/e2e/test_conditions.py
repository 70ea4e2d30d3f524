"""What has to be so before a release starts, with the real process: hands, a window, a snapshot, and a policy."""

import os
import pwd
from pathlib import Path

import pytest

from controller.model.rollout import Phase
from controller.model.story import Event
from tests.e2e.environments import environment
from tests.e2e.process import Said, trueup
from tests.e2e.stage import FIRST, SEEDED, Stage

pytestmark = pytest.mark.e2e

ME = pwd.getpwuid(os.getuid()).pw_name
PEOPLE = f"""\
apiVersion: trueup/v1
kind: People
localApprovals: true
people:
  anna: {{osUsers: [{ME}], groups: [on-call]}}
"""
GATES = """\
gates:
  - {kind: checklist, items: [support-told]}
  - {kind: window, allow: ["2099-01-01"], override: [on-call]}
  - {kind: backup, database: unifocus-prod, take: true}
"""
POLICY = "apiVersion: trueup/v1\nkind: Policy\nenvironments:\n  prod: {bake: %s}\n"


def said(stage: Stage, *words: str) -> Said:
    """Give an order as whoever runs these tests, by the controller's clock."""
    return trueup(*words, "--store", stage.url, **stage.variables)


def test_hands_a_window_and_a_snapshot_come_first_and_are_kept_with_the_rollout(stage: Stage):
    people = stage.folder / "people.yaml"
    people.write_text(PEOPLE, encoding="utf-8")
    stage.seed({"prod.yaml": environment("prod", FIRST)})
    stage.release(SEEDED)
    rds = stage.eye.client("rds")
    size = {"DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20}
    master = {"MasterUsername": "root", "MasterUserPassword": "not-a-secret"}
    rds.create_db_instance(DBInstanceIdentifier="unifocus-prod", Engine="postgres", **size, **master)
    stage.start(people=str(people))
    stage.until(f"{SEEDED} is good", lambda: stage.memory().goods)
    stage.release(FIRST, more=GATES)
    stage.until("it waits for both", lambda: (s := stage.status()) and {b.gate for b in s.blockers} >= WAITS)
    assert said(stage, "check", "prod", "api", "support-told", "--people", str(people)).code == 0
    stage.until("it waits for its window alone", lambda: [b.gate for b in stage.status().blockers] == ["window"])
    assert ours(rds) == [] and stage.told() == []
    opened = said(stage, "windows", "open", "prod", "--for", "2h", "--reason", "INC-42", "--people", str(people))
    assert opened.code == 0, opened.err
    stage.until_rests(FIRST)
    assert len(ours(rds)) == 1
    (row,) = (row for row in stage.journal(Event.OPENED, "api") if row.version == FIRST)
    assert row.data["gate:checklist"] == "open: support-told by anna"
    assert row.data["gate:window"].startswith("open: opened by anna until ")
    assert row.data["gate:backup"] == "open: a snapshot of the instance unifocus-prod is made for it first"


WAITS = {"checklist", "window"}


def ours(rds) -> list[str]:
    names = (one["DBSnapshotIdentifier"] for one in rds.describe_db_snapshots()["DBSnapshots"])
    return [name for name in names if name.startswith("trueup-")]


def test_a_spec_below_a_floor_and_a_policy_that_cannot_be_read_start_nothing(stage: Stage):
    policy = stage.folder / "policy.yaml"
    policy.write_text(POLICY % "30s", encoding="utf-8")
    stage.seed({"prod.yaml": environment("prod", FIRST)})
    stage.release(SEEDED)
    stage.start(policy=str(policy))
    stage.until(f"{SEEDED} is good", lambda: stage.memory().goods)
    stage.release(FIRST, bake="20s")
    stage.until("it says what is wrong", lambda: shows(stage, "asks for at least 30s; it stands as at commit"))
    policy.write_text("environments: everything\n", encoding="utf-8")
    stage.until("it says that the policy is unknown", lambda: shows(stage, "the policy is not known: "))
    stage.release(FIRST)
    stage.looks(4, "it goes on looking")
    assert stage.told() == [] and stage.phase() is Phase.IDLE
    rewrite(policy, POLICY % "30s")
    stage.until_rests(FIRST)


def shows(stage: Stage, text: str) -> bool:
    status = stage.status()
    return status is not None and any(text in blocker.why for blocker in status.blockers)


def rewrite(file: Path, text: str) -> None:
    """Put another file in its place, as those who manage configuration do."""
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)
