"""What the loop promises about every call, over whatever store: said first, sent once, settled by reading."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.model.decision import Continue, Ensure, Start
from controller.model.hooks import Hook, RunState, When
from controller.model.observation import State
from controller.model.orders import Answer, Pause, Pin, Request
from controller.model.rollout import Call, Continued, Phase, Purpose, Result
from controller.model.story import Event
from controller.plan.calls import INTENT_LIFE
from tests.contracts.controllers import ANSWERED, LEARNING, SAVED, SAVING, SENDING, Bench
from tests.contracts.made import API, having
from tests.contracts.over_backend import OverBackend
from tests.platform import digest, release
from tests.world import ENV

SETTLE = timedelta(seconds=60)
BELIEVED_LOST = INTENT_LIFE + SETTLE
JUST = timedelta(seconds=1)
MIGRATE = Hook(name="migrate", when=When.BEFORE)


def same_call(action, bench, ran):
    """Whether this is the call that the open rollout was opened for, and may be sent now."""
    wanted = (API, release("2"), Purpose.FORWARD, ran, bench.memory.rollout.number)
    found = (action.target, action.release, action.purpose, action.expect, action.rollout)
    return found == wanted and action.not_after == bench.now + INTENT_LIFE


class ProtocolContract(OverBackend):
    """Intents, the last check, outcomes, resolution by reading, settle, watermark, and what a person closes."""

    @pytest.fixture
    def bench(self, opened):
        return Bench(opened)

    @pytest.fixture
    def first(self, bench):
        """A controller whose target has come to rest with release 1; from now on 2 is wanted."""
        first = bench.controller()
        first.turn()
        first.lives(39)
        assert (first.phase, first.goods) == ("idle", ["1"])
        bench.calls.clear()
        first.left.clear()
        bench.versions["api"] = "2"
        return first

    # ---- the intent

    def test_an_intent_is_stored_before_the_send_and_names_what_it_expects_its_base_and_its_time(
        self, bench, first
    ):
        ran, base, told = bench.running, bench.primary.born, []
        first.when(SENDING, lambda: told.extend(bench.reader.journal(env=ENV)))
        first.turn()
        [(action, memory)] = first.left
        assert memory.phase is Phase.ROLLING
        assert memory.rollout.call == Call(digest=digest("2"), expect=ran, after=base, at=bench.now)
        assert memory.rollout.call.result is Result.UNKNOWN
        assert same_call(action, bench, ran)
        assert (told[-1].event, told[-1].data["expect"]) == (Event.INTENT, ran.deployment)

    def test_an_intent_is_there_after_a_death_just_before_the_send(self, bench, first):
        ran, at = bench.running, bench.now
        first.dies(SENDING)
        again = bench.restart(first)
        call = again.store.load(ENV).targets[API].rollout.call
        assert (call.digest, call.expect, call.at, call.result) == (digest("2"), ran, at, Result.UNKNOWN)
        assert bench.calls == []

    @pytest.mark.parametrize(
        "order",
        [
            {"pause": Pause(reason="lunch")},
            {"pin": lambda number: Pin(number=number, release=release("1"), spec=digest("2"))},
        ],
        ids=["pause", "pin"],
    )
    def test_an_order_between_load_and_save_refuses_the_intent(self, bench, first, order):
        first.when(SAVING, lambda: bench.order(**order))
        assert first.turn() is None and first.conflicts == 1
        assert bench.calls == [] and bench.memory.rollout is None
        assert bench.texts(Event.INTENT) == ["ensure 1 (forward)"]
        first.lives(9)
        assert bench.calls == [] and bench.memory.rollout is None

    def test_a_lease_that_another_took_between_load_and_save_refuses_the_intent(self, bench, first):
        first.when(SAVING, bench.successor)
        assert first.turn() is None and first.conflicts == 1
        assert bench.calls == [] and bench.memory.rollout is None

    # ---- the last check

    def test_an_intent_is_sent_until_the_very_end_of_its_time(self, bench, first):
        first.when(SENDING, lambda: bench.wall(INTENT_LIFE.total_seconds()))
        first.turn()
        assert len(bench.calls) == 1 and bench.memory.rollout.call.result is Result.SENT

    def test_an_intent_that_is_too_old_at_the_send_is_not_sent_and_the_next_turn_decides_again(self, bench, first):
        ran = bench.running
        first.when(SENDING, lambda: bench.wall((INTENT_LIFE + JUST).total_seconds()))
        first.turn()
        call = bench.memory.rollout.call
        assert bench.calls == [] and call.result is Result.UNSENT and "too old" in call.why
        again = bench.restart(first)
        again.turn()
        [action] = bench.calls
        assert same_call(action, bench, ran)
        again.lives(39)
        assert again.goods == ["2", "1"] and len(bench.calls) == 1

    def test_a_lease_whose_time_is_over_between_intent_and_send_sends_nothing(self, bench, first):
        def passes():
            bench.steady += 21

        first.when(SENDING, passes)
        first.turn()
        call = bench.memory.rollout.call
        assert bench.calls == [] and call.result is Result.UNSENT and "no longer ours" in call.why
        first.lives(39)
        assert first.goods == ["2", "1"] and len(bench.calls) == 1

    def test_a_lease_that_another_took_between_intent_and_send_sends_nothing_and_the_other_does(self, bench, first):
        others = []

        def stopped():
            """The process stands still for longer than its lease, and so does its clock on the wall."""
            others.append(bench.successor())
            bench.wall(-31)

        ran, at = bench.running, bench.now
        first.when(SENDING, stopped)
        assert first.turn() is None and first.conflicts == 1
        assert bench.calls == [] and bench.memory.rollout.call.result is Result.UNKNOWN
        [second] = others
        bench.until(at + BELIEVED_LOST)
        second.turn()
        assert first.turn() is None
        [action] = bench.calls
        assert same_call(action, bench, ran)

    # ---- an open intent that another left

    def test_an_open_intent_that_did_not_arrive_is_left_alone_for_its_time_and_then_made_again_as_it_was(
        self, bench, first
    ):
        ran, at = bench.running, bench.now
        first.dies_with_the_call_in_its_hands()
        second = bench.successor()
        second.turn()
        bench.until(at + BELIEVED_LOST - JUST)
        second.turn()
        assert bench.calls == [] and "no answer yet, 1s left" in second.said
        assert bench.memory.rollout.call.at == at
        bench.until(at + BELIEVED_LOST)
        second.turn()
        [action] = bench.calls
        assert same_call(action, bench, ran) and action.look_first
        rollout = bench.memory.rollout
        assert (rollout.tries, rollout.call.at, rollout.call.result) == (2, bench.now, Result.SENT)
        second.lives(39)
        assert second.goods == ["2", "1"] and len(bench.calls) == 1

    def test_another_wish_meanwhile_does_not_replace_an_open_intent_before_its_time(self, bench, first):
        at = bench.now
        first.dies_with_the_call_in_its_hands()
        second = bench.successor()
        bench.versions["api"] = "3"
        second.turn()
        bench.until(at + BELIEVED_LOST - JUST)
        second.turn()
        assert bench.calls == []
        bench.until(at + BELIEVED_LOST)
        second.turn()
        assert [action.release for action in bench.calls] == [release("3")]

    def test_an_open_intent_that_arrived_is_found_by_reading_and_nothing_is_sent(self, bench, first):
        first.dies(ANSWERED)
        assert bench.memory.rollout.deployment is None
        second = bench.successor()
        second.turn()
        assert bench.memory.rollout.deployment == bench.primary.id
        second.lives(39)
        assert second.goods == ["2", "1"] and len(bench.calls) == 1

    def test_a_call_that_arrives_late_is_found_too(self, bench, first):
        first.dies_with_the_call_in_its_hands()
        second = bench.successor()
        second.turn()
        bench.platform.act(first.sent_late, lambda: None)
        bench.passes(20)
        second.turn()
        assert bench.memory.rollout.deployment == bench.primary.id
        second.lives(39)
        assert second.goods == ["2", "1"] and len(bench.calls) == 1

    def test_what_came_between_is_not_taken_for_what_the_intent_made(self, bench, first):
        """Of another shape, or older than the intent's base: it is somebody else's."""
        first.dies_with_the_call_in_its_hands()
        second = bench.successor()
        bench.platform.by_hand("api", "9")
        second.turn()
        second.lives(39)
        memory = bench.memory
        assert memory.rollout.deployment is None and memory.phase is Phase.STALLED
        assert bench.calls == [] and "changed by ana" in second.said

    # ---- a lost reply

    def test_a_reply_that_was_lost_is_settled_by_reading_after_a_restart(self, bench, first):
        bench.platform.lose_answer = 1
        first.turn()
        call = bench.memory.rollout.call
        assert call.result is Result.UNKNOWN and "TimeoutError" in call.why
        again = bench.restart(first)
        bench.passes(5)
        again.turn()
        assert bench.memory.rollout.deployment == bench.primary.id
        again.lives(39)
        assert again.goods == ["2", "1"] and len(bench.calls) == 1

    def test_a_call_that_was_lost_is_made_again_once_it_is_believed_lost_after_a_restart(self, bench, first):
        ran, at = bench.running, bench.now
        bench.platform.lose_call = 1
        first.turn()
        assert bench.memory.rollout.call.result is Result.UNKNOWN
        again = bench.restart(first)
        bench.until(at + BELIEVED_LOST - JUST)
        again.turn()
        assert len(bench.calls) == 1
        bench.until(at + BELIEVED_LOST)
        again.turn()
        assert len(bench.calls) == 2 and same_call(bench.calls[-1], bench, ran)
        again.lives(39)
        assert again.goods == ["2", "1"] and len(bench.calls) == 2

    def test_a_reply_that_was_lost_and_a_read_that_lags_send_nothing_before_the_time(self, bench, first):
        at, before = bench.now, bench.platform.look_at("api")
        bench.platform.lose_answer = 1
        first.turn()
        bench.shows(before)
        again = bench.restart(first)
        for _ in range(4):
            bench.passes(20)
            again.turn()
        assert bench.now < at + BELIEVED_LOST and len(bench.calls) == 1
        bench.shows_all()
        again.turn()
        assert bench.memory.rollout.deployment == bench.primary.id
        again.lives(39)
        assert again.goods == ["2", "1"] and len(bench.calls) == 1

    # ---- the watermark

    def test_a_read_that_is_older_than_our_answer_causes_no_call_and_closes_nothing_over_a_restart(
        self, bench, first
    ):
        before = bench.platform.look_at("api")
        first.turn()
        bench.shows(before)
        again, known = bench.restart(first), bench.memory
        assert before.asof < known.watermark
        for _ in range(6):
            again.lives(4, every=2)
            assert "older than one before it" in again.said
        assert len(bench.calls) == 1 and bench.memory == known
        bench.shows_all()
        again.lives(39)
        assert again.goods == ["2", "1"] and len(bench.calls) == 1

    def test_an_old_read_of_a_target_at_rest_is_neither_drift_nor_a_base_over_a_restart(self, bench, first):
        before = bench.platform.look_at("api")
        first.turn()
        first.lives(39)
        assert first.goods == ["2", "1"]
        bench.shows(before)
        again, known = bench.restart(first), bench.memory
        bench.versions["api"] = "3"
        again.lives(30)
        after = bench.memory
        assert len(bench.calls) == 1 and after.rollout is None and after.drift is None
        assert (after.watermark, after.goods) == (known.watermark, known.goods)
        bench.shows_all()
        again.turn()
        assert [action.release for action in bench.calls] == [release("2"), release("3")]

    # ---- settle

    def test_our_own_change_that_a_read_does_not_show_yet_is_waited_for_over_a_restart(self, bench, first):
        at, before = bench.now, bench.platform.look_at("api")
        first.turn()
        bench.shows(before, asof=lambda: bench.platform.clock)
        again = bench.restart(first)
        for seconds in (10, 40, 59):
            bench.until(at + timedelta(seconds=seconds))
            again.turn()
            assert "our call does not show yet" in again.said
        assert len(bench.calls) == 1 and bench.memory.unknown == ""
        assert (bench.memory.phase, bench.memory.quarantine) == (Phase.ROLLING, {})
        bench.shows_all()
        again.lives(39)
        assert again.goods == ["2", "1"] and len(bench.calls) == 1

    # ---- outcomes

    @pytest.mark.parametrize(
        ("lever", "result"),
        [
            ({}, Result.SENT),
            ({"throttled": 1}, Result.UNSENT),
            ({"no_image": {digest("2")}}, Result.REFUSED),
            ({"lose_answer": 1}, Result.UNKNOWN),
        ],
        ids=lambda given: given.name.lower() if isinstance(given, Result) else "",
    )
    @pytest.mark.parametrize("moment", [SENDING, LEARNING])
    def test_an_order_between_intent_and_outcome_does_not_lose_the_outcome(
        self, bench, first, lever, result, moment
    ):
        for name, value in lever.items():
            setattr(bench.platform, name, value)
        first.when(moment, lambda: bench.order(pause=Pause(reason="lunch")))
        first.turn()
        record = bench.reader.load(ENV)
        call = record.targets[API].rollout.call
        assert first.conflicts == 0 and call.result is result
        assert bool(call.why) is (result is not Result.SENT)
        assert record.orders.targets[API].pause.reason == "lunch"
        if result is Result.SENT:
            assert record.targets[API].rollout.deployment == bench.primary.id
        again = bench.restart(first)
        again.lives(9)
        assert len(bench.calls) == 1 and "lunch" in again.said

    def test_an_outcome_is_not_written_over_what_another_wrote_about_the_same_target(self, bench, first):
        def writes():
            record = bench.reader.load(ENV)
            known = replace(record.targets[API], watermark=record.targets[API].watermark + 1)
            bench.reader.save(record, having(record, api=known), ENV)

        first.when(ANSWERED, writes)
        assert first.turn() is None and first.conflicts == 1
        assert bench.memory.rollout.call.result is Result.UNKNOWN
        bench.passes(5)
        first.turn()
        assert bench.memory.rollout.deployment == bench.primary.id
        first.lives(39)
        assert first.goods == ["2", "1"] and len(bench.calls) == 1

    # ---- what reading cannot settle

    @pytest.fixture
    def lost(self, bench, first):
        """A controller whose accepted call the platform does not know of: what ran before still runs."""
        before = bench.primary
        first.turn()
        bench.platform.service("api").made.remove(bench.primary)
        bench.platform.service("api").primary, before.state = before, State.SUCCESSFUL
        bench.platform.bump()
        bench.passes(SETTLE.total_seconds())  # to the moment: it is waited for no longer, nor sent again
        first.turn()
        assert "does not list it" in bench.memory.unknown and len(bench.calls) == 1
        return first

    def test_a_contradiction_holds_over_restarts_whatever_else_is_wanted_or_ordered(self, bench, lost):
        why, again = bench.memory.unknown, bench.restart(lost)
        again.lives(60)
        bench.versions["api"] = "3"
        again.lives(60)
        bench.order(retry=lambda number: Request(number=number))
        again.lives(30)
        bench.order(pause=Pause(reason="lunch"))
        again.lives(9)
        bench.order(pause=None)
        again = bench.restart(again)
        again.lives(30)
        assert bench.memory.unknown == why and bench.memory.phase is Phase.ROLLING
        assert len(bench.calls) == 1 and "trueup recover prod api" in again.said

    def test_only_a_person_closes_a_contradiction_and_that_order_is_served_once(self, bench, lost):
        number = bench.order(recover=lambda number: Request(number=number, by="ana"))
        again = bench.restart(lost)
        assert again.turn().plan.decisions[API].move == "recover"
        memory = bench.memory
        assert (memory.unknown, memory.rollout, memory.recovered) == ("", None, number)
        assert (memory.phase, memory.found.release.version) == (Phase.IDLE, memory.current.release.version)
        again = bench.restart(again)
        assert again.turn().plan.decisions[API].move != "recover"
        again.lives(39)
        assert again.goods[0] == "2" and len(bench.calls) == 2

    # ---- one-off tasks

    def test_a_task_is_written_down_before_it_is_started_and_once_it_runs_its_name_is(self, bench, first):
        bench.terms["hooks"] = (MIGRATE,)
        first.turn()
        [(action, memory)] = first.left
        assert isinstance(action, Start) and action.not_after == bench.now + INTENT_LIFE
        [run] = memory.runs
        assert (run.id, run.at, run.state, run.sent) == (action.id, bench.now, RunState.BEGUN, None)
        [run] = bench.memory.runs
        assert (run.state, run.sent, run.task) == (RunState.RUNNING, True, "task/1")

    @pytest.mark.parametrize("moment", [SAVED, SENDING])
    def test_a_task_that_was_not_started_is_left_alone_for_its_time_and_then_has_the_same_id(
        self, bench, first, moment
    ):
        bench.terms["hooks"], at = (MIGRATE,), bench.now
        first.dies(moment)
        again = bench.restart(first)
        [begun] = again.store.load(ENV).targets[API].runs
        bench.until(at + BELIEVED_LOST - JUST)
        again.turn()
        assert bench.calls == []
        bench.until(at + BELIEVED_LOST)
        again.turn()
        [start] = bench.calls
        assert (start.id, start.look_first) == (begun.id, True)
        assert [(run.id, run.tries) for run in bench.memory.runs] == [(begun.id, 2)]
        again.lives(45)
        assert again.goods == ["2", "1"]
        assert [type(call) for call in bench.calls] == [Start, Ensure]

    def test_a_start_that_is_too_old_is_not_sent(self, bench, first):
        bench.terms["hooks"] = (MIGRATE,)
        first.when(SENDING, lambda: bench.wall((INTENT_LIFE + JUST).total_seconds()))
        first.turn()
        [run] = bench.memory.runs
        assert bench.calls == [] and run.sent is False and "too old" in run.why

    @pytest.mark.parametrize("dies", [True, False])
    def test_a_start_whose_answer_was_lost_is_settled_by_reading_and_not_made_again(self, bench, first, dies):
        bench.terms["hooks"] = (MIGRATE,)
        bench.platform.takes["migrate"] = 4
        if dies:
            first.dies(ANSWERED)
        else:
            bench.platform.lose_answer = 1
            first.turn()
        [run] = bench.memory.runs
        assert (run.state, run.sent, run.task) == (RunState.BEGUN, None, "")
        again = bench.restart(first)
        bench.passes(5)
        again.turn()
        [found] = bench.memory.runs
        assert (found.id, found.state, found.task) == (run.id, RunState.RUNNING, "task/1")
        again.lives(45)
        assert again.goods == ["2", "1"] and len(bench.platform.tasks) == 1
        assert [type(call) for call in bench.calls] == [Start, Ensure]

    # ---- going on after a pause of the platform's own

    @pytest.fixture
    def paused(self, bench, first):
        """A controller whose deployment the platform holds, and a person who has just said yes."""
        bench.platform.pauses[digest("2")] = "hook-1"
        first.turn()
        first.lives(6)
        assert bench.primary.awaits is not None and len(bench.calls) == 1
        bench.order(answer=lambda number: Answer(number=number, version="2", yes=True, by="ana"))
        bench.calls.clear()
        first.left.clear()
        return first

    def continued(self, bench, at, *, sent):
        return Continued(
            pause="hook-1", deployment=bench.primary.id, at=at, stage="POST_SCALE_UP", by="ana", sent=sent
        )

    def test_going_on_is_written_down_before_it_is_asked_for(self, bench, paused):
        paused.turn()
        [(action, memory)] = paused.left
        assert isinstance(action, Continue) and action.not_after == bench.now + INTENT_LIFE
        assert memory.rollout.continued == self.continued(bench, bench.now, sent=None)
        assert bench.memory.rollout.continued == self.continued(bench, bench.now, sent=True)

    def test_going_on_that_did_not_arrive_is_left_alone_for_its_time_and_then_asked_for_again(self, bench, paused):
        at = bench.now
        paused.dies_with_the_call_in_its_hands()
        second = bench.successor()
        second.turn()
        bench.until(at + BELIEVED_LOST - JUST)
        second.turn()
        assert bench.calls == [] and bench.memory.rollout.continued == self.continued(bench, at, sent=None)
        bench.until(at + BELIEVED_LOST)
        second.turn()
        assert [(type(call), call.pause) for call in bench.calls] == [(Continue, "hook-1")]
        second.lives(39)
        assert second.goods == ["2", "1"] and len(bench.calls) == 1

    def test_going_on_that_arrived_is_seen_by_reading_and_not_asked_for_again(self, bench, paused):
        paused.dies(ANSWERED)
        second = bench.successor()
        second.turn()
        second.lives(39)
        assert second.goods == ["2", "1"] and [type(call) for call in bench.calls] == [Continue]

    def test_going_on_that_a_read_does_not_show_yet_is_waited_for_over_a_restart(self, bench, paused):
        at, before = bench.now, bench.platform.look_at("api")
        paused.turn()
        bench.shows(before, asof=lambda: bench.platform.clock)
        again = bench.restart(paused)
        for seconds in (20, 40, 59):
            bench.until(at + timedelta(seconds=seconds))
            again.turn()
        assert len(bench.calls) == 1
        bench.shows_all()
        again.lives(39)
        assert again.goods == ["2", "1"] and len(bench.calls) == 1
