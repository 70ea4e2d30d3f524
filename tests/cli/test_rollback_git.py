"""`rollback --commit` and `--pull-request`: it goes back at once, and the version in git follows if it can."""

import pytest

from controller.codes import BLOCKED, DONE, UNREACHABLE, WRONG
from controller.model.names import EnvName
from tests.cli.landscape import OTHER, PROD, Landscape, known_author, spec
from tests.e2e.cloud import Cloud
from tests.forge import REPOSITORY, TOKEN, forge

OLD, BAD = "v1.2.2", "v1.2.3"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Prod after a release: both versions are good."""
    with pytest.MonkeyPatch.context() as patch, Cloud(speed=0) as cloud:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "x")
        made = Landscape(tmp_path_factory.mktemp("base"), cloud)
        made.seed(prod=OLD)
        made.commit(prod=spec("prod", OLD))
        made.turns()
        made.commit(prod=spec("prod", BAD))
        for _ in range(8):
            made.turns(1)
            cloud.tick(60)
            if made.memory().goods[0].release.version == BAD:
                break
        assert [kept.release.version for kept in made.memory().goods] == [BAD, OLD]
        yield made


@pytest.fixture
def land(base, tmp_path, monkeypatch):
    known_author(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return base.copied(tmp_path)


@pytest.fixture
def back(land, trueup, capsys):
    def call(*args):
        capsys.readouterr()
        return trueup("rollback", "prod", "api", "--reason", "it is slow", *land.flags(cache=False), *args)

    return call


def pinned(land):
    mine = land.orders().targets.get("api")
    return mine.pin.release.version if mine and mine.pin else ""


def test_the_version_in_git_follows(land, back):
    before = land.text()
    said = back("--commit")
    assert said.code == DONE, said.err
    assert land.text() == before.replace(f"version: {BAD}", f"version: {OLD}")
    assert pinned(land) == OLD
    assert "prod/api goes back to v1.2.2; follow it" in said.out
    assert f"prod/api: {BAD} becomes {OLD} in {PROD}:" in said.out
    assert land.log("%s|%an") == f"Go back to {OLD} with api in prod|Ada"
    assert "Why: it is slow" in land.log("%b") and f"Trueup-Replaces: {BAD}" in land.log("%(trailers)")


def test_git_says_nothing_without_being_asked(land, back):
    tip = land.repository.tip()
    assert back().code == DONE
    assert land.repository.tip() == tip and pinned(land) == OLD


def test_it_goes_back_although_git_is_away(land, back):
    land.repository.folder.rename(land.folder / "elsewhere.git")
    said = back("--commit")
    assert said.code == UNREACHABLE and pinned(land) == OLD
    assert "trueup: prod/api goes back, but git was not changed: asking for main failed" in said.err


def test_a_version_that_means_another_image_by_now_is_not_written(land, back):
    land.commit(prod=spec("prod", BAD, image=OTHER))
    tip = land.repository.tip()
    said = back("--commit")
    assert said.code == BLOCKED and pinned(land) == OLD and land.repository.tip() == tip
    assert "v1.2.2 of api in the spec would not be what was good here any more" in said.err


def test_git_that_has_it_already_is_left_alone(land, back):
    land.commit(prod=spec("prod", OLD))
    tip = land.repository.tip()
    said = back("--commit")
    assert said.code == DONE and land.repository.tip() == tip
    assert f"prod/api has {OLD} already ({PROD}:" in said.out


def test_it_may_be_proposed_instead(land, back, tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    with forge() as github:
        flags = ("--github-url", github.url, "--github-repository", REPOSITORY)
        said = back("--pull-request", *flags, "--github-token-file", str(tmp_path / "token"))
        assert said.code == DONE, said.err
        (pull,) = github.pulls.values()
    assert pull["head"]["ref"] == "trueup/rollback/prod/api"
    assert f"version: {OLD}" in land.text(branch="trueup/rollback/prod/api") and f"version: {BAD}" in land.text()


def test_both_ways_at_once_are_refused_before_anything_is_done(land, back):
    said = back("--commit", "--pull-request")
    assert said.code == WRONG and pinned(land) == ""
    assert "--commit and --pull-request exclude each other" in said.err


def test_where_it_is_not_known_where_the_specs_are_it_goes_back_all_the_same(land, trueup):
    said = trueup("rollback", "prod", "api", "--reason", "x", "--store", land.url, "--commit")
    assert said.code == WRONG and pinned(land) == OLD
    assert "prod/api goes back, but git was not changed: --repo (or TRUEUP_REPO) is missing" in said.err
    assert land.orders(EnvName("prod")).targets["api"].rollback.reason == "x"
