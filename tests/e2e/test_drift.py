"""Drift end to end: another client changes a service, and the real process says what, since when, and who."""

import json

import pytest

from controller.model.story import Event
from tests.e2e.cloud import CAREFUL, sdk
from tests.e2e.environments import ACCOUNTS, cluster, family, service
from tests.e2e.stage import SEEDED, Stage

pytestmark = pytest.mark.e2e

MORE = "healAfter: 1m"
AGENT = "APN/1.0 HashiCorp/1.0 Terraform/1.9.0"
ANA = f"arn:aws:sts::{ACCOUNTS['prod']}:assumed-role/oncall/ana"


def oncall(stage: Stage):
    """ECS, to somebody who is not trueup, with Terraform."""
    sts = stage.eye.client("sts")
    role = f"arn:aws:iam::{ACCOUNTS['prod']}:role/oncall"
    given = sts.assume_role(RoleArn=role, RoleSessionName="ana")["Credentials"]
    return sdk().client(
        "ecs",
        endpoint_url=stage.cloud.endpoint_url,
        config=CAREFUL.merge(type(CAREFUL)(user_agent=AGENT)),
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def change_image(stage: Stage, ecs) -> str:
    """Register the running task definition with another image, and deploy it; gives the end of its name."""
    arn = stage.eye.service()["taskDefinition"]
    ours = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    container = {**ours["containerDefinitions"][0], "image": "registry.example/api:by-hand"}
    kept = {
        key: ours[key]
        for key in ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    }
    made = ecs.register_task_definition(**kept, containerDefinitions=[container])["taskDefinition"]
    ecs.update_service(cluster=cluster(), service=service(), taskDefinition=made["taskDefinitionArn"])
    return made["taskDefinitionArn"].rpartition("/")[2]


def rows(stage: Stage, event: Event = Event.DRIFT) -> list[str]:
    return [row.text for row in stage.journal(event, "api")]


def test_a_change_by_another_client_is_named_with_path_revision_time_and_who(stage: Stage):
    controller = stage.begin(more="onDrift: report")
    before = stage.eye.service()["taskDefinition"].rpartition("/")[2]
    ecs = oncall(stage)
    theirs = change_image(stage, ecs)
    ecs.close()
    stage.until("who is known", lambda: (s := stage.status()) and s.drift and s.drift.by)
    drift = stage.status().drift
    assert (drift.by, drift.via, drift.call) == (ANA, "terraform", "UpdateService")
    assert (drift.revision, drift.version, drift.version_revision) == (theirs, SEEDED, before)
    assert drift.paths == ("taskDefinition.containerDefinitions[api].image",)
    made = stage.eye.service()["deployments"][0]["createdAt"]
    assert abs((drift.since - made).total_seconds()) < 1
    reason = stage.status().reason
    assert f"{theirs} differs from {SEEDED} ({before})" in reason and "is only reported" in reason
    told = stage.order("why", "prod", "api").out
    assert f"since   {drift.since:%Y-%m-%dT%H:%M:%SZ}, by {ANA} (UpdateService with terraform" in told
    assert "drift" in stage.order("history", "prod", "api").out
    listed = json.loads(stage.order("status", "-o", "json").out)["items"][0]
    assert listed["drift"]["by"] == ANA and listed["drifted"] is True
    text = controller.get("/metrics")[1]
    since = next(line for line in text.splitlines() if line.startswith("trueup_target_drift_timestamp_seconds{"))
    assert abs(float(since.rsplit(" ", 1)[1]) - drift.since.timestamp()) < 1
    asked = stage.cloud.asked("cloudtrail:LookupEvents")
    stage.looks(4)
    assert stage.cloud.asked("cloudtrail:LookupEvents") == asked == 1


def test_healing_is_announced_done_and_told(stage: Stage):
    stage.begin(more=MORE)
    ecs = oncall(stage)
    change_image(stage, ecs)
    ecs.close()
    stage.until("it is announced", lambda: rows(stage))
    assert "heals" in rows(stage)[0]
    stage.until(
        "it is healed", lambda: any(text.startswith(f"healed: {SEEDED} runs again") for text in rows(stage))
    )
    stage.until_rests(SEEDED)
    stage.until("who is told", lambda: any(f"was changed by {ANA}" in text for text in rows(stage)))


def test_a_denied_look_up_is_said_once_and_stops_nothing(stage: Stage):
    denied = {"operation": "cloudtrail:LookupEvents", "code": "AccessDeniedException", "times": 100}
    stage.cloud.set_faults({"errors": [denied]})
    stage.begin(more=MORE)
    ecs = oncall(stage)
    change_image(stage, ecs)
    ecs.close()
    stage.until("it is said", lambda: "needs cloudtrail:LookupEvents" in str(stage.status()))
    stage.until("it is healed", lambda: any("runs again" in text for text in rows(stage)))
    assert stage.cloud.asked("cloudtrail:LookupEvents") == 1


def test_the_third_heal_in_a_day_is_the_last_and_the_fight_is_reported(stage: Stage):
    controller = stage.begin(more=MORE)
    ecs = oncall(stage)
    for heal in range(3):
        change_image(stage, ecs)
        stage.until(f"heal {heal + 1}", lambda heal=heal: len(stage.memory().heals) == heal + 1)
        stage.until_rests(SEEDED)
    change_image(stage, ecs)
    ecs.close()
    stage.until("it is a fight", lambda: stage.memory().fight)
    stage.until("it is told", lambda: "fight: healed 3 times in 24h" in stage.status().reason)
    assert len(rows(stage, Event.FIGHT)) == 1
    told = stage.order("why", "prod", "api").out
    assert "blocks  fight: it was healed three times" in told and "trueup retry prod api" in told
    blocked = controller.get("/metrics")[1]
    assert 'trueup_blocked{environment="prod",target="api",gate="fight"} 1' in blocked
    stage.looks(3)
    assert len(stage.told()) == 7, "four by hand, three healed"
    assert family() in stage.status().drift.revision
    stage.order("retry", "prod", "api", "--reason", "terraform is stopped")
    stage.until_rests(SEEDED)
    stage.until("the fight is over", lambda: stage.memory().fight is None)
