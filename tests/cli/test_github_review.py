"""A real spec, a real store and `trueup run` beside a host like GitHub: a review opens the gate, once."""

from datetime import UTC, datetime

import pytest

from controller.codes import UNREACHABLE
from tests.cli.landscape import PROD, Landscape, spec
from tests.e2e.cloud import Cloud
from tests.forge import REPOSITORY, TOKEN, forge

OLD, NEW = "v1.2.2", "v1.2.3"
GATE = "gates: [{kind: approval, via: github-review, groups: [release-managers]}]"
PEOPLE = """\
apiVersion: trueup/v1
kind: People
people:
  ada: {emails: [ada@example.com], github: ada-gh, groups: [release-managers]}
  anna: {emails: [anna@example.com], github: anna-gh, groups: [release-managers]}
"""


@pytest.fixture
def land(tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "people.yaml").write_text(PEOPLE)
    monkeypatch.setenv("TRUEUP_PEOPLE", str(tmp_path / "people.yaml"))
    monkeypatch.setenv("TRUEUP_GITHUB_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("TRUEUP_GITHUB_REPOSITORY", REPOSITORY)
    with Cloud(speed=0) as cloud, forge() as host:
        monkeypatch.setenv("TRUEUP_GITHUB_URL", host.url)
        made = Landscape(tmp_path, cloud)
        made.host = host
        made.seed(prod=OLD)
        made.commit(prod=spec("prod", OLD, GATE))
        made.turns()
        assert made.memory().goods
        yield made


def why(land, trueup):
    return trueup("why", "prod", "api", "--store", land.url).out


def test_a_review_of_the_pull_request_opens_the_gate_and_one_of_its_author_does_not(land, trueup):
    commit = land.commit(prod=spec("prod", NEW, GATE))
    land.host.away = True
    land.turns(1)
    assert "blocks  approval: who said yes by github-review cannot be read: GitHub answers" in why(land, trueup)
    land.host.away = False
    land.turns(1)
    assert f"no commit up to {commit[:12]} brought {PROD}, as GitHub lists them" in why(land, trueup)
    land.host.history, land.host.touched = {commit: [commit]}, {commit: [PROD]}
    land.host.holds = {commit: {PROD: "p"}, "f" * 40: {PROD: "p"}}
    land.turns(1)
    assert f"commit {commit[:12]} came by no pull request" in why(land, trueup)
    land.host.pull(12, head="f" * 40, by="ada-gh", commits=(commit,))
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    land.host.review(12, "ada-gh", at=now)
    land.turns(1)
    assert "0 of 1 approval; needs 1 more of release-managers (anna can); reviews of pull request #12" in why(
        land, trueup
    )
    land.host.review(12, "anna-gh", at=now)
    land.turns(1)
    memory = land.memory()
    assert memory.rollout.release.version == NEW and memory.approved == (-12001,)


def test_a_name_of_a_repository_that_is_none_stops_it_at_the_start(land, trueup, monkeypatch):
    monkeypatch.setenv("TRUEUP_GITHUB_REPOSITORY", "specs")
    said = trueup("plan", "prod", *land.flags())
    assert said.code != UNREACHABLE and "'specs' is no repository of GitHub's; write owner/name" in said.err
