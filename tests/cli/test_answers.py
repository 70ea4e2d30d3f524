"""`approve` and `reject`: a yes or no to what waits for one, and how that is shown."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.codes import BLOCKED, DONE, WRONG
from controller.model.observation import Awaits
from controller.model.rollout import Continued, Phase
from controller.plan.summarise import summarise
from tests.world import digest

DUE = datetime(2030, 1, 1, 14, 5, tzinfo=UTC)
PAUSE = Awaits(pause="arn:hook/1", stage="POST_SCALE_UP", until=DUE, then="ROLLBACK")
WAITS = "waits for an answer at POST_SCALE_UP until 2030-01-01T14:05:00Z, then ROLLBACK: trueup approve prod api 2"


def rolling(shop, pause=PAUSE):
    """Version 2 of api, in a pause of the platform's own."""
    shop.release("1")
    shop.world.version = "2"
    shop.ticks(1)
    assert shop.world.phase == "rolling"
    shop.world.service.primary.left = 99
    shop.world.service.primary.awaits = pause
    return shop.ticks(1)


def answered(shop):
    return shop.store.orders("prod").targets["api"].answer


def test_what_waits_is_shown_with_its_expiry_and_what_to_say(shop):
    rolling(shop)
    assert shop("status").out.splitlines()[1].endswith(WAITS)
    told = shop("why", "prod", "api").out
    assert f"  answer  {WAITS}\n" in told
    advice = "trueup approve prod api 2, or: trueup reject prod api 2 --reason …"
    assert f"  do next {advice}\n" in told
    item = json.loads(shop("status", "-o", "json").out)["items"][0]
    assert item["awaiting"] == {
        "version": "2",
        "stage": "POST_SCALE_UP",
        "until": "2030-01-01T14:05:00Z",
        "then": "ROLLBACK",
    }


def test_what_is_not_known_of_a_pause_is_left_out(shop):
    rolling(shop, Awaits(pause="arn:hook/1"))
    assert "waits for an answer: trueup approve prod api 2" in shop("why", "prod", "api").out


def test_when_nothing_waits_nothing_is_said_of_it(shop):
    shop.release("1")
    assert "answer" not in shop("status").out + shop("why", "prod", "api").out
    assert json.loads(shop("status", "-o", "json").out)["items"][0]["awaiting"] is None


def test_a_pause_that_was_answered_waits_for_nobody_any_more(shop):
    rolling(shop)
    cycle = shop.world.cycles[-1]
    memory = cycle.after.targets["api"]

    def status(continued):
        rollout = replace(memory.rollout, continued=continued)
        after = replace(cycle.after, targets={"api": replace(memory, rollout=rollout)})
        (one,) = summarise(cycle.desired, cycle.seen, cycle.before, cycle.plan, after)
        return one

    where = {"stage": PAUSE.stage, "until": PAUSE.until, "deployment": memory.rollout.deployment, "at": DUE}
    assert status(None).awaiting is not None
    assert status(Continued(pause="arn:hook/0", **where)).awaiting is not None
    assert status(Continued(pause=PAUSE.pause, **{**where, "stage": "BAKE_TIME"})).awaiting is not None
    assert status(Continued(pause=PAUSE.pause, **where)).awaiting is None


def test_a_yes_is_an_order_with_a_number_and_a_row_of_the_journal(shop):
    rolling(shop)
    said = shop("approve", "prod", "api", "2", "--as", "the release desk")
    assert said.code == DONE and said.err == ""
    assert said.out == "prod/api: 2 goes on at POST_SCALE_UP, from its next turn\n"
    given = answered(shop)
    assert (given.version, given.yes, given.reason, given.by) == ("2", True, "", "the release desk")
    (row,) = shop.store.journal(env="prod", limit=1)
    assert (row.target, row.text, row.by) == ("api", "approve 2 at POST_SCALE_UP", "the release desk")
    shop("approve", "prod", "api", "2", "--reason", "sure")
    assert answered(shop).number > given.number and answered(shop).reason == "sure"


def test_a_no_needs_a_reason_and_is_told_with_it(shop):
    rolling(shop)
    said = shop("reject", "prod", "api", "2")
    assert said.code == WRONG and "Missing option '--reason'" in said.err
    said = shop("reject", "prod", "api", "2", "--reason", "the totals are wrong")
    assert said.code == DONE and said.out == "prod/api: 2 is rejected at POST_SCALE_UP, from its next turn\n"
    assert (answered(shop).yes, answered(shop).reason) == (False, "the totals are wrong")
    assert "reject 2 at POST_SCALE_UP: the totals are wrong" in shop("history", "prod").out


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("prod", "api", "1"), BLOCKED, "1 of prod/api waits for no answer; what waits is 2"),
        (("prd", "api", "2"), WRONG, "no environment 'prd' is known to this store; known: prod"),
        (("prod", "web", "2"), WRONG, "no target 'web' is known in prod; known: api"),
    ],
)
def test_what_waits_is_answered_and_nothing_else(shop, verb, args, code, message):
    rolling(shop)
    before = shop.store.orders("prod")
    said = shop(verb, *args, "--reason", "x")
    assert said.code == code and message in said.err and said.out == ""
    assert shop.store.orders("prod") == before


def test_when_nothing_waits_the_answer_is_refused_with_how_things_stand(shop):
    shop.release("1")
    said = shop("approve", "prod", "api", "1")
    assert said.code == BLOCKED and "nothing of prod/api waits for an answer; it is idle: " in said.err


def test_before_the_first_turn_nothing_waits(shop):
    shop.release("1")
    shop.store.withdraw("prod", ())
    said = shop("approve", "prod", "api", "1")
    assert said.code == BLOCKED and "no turn of it was made yet" in said.err


def test_an_answer_to_what_is_paused_is_taken_and_says_that_it_waits(shop):
    rolling(shop)
    shop("pause", "prod", "--reason", "audit")
    said = shop("approve", "prod", "api", "2")
    assert said.code == DONE and "But it is paused (audit): nothing is sent until `trueup resume`." in said.err


def test_what_is_approved_goes_on_and_becomes_good(shop):
    rolling(shop)
    shop("approve", "prod", "api", "2")
    shop.world.service.primary.left = 1
    shop.ticks(14)
    assert shop.world.goods[0] == "2" and "waits for an answer" not in shop("status").out


def test_what_is_rejected_goes_back_and_is_not_tried_again(shop):
    rolling(shop)
    shop("reject", "prod", "api", "2", "--reason", "the totals are wrong", "--as", "ana")
    shop.ticks(14)
    assert shop.world.running == "1" and digest("2") in shop.world.quarantine
    told = shop("why", "prod", "api").out
    assert "rejected by ana at POST_SCALE_UP: the totals are wrong" in told
    assert "waits for an answer" not in told


def test_on_the_way_back_and_once_a_person_must_decide_nothing_waits(shop):
    rolling(shop)
    cycle = shop.world.cycles[-1]
    memory = cycle.after.targets["api"]

    def status(**changed):
        after = replace(cycle.after, targets={"api": replace(memory, **changed)})
        (one,) = summarise(cycle.desired, cycle.seen, cycle.before, cycle.plan, after)
        return one

    assert status().awaiting is not None
    assert status(rollout=replace(memory.rollout, back=memory.goods[0])).awaiting is None
    assert status(phase=Phase.STALLED).awaiting is None
