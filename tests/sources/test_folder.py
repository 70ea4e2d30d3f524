"""A plain folder as a source: read whole, never through a link, never half changed."""

import os
import threading
from datetime import UTC, datetime

import pytest

import controller.sources.folder
from controller.model.names import Commit
from controller.sources.folder import FolderSource
from controller.sources.forward import moves_forward
from controller.sources.limits import Limits
from controller.sources.snapshot import Reason
from tests.sources.seen import NOW, head, missed, read


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "specs"
    (folder / "taskdefs").mkdir(parents=True)
    (folder / "prod.yaml").write_bytes(b"a: 1\r\n")
    (folder / "taskdefs" / "api.yaml").write_bytes(b"b")
    os.utime(folder / "prod.yaml", (1_750_000_000.5, 1_750_000_000.5))
    os.utime(folder / "taskdefs" / "api.yaml", (1_700_000_000, 1_700_000_000))
    return folder


@pytest.fixture
def source(folder):
    return FolderSource(folder)


def test_everything_in_the_folder_is_read(folder, source):
    commit = head(source.poll(NOW))
    snapshot = read(source.snapshot(commit))
    assert len(commit) == 64
    assert dict(snapshot.files) == {"prod.yaml": b"a: 1\r\n", "taskdefs/api.yaml": b"b"}
    assert snapshot.committed_at == datetime.fromtimestamp(1_750_000_000, UTC)
    assert snapshot.shown("prod.yaml") == f"{folder}/prod.yaml"


def test_equal_content_is_the_same_commit_whatever_the_times(folder, source):
    before = head(source.poll(NOW))
    os.utime(folder / "prod.yaml", (1, 1))
    assert head(source.poll(NOW)) == before


@pytest.mark.parametrize("change", ["content", "name", "new", "gone", "empty"])
def test_other_content_is_another_commit(folder, source, change):
    before = head(source.poll(NOW))
    if change == "content":
        (folder / "prod.yaml").write_bytes(b"a: 2\r\n")
        os.utime(folder / "prod.yaml", (1_750_000_000.5, 1_750_000_000.5))  # neither size nor time tells
    elif change == "name":
        (folder / "prod.yaml").rename(folder / "stage.yaml")
    elif change == "new":
        (folder / "dev.yaml").write_bytes(b"c")
    elif change == "gone":
        (folder / "prod.yaml").unlink()
    else:
        (folder / "dev.yaml").touch()
    after = head(source.poll(NOW))
    assert after != before
    assert read(source.snapshot(before)).files["prod.yaml"] == b"a: 1\r\n"
    assert moves_forward(source, after, before) is None
    assert moves_forward(source, before, after) is None


def test_unchanged_files_keep_their_oid(folder, source):
    before = read(source.snapshot(head(source.poll(NOW))))
    (folder / "prod.yaml").write_bytes(b"new")
    after = read(source.snapshot(head(source.poll(NOW))))
    assert after.oids["taskdefs/api.yaml"] == before.oids["taskdefs/api.yaml"]
    assert after.oids["prod.yaml"] != before.oids["prod.yaml"]


def test_links_and_pipes_are_rejected_by_name_and_not_opened(tmp_path, folder, source):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "environment.yaml").write_text("secret")
    (folder / "stage").symlink_to(tmp_path / "secret")
    (folder / "dev.yaml").symlink_to(tmp_path / "secret" / "environment.yaml")
    os.mkfifo(folder / "pipe.yaml")
    snapshot = read(source.snapshot(head(source.poll(NOW))))
    assert dict(snapshot.rejected) == {
        "stage": "it is a symbolic link",
        "dev.yaml": "it is a symbolic link",
        "pipe.yaml": "it is not a plain file",
    }
    assert set(snapshot.files) == {"prod.yaml", "taskdefs/api.yaml"}


def test_the_folder_itself_may_be_a_link(tmp_path, folder):
    (tmp_path / "link").symlink_to(folder)
    assert head(FolderSource(tmp_path / "link").poll(NOW)) == head(FolderSource(folder).poll(NOW))


def test_names_that_begin_with_a_dot_are_no_part_of_it(folder, source):
    before = head(source.poll(NOW))
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("x")
    (folder / ".prod.yaml.swp").write_text("x")
    assert head(source.poll(NOW)) == before


def test_odd_names_are_rejected(folder, source):
    (folder / "PROD.yaml").write_text("twin")
    (folder / os.fsdecode(b"\xff.yaml")).write_text("x")
    snapshot = read(source.snapshot(head(source.poll(NOW))))
    assert set(snapshot.rejected) == {"prod.yaml", "PROD.yaml", "\\xff.yaml"}


