"""A sandbox for each test, and the adapter in front of it."""

from collections.abc import Iterator

import pytest

from tests.targets.ecs.rig import Ground, new_ground


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with new_ground(monkeypatch) as ground:
        yield ground
