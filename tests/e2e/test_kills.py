"""SIGKILL at random moments over good, bad and superseded releases: the end is as if nothing had been."""

import random
import time

import pytest

from tests.e2e.stage import SEEDED, Stage

pytestmark = pytest.mark.e2e

KINDS = ("good", "bad", "superseded")
TERMS = {"bake": "20s"}


@pytest.mark.parametrize(("kills", "seed"), [(5, 1)])
def test_killed_five_times_at_random_it_comes_to_the_same_end_each_time(stage: Stage, kills, seed, count):
    survive(stage, kills, seed)
    count("kills survived", kills)


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kills", "seed"), [(17, 2), (17, 3), (16, 4)])
def test_killed_again_and_again_at_random_it_comes_to_the_same_end_each_time(stage: Stage, kills, seed, count):
    survive(stage, kills, seed)
    count("kills survived", kills)


def survive(stage: Stage, kills: int, seed: int) -> None:
    """One release a kill, of each kind in turn, killed after some real seconds and started again."""
    chance = random.Random(seed)  # noqa: S311 - chosen again the same way
    stage.begin(**TERMS)
    good, barred = SEEDED, set()
    for number in range(kills):
        kind, moment = KINDS[number % len(KINDS)], chance.uniform(0.02, 3.0)
        version = f"v1.{number + 3}.0"
        story = f"kill {number} of seed {seed}: {kind} {version}, after {moment:.3f} s"
        if kind == "superseded":
            stage.release(f"{version}-rc.1", **TERMS)
            time.sleep(chance.uniform(0.02, 1.0))
        stage.release(version, **TERMS, **({"tag": "${version}-crash"} if kind == "bad" else {}))
        time.sleep(moment)
        stage.kill()
        time.sleep(chance.uniform(0, 0.5))
        stage.start()
        if kind == "bad":
            stage.until(f"{story}: it is barred", lambda version=version: version in stage.quarantined())
            barred.add(version)
        else:
            good = version
        stage.until_rests(good)
        stage.until(f"{story}: what was begun has ended", lambda: stage.phase().value in {"idle", "stalled"})
        ended_well(stage, story, good, barred)


def ended_well(stage: Stage, story: str, good: str, barred: set[str]) -> None:
    """What should runs, no call was made twice, and nothing is barred that did not fail."""
    assert stage.eye.running() == good, story
    assert stage.quarantined() == barred, f"{story}\n{stage.story()}"
    told = stage.told()
    twice = {version for version in told if told.count(version) > 1}
    assert twice == set(), f"{story}: {twice} in {told}\n{stage.story()}"
