"""What was built reaches dev, what was tagged reaches stage, and a tag that is moved or deleted changes nothing."""

from pathlib import Path

import pytest

from controller.model.story import Event
from controller.sandbox.images import digest_of
from tests.e2e.environments import ACCOUNTS, environment, family
from tests.e2e.stage import FIRST, Stage
from tests.e2e.test_digests import images
from tests.sources.repository import Repository

pytestmark = pytest.mark.e2e


def followed(place: str, track: str) -> str:
    return environment(place, FIRST, bake="20s").replace(f"version: {FIRST}", f"track: {track}")


def image(place: str, tag: str) -> str:
    return f"{ACCOUNTS[place]}.dkr.ecr.eu-west-1.amazonaws.com/{family('api', place)}:{tag}"


def runs(stage: Stage, place: str) -> str:
    arn = stage.eye.service("api", place)["taskDefinition"]
    shown = stage.eye.client("ecs", place).describe_task_definition(taskDefinition=arn)["taskDefinition"]
    return shown["containerDefinitions"][0]["image"].rpartition("@")[2]


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "shop.git")


def test_a_build_reaches_dev_and_a_tag_stage_and_a_tag_that_moves_or_vanishes_changes_nothing(
    stage: Stage, shop: Repository
):
    commits = [shop.commit({"a": str(number)}) for number in range(3)]
    shop.git("tag", "v1.2.2-stage", commits[0])
    shop.git("tag", "v9-stage", commits[0])
    specs = {
        "dev.yaml": followed("dev", "{image: latest}"),
        "stage.yaml": followed("stage", f'{{tags: "v*-stage", repository: "{shop.url}"}}'),
    }
    stage.seed({"dev.yaml": environment("dev", FIRST), "stage.yaml": environment("stage", FIRST)})
    stage.commit(specs)
    stage.start(applications=f"file://{shop.folder.parent}/")

    stage.until_rests("v1.2.2-stage", env="stage")
    stage.until("dev runs what was built", lambda: runs(stage, "dev") == digest_of(image("dev", "latest")))
    stage.until("dev is good", lambda: stage.goods(env="dev")[:1] == ["latest"])

    images(stage, {"move": image("dev", "latest"), "to": image("dev", "build-2")})
    stage.until("dev runs the next build", lambda: runs(stage, "dev") == digest_of(image("dev", "build-2")))

    shop.git("tag", "v1.2.3-stage", commits[1])
    stage.until_rests("v1.2.3-stage", env="stage")
    assert stage.memory(env="stage").current.release.built == commits[1]
    told = len(stage.told(place="stage"))

    stage.kill()
    shop.git("tag", "-f", "v1.2.3-stage", commits[2])
    stage.start(applications=f"file://{shop.folder.parent}/")
    blocker = stage.until("it says that the tag was moved", lambda: blocks(stage, "movedTag"))
    assert commits[1][:12] in blocker and commits[2][:12] in blocker

    shop.git("tag", "-d", "v1.2.3-stage")
    stage.until("it says that the tag is gone", lambda: "is gone from" in stage.status(env="stage").reason)
    stage.looks(3, "it looks on")
    assert len(stage.told(place="stage")) == told == 2
    assert stage.memory(env="stage").current.release.version == "v1.2.3-stage"
    rows = [row.text for row in stage.journal(Event.FOLLOWED, env="stage")]
    assert [row.split(" ")[0] for row in rows] == ["v1.2.2-stage", "v1.2.3-stage", "the"]
    (why,) = stage.order("why", "stage", "api", "-o", "json").items
    assert why["follows"] == f"tags v*-stage of {shop.url}" and why["built"] == commits[1]


def blocks(stage: Stage, gate: str) -> str:
    status = stage.status(env="stage")
    return next((one.why for one in status.blockers if one.gate == gate), "") if status else ""
