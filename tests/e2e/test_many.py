"""Two hundred services, while AWS throttles and answers with what was: all arrive, and none is called twice."""

import pytest

from tests.e2e.environments import environment
from tests.e2e.stage import FIRST, SEEDED, Stage

pytestmark = [pytest.mark.e2e, pytest.mark.prove, pytest.mark.timeout(1100)]

TARGETS = [f"s{number:03}" for number in range(200)]


def test_two_hundred_services_converge_while_aws_throttles_and_reads_are_old(open_stage, count):
    stage: Stage = open_stage(20.0)
    stage.expects_trouble = True
    stage.seed({"prod.yaml": environment("prod", dict.fromkeys(TARGETS, FIRST))})
    stage.commit({"prod.yaml": environment("prod", dict.fromkeys(TARGETS, SEEDED))})
    stage.cloud.set_faults({"throttle": True, "stale": {"seconds": 5}})
    stage.start()
    everywhere(stage, SEEDED)
    stage.commit({"prod.yaml": environment("prod", dict.fromkeys(TARGETS, FIRST))})
    everywhere(stage, FIRST)
    stage.cloud.set_faults({"throttle": False, "stale": None})
    done = [one for one in stage.cloud.changes() if one["outcome"] == "done"]
    updates = [one for one in done if one["operation"] == "UpdateService"]
    registered = [one for one in done if one["operation"] == "RegisterTaskDefinition"]
    told = dict.fromkeys(TARGETS, 0)
    for one in updates:
        told[one["parameters"]["service"].removeprefix("unifocus-prod-").removesuffix("-service")] += 1
    assert set(told.values()) == {1}, {target: times for target, times in told.items() if times != 1}
    assert len(registered) == len(TARGETS)
    stage.looks(2)
    assert [one for one in stage.cloud.changes() if one["outcome"] == "done"] == done
    count("services that converged under throttling and stale reads", len(TARGETS))


def everywhere(stage: Stage, version: str) -> None:
    def good() -> bool:
        memories = stage.store.load("prod").targets
        kept = [memory.goods[0].release.version for memory in memories.values() if memory.goods]
        return kept == [version] * len(TARGETS)

    stage.until(f"{version} is good everywhere", good, seconds=500)
