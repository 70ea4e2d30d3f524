"""What every kind of target promises of one-off tasks; a test class for each kind inherits these."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest

from controller.errors import Refusal
from controller.model.decision import Ensure, Start, Stop
from controller.model.hooks import Hook, TaskAbsent, TaskAt, TaskEnded, TaskRuns, TaskSight, TaskUnseen, task_id
from controller.model.names import TargetName
from controller.model.observation import Live
from controller.model.outcome import Done, Lost, NotSent, Outcome, Sent, Started
from controller.model.place import Place
from controller.model.release import Release
from controller.model.rollout import Expect, Purpose
from controller.ports import LookAt, Target

API = "api"
GOOD, IMAGELESS = "v1.2.3", "v1.2.6-pull-error"


class HookStage(ABC):
    """A kind of target in front of a platform on which `api` rests, and that can run one-off tasks.

    GOOD's image is there, that of IMAGELESS is not.
    """

    target: Target

    @abstractmethod
    def place(self, service: str = API) -> Place:
        """Where a service is."""

    @abstractmethod
    def release(self, version: str) -> Release:
        """What a version comes to."""

    @abstractmethod
    def hook(self, code: int | None = 0, name: str = "migrate") -> Hook:
        """A hook that ends with this code, and says something; None: it never ends."""

    @abstractmethod
    def now(self) -> datetime:
        """The controller's time."""

    @abstractmethod
    def pass_time(self) -> None:
        """Let the platform get on a little: a few seconds."""

    @abstractmethod
    def starts(self) -> int:
        """How many one-off tasks were ever started, as the platform knows it."""

    @abstractmethod
    def lose_start(self) -> None:
        """The next task is started, and the answer does not come through."""

    @abstractmethod
    def lose_start_call(self) -> None:
        """The next start does not reach the platform, and nobody says so."""

    @abstractmethod
    def throttle_start(self) -> None:
        """The next start is throttled."""

    @abstractmethod
    def starve(self) -> None:
        """The platform has no capacity from now on."""

    @abstractmethod
    def blind_to_tasks(self) -> None:
        """No task can be read any more."""


