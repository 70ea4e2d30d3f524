"""The backup gate: the newest backup that is there is young enough, and nothing else opens it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.gates.backup import Backup
from controller.model.backups import Backup as Found
from controller.model.backups import Backups, BackupsOf
from controller.model.gate import Open, Shut, Unsure
from controller.model.names import Digest, EnvName, TargetName
from controller.model.questions import Candidate, Unanswered
from tests.platform import place

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GATE = Backup(account="111122223333", region="eu-west-1", role=None, database="Unifocus-Prod")
ASKED = BackupsOf(account="111122223333", region="eu-west-1", role=None, database="unifocus-prod")
CANDIDATE = Candidate(
    env=EnvName("prod"), target=TargetName("api"), place=place("api"), version="v1.2.3", digest=Digest("d")
)
OF = "the instance unifocus-prod"


def snapshot(age, name="a"):
    return Found(what=f"the manual snapshot {name}", at=NOW - age)


def backups(*found, **more):
    return Backups(of=OF, found=found, **more)


def judge(answer, gate=GATE):
    assert list(gate.asks(CANDIDATE)) == [ASKED]
    return gate.judge(CANDIDATE, {ASKED: answer}, NOW)


def test_the_newest_counts_and_is_named():
    verdict = judge(backups(snapshot(30 * HOUR), snapshot(2 * HOUR, "b")))
    assert verdict == Open()
    assert verdict.why == f"{OF}: the manual snapshot b of 2026-03-02T10:00:00Z, young enough"
    assert verdict.until == NOW + 22 * HOUR
    assert judge(backups(snapshot(2 * HOUR)), replace(GATE, max_age=3 * HOUR)).until == NOW + HOUR
    assert judge(backups(snapshot(2 * HOUR)), replace(GATE, take=True)).until is None


@pytest.mark.parametrize("age", [timedelta(minutes=-5), timedelta(), 24 * HOUR - timedelta(seconds=1)])
def test_it_opens_until_just_before_it_is_too_old(age):
    assert judge(backups(snapshot(age))) == Open()


def test_one_that_is_too_old_is_named_with_what_would_help():
    old = backups(
        snapshot(24 * HOUR), passed_over=("snapshot b is still being created (40%)",), window="01:37-02:07"
    )
    assert judge(old) == Shut(
        why=f"the newest backup of {OF} is the manual snapshot a of 2026-03-01T12:00:00Z: 24h old, and may be 24h; "
        "snapshot b is still being created (40%); one is made each day at 01:37-02:07 UTC"
    )
    assert judge(backups(snapshot(2 * HOUR)), replace(GATE, max_age=HOUR)) != Open()


NONE = "there is neither an RDS instance nor a cluster Unifocus-Prod in eu-west-1 of account 111122223333"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Backups(), Shut(why=NONE)),
        (backups(), Shut(why=f"there is no backup of {OF}")),
        (backups(passed_over=("b is failed",)), Shut(why=f"there is no backup of {OF}; b is failed")),
        (backups(snapshot(-timedelta(minutes=6))),
         Unsure(why="the manual snapshot a of 2026-03-02T12:06:00Z is from the future: compare the clocks")),
        (Unanswered(why="RDS is away"), Unsure(why="RDS is away")),
        (None, Unsure(why="the backups of Unifocus-Prod were not asked for")),
    ],
)  # fmt: skip
def test_nothing_else_opens_it(answer, verdict):
    assert judge(answer) == verdict
