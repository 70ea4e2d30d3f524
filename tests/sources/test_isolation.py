"""Nothing leaks out of git and nothing unasked gets in: rows 14, 18, 30 and 31 of the checklist of bad input."""

import base64
import os

import pytest

from controller.sources.auth import Credentials
from controller.sources.limits import Limits
from controller.sources.snapshot import Reason
from tests.sources.repository import Repository
from tests.sources.seen import NOW, head, heard_commands, missed, read
from tests.sources.server import serving

CANARY = "gl-canary-7f3a"
BASIC = base64.b64encode(f"robot:{CANARY}".encode()).decode()


@pytest.fixture
def robot():
    return Credentials(token=CANARY, username="robot")


def test_the_token_reaches_the_server_and_no_command_line(repository, server, open_mirror, robot):
    commit = repository.commit({"specs/prod.yaml": "1"})
    server.lock = f"Basic {BASIC}"
    mirror = open_mirror(server.url("specs.git"), credentials=robot)
    with heard_commands() as heard:
        assert head(mirror.poll(NOW)) == commit
    assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"1"
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Basic {BASIC}"}
    assert all("remote-http" in asked.command_lines for asked in server.asked)  # the scan does see git
    seen = "\n".join([*(asked.command_lines for asked in server.asked), *(" ".join(words) for words in heard)])
    assert CANARY not in seen
    assert BASIC not in seen


def test_the_token_is_in_no_file_no_message_and_no_repr(tmp_path, repository, server, open_mirror, robot):
    repository.commit({"specs/prod.yaml": "1"})
    server.lock = f"Basic {BASIC}"
    mirror = open_mirror(server.url("specs.git"), credentials=robot)
    mirror.poll(NOW)
    for status in (401, 500):
        server.status = status
        shown = repr(mirror.poll(NOW))
        assert CANARY not in shown
        assert BASIC not in shown
    assert CANARY not in repr(robot)
    for file in (tmp_path / "cache").rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes()


def test_without_the_token_the_same_server_does_not_let_us_in(repository, server, open_mirror):
    repository.commit({"specs/prod.yaml": "1"})
    server.lock = f"Basic {BASIC}"
    assert missed(open_mirror(server.url("specs.git")).poll(NOW)).reason is Reason.DENIED


def test_row_18_a_redirect_is_refused_and_the_other_host_is_never_asked(tmp_path, server, open_mirror, robot):
    Repository(tmp_path / "other" / "specs.git").commit({"specs/prod.yaml": "evil"})
    with serving(tmp_path / "other") as elsewhere:
        server.redirect = f"http://127.0.0.1:{elsewhere.port}"
        found = missed(open_mirror(server.url("specs.git"), credentials=robot).poll(NOW))
        assert found.reason is Reason.REFUSED
        assert "the server sends us elsewhere; that is not followed" in found.why
        assert server.asked
        assert not elsewhere.asked


def test_row_14_another_protocol_is_refused_by_git_as_well(tmp_path, repository, open_mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    mirror = open_mirror()
    git = mirror._git
    (tmp_path / "cache").mkdir()
    for url in ("ext::sh -c 'touch pwned'", "https://127.0.0.1:1/x", "ssh://127.0.0.1/x", "git://127.0.0.1/x"):
        done = git.run("ls-remote", "--end-of-options", url)
        assert "not allowed" in done.err
    assert git.run("ls-remote", "--end-of-options", "--upload-pack=touch pwned").code != 0
    assert not list(tmp_path.rglob("pwned"))
    assert head(mirror.poll(NOW)) == commit


def test_row_30_no_configuration_of_user_machine_or_shell_is_read(tmp_path, repository, open_mirror, monkeypatch):
    commit = repository.commit({"specs/prod.yaml": "1"})
    pwned = tmp_path / "pwned"
    hostile = tmp_path / "home"
    (hostile / "git").mkdir(parents=True)
    text = (
        f'[url "ext::sh -c touch% {pwned}% "]\n insteadOf = file://\n[protocol "ext"]\n allow = always\n'
        f"[core]\n fsmonitor = touch {pwned}\n sshCommand = touch {pwned}\n hooksPath = {hostile}\n"
        f"[uploadpack]\n packObjectsHook = touch {pwned}; cat\n[credential]\n username = !touch {pwned}\n"
    )
    for name in (".gitconfig", "git/config"):
        (hostile / name).write_text(text)
    for hook in ("reference-transaction", "post-checkout", "pre-auto-gc"):
        (hostile / hook).write_text(f"#!/bin/sh\ntouch {pwned}\n")
        (hostile / hook).chmod(0o755)
    for name, value in {
        "HOME": hostile,
        "XDG_CONFIG_HOME": hostile,
        "GIT_CONFIG_GLOBAL": hostile / ".gitconfig",
        "GIT_CONFIG_SYSTEM": hostile / ".gitconfig",
        "GIT_CONFIG_COUNT": 1,
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": f"touch {pwned}",
        "GIT_DIR": hostile,
        "GIT_OBJECT_DIRECTORY": hostile,
        "GIT_EXTERNAL_DIFF": f"touch {pwned}",
        "GIT_TRACE": tmp_path / "trace",
        "GIT_SSH_COMMAND": f"touch {pwned}",
        "LD_PRELOAD": hostile / "evil.so",
        "PATH": f"{hostile}:{os.environ['PATH']}",
    }.items():
        monkeypatch.setenv(name, str(value))
    (hostile / "git-upload-pack").write_text(f"#!/bin/sh\ntouch {pwned}\n")
    (hostile / "git-upload-pack").chmod(0o755)
    mirror = open_mirror()
    assert head(mirror.poll(NOW)) == commit
    assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"1"
    assert mirror.descends(commit, commit) is True
    assert not pwned.exists()
    assert not (tmp_path / "trace").exists()


def test_row_31_a_bundle_that_the_server_offers_is_not_fetched(tmp_path, repository, server, open_mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    with serving(tmp_path / "bundles") as elsewhere:
        for name, value in {
            "uploadpack.advertiseBundleURIs": "true",
            "bundle.version": "1",
            "bundle.mode": "all",
            "bundle.first.uri": f"http://127.0.0.1:{elsewhere.port}/first.bundle",
        }.items():
            repository.git("config", name, value)
        mirror = open_mirror(server.url("specs.git"))
        assert head(mirror.poll(NOW)) == commit
        assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"1"
        assert not elsewhere.asked


def test_the_first_process_says_how_much_it_may_use(tmp_path, repository, open_mirror):
    mirror = open_mirror(limits=Limits(pack_bytes=123_456_789, memory_bytes=1_234_567_890, wait=9.5))
    with heard_commands() as heard:
        mirror.poll(NOW)
    bounds = ["/usr/bin/prlimit", "--fsize=123456789", "--as=1234567890", "--cpu=11", "--core=0", "git"]
    assert all(list(command[:6]) == bounds for command in heard)
    assert heard
