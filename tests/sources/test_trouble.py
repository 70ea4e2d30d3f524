"""A source that is away, locked, empty, rewritten or damaged: rows 1 to 8 and 26 to 28 of the checklist.

Each is one reason and one sentence; what was known stays readable; nothing is ever taken for absent.
"""

import datetime as dt
import ipaddress
import re
import shutil
import socket
import subprocess
import time
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from controller.sources.auth import Credentials
from controller.sources.environments import environments
from controller.sources.forward import moves_forward
from controller.sources.limits import Limits
from controller.sources.snapshot import Reason
from tests.sources.repository import ENVIRONMENT, Repository
from tests.sources.seen import NOW, head, heard_commands, mirror_folder, missed, read
from tests.sources.server import command_lines, serving

LATER = NOW + timedelta(hours=1)
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


def test_row_3_a_deleted_branch_is_said_to_be_gone(repository, mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    mirror.poll(NOW)
    repository.point(commit, branch="other")
    repository.drop()
    found = missed(mirror.poll(NOW))
    assert (found.reason, found.why) == (Reason.BRANCH_GONE, "the repository has no branch main")
    assert read(mirror.snapshot(commit))


def test_row_3_a_ref_that_only_ends_like_the_branch_is_not_the_branch(repository, mirror):
    commit = repository.commit({"specs/prod.yaml": "1"}, branch="other")
    repository.git("update-ref", "refs/heads/x/refs/heads/main", commit)
    assert missed(mirror.poll(NOW)).reason is Reason.BRANCH_GONE


def test_row_4_a_repository_without_branches_is_empty(repository, mirror):
    found = missed(mirror.poll(NOW))
    assert (found.reason, found.why) == (Reason.EMPTY, "the repository is empty: it has no branches")
    commit = repository.commit({"specs/prod.yaml": "1"})
    assert head(mirror.poll(NOW)) == commit


def test_row_4_a_commit_that_deletes_every_file_is_an_empty_repository(repository, mirror):
    before = repository.commit({"specs/prod.yaml": "1"})
    repository.commit({"specs/prod.yaml": None})
    commit = head(mirror.poll(NOW))
    assert missed(mirror.snapshot(commit)).reason is Reason.EMPTY
    assert read(mirror.snapshot(before))


def test_row_5_a_repository_without_the_path_says_so(repository, mirror):
    repository.commit({"specs/prod.yaml": "1", "README": "x"})
    repository.commit({"specs/prod.yaml": None})
    found = missed(mirror.snapshot(head(mirror.poll(NOW))))
    assert (found.reason, found.why) == (Reason.PATH_GONE, "the repository has no folder specs")


def test_row_5_a_path_that_became_a_file_or_a_link_is_not_a_folder(repository, mirror):
    repository.commit({"specs": "a file"})
    found = missed(mirror.snapshot(head(mirror.poll(NOW))))
    assert (found.reason, found.why) == (Reason.REFUSED, "specs is not a folder")


def test_rows_5_and_6_a_removed_environment_is_not_in_the_snapshot_and_the_others_are(repository, mirror):
    repository.commit({"specs/prod/environment.yaml": "1", "specs/prod/api.yaml": "2", "specs/dev.yaml": "3"})
    repository.commit({"specs/prod/environment.yaml": None, "specs/prod/api.yaml": None})
    found = environments(read(mirror.snapshot(head(mirror.poll(NOW)))))
    assert dict(found.files) == {"dev": ("dev.yaml",)}


def test_row_6_a_removed_file_is_gone_from_the_snapshot_alone(repository, mirror):
    repository.commit({"specs/prod/environment.yaml": "1", "specs/prod/api.yaml": "2", "specs/prod/web.yaml": "3"})
    repository.commit({"specs/prod/web.yaml": None})
    snapshot = read(mirror.snapshot(head(mirror.poll(NOW))))
    assert set(snapshot.files) == {"prod/environment.yaml", "prod/api.yaml"}


def test_row_7_a_force_push_does_not_move_forward_and_the_accepted_commit_stays_readable(repository, mirror):
    base = repository.commit({"specs/prod.yaml": "1"})
    accepted = repository.commit({"specs/prod.yaml": "2"})
    mirror.poll(NOW)
    pushed = repository.commit({"specs/prod.yaml": "3"}, onto=base)
    assert head(mirror.poll(NOW)) == pushed
    assert mirror.descends(pushed, accepted) is False
    found = missed(moves_forward(mirror, pushed, accepted))
    assert found.reason is Reason.REWRITTEN
    assert "history was rewritten" in found.why
    assert read(mirror.snapshot(accepted)).files["prod.yaml"] == b"2"
    assert read(mirror.snapshot(pushed)).files["prod.yaml"] == b"3"


def test_row_7_a_new_history_without_a_common_ancestor_does_not_move_forward(repository, mirror):
    accepted = repository.commit({"specs/prod.yaml": "1"})
    mirror.poll(NOW)
    pushed = repository.commit({"specs/prod.yaml": "2"}, onto=None)
    assert head(mirror.poll(NOW)) == pushed
    assert missed(moves_forward(mirror, pushed, accepted)).reason is Reason.REWRITTEN


def test_row_7_after_a_force_push_the_new_history_is_followed(repository, mirror):
    base = repository.commit({"specs/prod.yaml": "1"})
    repository.commit({"specs/prod.yaml": "2"})
    mirror.poll(NOW)
    pushed = repository.commit({"specs/prod.yaml": "3"}, onto=base)
    mirror.poll(NOW)
    with heard_commands() as heard:
        newer = repository.commit({"specs/prod.yaml": "4"})
        assert head(mirror.poll(NOW)) == newer
    assert sum("fetch" in command for command in heard) == 1
    assert moves_forward(mirror, newer, pushed) is None


def test_row_7_an_accepted_commit_that_a_fresh_mirror_never_saw_holds(tmp_path, repository, open_mirror):
    base = repository.commit({"specs/prod.yaml": "1"})
    accepted = repository.commit({"specs/prod.yaml": "2"})
    pushed = repository.commit({"specs/prod.yaml": "3"}, onto=base)
    mirror = open_mirror(cache=tmp_path / "fresh")
    mirror.poll(NOW)
    assert mirror.descends(pushed, accepted) is None
    assert missed(moves_forward(mirror, pushed, accepted)).reason is Reason.REWRITTEN


def test_row_8_an_old_head_served_again_does_not_move_forward(repository, mirror):
    old = repository.commit({"specs/prod.yaml": "1"})
    accepted = repository.commit({"specs/prod.yaml": "2"})
    mirror.poll(NOW)
    repository.point(old)
    assert head(mirror.poll(NOW)) == old
    assert mirror.descends(old, accepted) is False
    found = missed(moves_forward(mirror, old, accepted))
    assert found.reason is Reason.REWRITTEN
    assert found.why == f"the source went back from {accepted[:12]} to the older {old[:12]}"
    repository.point(accepted)
    assert head(mirror.poll(NOW)) == accepted
    assert moves_forward(mirror, accepted, accepted) is None


def test_row_8_a_server_that_goes_to_and_fro_is_not_fetched_from_each_time(repository, mirror):
    old = repository.commit({"specs/prod.yaml": "1"})
    new = repository.commit({"specs/prod.yaml": "2"})
    mirror.poll(NOW)
    repository.point(old)
    mirror.poll(NOW)
    with heard_commands() as heard:
        for commit in (new, old, new, old):
            repository.point(commit)
            assert head(mirror.poll(NOW)) == commit
    assert not any("fetch" in command for command in heard)


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


def test_row_27_locks_that_a_crash_left_are_swept_at_start(tmp_path, repository, open_mirror):
    repository.commit({"specs/prod.yaml": "1"})
    mirror = open_mirror()
    mirror.poll(NOW)
    mirror.close()
    folder = mirror_folder(tmp_path / "cache")
    stale = ["shallow.lock", "config.lock", "HEAD.lock", "packed-refs.lock", "refs/trueup/head/0.lock"]
    stale += ["objects/pack/tmp_pack_a1B2c3", "objects/17/tmp_obj_a1B2c3", "objects/maintenance.lock"]
    for name in stale:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")
    commit = repository.commit({"specs/prod.yaml": "2"})
    assert head(open_mirror().poll(NOW)) == commit
    assert not [name for name in stale if (folder / name).exists()]


def test_row_27_a_lock_on_the_ref_while_we_run_is_swept_after_the_failure(tmp_path, repository, mirror):
    repository.commit({"specs/prod.yaml": "1"})
    mirror.poll(NOW)
    (mirror_folder(tmp_path / "cache") / "refs/trueup/head/0.lock").write_bytes(b"")
    commit = repository.commit({"specs/prod.yaml": "2"})
    missed(mirror.poll(NOW))
    assert head(mirror.poll(NOW)) == commit


@pytest.mark.parametrize("leftover", ["old", "new"])
def test_an_exchange_of_mirrors_that_a_crash_cut_in_half_is_finished(tmp_path, repository, open_mirror, leftover):
    commit = repository.commit({"specs/prod.yaml": "1"})
    mirror = open_mirror()
    mirror.poll(NOW)
    mirror.close()
    folder = mirror_folder(tmp_path / "cache")
    if leftover == "old":
        folder.rename(folder.with_suffix(".old"))
    else:
        folder.with_suffix(".new").mkdir()
    shutil.rmtree(repository.folder)
    assert read(open_mirror().snapshot(commit)).files["prod.yaml"] == b"1"
    assert sorted(file.suffix for file in (tmp_path / "cache").iterdir()) == [".git", ".held"]


def loose(cache: Path, oid: str) -> Path:
    """Give the file of one object, after taking the packs of the mirror apart."""
    folder = mirror_folder(cache)
    for pack in (folder / "objects" / "pack").glob("*.pack"):
        content = pack.read_bytes()
        for file in pack.parent.glob(f"{pack.stem}.*"):
            file.unlink()
        words = ["git", f"--git-dir={folder}", "unpack-objects", "-q"]
        subprocess.run(words, input=content, env=ENVIRONMENT, check=True)
    return folder / "objects" / oid[:2] / oid[2:]


def remove(file: Path) -> None:
    file.unlink()


def cut(file: Path) -> None:
    content = file.read_bytes()
    replace(file, content[: len(content) // 2])


def garble(file: Path) -> None:
    replace(file, b"\0" * len(file.read_bytes()))


def lie(file: Path) -> None:
    """Store another content under the same id, well compressed."""
    replace(file, zlib.compress(b"blob 6\0hacked"))


def replace(file: Path, content: bytes) -> None:
    file.chmod(0o600)
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [remove, cut, garble, lie])
def test_row_28_a_damaged_file_is_corruption_never_absence_and_the_mirror_is_cloned_again(
    tmp_path, repository, mirror, damage
):
    repository.commit({"specs/prod.yaml": "prod 1", "specs/dev.yaml": "dev"})
    commit = head(mirror.poll(NOW))
    blob = repository.git("rev-parse", f"{commit}:specs/prod.yaml")
    damage(loose(tmp_path / "cache", blob))
    found = missed(mirror.snapshot(commit))
    assert found.reason is Reason.CORRUPT
    assert head(mirror.poll(NOW)) == commit
    assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"prod 1"


@pytest.mark.parametrize("damage", [remove, cut, garble])
@pytest.mark.parametrize("what", ["{commit}", "{commit}^{{tree}}", "{commit}:specs"])
def test_row_28_a_damaged_commit_or_tree_is_found_out_as_well(tmp_path, repository, mirror, what, damage):
    repository.commit({"specs/prod.yaml": "prod 1"})
    commit = head(mirror.poll(NOW))
    damage(loose(tmp_path / "cache", repository.git("rev-parse", what.format(commit=commit))))
    found = missed(mirror.snapshot(commit))
    assert found.reason is Reason.CORRUPT
    assert head(mirror.poll(NOW)) == commit
    assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"prod 1"


@pytest.mark.parametrize("damage", [remove, cut, garble])
def test_row_28_a_damaged_pack_is_found_out_as_well(tmp_path, repository, mirror, damage):
    repository.commit({"specs/prod.yaml": "prod 1"})
    commit = head(mirror.poll(NOW))
    (pack,) = mirror_folder(tmp_path / "cache").glob("objects/pack/*.pack")
    damage(pack)
    found = missed(mirror.snapshot(commit))
    assert found.reason is Reason.CORRUPT
    assert head(mirror.poll(NOW)) == commit
    assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"prod 1"


@pytest.mark.parametrize("lost", ["HEAD", "config", "objects", "refs", "objects/pack/*.pack", "objects/pack/*.idx"])
def test_row_28_a_mirror_that_lost_a_part_of_itself_is_cloned_again(tmp_path, repository, mirror, lost):
    repository.commit({"specs/prod.yaml": "1"})
    mirror.poll(NOW)
    for file in mirror_folder(tmp_path / "cache").glob(lost):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    commit = repository.commit({"specs/prod.yaml": "2"})
    for _ in range(3):
        mirror.poll(NOW)
    assert head(mirror.last) == commit
    assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"2"


def test_row_28_a_mirror_damaged_while_we_were_down_is_cloned_again(tmp_path, repository, open_mirror):
    old = repository.commit({"specs/prod.yaml": "1"})
    repository.commit({"specs/prod.yaml": "2"})
    mirror = open_mirror()
    mirror.poll(NOW)
    mirror.close()
    loose(tmp_path / "cache", repository.git("rev-parse", f"{old}:specs/prod.yaml")).unlink()
    again = open_mirror()
    again.poll(NOW)
    assert read(again.snapshot(old)).files["prod.yaml"] == b"1"


def test_row_28_a_ref_full_of_zeros_is_cloned_again(tmp_path, repository, open_mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    mirror = open_mirror()
    mirror.poll(NOW)
    mirror.close()
    (mirror_folder(tmp_path / "cache") / "refs/trueup/head/0").write_bytes(bytes(41))
    again = open_mirror()
    assert head(again.poll(NOW)) == commit
    assert read(again.snapshot(commit))


def test_row_28_a_damaged_mirror_is_kept_while_git_is_away(tmp_path, repository, mirror):
    good = repository.commit({"specs/prod.yaml": "good"})
    repository.commit({"specs/prod.yaml": "damaged"})
    commit = head(mirror.poll(NOW))
    loose(tmp_path / "cache", repository.git("rev-parse", f"{commit}:specs/prod.yaml")).unlink()
    shutil.rmtree(repository.folder)
    assert missed(mirror.snapshot(commit)).reason is Reason.CORRUPT
    assert missed(mirror.poll(NOW)).reason is Reason.UNAVAILABLE
    assert read(mirror.snapshot(good)).files["prod.yaml"] == b"good"


def test_row_28_a_disk_that_damages_every_clone_is_not_cloned_to_without_end(tmp_path, repository, mirror):
    repository.commit({"specs/prod.yaml": "1"})
    commit = head(mirror.poll(NOW))
    blob = repository.git("rev-parse", f"{commit}:specs/prod.yaml")
    inits = 0
    for minute in range(12):
        loose(tmp_path / "cache", blob).unlink(missing_ok=True)
        assert missed(mirror.snapshot(commit)).reason is Reason.CORRUPT
        with heard_commands() as heard:
            assert head(mirror.poll(NOW + timedelta(minutes=minute))) == commit
        inits += sum("init" in command for command in heard)
    assert inits == 3


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
