"""The main road: a commit reaches ECS, a bad one comes back, and a person can stop and turn it."""

import pytest

from controller.model.rollout import Phase
from tests.e2e.stage import SEEDED, Stage

pytestmark = pytest.mark.e2e


def test_a_commit_is_deployed_watched_and_becomes_good(stage: Stage):
    stage.begin()
    stage.release("v1.2.3")
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    assert stage.goods() == [SEEDED]
    stage.until_rests("v1.2.3")
    assert stage.goods() == ["v1.2.3", SEEDED]
    assert len(stage.registered("v1.2.3")) == 1
    assert stage.told() == ["v1.2.3"]
