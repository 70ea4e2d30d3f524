"""SIGKILL at every moment of a rollout: started again, the controller finds the same end as if nothing had been."""

from collections.abc import Callable

import pytest

from controller.model.rollout import Phase
from controller.model.story import Event
from tests.e2e.cloud import Hold
from tests.e2e.environments import environment
from tests.e2e.stage import FIRST, SEEDED, Stage

pytestmark = pytest.mark.e2e

GOOD = "v1.2.3"
REGISTER, UPDATE = "RegisterTaskDefinition", "UpdateService"


def killed_while_held(stage: Stage, operation: str, *, after: bool = False) -> Hold:
    """Kill just when a call is on its way to AWS (or, with `after`, when its answer is on the way back)."""
    hold = stage.cloud.hold(operation, after=after)
    stage.release(GOOD)
    assert hold.arrives(), stage.story()
    stage.kill()
    return hold


def before_registering(stage: Stage) -> None:
    killed_while_held(stage, REGISTER).drop()
    assert stage.registered(GOOD) == []


def registered_only_after_the_crash(stage: Stage) -> None:
    killed_while_held(stage, REGISTER).let_go()


def registered_without_an_answer(stage: Stage) -> None:
    killed_while_held(stage, REGISTER, after=True)
    assert len(stage.registered(GOOD)) == 1


def before_updating(stage: Stage) -> None:
    killed_while_held(stage, UPDATE).drop()
    assert len(stage.registered(GOOD)) == 1
    assert stage.told() == []


def updated_only_after_the_crash(stage: Stage) -> None:
    killed_while_held(stage, UPDATE).let_go()


def updated_without_an_answer(stage: Stage) -> None:
    killed_while_held(stage, UPDATE, after=True)
    assert stage.told() == [GOOD]


def while_rolling(stage: Stage) -> None:
    stage.release(GOOD)
    stage.until("tasks of it start", lambda: stage.eye.service()["deployments"][0]["pendingCount"])
    stage.kill()
    assert stage.phase() is Phase.ROLLING


def while_baking(stage: Stage) -> None:
    stage.release(GOOD)
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    stage.kill()
    assert stage.phase() is Phase.BAKING


def while_rolling_and_away_until_it_is_over(stage: Stage) -> None:
    while_rolling(stage)
    stage.until("ECS is done by itself", lambda: stage.eye.verdict() == "SUCCESSFUL")


MOMENTS = (
    before_registering,
    registered_only_after_the_crash,
    registered_without_an_answer,
    before_updating,
    updated_only_after_the_crash,
    updated_without_an_answer,
    while_rolling,
    while_baking,
    while_rolling_and_away_until_it_is_over,
)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_killed_in_a_rollout_it_comes_to_the_same_end(stage: Stage, moment: Callable[[Stage], None]):
    stage.begin()
    moment(stage)
    stage.start()
    it_ended_well(stage)


def test_killed_and_started_again_before_its_call_arrives_it_waits_and_sends_no_second_one(
    open_stage: Callable[..., Stage],
):
    stage = open_stage(10.0)  # an unanswered call is waited for nine seconds
    stage.begin()
    hold = killed_while_held(stage, UPDATE)
    again = stage.start()
    stage.until("it waits", lambda: any("SETTLING" in str(line.get("signal")) for line in again.lines()))
    assert stage.told() == []
    hold.let_go()
    it_ended_well(stage)


def test_killed_again_and_again_it_comes_to_the_same_end(stage: Stage):
    controller = stage.begin()
    holds = [stage.cloud.hold(REGISTER, after=True), stage.cloud.hold(UPDATE), stage.cloud.hold(UPDATE, after=True)]
    stage.release(GOOD)
    for hold in holds:
        assert hold.arrives(), stage.story()
        controller.kill()
        hold.drop()
        controller = stage.start()
    for phase in (Phase.ROLLING, Phase.BAKING, Phase.BAKING):
        stage.until(f"it is {phase}", lambda phase=phase: stage.phase() is phase)
        controller.kill()
        controller = stage.start()
    it_ended_well(stage)


def test_killed_between_two_targets_of_one_turn_both_come_to_their_end(stage: Stage):
    both = {"api": FIRST, "web": FIRST}
    stage.seed({"prod.yaml": environment("prod", both)})
    stage.commit({"prod.yaml": environment("prod", dict.fromkeys(both, SEEDED))})
    controller = stage.start()
    stage.until("both are good", lambda: all(stage.memory(target).goods for target in both))
    first, second = stage.cloud.hold(UPDATE, after=True), stage.cloud.hold(UPDATE)
    stage.commit({"prod.yaml": environment("prod", both)})
    assert first.arrives(), stage.story()
    first.let_go()
    assert second.arrives(), stage.story()
    controller.kill()
    second.drop()
    assert (stage.told("api"), stage.told("web")) == ([GOOD], [])
    stage.start()
    for target in both:
        it_ended_well(stage, target)


def it_ended_well(stage: Stage, target: str = "api") -> None:
    """One task definition, one UpdateService, the right revision, and a journal that says so; for good."""
    stage.until_rests(GOOD, target)
    once_and_for_all(stage, target)
    stage.kill()
    stage.start()
    stage.looks(2, "the one that was started last looked, and decided")
    once_and_for_all(stage, target)


def once_and_for_all(stage: Stage, target: str) -> None:
    assert stage.eye.running(target) == GOOD
    assert len(stage.registered(GOOD, target)) == 1, stage.story()
    assert stage.told(target) == [GOOD], stage.story()
    assert stage.eye.service(target)["taskDefinition"] == stage.registered(GOOD, target)[0]
    assert stage.goods(target) == [GOOD, SEEDED]
    assert stage.quarantined(target) == set()
    assert [row.version for row in stage.journal(Event.OPENED, target)] == [GOOD]
    ended = stage.journal(Event.ENDED, target)
    assert [(row.version, row.data["result"]) for row in ended] == [(GOOD, "good")]
