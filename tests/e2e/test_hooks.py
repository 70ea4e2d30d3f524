"""Hooks with the real process and real one-off tasks of the embedded ECS: each is started once, whatever dies."""

from collections.abc import Callable

import pytest

from controller.model.rollout import Phase
from tests.e2e.stage import SEEDED, Stage

pytestmark = pytest.mark.e2e

GOOD = "v1.2.3"
RUN = "RunTask"
MIGRATE = 'before: [{name: migrate, container: api, command: [sleep, "30"]}]'
SMOKE = "after: [{name: smoke, container: api, command: [exit, '0']}]"
UNDO = 'onRollback: [{name: undo, container: api, command: [sleep, "5"], image: old}]'


def hooks(*lists: str) -> str:
    return f"hooks: {{{', '.join(lists)}}}"


def done(stage: Stage) -> list[str]:
    """The calls that started something and were carried out, in their order."""
    calls = [one["operation"] for one in stage.cloud.changes() if one["outcome"] == "done"]
    return [call for call in calls if call in {RUN, "UpdateService", "StopTask"}]


def test_a_migration_runs_before_the_service_is_touched_and_smoke_tests_after_it(stage: Stage):
    stage.begin(more=hooks(MIGRATE, SMOKE))
    stage.release(GOOD, more=hooks(MIGRATE, SMOKE))
    stage.until("it prepares", lambda: stage.phase() is Phase.PREPARING)
    assert stage.eye.running() == SEEDED
    stage.until_rests(GOOD)
    assert done(stage) == [RUN, "UpdateService", RUN]


def test_a_migration_that_fails_leaves_the_service_untouched_until_it_is_tried_again(stage: Stage):
    failing = hooks("before: [{name: migrate, container: api, command: [exit, '3']}]")
    stage.begin(more=failing)
    stage.release(GOOD, more=failing)
    stage.until_ended(GOOD, "failed")
    assert stage.quarantined() == {GOOD}
    assert done(stage) == [RUN]
    assert "exited 3" in stage.order("why", "prod", "api").out
    stage.looks(2)
    assert done(stage) == [RUN]
    stage.order("retry", "prod", "api", "--reason", "the table was locked")
    stage.until("it is tried again", lambda: done(stage) == [RUN, RUN])
    assert stage.eye.running() == SEEDED


def before_the_start(stage: Stage) -> None:
    hold = stage.cloud.hold(RUN)
    stage.release(GOOD, more=hooks(MIGRATE))
    assert hold.arrives(), stage.story()
    stage.kill()
    hold.drop()


def started_without_an_answer(stage: Stage) -> None:
    hold = stage.cloud.hold(RUN, after=True)
    stage.release(GOOD, more=hooks(MIGRATE))
    assert hold.arrives(), stage.story()
    stage.kill()


def while_it_runs(stage: Stage) -> None:
    stage.release(GOOD, more=hooks(MIGRATE))
    stage.until("it was started", lambda: done(stage) == [RUN])
    stage.kill()


@pytest.mark.parametrize("die", [before_the_start, started_without_an_answer, while_it_runs])
def test_a_migration_is_started_once_though_the_process_is_killed(stage: Stage, die: Callable[[Stage], None]):
    stage.begin(more=hooks(MIGRATE))
    die(stage)
    stage.start()
    stage.until_rests(GOOD)
    assert done(stage) == [RUN, "UpdateService"]


def test_the_undo_runs_before_the_service_goes_back(stage: Stage):
    stage.begin(more=hooks(UNDO))
    stage.release(GOOD, more=hooks(UNDO), bake="20m")
    stage.until("it bakes", lambda: stage.phase() is Phase.BAKING)
    stage.eye.ring()
    stage.until_ended(GOOD, "rolled_back")
    stage.eye.ring(state="OK")
    stage.until_rests(SEEDED)
    assert done(stage) == ["UpdateService", RUN, "UpdateService"]


def test_a_migration_that_takes_too_long_is_stopped(stage: Stage):
    slow = hooks("before: [{name: migrate, container: api, command: [sleep, infinity], timeout: 30s}]")
    stage.begin(more=slow)
    stage.release(GOOD, more=slow)
    stage.until_ended(GOOD, "failed")
    assert done(stage) == [RUN, "StopTask"]
    assert stage.eye.running() == SEEDED
