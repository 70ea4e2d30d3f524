"""A process that dies again and again in the turns of one environment serves the others, and names that one."""

import time
from typing import Any

import pytest

from tests.e2e.cloud import Hold
from tests.e2e.environments import cluster, environment
from tests.e2e.process import Controller
from tests.e2e.stage import FIRST, SEEDED, Stage
from tests.e2e.test_health import scraped

pytestmark = pytest.mark.e2e

DIED, TRIED, ENDED = (
    "trueup died in a turn",
    "a turn begins in which trueup died before",
    "a turn ended in which trueup had died before",
)
WAITS = (2.0, 4.0, 8.0)


def said(controller: Controller, event: str) -> list[tuple[Any, ...]]:
    return [(line["level"], line["environment"], line.get("crashes")) for line in controller.logged(event)]


def crashes(controller: Controller, env: str) -> float:
    return scraped(controller)["trueup_environment_crashes"][("environment", env),]


def turns(controller: Controller, env: str, result: str) -> float:
    return scraped(controller)["trueup_turns_total"][("environment", env), ("result", result)]


def killed_in_a_turn(stage: Stage, hold: Hold, controller: Controller) -> None:
    """Kill it while the turn of prod waits for an answer of AWS, and no turn of stage is under way."""
    assert hold.arrives(), stage.story()
    stage.until("stage rests", lambda: turns_rest(stage))
    controller.kill()
    hold.drop()


def turns_rest(stage: Stage) -> bool:
    """Whether only the line of prod says that something is under way."""
    lines = (stage.folder / "trueup.db.turns").read_text().splitlines()
    return [line.split()[2] for line in lines if line.startswith("+")] == ["prod"]


def test_killed_three_times_in_turns_of_one_environment_it_serves_the_other_at_once(stage: Stage):
    controller = stage.begin_all("prod", "stage")
    stage.until("it serves", lambda: controller.url)
    killed_in_a_turn(stage, stage.cloud.hold("DescribeServices", about=cluster("prod")), controller)
    versions = ["v1.2.4", "v1.2.5", "v1.2.6"]
    for number, (wait, version) in enumerate(zip(WAITS, versions, strict=True), 1):
        hold = stage.cloud.hold("DescribeServices", about=cluster("prod"))
        stage.commit({"stage.yaml": environment("stage", version)})
        controller = stage.start()
        stage.until("it serves", lambda controller=controller: controller.url)
        began = time.monotonic()
        stage.until(f"stage is told {version}", lambda version=version: stage.told(place="stage")[-1:] == [version])
        assert time.monotonic() - began < 2.0, "it does not wait for prod"
        assert not hold.arrives(0)
        level = "error" if number >= 3 else "warning"
        assert said(controller, DIED) == [(level, "prod", number)], stage.story()
        assert (crashes(controller, "prod"), crashes(controller, "stage")) == (number, 0)
        assert turns(controller, "prod", "error") == 1
        assert hold.arrives(), stage.story()
        assert time.monotonic() - began > wait - 1.0, "prod begins later, and each time later still"
        assert said(controller, TRIED) == ([(level, "prod", number)] if number >= 3 else [])
        if number < len(WAITS):
            killed_in_a_turn(stage, hold, controller)
    assert controller.logged(ENDED) == []
    hold.let_go()
    stage.until("its turn ended", lambda: said(controller, ENDED) == [("info", "prod", None)])
    assert crashes(controller, "prod") == 0
    controller.kill()
    stage.release(FIRST)
    again = stage.start()
    stage.until_rests(FIRST)
    assert [line for line in said(again, DIED) if line[2] != 1] == [], "what was before is forgotten"


def test_stopped_in_the_middle_of_a_turn_it_is_not_suspected(stage: Stage):
    controller = stage.begin()
    hold = stage.cloud.hold("DescribeServices")
    assert hold.arrives()
    assert controller.stop() == 0
    hold.drop()
    stage.release(FIRST)
    again = stage.start()
    stage.until_rests(FIRST)
    assert again.logged(DIED) == []
    assert stage.goods()[-1] == SEEDED
