"""The platform in memory that the stories are told on keeps the contract of one-off tasks too."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from controller.model.hooks import Hook, When
from controller.model.manifest import Manifest
from controller.model.packed import Packed
from controller.model.place import Place
from controller.model.release import Release
from tests import platform
from tests.contracts.hooks_contract import API, IMAGELESS, HooksContract, HookStage

_FOR_EVER: Final = 10_000


class FakeHookStage(HookStage):
    """FakePlatform with `api` at rest."""

    def __init__(self) -> None:
        self.target = self.platform = platform.FakePlatform(no_image={platform.digest(IMAGELESS)})
        self.platform.deploy(API, Manifest.of(dict(self.release("v1.2.2").manifest.fields)))
        self.platform.settle(API)

    def place(self, service: str = API) -> Place:
        return platform.place(service)

    def release(self, version: str) -> Release:
        return platform.release(version)

    def hook(self, code: int | None = 0, name: str = "migrate") -> Hook:
        self.platform.exits_with[name] = code
        self.platform.takes[name] = _FOR_EVER if code is None else 2
        return Hook(name=name, when=When.BEFORE, shape=Packed.of(f'"{name}"'))

    def now(self):
        return datetime(2030, 1, 1, tzinfo=UTC)

    def pass_time(self) -> None:
        self.platform.advance()

    def starts(self) -> int:
        return len(self.platform.tasks)

    def lose_start(self) -> None:
        self.platform.lose_answer = 1

    def lose_start_call(self) -> None:
        self.platform.lose_call = 1

    def throttle_start(self) -> None:
        self.platform.throttled = 1

    def starve(self) -> None:
        self.platform.trouble = "no capacity"

    def blind_to_tasks(self) -> None:
        self.platform.task_blind = True


class TestFakeHooks(HooksContract):
    @contextmanager
    def opened(self, monkeypatch) -> Iterator[HookStage]:
        del monkeypatch
        yield FakeHookStage()
