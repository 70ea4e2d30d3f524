"""plan and `run --once`: what is said, and with which exit code, when there is nothing to read."""

import subprocess
import sys

import pytest

from controller.app.memory import open_store
from controller.codes import UNREACHABLE, WRONG
from tests.sources.repository import Repository
from tests.world import FakeWorld


@pytest.fixture
def plan(trueup, tmp_path):
    """`trueup plan` with a cache and a store of its own."""

    def call(repo, *args):
        url = f"sqlite:///{tmp_path}/trueup.db"
        return trueup("plan", *args, "--repo", str(repo), "--cache", str(tmp_path / "cache"), "--store", url)

    return call


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "specs.git")
    made.commit({"specs/prod.yaml": "", "specs/stage.yaml": ""})
    return made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "releases" / "specs").mkdir(parents=True)
    (tmp_path / "releases" / "specs" / "prod.yaml").write_text("")
    return tmp_path / "releases"


@pytest.mark.parametrize("env", [(), ("prod",)])
def test_a_source_that_cannot_be_reached_is_5_with_an_environment_and_without(plan, tmp_path, env):
    said = plan(f"file://{tmp_path}/nowhere.git", *env)
    assert said.code == UNREACHABLE and "asking for main failed" in said.err


def test_while_the_source_is_away_an_environment_that_only_it_may_know_is_not_called_unknown(plan, tmp_path):
    world = FakeWorld(store=open_store(f"sqlite:///{tmp_path}/trueup.db"))
    world.ticks(2)
    world.store.close()
    said = plan(f"file://{tmp_path}/nowhere.git", "stage")
    assert said.code == UNREACHABLE
    assert "whether there is an environment 'stage' is not known: asking for main failed" in said.err


def test_an_environment_that_the_source_does_not_have_is_2_with_those_that_it_has(plan, repository):
    said = plan(repository.url, "prd")
    assert said.code == WRONG and said.err == "trueup: no environment 'prd'; there are: prod, stage\n"


@pytest.mark.parametrize("env", [(), ("prod",)])
def test_a_folder_that_is_missing_is_named(plan, repository, folder, env):
    said = plan(repository.url, *env, "--path", "nope")
    assert (said.code, said.err) == (UNREACHABLE, "trueup: the repository has no folder nope\n")
    said = plan(folder, *env, "--path", "nope")
    there = f"there is no folder {folder}/nope, and {folder} itself holds no environment"
    assert (said.code, said.err) == (UNREACHABLE, f"trueup: {there}\n")


def test_a_folder_without_an_environment_is_named(plan, repository):
    repository.commit({"docs/notes.txt": "nothing to run"})
    said = plan(repository.url, "--path", "docs")
    assert said.code == UNREACHABLE
    assert "the folder docs holds no environment: neither <name>.yaml nor <name>/environment.yaml" in said.err


def test_one_turn_names_the_folder_that_is_missing(folder, tmp_path):
    words = ["run", "--once", "--repo", str(folder), "--path", "nope", "--store", f"sqlite:///{tmp_path}/trueup.db"]
    done = subprocess.run([sys.executable, "-m", "controller", *words], capture_output=True, text=True, check=False)
    assert done.returncode == UNREACHABLE
    assert "no environment could be read" in done.stderr and f"there is no folder {folder}/nope" in done.stderr
