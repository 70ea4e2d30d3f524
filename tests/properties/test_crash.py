"""A crash, or another controller's turn, at every effect; reads that lag at every depth."""

import pytest

from tests.properties.test_safety import check
from tests.world import Crash, digest, settled

LIVES = {
    "a good release": lambda w: None,
    "a release that rings": lambda w: w.sick.add(digest("2")),
    "a release that never starts": lambda w: w.platform.bad.add(digest("2")),
    "the same without breaker": lambda w: (w.platform.bad.add(digest("2")), setattr(w.platform, "breaker", False)),
    "a change by hand at rest": lambda w: (
        setattr(w, "version", "1"),
        w.platform.by_hand("api", "9"),
        w.platform.settle("api"),
    ),
}


def live(name, planned=(), lag=0, turns=45):
    w = settled("0", "1")
    w.version = "2"
    LIVES[name](w)
    w.effects = 0
    start = len(w.platform.began)
    w.platform.lag = lag
    for k, what in planned:
        w.at_effect[k] = what if what is not Crash else crash
    for _ in range(turns):
        try:
            w.tick()
        except Crash:
            pass
    check(w)
    return (
        w.running,
        w.phase,
        frozenset(w.quarantine),
        len([b for b in w.platform.began[start:] if b[2] == "us"]),
        w,
    )


def crash():
    raise Crash


@pytest.mark.parametrize("name", LIVES)
def test_a_crash_at_any_effect_changes_nothing_in_the_end(name):
    *end, calm_world = live(name)
    for k in range(1, calm_world.effects + 1):
        assert list(live(name, [(k, Crash)])[:4]) == end, (name, k)


@pytest.mark.parametrize("name", ["a good release", "a release that rings"])
def test_two_crashes_at_any_two_effects_change_nothing_in_the_end(name):
    *end, calm_world = live(name)
    for k in range(1, calm_world.effects + 1):
        for j in range(1, 7):
            assert list(live(name, [(k, Crash), (k + j, Crash)])[:4]) == end, (name, k, j)


@pytest.mark.parametrize("name", LIVES)
def test_another_controllers_turn_at_any_effect_changes_nothing_in_the_end(name):
    *end, calm_world = live(name)
    for k in range(1, calm_world.effects + 1):
        w = settled("0", "1")
        w.version = "2"
        LIVES[name](w)
        w.effects = 0
        w.at_effect[k] = w.turn
        w.ticks(45)
        check(w)
        got = [w.running, w.phase, frozenset(w.quarantine), len([b for b in w.platform.began if b[2] == "us"])]
        assert got == end, (name, k)


@pytest.mark.parametrize("lag", range(1, 10))
@pytest.mark.parametrize("name", LIVES)
def test_reads_that_lag_change_nothing_in_the_end(name, lag):
    assert live(name, lag=lag, turns=90)[:4] == live(name)[:4]