def test_the_limits_of_git_hold_here_too(folder):
    def reading(**limits):
        source = FolderSource(folder, limits=Limits(**limits))
        found = source.poll(NOW)
        return source.snapshot(found.commit).rejected if hasattr(found, "commit") else found.reason

    assert reading(files=1) is Reason.REFUSED
    assert reading(total_bytes=6) is Reason.REFUSED
    assert dict(reading(file_bytes=5)) == {"prod.yaml": "it has 6 bytes, and 5 are taken"}


def test_a_folder_that_is_gone_empty_or_no_folder_is_one_sentence(tmp_path, folder):
    assert missed(FolderSource(tmp_path / "none").poll(NOW)).reason is Reason.PATH_GONE
    (tmp_path / "empty").mkdir()
    assert missed(FolderSource(tmp_path / "empty").poll(NOW)).reason is Reason.EMPTY
    found = missed(FolderSource(folder / "prod.yaml").poll(NOW))
    assert (found.reason, found.why) == (Reason.UNAVAILABLE, f"{folder}/prod.yaml cannot be read: Not a directory")


def test_a_folder_that_went_away_leaves_what_was_known(folder, source):
    good = source.poll(NOW)
    folder.rename(folder.with_name("away"))
    gone = missed(source.poll(NOW))
    assert gone.reason is Reason.PATH_GONE
    assert (source.last, source.good) == (gone, good)
    assert read(source.snapshot(good.commit))


def test_content_that_was_never_read_here_is_said_to_be_so(source):
    assert missed(source.snapshot(Commit("1" * 64))).reason is Reason.COMMIT_GONE


def test_a_file_that_changes_while_it_is_read_is_read_again(folder, source, monkeypatch):
    """The writer strikes between the reading of the two files, twice."""
    strikes = iter([b"first", b"second"])
    real = controller.sources.folder._read_file

    def reading(found, limits):
        content = real(found, limits)
        if found.file.name == "prod.yaml" and (new := next(strikes, None)):
            (folder / "prod.yaml").write_bytes(new)
            (folder / "taskdefs" / "api.yaml").write_bytes(new)
        return content

    monkeypatch.setattr(controller.sources.folder, "_read_file", reading)
    files = read(source.snapshot(head(source.poll(NOW)))).files
    assert dict(files) == {"prod.yaml": b"second", "taskdefs/api.yaml": b"second"}


def test_a_file_that_turned_into_a_link_or_a_pipe_after_the_walk_is_not_read(folder):
    found = controller.sources.folder._walk(folder, Limits())["prod.yaml"]
    found.file.unlink()
    found.file.symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        controller.sources.folder._read_file(found, Limits())
    found.file.unlink()
    os.mkfifo(found.file)
    with pytest.raises(FileNotFoundError):
        controller.sources.folder._read_file(found, Limits())


def test_a_folder_that_never_holds_still_is_not_read(folder, source, monkeypatch):
    real = controller.sources.folder._read_file
    count = iter(range(1000))

    def reading(found, limits):
        (folder / "prod.yaml").write_bytes(b"x" * next(count))
        return real(found, limits)

    monkeypatch.setattr(controller.sources.folder, "_read_file", reading)
    found = missed(source.poll(NOW))
    assert (found.reason, found.why) == (Reason.UNAVAILABLE, f"{folder} changes while it is read")


def test_every_snapshot_is_one_moment_while_a_writer_works(folder, source):
    """Two files always say the same number at rest; no snapshot may mix two numbers."""
    stop = threading.Event()

    def write(number):
        for name in ("prod.yaml", "taskdefs/api.yaml"):
            part = folder / f".{number}.part"
            part.write_bytes(b"%d" % number)
            part.rename(folder / name)

    def writing():
        for number in range(1, 10_000):
            write(number)
            if stop.wait(0.002):
                return

    write(0)
    writer = threading.Thread(target=writing)
    writer.start()
    seen = []
    try:
        for _ in range(60):
            found = source.poll(NOW)
            if hasattr(found, "commit"):
                files = read(source.snapshot(found.commit)).files
                seen.append((int(files["prod.yaml"]), int(files["taskdefs/api.yaml"])))
    finally:
        stop.set()
        writer.join()
    # The writer renames one file, then the other: between the two they rightly differ by one, never by more.
    assert seen
    assert all(0 <= first - second <= 1 for first, second in seen)
