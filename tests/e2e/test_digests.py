"""Images by digest, bases and what is passed over, with the real process."""

import json
import urllib.request

import pytest

from controller.model.rollout import Phase
from controller.sandbox.images import digest_of
from tests.e2e.environments import ACCOUNTS, environment, family
from tests.e2e.stage import FIRST, SEEDED, Stage
from tests.e2e.test_once import planned

pytestmark = pytest.mark.e2e

HOST = f"{ACCOUNTS['prod']}.dkr.ecr.eu-west-1.amazonaws.com"
API = f"{HOST}/{family()}"


def images(stage: Stage, *orders: dict[str, object]) -> None:
    """Change what is in the registry, as people and lifecycle policies do."""
    body = json.dumps(list(orders)).encode()
    request = urllib.request.Request(f"{stage.cloud.endpoint_url}/sandbox/images", data=body, method="POST")  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        assert answer.status == 200


def test_a_tag_is_deployed_by_its_digest_and_moving_it_changes_nothing(stage: Stage):
    stage.begin()
    stage.release("v1.2.3")
    stage.until_rests("v1.2.3")
    arn = stage.eye.service()["taskDefinition"]
    shown = stage.eye.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert shown["containerDefinitions"][0]["image"] == f"{API}@{digest_of(f'{API}:v1.2.3')}"
    images(stage, {"move": f"{API}:v1.2.3", "to": f"{API}:v9.9.9"})
    stage.looks(3, "it goes on looking")
    assert stage.told() == ["v1.2.3"]
    assert stage.phase() is Phase.IDLE


def test_an_image_that_is_missing_holds_its_target_alone_and_comes_by_itself(stage: Stage):
    both = {"api": FIRST, "web": FIRST}
    stage.seed({"prod.yaml": environment("prod", both)})
    stage.commit({"prod.yaml": environment("prod", {"api": SEEDED, "web": SEEDED})})
    stage.start()
    for target in ("api", "web"):
        stage.until(f"{target} is good", lambda target=target: stage.memory(target).goods)
    images(stage, {"delete": f"{API}:v1.2.4"})
    stage.commit({"prod.yaml": environment("prod", {"api": "v1.2.4", "web": "v1.2.3"})})
    stage.until_rests("v1.2.3", "web")
    status = stage.until("api says why", lambda: (s := stage.status()) and s.blockers and s)
    assert "has no tag v1.2.4" in status.blockers[0].why, status
    assert "trueup promote-image" in status.blockers[0].why
    assert stage.told() == []
    images(stage, {"move": f"{API}:v1.2.4", "to": f"{API}:v1.2.4-again"})
    stage.until("it is deployed by itself", lambda: len(stage.told()) == 1)


def based(version: str) -> str:
    """Environment prod whose api is laid over the newest revision that is not ours."""
    head, _, rest = environment("prod", version).partition("      taskDefinition:\n")
    base = f"      taskDefinition: {{base: {{family: {family()}, follow: newest-foreign}}}}\n"
    return head + base + rest[rest.index("      guards:") :]


def test_what_terraform_registers_ships_as_a_rollout_of_its_own(stage: Stage):
    stage.seed({"prod.yaml": environment("prod", FIRST)})
    stage.commit({"prod.yaml": based(SEEDED)})
    stage.start()
    stage.until(f"{SEEDED} is good", lambda: stage.memory().goods)
    assert stage.told() == [], "what runs is the newest that others registered"
    ecs = stage.eye.client("ecs")
    runs = ecs.describe_task_definition(taskDefinition=stage.eye.service()["taskDefinition"])["taskDefinition"]
    kept = {key: runs[key] for key in ("networkMode", "requiresCompatibilities", "executionRoleArn") if key in runs}
    bigger = {**kept, "family": family(), "cpu": "1024", "memory": "2048"}
    ecs.register_task_definition(**bigger, containerDefinitions=runs["containerDefinitions"])
    stage.until("it ships", lambda: len(stage.told()) == 1, seconds=90)
    stage.until_rests(SEEDED)
    now = ecs.describe_task_definition(taskDefinition=stage.eye.service()["taskDefinition"])["taskDefinition"]
    assert (now["cpu"], now["memory"]) == ("1024", "2048")
    assert now["containerDefinitions"][0]["image"] == f"{API}@{digest_of(f'{API}:{SEEDED}')}"


def test_a_difference_that_is_passed_over_is_listed_with_its_reason_and_never_healed(stage: Stage):
    rule = 'ignore: [{path: "$.taskDefinition.memory", reason: the platform team sizes it}]'
    stage.begin(more=f"healAfter: 1m\n{rule}")
    ecs = stage.eye.client("ecs")
    runs = ecs.describe_task_definition(taskDefinition=stage.eye.service()["taskDefinition"])["taskDefinition"]
    kept = {key: runs[key] for key in ("networkMode", "requiresCompatibilities", "executionRoleArn") if key in runs}
    sized = {**kept, "family": family(), "cpu": runs["cpu"], "memory": "1024"}
    made = ecs.register_task_definition(**sized, containerDefinitions=runs["containerDefinitions"])
    stage.eye.deploy(made["taskDefinition"]["taskDefinitionArn"])
    stage.looks(8, "it looks on, for longer than healAfter")
    assert len(stage.told()) == 1, "only what was done by hand"
    assert stage.memory().drift is None
    said = planned(stage, "--show-ignored", "-o", "json")
    (item,) = json.loads(said.out)["items"]
    (one,) = [one for one in item["ignored"] if one["path"] == "taskDefinition.memory"]
    assert (one["live"], one["rule"]) == (1024, "ignore: the platform team sizes it")
    assert item["differences"] == []
