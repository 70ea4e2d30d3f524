"""Specs over ssh, from a real sshd: read with one key, from one known server, and from nobody else."""

import os
import shutil

import pytest

from controller.sources.auth import Credentials
from controller.sources.snapshot import Reason
from tests.sources.seen import NOW, head, heard_commands, missed, read
from tests.sources.ssh_server import SSHD, make_key, serving_ssh

pytestmark = [
    pytest.mark.sshd,
    pytest.mark.skipif(not SSHD and os.environ.get("CI") != "true", reason="sshd is not installed"),
]


@pytest.fixture
def sshd(tmp_path):
    assert SSHD, "CI needs sshd (Debian's package is openssh-server)"
    with serving_ssh(tmp_path / "an ssh server") as server:
        yield server


@pytest.fixture
def robot(sshd):
    return Credentials(ssh_key_file=sshd.key, known_hosts_file=sshd.known_hosts)


def test_specs_are_read_and_followed_over_ssh(repository, sshd, robot, open_mirror):
    first = repository.commit({"specs/prod.yaml": "1"})
    mirror = open_mirror(sshd.url(repository.folder), credentials=robot)
    with heard_commands() as heard:
        assert head(mirror.poll(NOW)) == first
    assert not any(sshd.key.read_text().split("\n")[1] in word for command in heard for word in command)
    second = repository.commit({"specs/prod.yaml": "2"})
    assert head(mirror.poll(NOW)) == second
    assert read(mirror.snapshot(second)).files["prod.yaml"] == b"2"
    assert mirror.descends(second, first) is True


def test_a_server_that_is_not_the_known_one_is_told_nothing(tmp_path, repository, sshd, open_mirror):
    repository.commit({"specs/prod.yaml": "1"})
    other = tmp_path / "known"
    other.write_text(f"[127.0.0.1]:{sshd.port} {make_key(tmp_path / 'other')}")
    robot = Credentials(ssh_key_file=sshd.key, known_hosts_file=other)
    found = missed(open_mirror(sshd.url(repository.folder), credentials=robot).poll(NOW))
    assert found.reason is Reason.REFUSED
    assert "the ssh server is not the known one" in found.why


def test_a_server_that_nobody_knows_is_told_nothing(tmp_path, repository, sshd, open_mirror):
    repository.commit({"specs/prod.yaml": "1"})
    (tmp_path / "nobody").write_text("")
    robot = Credentials(ssh_key_file=sshd.key, known_hosts_file=tmp_path / "nobody")
    found = missed(open_mirror(sshd.url(repository.folder), credentials=robot).poll(NOW))
    assert found.reason is Reason.REFUSED


def test_another_key_is_not_let_in_and_a_rotated_one_is(tmp_path, repository, sshd, open_mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    make_key(tmp_path / "key")
    (tmp_path / "key.pub").unlink()  # ssh would go by it
    robot = Credentials(ssh_key_file=tmp_path / "key", known_hosts_file=sshd.known_hosts)
    mirror = open_mirror(sshd.url(repository.folder), credentials=robot)
    found = missed(mirror.poll(NOW))
    assert found.reason is Reason.DENIED
    assert "the server does not let us in" in found.why
    shutil.copy(sshd.key, tmp_path / "key")
    assert head(mirror.poll(NOW)) == commit


def test_a_repository_that_is_not_there_is_said_to_be_unknown(tmp_path, repository, sshd, robot, open_mirror):
    found = missed(open_mirror(sshd.url(tmp_path / "none.git"), credentials=robot).poll(NOW))
    assert found.reason is Reason.UNAVAILABLE
    assert "does not appear to be a git repository" in found.why


def test_a_server_that_went_away_leaves_what_was_known(repository, tmp_path, open_mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    with serving_ssh(tmp_path / "gone") as server:
        robot = Credentials(ssh_key_file=server.key, known_hosts_file=server.known_hosts)
        mirror = open_mirror(server.url(repository.folder), credentials=robot)
        assert head(mirror.poll(NOW)) == commit
    assert missed(mirror.poll(NOW)).reason is Reason.UNAVAILABLE
    assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"1"
