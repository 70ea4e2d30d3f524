"""A clone on this machine, of any shape: read by object id, never changed, and never a way to run something."""

import subprocess

import pytest

from controller.errors import PlatformError, SpecError
from controller.sources.clone import Clone, git_folder
from tests.sources.repository import ENVIRONMENT

WHO = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


def git(*words, at):
    done = subprocess.run(["git", *words], cwd=at, env=ENVIRONMENT, check=True, capture_output=True)
    return done.stdout.decode().strip()


def everything(folder):
    return {str(file): file.stat().st_mtime_ns for file in folder.rglob("*")}


@pytest.fixture
def clone(repository, tmp_path):
    """A clone with a working tree, one commit in it."""
    repository.commit({"specs/prod.yaml": "a: 1\n", "other/x": "no"})
    git("clone", "--quiet", repository.url, str(tmp_path / "clone"), at=tmp_path)
    return tmp_path / "clone"


def test_a_revision_is_a_branch_a_tag_a_commit_or_a_step_from_one(clone, repository):
    first = repository.tip()
    git("tag", "v1", at=clone)
    git(*WHO, "commit", "--quiet", "--allow-empty", "-m", "More", at=clone)
    read = Clone(clone, "specs")
    assert {read.commit(name) for name in ("v1", "origin/main", "HEAD~1", "HEAD^", first, first[:10])} == {first}
    assert read.commit("HEAD") == read.commit("main") != first
    assert read.fork(read.commit("HEAD"), read.commit("v1")) == first


def test_specs_are_read_as_committed_and_nothing_is_changed(clone):
    (clone / "specs" / "prod.yaml").write_text("a: 2\n")
    before = everything(clone)
    read = Clone(clone, "specs")
    snapshot = read.snapshot(read.commit("HEAD"))
    assert dict(snapshot.files) == {"prod.yaml": b"a: 1\n"} and snapshot.shown("prod.yaml") == "specs/prod.yaml"
    assert everything(clone) == before


def test_a_worktree_and_a_bare_repository_are_clones_too(clone, repository, tmp_path):
    git("worktree", "add", "--quiet", str(tmp_path / "tree"), at=clone)
    for folder in (tmp_path / "tree", repository.folder):
        read = Clone(folder, "specs")
        assert read.snapshot(read.commit("HEAD")).files.keys() == {"prod.yaml"}
    (tmp_path / "tree" / ".git").write_text("gitdir: ../nowhere\n")
    assert git_folder(tmp_path / "tree") is None


def test_a_folder_of_specs_that_is_not_there_is_nothing_and_not_an_error(clone):
    read = Clone(clone, "nope")
    assert read.snapshot(read.commit("HEAD")) is None


def test_histories_that_have_nothing_in_common_are_named(clone, repository):
    repository.commit({"specs/a.yaml": "1"}, branch="other", onto=None)
    git("fetch", "--quiet", "origin", at=clone)
    read = Clone(clone, "specs")
    with pytest.raises(SpecError, match=r"have no common history here$"):
        read.fork(read.commit("origin/main"), read.commit("origin/other"))


def test_a_partial_clone_fetches_nothing_and_says_what_to_do(repository, tmp_path):
    repository.commit({"specs/prod.yaml": "a: 1\n"})
    repository.git("config", "uploadpack.allowFilter", "true")
    words = ("clone", "--quiet", "--no-checkout", "--filter=blob:none", repository.url, str(tmp_path / "part"))
    git(*words, at=tmp_path)
    before = everything(tmp_path / "part")
    read = Clone(tmp_path / "part", "specs")
    with pytest.raises(PlatformError, match="is it a partial clone\\? fetch without --filter"):
        read.snapshot(read.commit("origin/main"))
    assert everything(tmp_path / "part") == before


def test_what_the_clone_is_configured_to_run_is_not_run(clone, tmp_path):
    ran = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {ran}\n")
    script.chmod(0o755)
    keys = "core.fsmonitor core.pager core.sshCommand core.alternateRefsCommand filter.x.smudge merge.x.driver"
    for key in (*keys.split(), "diff.external", "alias.ls-tree", "alias.rev-parse"):
        git("config", key, str(script), at=clone)
    (clone / ".git" / "info" / "attributes").write_text("* filter=x merge=x\n")
    hooks = clone / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-checkout", "pre-auto-gc"):
        (hooks / name).write_text(script.read_text())
        (hooks / name).chmod(0o755)
    read = Clone(clone, "specs")
    assert read.snapshot(read.commit("origin/main")).files["prod.yaml"] == b"a: 1\n"
    read.fork(read.commit("HEAD"), read.commit("origin/main"))
    assert not ran.exists()


def test_a_clone_that_is_damaged_is_not_taken_for_an_empty_one(clone):
    read = Clone(clone, "specs")
    commit = read.commit("HEAD")
    for file in (clone / ".git" / "objects").rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises((PlatformError, SpecError)):
        read.snapshot(commit)
