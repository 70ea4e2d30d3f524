"""SIGKILL at every moment of a rollback: started again, the controller finds the same end, and tries no more."""

from collections.abc import Callable

import pytest

from controller.model.rollout import Phase
from controller.model.story import Event
from tests.e2e.cloud import Hold
from tests.e2e.stage import SEEDED, Stage

pytestmark = pytest.mark.e2e

BAD = "v1.2.3"
UPDATE = "UpdateService"
STOP = "StopServiceDeployment"


def baking(stage: Stage, **terms: str) -> None:
    stage.begin(bake="10m", **terms)
    stage.release(BAD, bake="10m", **terms)
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)


def killed_going_back(stage: Stage, *, after: bool = False) -> Hold:
    """An alarm rings in the bake; kill just when the rollback's call is on its way (or its answer)."""
    baking(stage)
    hold = stage.cloud.hold(UPDATE, after=after)
    stage.eye.ring()
    assert hold.arrives(), stage.story()
    stage.kill()
    assert stage.phase() is Phase.ROLLING_BACK
    return hold


def before_the_call_for_it(stage: Stage) -> None:
    killed_going_back(stage).drop()
    assert stage.told() == [BAD]


def the_call_for_it_arrived_only_after_the_crash(stage: Stage) -> None:
    killed_going_back(stage).let_go()


def the_call_for_it_had_no_answer(stage: Stage) -> None:
    killed_going_back(stage, after=True)
    assert stage.told() == [BAD, SEEDED]


def while_going_back(stage: Stage) -> None:
    baking(stage)
    stage.eye.ring()
    stage.until("ECS goes back", lambda: stage.told() == [BAD, SEEDED] and stage.eye.verdict() == "IN_PROGRESS")
    stage.kill()
    assert stage.phase() is Phase.ROLLING_BACK


def the_alarm_rang_while_nobody_was_there(stage: Stage) -> None:
    baking(stage)
    stage.kill()
    stage.eye.ring()
    assert stage.told() == [BAD]


def overdue(stage: Stage, *, after: bool) -> None:
    """It never comes up, ECS has no breaker, and at our deadline it is told to go back; kill at this call."""
    terms = {"breaker": False, "deadline": "1m"}
    stage.begin(**terms)
    stage.release(BAD, tag="${version}-crash", **terms)
    stage.until("it rolls", lambda: stage.phase() is Phase.ROLLING)
    stage.until("it was sent", lambda: stage.told() == [f"{BAD}-crash"])
    hold = stage.cloud.hold(STOP, after=after)
    assert hold.arrives(), stage.story()
    stage.kill()
    hold.drop()


def at_the_deadline_before_the_call(stage: Stage) -> None:
    overdue(stage, after=False)


def at_the_deadline_without_an_answer(stage: Stage) -> None:
    overdue(stage, after=True)


MOMENTS = (
    before_the_call_for_it,
    the_call_for_it_arrived_only_after_the_crash,
    the_call_for_it_had_no_answer,
    while_going_back,
    the_alarm_rang_while_nobody_was_there,
    at_the_deadline_before_the_call,
    at_the_deadline_without_an_answer,
)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_killed_in_a_rollback_it_comes_to_the_same_end(stage: Stage, moment: Callable[[Stage], None]):
    moment(stage)
    stage.start()
    # What ECS still deploys it takes back itself: no other call is made for that.
    it_went_back(stage, [BAD, SEEDED] if moment not in MOMENTS[-2:] else [f"{BAD}-crash"])


def ecs_is_still_deploying(stage: Stage) -> None:
    stage.kill()
    assert stage.eye.verdict() in {"PENDING", "IN_PROGRESS"}


def ecs_is_going_back(stage: Stage) -> None:
    stage.until("ECS goes back by itself", lambda: stage.eye.verdict().startswith("ROLLBACK_"))
    stage.kill()


def ecs_is_still_deploying_and_the_start_comes_after_its_end(stage: Stage) -> None:
    ecs_is_still_deploying(stage)
    stage.until("ECS went back by itself", lambda: stage.eye.verdict() == "ROLLBACK_SUCCESSFUL")


BREAKER = (ecs_is_still_deploying, ecs_is_going_back, ecs_is_still_deploying_and_the_start_comes_after_its_end)


@pytest.mark.parametrize("moment", BREAKER, ids=lambda moment: moment.__name__)
def test_killed_while_ecs_goes_back_by_itself_it_sends_nothing_and_bars_the_release(
    stage: Stage, moment: Callable[[Stage], None]
):
    stage.begin()
    stage.release(BAD, tag="${version}-crash")
    stage.until("it was sent", lambda: stage.told() == [f"{BAD}-crash"])
    stage.until("it rolls", lambda: stage.phase() is Phase.ROLLING)
    moment(stage)
    stage.start()
    it_went_back(stage, [f"{BAD}-crash"])


def test_killed_in_a_rollback_that_a_person_ordered_the_order_is_carried_out_once(stage: Stage):
    stage.begin()
    stage.release(BAD)
    stage.until_rests(BAD)
    hold = stage.cloud.hold(UPDATE, after=True)
    stage.order("rollback", "prod", "api", "--reason", "customers complain")
    assert hold.arrives(), stage.story()
    stage.kill()
    stage.start()
    it_went_back(stage, [BAD, SEEDED], rollouts=2)


def it_went_back(stage: Stage, told: list[str], *, rollouts: int = 1) -> None:
    """One task definition, one UpdateService for each decision, the good revision runs; and so it stays."""
    stage.until_rests(SEEDED)
    once_and_for_all(stage, told, rollouts)
    stage.kill()
    stage.start()
    stage.looks(2, "the one that was started last looked, and decided")
    once_and_for_all(stage, told, rollouts)


def once_and_for_all(stage: Stage, told: list[str], rollouts: int) -> None:
    assert stage.eye.running() == SEEDED
    assert stage.told() == told, stage.story()
    assert len(stage.registered(told[0])) == 1, stage.story()
    by_digest = "what ran by a tag is gone back to by the digest that it stood for"
    assert len(stage.registered(SEEDED)) == told.count(SEEDED), by_digest
    assert stage.quarantined() == {BAD}
    assert stage.goods() == [SEEDED]
    assert len(stage.journal(Event.QUARANTINED)) == 1
    ended = [(row.version, row.data["result"], row.data["back"]) for row in stage.journal(Event.ENDED)]
    assert len(ended) == rollouts
    assert ended[-1] == (BAD, "rolled_back", SEEDED), stage.story()
