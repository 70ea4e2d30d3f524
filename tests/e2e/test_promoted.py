"""From stage to prod with the real process: only the very images that were good in stage start, with proof."""

import json
from datetime import timedelta

import pytest

from controller.model.rollout import Phase
from controller.model.story import Event
from tests.e2e.environments import ACCOUNTS, environment, family
from tests.e2e.stage import FIRST, Stage
from tests.e2e.test_digests import images

pytestmark = pytest.mark.e2e

SOAK = timedelta(seconds=60)
GATES = f"gates: [{{kind: promoted, from: stage, soak: {SOAK.seconds}s}}]"


def image(place: str, version: str) -> str:
    return f"{ACCOUNTS[place]}.dkr.ecr.eu-west-1.amazonaws.com/{family(place=place)}:{version}"


def release(stage: Stage, version: str) -> None:
    """Commit a version for both environments at once: prod has to wait for stage."""
    both = {"stage.yaml": environment("stage", version), "prod.yaml": environment("prod", version, more=GATES)}
    stage.commit(both, message=f"Release {version}")


def test_the_very_images_that_were_good_in_stage_start_in_prod_and_no_rebuilt_ones(stage: Stage):
    stage.begin_all("stage", "prod")
    images(stage, {"move": image("prod", FIRST), "to": image("stage", FIRST)})
    release(stage, FIRST)
    stage.until_rests(FIRST, env="prod")
    good = next(kept for kept in stage.memory(env="stage").goods if kept.release.version == FIRST)
    (opened,) = (row for row in stage.journal(Event.OPENED, "api") if row.version == FIRST)
    assert opened.at >= good.since + SOAK
    record = json.loads(stage.order("history", "prod", "api", "--show", str(opened.rollout), "-o", "json").out)
    (proof,) = (gate["text"] for gate in record["items"][0]["gates"] if gate["text"].startswith("open: "))
    assert proof.startswith(f"open: {FIRST} good in stage/api for ")
    assert record["items"][0]["images"].popitem()[1].partition("@")[2] in proof

    # The tag is the same in both registries, and what it stands for is not: built anew for prod.
    release(stage, "v1.2.4")
    stage.until_rests("v1.2.4", env="stage")
    told = stage.until("prod says why", lambda: (s := stage.status()) and s.wanted == "v1.2.4" and s.blockers)
    stage.looks(4, "it goes on looking")
    assert stage.phase() is Phase.PENDING and stage.told() == [FIRST]
    assert told[0].gate == "promoted" and "was not good in stage" in stage.status().blockers[0].why
