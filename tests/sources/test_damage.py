"""A mirror that a crash or a disk damaged: rows 27 and 28; damage is never taken for absence."""

import shutil
import subprocess
import zlib
from datetime import timedelta
from pathlib import Path

import pytest

from controller.sources.snapshot import Reason
from tests.sources.repository import ENVIRONMENT
from tests.sources.seen import NOW, head, heard_commands, mirror_folder, missed, read


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


def test_row_27_what_a_crash_left_of_a_merge_that_git_made_again_is_swept_too(tmp_path, repository, open_mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    mirror = open_mirror()
    mirror.poll(NOW)
    mirror.close()
    left = mirror_folder(tmp_path / "cache") / "objects/tmp_objdir-remerge-diff-a1B2c3"
    (left / "17").mkdir(parents=True)
    (left / "17" / "tmp_obj_a1B2c3").write_bytes(b"half")
    assert head(open_mirror().poll(NOW)) == commit
    assert not left.exists()


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


def test_row_28_a_damaged_tree_of_an_older_commit_is_not_taken_for_a_commit_that_never_was(
    tmp_path, repository, mirror
):
    old = repository.commit({"specs/prod.yaml": "1"})
    repository.commit({"specs/prod.yaml": "2"})
    mirror.poll(NOW)
    loose(tmp_path / "cache", repository.git("rev-parse", f"{old}:specs")).unlink()
    assert missed(mirror.snapshot(old)).reason is Reason.CORRUPT
    mirror.poll(NOW)
    assert read(mirror.snapshot(old)).files["prod.yaml"] == b"1"


def test_row_28_a_file_that_was_read_and_did_not_change_is_not_read_again(tmp_path, repository, mirror):
    """The disk lies about it meanwhile, and nobody asks the disk."""
    repository.commit({"specs/prod.yaml": "prod 1", "specs/dev.yaml": "dev"})
    mirror.snapshot(head(mirror.poll(NOW)))
    lie(loose(tmp_path / "cache", repository.git("rev-parse", "main:specs/prod.yaml")))
    repository.commit({"specs/dev.yaml": "dev 2"})
    snapshot = read(mirror.snapshot(head(mirror.poll(NOW))))
    assert snapshot.files == {"prod.yaml": b"prod 1", "dev.yaml": b"dev 2"}


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
