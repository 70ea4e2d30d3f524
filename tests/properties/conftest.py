"""How many lives were lived, and which rows of the state table they took."""

import pytest

from tests.properties.script import PLAYED
from tests.rows import TAKEN


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest, count):
    before, known = PLAYED[0], set(TAKEN)
    TAKEN.clear()
    yield
    if PLAYED[0] > before:
        count("properties: lives", PLAYED[0] - before)
    rows = " ".join(sorted(f"{phase.value}+{name}" for phase, name in TAKEN))
    request.node.user_properties.append(("rows of the state table taken by lives", rows))
    TAKEN.update(known)
