"""A git process is bounded in time and output, fed and read without a deadlock, and killed with its children."""

import os
import threading
import time

import pytest

from controller.sources.address import Scheme
from controller.sources.command import Ended, Git, environment
from controller.sources.limits import Limits
from tests.sources.server import command_lines


@pytest.fixture
def git(tmp_path):
    return Git(cache=tmp_path, scheme=Scheme.FILE, limits=Limits(wait=20, error_bytes=1000))


def test_more_input_and_output_than_a_pipe_holds_passes_through(tmp_path, git, repository):
    blob = repository.write("blob", os.urandom(1000))
    done = git.run("cat-file", "--batch", at=repository.folder, feed=f"{blob}\n".encode() * 5000, most=10_000_000)
    assert done.well
    assert len(done.out) == 5000 * (1000 + len(f"{blob} blob 1000\n\n"))


def test_output_over_the_cap_ends_the_process(git, repository):
    blob = repository.write("blob", os.urandom(1_000_000))
    done = git.run("cat-file", "blob", blob, at=repository.folder, most=1000)
    assert done.ended is Ended.BIG
    assert not done.well
    assert done.code < 0


def test_error_output_is_capped_without_stopping_the_process(git):
    done = git.run("-c", "alias.shout=!yes error | head -c 100000 >&2", "shout")
    assert done.ended is Ended.ITSELF
    assert len(done.err) == 1000


def test_input_that_nobody_reads_does_not_hang(git):
    done = git.run("version", feed=b"x" * 1_000_000)
    assert done.well
    assert done.out.startswith(b"git version")


def test_a_slow_process_is_killed_with_the_children_it_started(tmp_path, git, repository):
    patient = Git(cache=tmp_path, scheme=Scheme.FILE, limits=Limits(wait=0.3))
    marker = f"{tmp_path}/marker"
    done = patient.run("-c", f"alias.hang=!sleep 30 && touch {marker}", "hang", at=repository.folder)
    assert done.ended is Ended.SLOW
    assert done.waited == 0.3
    for _ in range(100):
        if marker not in command_lines():
            break
        time.sleep(0.02)
    else:
        pytest.fail("a child outlived its git")


def test_stop_ends_what_runs_and_starts_nothing_more(git, repository):
    done = []
    running = threading.Thread(
        target=lambda: done.append(git.run("-c", "alias.hang=!sleep 30", "hang", at=repository.folder))
    )
    running.start()
    while git._running is None:
        assert running.is_alive()
    git.stop()
    running.join(5)
    assert done[0].ended is Ended.STOPPED
    assert git.run("version").ended is Ended.STOPPED


def test_the_environment_is_composed_and_not_inherited(tmp_path, git, repository, monkeypatch):
    monkeypatch.setenv("TRUEUP_CANARY", "1")
    done = git.run("-c", "alias.see=!env", "see", at=repository.folder)
    seen = dict(line.split("=", 1) for line in done.out.decode().splitlines() if "=" in line)
    assert "TRUEUP_CANARY" not in seen
    expected = environment(tmp_path, Scheme.FILE)
    assert {name: seen[name] for name in expected if name != "PATH"} == {
        name: value for name, value in expected.items() if name != "PATH"
    }
    assert seen["PATH"].endswith("/usr/bin:/bin")


def test_the_environment_keeps_every_configuration_away(tmp_path):
    composed = environment(tmp_path, Scheme.HTTPS)
    expected = {
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_CEILING_DIRECTORIES": str(tmp_path),
    }
    assert {name: composed.get(name) for name in expected} == expected


@pytest.mark.parametrize("scheme", Scheme)
def test_only_the_protocol_of_the_address_is_allowed(tmp_path, scheme):
    assert environment(tmp_path, scheme)["GIT_ALLOW_PROTOCOL"] == scheme.value
