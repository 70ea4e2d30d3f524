"""The platform in memory that the stories are told on keeps the same contract as the real kind."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from controller.model.manifest import Manifest
from controller.model.names import Revision
from controller.model.place import Place
from controller.model.release import Release, Settings
from tests import platform
from tests.contracts.target_contract import API, BAD, OLD, Stage, TargetContract


class FakeStage(Stage):
    """FakePlatform with `api` at rest."""

    def __init__(self) -> None:
        self.target = self.platform = platform.FakePlatform(bad={platform.digest(BAD)})
        self.platform.deploy(API, Manifest.of(dict(self.release(OLD).manifest.fields)))
        self.platform.settle(API)

    def place(self, service: str = API) -> Place:
        return platform.place(service)

    def release(self, version: str) -> Release:
        return platform.release(version)

    def settings(self) -> Settings:
        return Settings(manifest=Manifest.of({"service.grace": 77}, owns=("service.grace",)))

    def now(self):
        return datetime(2030, 1, 1, tzinfo=UTC)

    def pass_time(self) -> None:
        self.platform.advance()

    def by_hand(self, version: str) -> None:
        self.platform.by_hand(API, version)

    def starve(self) -> None:
        self.platform.trouble = "no capacity"

    def lose_answer(self) -> None:
        self.platform.lose_answer = 1

    def lose_call(self) -> None:
        self.platform.lose_call = 1

    def throttle(self) -> None:
        self.platform.throttled = 1

    def refuse(self, version: str) -> None:
        self.platform.no_image.add(platform.digest(version))

    def blind(self) -> None:
        self.platform.blind = True

    def delete(self) -> None:
        self.platform.delete(API)

    def remake(self) -> None:
        self.platform.deploy(API, Manifest.of({"taskDefinition.image": "api:again"}))
        self.platform.service(API).identity = "second"

    def deregister(self, revision: Revision) -> None:
        self.platform.inactive.add(revision)

    def deployments(self) -> int:
        return len(self.platform.service(API).made)


class TestFakePlatform(TargetContract):
    @contextmanager
    def opened(self, monkeypatch) -> Iterator[Stage]:
        del monkeypatch
        yield FakeStage()
