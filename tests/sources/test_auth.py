"""How credentials are read and handed to git; ssh's own reading of what we compose."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from controller.errors import SpecError
from controller.sources.address import read_address
from controller.sources.auth import Credentials, Permit, permit, ssh_command
from controller.sources.snapshot import Reason
from tests.sources.seen import NOW, missed

CANARY = "abc"
HTTPS = read_address("https://git.example.com:8443/team/specs.git")
SSH = read_address("git@git.example.com:team/specs.git")


@pytest.fixture
def key(tmp_path):
    key, known = tmp_path / "my key", tmp_path / "known hosts"
    key.write_text("no real key\n")
    key.chmod(0o600)
    known.write_text("")
    return Credentials(ssh_key_file=key, known_hosts_file=known)


def test_everything_comes_from_the_environment_and_empty_is_absent():
    assert Credentials.from_environment({}) == Credentials()
    names = ["TOKEN_FILE", "USERNAME", "SSH_KEY_FILE", "KNOWN_HOSTS_FILE", "CA_FILE"]
    assert Credentials.from_environment({f"TRUEUP_GIT_{name}": "" for name in names}) == Credentials()
    found = Credentials.from_environment(
        {f"TRUEUP_GIT_{name}": f"/x/{name}".removeprefix("/x/U") for name in names}
    )
    assert found == Credentials(
        token_file=Path("/x/TOKEN_FILE"),
        username="SERNAME",
        ssh_key_file=Path("/x/SSH_KEY_FILE"),
        known_hosts_file=Path("/x/KNOWN_HOSTS_FILE"),
        ca_file=Path("/x/CA_FILE"),
    )
    assert Credentials.from_environment({"TRUEUP_GIT_TOKEN": CANARY}) == Credentials(token=CANARY)


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": ""},
        {"token": "two words"},
        {"token": "line\nfeed"},
        {"token": "x", "token_file": Path("/token")},
        {"username": "a:b"},
        {"username": "a\r\nX-Evil: 1"},
        {"ssh_key_file": Path("relative")},
        {"ssh_key_file": Path("/with%h/percent")},
        {"known_hosts_file": Path('/with"quote')},
        {"known_hosts_file": Path("/with$HOME")},
    ],
)
def test_what_cannot_work_is_refused_at_once(wrong):
    with pytest.raises(SpecError, match="TRUEUP_GIT_"):
        Credentials(**wrong)


def test_a_token_goes_to_the_host_of_the_address_only_and_through_the_environment():
    given = permit(Credentials(token=CANARY), HTTPS)
    assert isinstance(given, Permit)
    assert given.options == ("--config-env=http.https://git.example.com:8443/.extraHeader=TRUEUP_GIT_HEADER",)
    assert given.environment == (("TRUEUP_GIT_HEADER", "Authorization: Basic eC1hY2Nlc3MtdG9rZW46YWJj"),)
    assert CANARY not in repr(given)
    assert "YWJj" not in repr(given)


def test_a_token_is_of_no_use_to_ssh_and_to_a_path(key):
    with_token = Credentials(token=CANARY, ssh_key_file=key.ssh_key_file, known_hosts_file=key.known_hosts_file)
    assert CANARY not in str(permit(with_token, SSH))
    assert permit(with_token, read_address("/srv/specs")) == Permit()


@pytest.mark.parametrize("content", [b"", b"two words", b"a\nb", b"\xff", b"x" * 20_000])
def test_a_file_that_holds_no_token_denies_and_does_not_say_what_it_holds(tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    found = missed(permit(Credentials(token_file=file), HTTPS))
    assert found.reason is Reason.DENIED
    assert found.why.endswith("it does not hold one token and nothing else")


def test_a_token_file_that_is_not_there_denies(tmp_path, open_mirror):
    mirror = open_mirror("https://git.example.com/x", credentials=Credentials(token_file=tmp_path / "none"))
    found = missed(mirror.poll(NOW))
    assert found.reason is Reason.DENIED
    assert found.why == "the file of TRUEUP_GIT_TOKEN_FILE cannot be used: No such file or directory"


def test_an_ssh_address_without_key_or_known_hosts_is_not_tried(open_mirror, key):
    for credentials in (Credentials(), Credentials(ssh_key_file=key.ssh_key_file)):
        found = missed(open_mirror("git@git.example.com:x", credentials=credentials).poll(NOW))
        assert found.reason is Reason.DENIED
        assert "TRUEUP_GIT_KNOWN_HOSTS_FILE" in found.why


def test_a_key_that_was_rotated_is_another_permit(key):
    before = permit(key, SSH)
    assert permit(key, SSH) == before
    os.utime(key.ssh_key_file, ns=(1, 1))
    assert permit(key, SSH) != before


def test_ssh_understands_the_command_and_reads_no_other_configuration(key):
    command = ssh_command(key.ssh_key_file, key.known_hosts_file)
    words = ["/bin/sh", "-c", f"{command} -G git.example.com"]
    said = subprocess.run(words, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True).stdout
    options = dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
    assert options["identityfile"] == str(key.ssh_key_file)
    assert options["userknownhostsfile"] == str(key.known_hosts_file)
    assert options["globalknownhostsfile"] == "/dev/null"
    assert options["identityagent"] == "none"
    assert (options["batchmode"], options["identitiesonly"], options["stricthostkeychecking"]) == (
        "yes",
        "yes",
        "true",
    )
    assert (options["connecttimeout"], options["serveraliveinterval"], options["serveralivecountmax"]) == (
        "10",
        "5",
        "3",
    )
    assert re.match("ssh -F /dev/null -i ", command)


def test_an_ssh_server_that_is_not_there_is_unavailable(open_mirror, key):
    found = missed(open_mirror("ssh://git@127.0.0.1:1/specs", credentials=key).poll(NOW))
    assert found.reason is Reason.UNAVAILABLE
    assert "Connection refused" in found.why or "Could not read from remote" in found.why
