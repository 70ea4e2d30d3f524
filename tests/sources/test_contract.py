"""What holds for every source alike, git and folder: both are used through Snapshots alone."""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from controller.model.names import Commit
from controller.sources.folder import FolderSource
from controller.sources.forward import moves_forward
from controller.sources.snapshot import Head, Reason, Snapshots
from tests.sources.repository import Repository, link
from tests.sources.seen import NOW, head, missed, read

LATER = NOW + timedelta(minutes=1)


class GitWorld:
    def __init__(self, repository: Repository, source: Snapshots) -> None:
        self.repository = repository
        self.source = source

    def write(self, name: str, content: str | None) -> None:
        self.repository.commit({f"specs/{name}": content})

    def link(self, name: str) -> None:
        self.repository.commit({f"specs/{name}": link("/etc/passwd")})

    def vanish(self) -> None:
        shutil.rmtree(self.repository.folder)


@dataclass
class FolderWorld:
    folder: Path
    source: Snapshots

    def write(self, name: str, content: str | None) -> None:
        file = self.folder / name
        if content is None:
            file.unlink()
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def link(self, name: str) -> None:
        (self.folder / name).symlink_to("/etc/passwd")

    def vanish(self) -> None:
        shutil.rmtree(self.folder)


@pytest.fixture(params=["git", "folder"])
def world(request, tmp_path):
    if request.param == "git":
        return GitWorld(request.getfixturevalue("repository"), request.getfixturevalue("mirror"))
    return FolderWorld(tmp_path / "specs", FolderSource(tmp_path / "specs"))


def test_nothing_is_known_before_the_first_poll(world):
    assert (world.source.last, world.source.good) == (None, None)
    assert missed(world.source.snapshot(Commit("1" * 40))).reason is Reason.COMMIT_GONE


def test_what_was_written_is_read_byte_for_byte(world):
    world.write("prod.yaml", "a: é\r\n")
    world.write("taskdefs/api.yaml", "b")
    found = world.source.poll(NOW)
    assert found == Head(commit=head(found), seen_at=NOW) == world.source.last == world.source.good
    snapshot = read(world.source.snapshot(head(found)))
    assert snapshot.files == {"prod.yaml": "a: é\r\n".encode(), "taskdefs/api.yaml": b"b"}
    assert set(snapshot.oids) == set(snapshot.files)
    assert snapshot.shown("prod.yaml").endswith("specs/prod.yaml")


def test_asking_again_changes_only_the_time(world):
    world.write("prod.yaml", "1")
    first, second = world.source.poll(NOW), world.source.poll(LATER)
    assert head(first) == head(second)
    assert world.source.good == Head(commit=head(first), seen_at=LATER)


def test_a_change_is_a_new_commit_that_moves_forward_and_the_old_one_stays(world):
    world.write("prod.yaml", "1")
    old = head(world.source.poll(NOW))
    world.write("prod.yaml", "2")
    new = head(world.source.poll(LATER))
    assert new != old
    assert moves_forward(world.source, new, old) is None
    assert moves_forward(world.source, new, None) is None
    assert read(world.source.snapshot(old)).files["prod.yaml"] == b"1"
    assert read(world.source.snapshot(new)).files["prod.yaml"] == b"2"


def test_only_a_changed_file_has_another_oid(world):
    world.write("a.yaml", "1")
    world.write("b.yaml", "1")
    before = read(world.source.snapshot(head(world.source.poll(NOW)))).oids
    assert before["a.yaml"] == before["b.yaml"]
    world.write("b.yaml", "2")
    after = read(world.source.snapshot(head(world.source.poll(NOW)))).oids
    assert after["a.yaml"] == before["a.yaml"]
    assert after["b.yaml"] != before["b.yaml"]


def test_a_deleted_file_is_gone_alone(world):
    world.write("prod.yaml", "1")
    world.write("dev.yaml", "2")
    world.source.poll(NOW)
    world.write("prod.yaml", None)
    assert set(read(world.source.snapshot(head(world.source.poll(NOW)))).files) == {"dev.yaml"}


def test_a_link_is_rejected_and_everything_else_is_read(world):
    world.write("dev.yaml", "1")
    world.link("prod.yaml")
    snapshot = read(world.source.snapshot(head(world.source.poll(NOW))))
    assert dict(snapshot.rejected) == {"prod.yaml": "it is a symbolic link"}
    assert set(snapshot.files) == {"dev.yaml"}


def test_a_source_that_vanishes_says_so_and_what_was_read_stays(world):
    world.write("prod.yaml", "1")
    good = world.source.poll(NOW)
    world.vanish()
    gone = missed(world.source.poll(LATER))
    assert gone.why.isprintable()
    assert (world.source.last, world.source.good) == (gone, good)
    assert read(world.source.snapshot(head(good))).files["prod.yaml"] == b"1"


def test_closing_twice_does_no_harm(world):
    world.write("prod.yaml", "1")
    world.source.poll(NOW)
    world.source.close()
    world.source.close()
