"""One sandbox for all tests of a process, as new for each of them."""

from collections.abc import Iterator

import pytest

from controller.sandbox.server import Sandbox
from tests.sandbox.rig import Rig
from tests.targets.ecs.rig import Ground, a_seed


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(speed=0) as sandbox:
        sandbox.seed([a_seed()])
        yield sandbox


@pytest.fixture
def ground(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    sandbox.reset(world=True)
    ground = Ground(sandbox=sandbox, aws=Rig(sandbox))
    yield ground
    ground.close()
