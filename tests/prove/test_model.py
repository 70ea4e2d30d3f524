"""Every order of events in a small closed world: nothing bad happens in it, and from everywhere it comes to rest.

One target, a good release that runs and a newer one that was just committed, which may fail to start or ring; a
platform with or without a breaker of its own; a person; two controllers, of which one may die, stall in the middle
of a turn, or lose its lease to the other. Every effect of a turn is a step of its own, so that all else may happen
between any two.
"""

import pytest

from tests.prove.closed import Left
from tests.prove.explore import Explored, begun, explore

# What may happen on one path, and how many states of it are visited; None: all that there are.
WORLDS = {
    "faults": (Left(people=0, faults=1, stalls=1), None),
    "a person": (Left(people=1, faults=0, stalls=0), None),
    "everything": (Left(people=1, faults=1, stalls=1), 15_000),
}


def tell(count, found: Explored) -> None:
    count("model: states", found.states)
    count("model: steps", found.steps)
    count("model: states from which a fair continuation came to rest", found.states)
    count("model: turns of those continuations", found.rests.turns)


@pytest.mark.parametrize("breaker", [True, False], ids=["breaker", "no breaker"])
def test_of_the_nearest_states_all_are_safe_and_come_to_rest(breaker, count):
    found = explore(begun(breaker=breaker, left=Left(people=1, faults=1, stalls=1)), 2_000)
    assert found.states == 2_000 < found.steps
    tell(count, found)


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("breaker", [True, False], ids=["breaker", "no breaker"])
@pytest.mark.parametrize("world", WORLDS)
def test_every_state_is_safe_and_comes_to_rest(world, breaker, count):
    left, limit = WORLDS[world]
    found = explore(begun(breaker=breaker, left=left), limit or 1_000_000)
    assert found.whole or found.states == limit
    assert {"idle", "rolling", "baking"} <= set(found.phases)
    tell(count, found)
