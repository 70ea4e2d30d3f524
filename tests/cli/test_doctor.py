"""What doctor concludes: from two clocks, and from several findings one exit code."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from controller.app.doctor_applications import repositories
from controller.app.doctor_aws import skew
from controller.app.finding import Result, ng, ok, skip
from controller.cli.doctor import code_of, told
from controller.clock import Clock
from controller.codes import DONE, NEGATIVE, UNREACHABLE
from controller.model.application import Application
from controller.model.desired import Desired, DesiredTarget
from controller.model.names import Commit, EnvName, TargetName
from controller.model.track import Track
from controller.options import read
from tests.platform import place, release
from tests.sources.repository import Repository

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass
class Watch:
    """A clock that stands still."""

    speed: float = 1.0

    def now(self):
        return NOON


@pytest.mark.parametrize(
    ("at", "speed", "result"),
    [
        (NOON - timedelta(seconds=29), 1.0, Result.OK),
        (NOON - timedelta(seconds=31), 1.0, Result.NG),
        (NOON + timedelta(seconds=31), 1.0, Result.NG),
        (None, 1.0, Result.SKIP),
        (NOON - timedelta(days=1), 60.0, Result.SKIP),
    ],
)
def test_our_clock_is_held_against_that_of_aws(at, speed, result):
    found = skew("prod", at, Watch(speed))
    assert found.result is result
    assert bool(found.todo) == (result is Result.NG)


FINE, ODD = ok("git", "", "2.39"), skip("store", "", "none yet")
WRONG, AWAY = ng("specs", "prod", "bad", "mend it"), ng("role", "prod", "no", "allow it", unreachable=True)


@pytest.mark.parametrize(
    ("found", "code"),
    [((), DONE), ((FINE, ODD), DONE), ((FINE, WRONG), NEGATIVE), ((WRONG, AWAY, FINE), UNREACHABLE)],
)
def test_the_exit_code_tells_first_of_what_could_not_be_reached(found, code):
    assert code_of(found) == code


def test_what_is_not_well_is_told_with_what_to_do():
    lines = told((FINE, WRONG)).splitlines()
    assert [line.split()[0] for line in lines] == ["RESULT", "OK", "NG"]
    assert lines[2].endswith("bad; mend it")


def test_each_repository_of_an_application_is_tried_once(tmp_path):
    shop = Repository(tmp_path / "shop.git")
    shop.git("tag", "v1.0.0", shop.commit({"a": "1"}))
    elsewhere = "https://git.example.com/acme/shop"
    mine, theirs = Application(repository=shop.url), Application(repository=elsewhere)
    plain = DesiredTarget(place=place(), release=release("v1"), application=mine)
    tracked = DesiredTarget(place=place(), release=release("v1"), track=Track(tags="v*", application=theirs))
    targets = {TargetName("api"): plain, TargetName("web"): plain, TargetName("job"): tracked}
    wanted = [Desired(env=EnvName(env), commit=Commit("c"), targets=targets) for env in ("prod", "stage")]
    options = read({"applications": f"file://{tmp_path}", "cache": str(tmp_path / "cache")})
    fine, wrong = repositories(wanted, options, Clock())
    assert (fine.about, fine.result, fine.found) == (shop.url, Result.OK, "1 tags")
    assert (wrong.about, wrong.result) == (elsewhere, Result.NG)
    assert "TRUEUP_APPLICATIONS allows" in wrong.found and "list it in TRUEUP_APPLICATIONS" in wrong.todo
    assert list(repositories([], options, Clock())) == []
