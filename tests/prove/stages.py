"""Where plans are played: the real loop and store, over the platform in memory or the ECS code and its sandbox."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from controller.app.memory import codec
from controller.model.decision import Ensure
from controller.model.desired import Desired, DesiredTarget
from controller.model.hooks import Hook, When
from controller.model.names import Commit, TargetName
from controller.model.orders import Pause, TargetOrders
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.questions import Alarm, Alarms, AlarmsOf, AlarmState, ChangedBy, Unanswered
from controller.model.record import Memory
from controller.model.release import Release
from controller.model.rollout import Terms
from controller.model.story import Entry, Event
from controller.ports import Target, World
from controller.stores.memory import MemoryBackend
from controller.stores.records import Records
from controller.stores.sqlite import SqliteBackend
from controller.targets.ecs.hooked import write_hook
from tests import platform
from tests.platform import FakePlatform
from tests.prove.closed import cloned
from tests.targets.ecs import rig
from tests.targets.ecs.rig import Ground, new_ground
from tests.world import ENV, guard

API = TargetName("api")
STEP = timedelta(seconds=30)
BY_HAND = "v9"  # what only people deploy
TERMS = Terms(guards=(guard(),), bake=2 * STEP, deadline=timedelta(minutes=10), look_every=STEP)


@dataclass(kw_only=True)
class Stage:
    """What every stage has: a spec, alarms, a person, and a store that outlives the process."""

    wish: str = "v1"
    terms: Terms = TERMS
    rings: set[str] = field(default_factory=set)
    skew: timedelta = timedelta()
    file: Path | None = None
    backend: MemoryBackend = field(default_factory=MemoryBackend)
    rests: bool = False
    operation: str = "UpdateService"  # what the next call is: there it goes wrong

    def __post_init__(self) -> None:
        self.store = self.opened()

    def opened(self) -> Records:
        return Records(self.backend if self.file is None else SqliteBackend(self.file), codec())

    def restart(self) -> None:
        """A new process: nothing is remembered but what is in the store."""
        self.store.close()
        self.store = self.opened()

    def close(self) -> None:
        self.store.close()

    def world(self) -> World:
        probes = dict.fromkeys((AlarmsOf, ChangedBy), self)
        return World(
            now=self.now,
            elapsed=float,
            source=self,
            store=self.store,
            targets={self.place().kind: self.target()},
            probes=probes,
        )

    # --- the spec, and the alarms

    def hook(self, name: str, when: When) -> Hook:
        """A one-off task of the wish, which ends well after a while."""
        return Hook(name=name, when=when)

    def read(self, env: object, accepted: object, instead: object = None) -> Desired:
        want = DesiredTarget(
            place=self.place(), release=self.release(self.wish), terms=self.terms, heal_after=STEP, owner="payments"
        )
        return Desired(env=ENV, commit=Commit(f"c{self.wish}"), targets={API: want})

    def answer(self, questions: Any) -> dict[Any, Any]:
        return {question: self.one(question) for question in questions}

    def one(self, question: Any) -> Any:
        if not isinstance(question, AlarmsOf):
            return Unanswered(why="CloudTrail lists no such call yet")
        state = AlarmState.ALARM if self.running() in self.rings else AlarmState.OK
        return Alarms(alarms=tuple(Alarm(name=name, state=state) for name in question.names))

    # --- the person

    def pause(self) -> None:
        self.order(pause=Pause(reason="lunch", at=self.now()))

    def resume(self) -> None:
        self.order(pause=None)

    def order(self, **given: Any) -> None:
        def change(orders: Any, number: int) -> Any:
            mine = replace(orders.targets.get(API, TargetOrders()), **given)
            return replace(orders, targets={**orders.targets, API: mine})

        self.opened().order(ENV, change, Entry(at=self.now(), env=ENV, event=Event.INTENT, text="said", target=API))

    @property
    def memory(self) -> Memory:
        return self.opened().load(ENV).targets.get(API) or Memory()

    # --- what each stage has of its own

    def now(self) -> datetime:
        raise NotImplementedError

    def place(self) -> Place:
        raise NotImplementedError

    def release(self, version: str) -> Release:
        raise NotImplementedError

    def target(self) -> Target:
        raise NotImplementedError

    def pass_time(self, span: timedelta = STEP) -> None:
        raise NotImplementedError

    def running(self) -> str:
        raise NotImplementedError

    def told(self) -> list[str]:
        """The versions that the platform was told to run, one for each call that reached it."""
        raise NotImplementedError

    def breaks(self, version: str) -> None:
        """This version never starts."""
        raise NotImplementedError

    def by_hand(self, version: str) -> None:
        raise NotImplementedError

    def look_old(self) -> None:
        """The next look shows what was."""
        raise NotImplementedError

    def look_new(self) -> None:
        raise NotImplementedError

    def throttle(self) -> None:
        """The next changing call is turned away."""
        raise NotImplementedError

    def lose_call(self) -> None:
        raise NotImplementedError

    def lose_answer(self) -> None:
        raise NotImplementedError


@dataclass(kw_only=True)
class InMemory(Stage):
    """The platform that passes the target contract."""

    clock: datetime = datetime(2030, 1, 1, tzinfo=UTC)
    fake: FakePlatform = field(default_factory=FakePlatform)

    def now(self) -> datetime:
        return self.clock + self.skew

    def place(self) -> Place:
        return platform.place("api")

    def release(self, version: str) -> Release:
        return platform.release(version)

    def target(self) -> FakePlatform:
        return self.fake

    def pass_time(self, span: timedelta = STEP) -> None:
        self.clock += span
        self.fake.time = self.clock
        self.fake.advance()

    def running(self) -> str:
        return self.fake.service("api").primary.manifest.get("taskDefinition.image").removeprefix("api:")

    def told(self) -> list[str]:
        return [call.release.version for call in self.fake.calls if isinstance(call, Ensure)]

    def tasks(self) -> int:
        """How many one-off tasks there ever were."""
        return len(self.fake.tasks)

    def breaks(self, version: str) -> None:
        self.fake.bad.add(platform.digest(version))

    def by_hand(self, version: str) -> None:
        self.fake.by_hand("api", version)

    def look_old(self) -> None:
        past = self.fake.service("api").past
        newer = [live.asof for live in past].index(past[-1].asof)
        self.fake.lag = len(past) - newer + 1 if newer else 0

    def look_new(self) -> None:
        self.fake.lag = 0

    def throttle(self) -> None:
        self.fake.throttled = 1

    def lose_call(self) -> None:
        self.fake.lose_call = 1

    def lose_answer(self) -> None:
        self.fake.lose_answer = 1

    def copied(self) -> "InMemory":
        """The same stage, to be played on without touching this one."""
        backend, mine = MemoryBackend(), self.backend
        backend._items = {part: dict(items) for part, items in mine._items.items()}
        backend._revisions, backend._rows, backend._commits = dict(mine._revisions), list(mine._rows), mine._commits
        fake = replace(cloned(self.fake), calls=list(self.fake.calls))
        return replace(self, backend=backend, fake=fake, rings=set(self.rings))


@dataclass(kw_only=True)
class OverEcs(Stage):
    """The ECS kind, in front of the sandbox in this process."""

    ground: Ground

    def now(self) -> datetime:
        self.ground.skew = self.skew.total_seconds()
        return self.ground.now()

    def place(self) -> Place:
        return self.ground.place()

    def release(self, version: str) -> Release:
        return rig.release(version)

    def target(self) -> Target:
        return self.ground.target

    def restart(self) -> None:
        super().restart()
        self.ground.forget()

    def pass_time(self, span: timedelta = STEP) -> None:
        self.ground.ahead += 1
        for _ in range(6):
            self.ground.tick(span.total_seconds() / 6)

    def running(self) -> str:
        return self.ground.aws.runs()

    def told(self) -> list[str]:
        """What was asked for, in order: by UpdateService, or by letting ECS itself go back to it."""
        changes = self.ground.aws.ask("calls")["changes"]
        arns = [self._asked_for(one["operation"], one["parameters"]) for one in changes]
        return [tag for arn in arns if arn and (tag := self.tag_of(arn)) != BY_HAND]

    def _asked_for(self, operation: str, parameters: dict[str, Any]) -> str:
        ecs = self.ground.aws.ecs
        if operation == "UpdateService":
            return parameters.get("taskDefinition", "")
        if operation != "StopServiceDeployment":
            return ""
        stopped = ecs.describe_service_deployments(serviceDeploymentArns=[parameters["serviceDeploymentArn"]])
        source = stopped["serviceDeployments"][0]["sourceServiceRevisions"][0]["arn"]
        return ecs.describe_service_revisions(serviceRevisionArns=[source])["serviceRevisions"][0]["taskDefinition"]

    def tasks(self) -> int:
        """How many one-off tasks there ever were: equal tokens are one."""
        return len({call["clientToken"] for call in self.ground.sandbox_calls("RunTask")})

    def hook(self, name: str, when: When) -> Hook:
        shape = write_hook({"container": "api", "command": ["sleep", "20"]})
        return Hook(name=name, when=when, shape=Packed.of(shape))

    def tag_of(self, arn: str) -> str:
        body = self.ground.aws.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return body["containerDefinitions"][0]["image"].rsplit(":", 1)[1]

    def breaks(self, version: str) -> None:
        self.ground.faults(crashing=[version])

    def by_hand(self, version: str) -> None:
        self.ground.aws.release(version)

    def look_old(self) -> None:
        self.ground.faults(stale={"changes": 1})

    def look_new(self) -> None:
        # What met no call of ours at that effect must not wait for somebody else's.
        self.ground.faults(stale=None, errors=[], lost={})

    def throttle(self) -> None:
        self.ground.faults(errors=[{"operation": self.operation, "code": "ThrottlingException"}])

    def lose_call(self) -> None:
        self.ground.faults(errors=[{"operation": self.operation, "code": "ServerException", "status": 500}])

    def lose_answer(self) -> None:
        self.ground.faults(lost={self.operation: 1})


@cache
def _in_memory() -> InMemory:
    stage = InMemory()
    stage.fake.deploy("api", stage.release("v1").manifest, by="somebody")
    stage.fake.settle("api")
    return stage


def in_memory(resting: Callable[[Stage], None]) -> InMemory:
    """The stage at rest, which `resting` brings about once."""
    if not _in_memory().rests:
        resting(_in_memory())
        _in_memory().rests = True
    return _in_memory().copied()


@contextmanager
def over_ecs(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with new_ground(monkeypatch, task_definition=rig.definition("v1")) as ground:
        stage = OverEcs(file=file, ground=ground)
        try:
            yield stage
        finally:
            stage.close()