class HooksContract(ABC):
    """A kind of target under test."""

    @abstractmethod
    def opened(self, monkeypatch: pytest.MonkeyPatch) -> AbstractContextManager[HookStage]:
        """Set the stage."""

    @pytest.fixture
    def stage(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[HookStage]:
        with self.opened(monkeypatch) as stage:
            yield stage

    # ---- how it ends

    def test_a_hook_is_started_and_seen_to_its_end(self, stage: HookStage) -> None:
        hook = stage.hook()
        started = begin(stage, hook)
        assert started.task
        runs = seen(stage, hook, task=started.task)
        assert runs == TaskRuns(task=started.task)
        ended = end(stage, hook, started.task)
        assert (ended.task, ended.code) == (started.task, 0)
        assert stage.starts() == 1

    def test_one_that_fails_is_told_with_its_code_and_what_it_said(self, stage: HookStage) -> None:
        hook = stage.hook(3)
        ended = end(stage, hook, begin(stage, hook).task)
        assert (ended.code, ended.ground) == (3, False)
        assert ended.why
        assert ended.lines

    def test_one_whose_image_is_not_there_never_ran(self, stage: HookStage) -> None:
        hook = stage.hook()
        release = stage.release(IMAGELESS)
        ended = end(stage, hook, begin(stage, hook, release).task, release)
        assert (ended.code, ended.ground) == (None, False)
        assert ended.why

    def test_it_is_found_by_its_id_alone(self, stage: HookStage) -> None:
        hook = stage.hook()
        started = begin(stage, hook)
        stage.pass_time()
        assert seen(stage, hook) == TaskRuns(task=started.task)
        assert end(stage, hook).code == 0

    def test_the_service_is_not_touched(self, stage: HookStage) -> None:
        before = see(stage)
        hook = stage.hook(3)
        end(stage, hook, begin(stage, hook).task)
        after = see(stage)
        assert (after.deployment, after.revision, after.running) == (
            before.deployment,
            before.revision,
            before.running,
        )

    def test_the_release_is_deployed_by_the_revision_that_its_hook_ran(self, stage: HookStage) -> None:
        live, started = see(stage), begin(stage, stage.hook())
        action = Ensure(
            target=TargetName(API),
            place=stage.place(),
            release=stage.release(GOOD),
            revision=started.revision,
            purpose=Purpose.FORWARD,
            expect=Expect(deployment=live.deployment, revision=live.revision),
            not_after=stage.now() + timedelta(minutes=5),
            rollout=1,
        )
        sent = stage.target.act(action, lambda: None)
        assert isinstance(sent, Sent)
        assert sent.revision == started.revision

    # ---- once

    @pytest.mark.parametrize("look_first", [True, False])
    def test_the_same_id_twice_is_one_task(self, stage: HookStage, look_first: bool) -> None:
        hook = stage.hook(None)
        first = begin(stage, hook)
        again = begin(stage, hook, look_first=look_first, revision=first.revision)
        assert again.task == first.task
        stage.pass_time()
        assert begin(stage, hook, look_first=look_first, revision=first.revision).task == first.task
        assert stage.starts() == 1

    def test_one_that_has_ended_is_not_started_again(self, stage: HookStage) -> None:
        hook = stage.hook()
        first = begin(stage, hook)
        end(stage, hook, first.task)
        assert begin(stage, hook, look_first=True).task == first.task
        assert stage.starts() == 1

    def test_another_id_is_another_task(self, stage: HookStage) -> None:
        hook, other = stage.hook(), stage.hook(name="seed")
        tasks = {begin(stage, one, retry=retry).task for one in (hook, other) for retry in (0, 1)}
        assert len(tasks) == stage.starts() == 4

    @pytest.mark.parametrize("look_first", [True, False])
    def test_one_whose_answer_was_lost_is_started_once(self, stage: HookStage, look_first: bool) -> None:
        hook = stage.hook()
        stage.lose_start()
        lost = act(stage, hook)
        assert isinstance(lost, Lost)
        found = begin(stage, hook, look_first=look_first, revision=lost.revision)
        assert stage.starts() == 1
        assert end(stage, hook, found.task).code == 0

    def test_one_whose_answer_was_lost_is_found_by_reading(self, stage: HookStage) -> None:
        hook = stage.hook(None)
        stage.lose_start()
        assert isinstance(act(stage, hook), Lost)
        stage.pass_time()
        assert isinstance(seen(stage, hook), TaskRuns)

    def test_one_whose_call_never_arrived_is_absent_and_started_again(self, stage: HookStage) -> None:
        hook = stage.hook()
        stage.lose_start_call()
        lost = act(stage, hook)
        assert isinstance(lost, Lost | NotSent)
        stage.pass_time()
        assert seen(stage, hook) == TaskAbsent()
        assert stage.starts() == 0
        begin(stage, hook, look_first=True, revision=lost.revision)
        assert stage.starts() == 1

    # ---- not started

    def test_what_was_never_started_is_absent(self, stage: HookStage) -> None:
        assert seen(stage, stage.hook()) == TaskAbsent()
        assert stage.target.follow([]) == {}

    def test_a_check_that_refuses_stops_the_start_and_is_quoted(self, stage: HookStage) -> None:
        def refuse() -> None:
            raise Refusal("the lease is gone")

        outcome = act(stage, stage.hook(), check=refuse)
        assert isinstance(outcome, NotSent)
        assert "the lease is gone" in outcome.why
        assert stage.starts() == 0

    def test_what_is_throttled_is_not_sent_and_can_be_sent_again(self, stage: HookStage) -> None:
        hook = stage.hook()
        stage.throttle_start()
        outcome = act(stage, hook)
        assert isinstance(outcome, NotSent)
        assert stage.starts() == 0
        stage.pass_time()
        begin(stage, hook, revision=outcome.revision)

    def test_without_capacity_nothing_is_started_and_it_is_not_the_content(self, stage: HookStage) -> None:
        stage.starve()
        outcome = act(stage, stage.hook())
        assert isinstance(outcome, NotSent)
        assert outcome.why
        assert stage.starts() == 0

    def test_when_nothing_can_be_read_it_is_unseen_and_never_absent(self, stage: HookStage) -> None:
        hook = stage.hook()
        started = begin(stage, hook)
        stage.blind_to_tasks()
        for sight in (seen(stage, hook), seen(stage, hook, task=started.task), seen(stage, stage.hook(1, "other"))):
            assert isinstance(sight, TaskUnseen)
            assert sight.why

    def test_what_may_have_been_started_and_cannot_be_read_is_not_started_again(self, stage: HookStage) -> None:
        stage.blind_to_tasks()
        assert isinstance(act(stage, stage.hook(), look_first=True), NotSent)
        assert stage.starts() == 0

    # ---- stopped

    def test_one_that_takes_too_long_is_stopped(self, stage: HookStage) -> None:
        hook = stage.hook(None)
        started = begin(stage, hook)
        for _ in range(10):
            stage.pass_time()
        assert isinstance(stop(stage, hook, started.task), Done)
        ended = end(stage, hook, started.task)
        assert ended.code != 0
        assert not ended.ground
        assert isinstance(stop(stage, hook, started.task), Done)

    def test_what_is_not_there_needs_no_stop(self, stage: HookStage) -> None:
        hook = stage.hook()
        started = begin(stage, hook)
        end(stage, hook, started.task)
        assert isinstance(stop(stage, hook, started.task), Done)

    def test_a_check_that_refuses_stops_the_stop(self, stage: HookStage) -> None:
        def refuse() -> None:
            raise Refusal("the lease is gone")

        hook = stage.hook(None)
        started = begin(stage, hook)
        outcome = stop(stage, hook, started.task, check=refuse)
        assert isinstance(outcome, NotSent)
        for _ in range(20):
            stage.pass_time()
        assert seen(stage, hook, task=started.task) == TaskRuns(task=started.task)


# ---- sentences


def see(stage: HookStage) -> Live:
    one = LookAt(target=TargetName(API), place=stage.place())
    found = stage.target.look([one])[one.target]
    assert isinstance(found, Live), found
    return found


def act(
    stage: HookStage,
    hook: Hook,
    release: Release | None = None,
    *,
    retry: int = 0,
    check: Any = lambda: None,
    **more: Any,
) -> Outcome:
    """Start a hook; an exception means, as for the loop, that nobody knows."""
    release = release or stage.release(GOOD)
    given: dict[str, Any] = {
        "target": TargetName(API),
        "place": stage.place(),
        "id": id_of(stage, hook, release, retry),
        "hook": hook,
        "release": release,
        "revision": None,
        "purpose": Purpose.FORWARD,
        "not_after": stage.now() + timedelta(minutes=5),
        "rollout": 1,
        **more,
    }
    action = Start(**given)
    try:
        return stage.target.act(action, check)
    except Exception as error:  # noqa: BLE001 - as the loop does
        return Lost(action=action, why=str(error))


def begin(stage: HookStage, hook: Hook, release: Release | None = None, **more: Any) -> Started:
    outcome = act(stage, hook, release, **more)
    assert isinstance(outcome, Started), outcome
    return outcome


def id_of(stage: HookStage, hook: Hook, release: Release, retry: int = 0) -> Any:
    return task_id(stage.place().claim, release.digest, hook, retry, 0)


def seen(stage: HookStage, hook: Hook, release: Release | None = None, task: str = "") -> TaskSight:
    wanted = id_of(stage, hook, release or stage.release(GOOD))
    one = TaskAt(id=wanted, place=stage.place(), task=task, shape=hook.shape)
    return stage.target.follow([one])[wanted]


def end(stage: HookStage, hook: Hook, task: str = "", release: Release | None = None) -> TaskEnded:
    """Look, and let time pass, until it has ended."""
    sight = None
    for _ in range(60):
        sight = seen(stage, hook, release, task)
        if isinstance(sight, TaskEnded):
            return sight
        assert isinstance(sight, TaskRuns), sight
        stage.pass_time()
    raise AssertionError(sight)


def stop(stage: HookStage, hook: Hook, task: str, check: Any = lambda: None) -> Outcome:
    release = stage.release(GOOD)
    action = Stop(
        target=TargetName(API),
        place=stage.place(),
        id=id_of(stage, hook, release),
        task=task,
        release=release,
        why="it took longer than 10m",
        purpose=Purpose.FORWARD,
        not_after=stage.now() + timedelta(minutes=5),
        rollout=1,
    )
    return stage.target.act(action, check)
