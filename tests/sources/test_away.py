"""A source that is away, locked or silent: rows 1, 2 and 26 of the checklist of bad input."""

import datetime as dt
import ipaddress
import re
import shutil
import socket
import time
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from controller.sources.auth import Credentials
from controller.sources.limits import Limits
from controller.sources.snapshot import Reason
from tests.sources.repository import Repository
from tests.sources.seen import NOW, head, heard_commands, missed, read
from tests.sources.server import command_lines, serving

CANARY = "canary-81c2"
QUICK = Limits(wait=0.4, silence=1)


@pytest.fixture
def certificate(tmp_path):
    """Make a key and a certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    file = tmp_path / "certificate.pem"
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(pem))
    return file


def test_row_1_a_server_that_refuses_connections_is_unavailable(open_mirror):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        mirror = open_mirror(f"http://127.0.0.1:{closed.getsockname()[1]}/specs.git")
        found = missed(mirror.poll(NOW))
    assert found.reason is Reason.UNAVAILABLE
    assert "Failed to connect" in found.why
    assert "\n" not in found.why


def test_row_1_a_name_that_nobody_knows_is_unavailable(open_mirror):
    found = missed(open_mirror("https://specs.invalid/specs.git").poll(NOW))
    assert found.reason is Reason.UNAVAILABLE
    assert "the server's name is not known" in found.why


def test_row_1_a_server_that_nobody_vouches_for_is_unavailable(tmp_path, repository, open_mirror, certificate):
    repository.commit({"specs/prod.yaml": "1"})
    with serving(tmp_path, certificate=certificate) as server:
        found = missed(open_mirror(server.url("specs.git")).poll(NOW))
        assert not server.asked
    assert found.reason is Reason.UNAVAILABLE
    assert "no trusted connection" in found.why


def test_a_server_that_our_own_authority_vouches_for_is_read(tmp_path, repository, open_mirror, certificate):
    commit = repository.commit({"specs/prod.yaml": "1"})
    with serving(tmp_path, certificate=certificate) as server:
        mirror = open_mirror(server.url("specs.git"), credentials=Credentials(ca_file=certificate))
        assert head(mirror.poll(NOW)) == commit


def test_row_1_a_repository_that_went_away_leaves_what_was_known(repository, mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    mirror.poll(NOW)
    shutil.rmtree(repository.folder)
    assert missed(mirror.poll(NOW)).reason is Reason.UNAVAILABLE
    assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"1"


def test_row_1_after_a_restart_with_git_away_the_mirror_on_disk_is_read(repository, open_mirror):
    old = repository.commit({"specs/prod.yaml": "1"})
    before = open_mirror()
    before.poll(NOW)
    new = repository.commit({"specs/prod.yaml": "2"})
    before.poll(NOW)
    before.close()
    shutil.rmtree(repository.folder)
    after = open_mirror()
    assert missed(after.poll(NOW)).reason is Reason.UNAVAILABLE
    assert read(after.snapshot(old)).files["prod.yaml"] == b"1"
    assert read(after.snapshot(new)).files["prod.yaml"] == b"2"
    assert after.descends(new, old) is True


def test_row_1_a_server_that_keeps_failing_is_asked_less_and_less_often(repository, mirror):
    shutil.rmtree(repository.folder)
    asked = []
    for second in range(200):
        with heard_commands() as heard:
            assert missed(mirror.poll(NOW + timedelta(seconds=second))).reason is Reason.UNAVAILABLE
        asked += [second] * any("ls-remote" in command for command in heard)
    assert asked == [0, 1, 3, 7, 15, 31, 63, 127]


def test_row_1_a_server_that_comes_back_is_read_at_the_next_try(repository, mirror):
    away = repository.folder.with_suffix(".away")
    commit = repository.commit({"specs/prod.yaml": "1"})
    repository.folder.rename(away)
    mirror.poll(NOW)
    away.rename(repository.folder)
    assert head(mirror.poll(NOW)) == commit


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_row_1_a_server_in_trouble_is_unavailable(server, open_mirror, status):
    server.status = status
    found = missed(open_mirror(server.url("specs.git")).poll(NOW))
    assert found.reason is Reason.UNAVAILABLE
    assert str(status) in found.why


@pytest.mark.parametrize("status", [401, 403, 404])
def test_row_2_a_server_that_does_not_let_us_in_is_denied_and_spared_for_five_minutes(server, open_mirror, status):
    server.status = status
    mirror = open_mirror(server.url("specs.git"), credentials=Credentials(token=CANARY))
    denied = missed(mirror.poll(NOW))
    assert denied.reason is Reason.DENIED
    assert CANARY not in denied.why
    server.asked.clear()
    assert mirror.poll(NOW + timedelta(minutes=4)) == denied
    assert not server.asked
    mirror.poll(NOW + timedelta(minutes=6))
    assert server.asked


def test_row_2_a_token_that_was_rotated_is_tried_at_once(tmp_path, repository, server, open_mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    server.lock = "Basic eDpuZXc="  # x:new
    file = tmp_path / "token"
    file.write_text("old\n")
    credentials = Credentials(token_file=file, username="x")
    mirror = open_mirror(server.url("specs.git"), credentials=credentials)
    assert missed(mirror.poll(NOW)).reason is Reason.DENIED
    file.write_text("new\n")
    assert head(mirror.poll(NOW)) == commit


def test_row_26_a_server_that_accepts_and_falls_silent_is_given_up_and_leaves_no_process(server, open_mirror):
    server.silent = True
    mirror = open_mirror(server.url("specs.git"), limits=QUICK)
    found = missed(mirror.poll(NOW))
    assert found.reason is Reason.UNAVAILABLE
    assert found.why == "asking for main took longer than 0.4 s"
    for _ in range(200):  # killed is not yet gone
        if f":{server.port}/" not in command_lines():
            break
        time.sleep(0.02)
    assert f":{server.port}/" not in command_lines()


def test_row_26_git_itself_gives_up_a_server_that_sends_next_to_nothing(server, open_mirror):
    server.silent = True
    started = time.monotonic()
    found = missed(open_mirror(server.url("specs.git"), limits=Limits(wait=20, silence=1)).poll(NOW))
    assert time.monotonic() - started < 10
    assert found.reason is Reason.UNAVAILABLE
    assert "the server fell silent" in found.why


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path, repository, open_mirror):
    repository.commit({"specs/prod.yaml": "1"})
    (tmp_path / "file").write_text("in the way")
    found = missed(open_mirror(cache=tmp_path / "file" / "cache").poll(NOW))
    assert found.reason is Reason.UNAVAILABLE
    assert re.fullmatch("the cache folder cannot be used: Not a directory", found.why)


def test_a_repository_that_moved_between_question_and_fetch_is_read_as_it_is_now(tmp_path, open_mirror):
    repository = Repository(tmp_path / "moving.git")
    repository.commit({"specs/prod.yaml": "1"})
    with serving(tmp_path) as server:
        mirror = open_mirror(server.url("moving.git"))
        commits = []

        class Moving(list):
            def append(self, asked):
                super().append(asked)
                if len(self) == 3:  # two requests ask, the third begins the fetch
                    commits.append(repository.commit({"specs/prod.yaml": "2"}))

        server.asked = Moving()
        assert head(mirror.poll(NOW)) == commits[0]
        assert read(mirror.snapshot(commits[0])).files["prod.yaml"] == b"2"
