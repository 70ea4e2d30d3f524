"""How many lives were lived, and which rows of the state table they took."""

from pathlib import Path

import pytest

from tests.properties.script import PLAYED
from tests.rows import ALL, TAKEN

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every property, so that the whole proof runs them too."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("properties")


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest, count):
    before, known = PLAYED[0], set(TAKEN)
    TAKEN.clear()
    yield
    if PLAYED[0] > before:
        count("properties: lives", PLAYED[0] - before)
    rows = " ".join(sorted(f"{phase.value}+{name}" for phase, name in TAKEN & ALL))
    request.node.user_properties.append(("rows of the state table taken by lives", rows))
    TAKEN.update(known)
