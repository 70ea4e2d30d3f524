"""The ECS kind keeps the contract of one-off tasks, in front of the embedded ECS."""

from collections.abc import Iterator
from contextlib import contextmanager

from controller.model.hooks import Hook, When
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.release import Release
from controller.targets.ecs.hooked import write_hook
from tests.contracts.hooks_contract import API, HooksContract, HookStage
from tests.targets.ecs.rig import Ground, logged, new_ground


class EcsHookStage(HookStage):
    """The sandbox, moved by hand."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.target = ground.target

    def place(self, service: str = API) -> Place:
        return self.ground.place(service)

    def release(self, version: str) -> Release:
        return logged(version)

    def hook(self, code: int | None = 0, name: str = "migrate") -> Hook:
        told = "echo applying 3 migrations; " + ("sleep infinity" if code is None else f"exit {code}")
        shape = {"container": "api", "command": ["sh", "-c", told], "environment": {"TO": name}}
        return Hook(name=name, when=When.BEFORE, shape=Packed.of(write_hook(shape)))

    def now(self):
        return self.ground.now()

    def pass_time(self) -> None:
        self.ground.tick(5)

    def starts(self) -> int:
        return len(
            {
                task.arn
                for region in self.ground.sandbox.world.regions.values()
                for task in region.tasks.values()
                if not task.group.startswith("service:")
            }
        )

    def lose_start(self) -> None:
        self.ground.faults(lost={"RunTask": 1})

    def lose_start_call(self) -> None:
        self.ground.faults(errors=[{"operation": "RunTask", "code": "ServerException", "status": 500}])

    def throttle_start(self) -> None:
        self.ground.faults(errors=[{"operation": "RunTask", "code": "ThrottlingException"}])

    def starve(self) -> None:
        self.ground.faults(noCapacity=True)

    def blind_to_tasks(self) -> None:
        denied = {"code": "AccessDeniedException", "times": 99}
        self.ground.faults(errors=[{"operation": name, **denied} for name in ("ListTasks", "DescribeTasks")])


class TestEcsHooks(HooksContract):
    @contextmanager
    def opened(self, monkeypatch) -> Iterator[HookStage]:
        with new_ground(monkeypatch) as ground:
            yield EcsHookStage(ground)
