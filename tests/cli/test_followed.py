"""What is followed, and where it comes from, stands in plan, status and why."""

from dataclasses import replace
from datetime import UTC, datetime

from controller.cli.followed import as_followed, follows
from controller.cli.status import render
from controller.cli.why import explain
from controller.model.desired import DesiredTarget
from controller.model.names import Commit
from controller.model.orders import Orders
from controller.model.track import Followed
from tests.contracts.made import a_status
from tests.platform import place, release

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SOURCE = "tags v*-stage of https://git.lan/shop"
COMMIT = Commit("a" * 40)
WANT = DesiredTarget(place=place(), release=release("v1.2.3-stage"))


def test_plan_says_which_version_is_followed_where_it_comes_from_and_what_it_was_built_from():
    want = replace(WANT, followed=Followed(version="v1.2.3-stage", source=SOURCE, since=NOW, commit=COMMIT))
    assert follows(want) == [f"  follows {SOURCE}: v1.2.3-stage (built from aaaaaaaaaaaa)"]
    told = {"source": SOURCE, "version": "v1.2.3-stage", "built": COMMIT, "refused": ""}
    assert as_followed(want) == {"follows": told}
    for nothing in (None, WANT):
        assert (follows(nothing), as_followed(nothing)) == ([], {})


def test_status_and_why_say_it_too():
    status = replace(a_status(), follows=SOURCE, built=COMMIT)
    assert f"follows {SOURCE}" in render([status], "table", NOW, None)
    assert f"  follows {SOURCE}  (built from aaaaaaaaaaaa)" in explain(status, Orders(), NOW, None).splitlines()
    assert '"built": "aaaa' in render([status], "json", NOW, None)
    assert "follows" not in explain(a_status(), Orders(), NOW, None)
