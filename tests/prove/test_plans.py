"""Whatever goes wrong once or twice in a fixed workload, at whatever effect, it comes to the same end."""

import random
from contextlib import closing, contextmanager

import pytest

from tests.prove import stages
from tests.prove.plans import (
    WORKLOADS,
    Life,
    Wrong,
    check_life,
    lived,
    lived_on,
    pairs,
    resting,
    singles,
    told_apart,
)
from tests.prove.stages import over_ecs

SLICES = 4
SEED = 20_260_101


@contextmanager
def in_memory():
    with closing(stages.in_memory(resting)) as stage:
        yield stage


@contextmanager
def named(name: str, wrong, calm: Life):
    """Say which plan of which workload it was that failed."""
    try:
        yield
    except AssertionError as error:
        where = [f"{one} ({calm.effects[one.at]})" for one in wrong]
        raise AssertionError(f"{name}: {', '.join(where)}: {error}") from error


def tried(name: str, opened, plans, calm: Life) -> int:
    """Play a workload with each plan."""
    for wrong in plans:
        with named(name, wrong, calm), opened() as stage:
            check_life(lived(stage, WORKLOADS[name], wrong), calm, wrong)
    return len(plans)


def tried_on(name: str, first: Wrong, seconds: list[Wrong], calm: Life) -> int:
    """Play a workload in memory with what goes wrong first, and with each of what goes wrong later."""
    with in_memory() as stage:
        lives = lived_on(stage, WORKLOADS[name], first, seconds)
        for second in seconds:
            with named(name, (first, second), calm):
                check_life(next(lives), calm, (first, second))
    return len(seconds)


def faultless(name: str, opened) -> Life:
    with opened() as stage:
        return lived(stage, WORKLOADS[name])


def each(plans: list[Wrong]) -> list[tuple[Wrong]]:
    return [(one,) for one in plans]


@pytest.fixture
def ecs(tmp_path, monkeypatch):
    """Stages over ECS, each with a store of its own."""
    files = (tmp_path / f"{number}.db" for number in range(1_000_000))
    return lambda: over_ecs(next(files), monkeypatch)


@pytest.mark.parametrize("name", WORKLOADS)
def test_one_of_some_things_that_go_wrong_changes_nothing_in_the_end(name, count):
    calm = faultless(name, in_memory)
    count("plans: in memory, one thing wrong", tried(name, in_memory, each(singles(calm.effects))[::6], calm))


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_life_that_is_played_on_is_as_one_that_is_played_whole(name):
    calm = faultless(name, in_memory)
    chance, later = random.Random(SEED), pairs(calm.effects)  # noqa: S311 - chosen again the same way
    for first in chance.sample(list(later), 4):
        seconds = chance.sample(later[first], min(3, len(later[first])))
        with in_memory() as stage:
            on = list(lived_on(stage, WORKLOADS[name], first, seconds))
        for second, life in zip(seconds, on, strict=True):
            with in_memory() as stage:
                assert life == lived(stage, WORKLOADS[name], (first, second)), (first, second)


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_crash_around_the_call_changes_nothing_in_the_end_over_ecs(name, ecs, count):
    calm = faultless(name, ecs)
    at = calm.effects.index("act")
    plans = each([Wrong(at, what) for what in ("crash before", "crash after", "lost answer")])
    count("plans: over ECS, one thing wrong", tried(name, ecs, plans, calm))


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("part", range(2))
def test_any_one_thing_that_goes_wrong_changes_nothing_in_the_end_over_ecs(name, part, ecs, count):
    calm = faultless(name, ecs)
    count("plans: over ECS, one thing wrong", tried(name, ecs, each(singles(calm.effects))[part::2], calm))


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(SLICES))
def test_some_pairs_of_things_that_go_wrong_change_nothing_in_the_end_over_ecs(part, ecs, count):
    chance = random.Random(SEED + part)  # noqa: S311 - chosen again the same way
    for _ in range(500 // SLICES // 5):
        name = chance.choice(list(WORKLOADS))
        calm = faultless(name, ecs)
        every = [(first, second) for first, later in pairs(calm.effects).items() for second in later]
        plans = chance.sample(every, 5)
        count("plans: over ECS, two things wrong", tried(name, ecs, plans, calm))


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(SLICES))
@pytest.mark.parametrize("name", WORKLOADS)
def test_any_two_things_that_go_wrong_change_nothing_in_the_end(name, part, count):
    calm = faultless(name, in_memory)
    if not part:
        count("plans: in memory, one thing wrong", tried(name, in_memory, each(told_apart(calm.effects)), calm))
    for first, later in list(pairs(calm.effects).items())[part::SLICES]:
        count("plans: in memory, two things wrong", tried_on(name, first, later, calm))
