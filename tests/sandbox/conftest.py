"""A sandbox that stands still until it is ticked, with one seeded service."""

from collections.abc import Iterator

import pytest

from controller.sandbox.server import Sandbox
from tests.sandbox.rig import Rig, a_seed


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Sandbox(speed=0) as sandbox:
        sandbox.seed([a_seed()])
        rig = Rig(sandbox)
        yield rig
        rig.close()
