"""What every end-to-end test stands on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.cloud import Cloud
from tests.e2e.stage import Stage
from tests.e2e.telling import Telling

SPEED = 30.0  # simulated seconds a real one: an intent lives for one real second


@pytest.fixture
def open_stage(request: pytest.FixtureRequest, tmp_path) -> Iterator[Callable[..., Stage]]:
    """Open the stage at a speed of the test's own; one a test. What must be true of every run is checked last."""
    with ExitStack() as stack:

        def opened(speed: float = SPEED) -> Stage:
            cloud = stack.enter_context(Cloud(speed=speed))
            stage = Stage(tmp_path, cloud)
            stack.callback(stage.close)
            stages.append(stage)
            return stage

        stages: list[Stage] = []
        yield opened
        for stage in stages:
            stage.check()


@pytest.fixture
def stage(open_stage: Callable[..., Stage]) -> Stage:
    return open_stage()


@pytest.fixture
def tell(tmp_path: Path) -> Iterator[Callable[..., Telling]]:
    told: list[Telling] = []

    def begin(*words: str, **variables: str) -> Telling:
        told.append(Telling(tmp_path, *words, **variables))
        return told[-1]

    yield begin
    for one in told:
        one.clear()
