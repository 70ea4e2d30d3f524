"""A git branch that behaves: followed, read whole, and at little cost."""

import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

import controller.sources.heads
import controller.sources.mirror
from controller.model.names import Commit
from controller.sources.limits import Limits
from controller.sources.objects import hash_object
from controller.sources.snapshot import Reason
from tests.sources.repository import ENVIRONMENT, Repository
from tests.sources.seen import NOW, head, heard_commands, mirror_folder, missed, read
from tests.sources.server import serving


def verbs(heard):
    known = {"ls-remote", "init", "fetch", "fsck", "ls-tree", "cat-file", "merge-base", "repack"}
    return [next(word for word in command if word in known) for command in heard]


def test_everything_under_the_path_is_read_with_who_when_and_why(repository, mirror):
    commit = repository.commit(
        {"specs/prod.yaml": "a: 1\n", "specs/taskdefs/api.yaml": b"b\r\n", "README.md": "no"},
        message="Release v1.2.3\n\nAt last.",
        author="Zoë <zoe@example.com>",
        at=1_750_000_000,
    )
    assert head(mirror.poll(NOW)) == commit
    snapshot = read(mirror.snapshot(commit))
    assert dict(snapshot.files) == {"prod.yaml": b"a: 1\n", "taskdefs/api.yaml": b"b\r\n"}
    assert snapshot.author == "Zoë <zoe@example.com>"
    assert snapshot.subject == "Release v1.2.3"
    assert snapshot.committed_at == datetime.fromtimestamp(1_750_000_000, UTC)
    assert snapshot.shown("prod.yaml") == "specs/prod.yaml"
    assert snapshot.oids["prod.yaml"] == hash_object("blob", b"a: 1\n", 40)
    assert not snapshot.rejected


def test_a_new_commit_is_seen_and_the_one_before_stays_readable(repository, mirror):
    first = repository.commit({"specs/prod.yaml": "1"})
    mirror.poll(NOW)
    second = repository.commit({"specs/prod.yaml": "2"})
    assert head(mirror.poll(NOW)) == second
    assert read(mirror.snapshot(second)).files["prod.yaml"] == b"2"
    assert read(mirror.snapshot(first)).files["prod.yaml"] == b"1"
    assert mirror.descends(second, first) is True
    assert mirror.descends(second, second) is True
    assert mirror.descends(first, second) is False


def test_the_top_of_the_repository_may_be_the_path(repository, open_mirror):
    commit = repository.commit({"prod.yaml": "1", "taskdefs/api.yaml": "2"})
    mirror = open_mirror(path=".")
    mirror.poll(NOW)
    snapshot = read(mirror.snapshot(commit))
    assert set(snapshot.files) == {"prod.yaml", "taskdefs/api.yaml"}
    assert snapshot.shown("prod.yaml") == "prod.yaml"


def test_a_folder_whose_name_only_begins_like_the_path_is_not_read(repository, mirror):
    commit = repository.commit({"specs/a.yaml": "1", "specs2/b.yaml": "2", "specs.yaml": "3"})
    mirror.poll(NOW)
    assert set(read(mirror.snapshot(commit)).files) == {"a.yaml"}


def test_a_branch_with_a_slash_and_a_path_of_two_folders_are_found(repository, open_mirror):
    commit = repository.commit({"deploy/specs/a.yaml": "1"}, branch="release/2.x")
    mirror = open_mirror(branch="release/2.x", path="deploy/specs/")
    assert head(mirror.poll(NOW)) == commit
    assert set(read(mirror.snapshot(commit)).files) == {"a.yaml"}


def test_a_repository_of_sha256_objects_is_read_as_well(tmp_path, open_mirror):
    repository = Repository(tmp_path / "wide.git", object_format="sha256")
    commit = repository.commit({"specs/prod.yaml": "1"})
    assert len(commit) == 64
    mirror = open_mirror(repository.url)
    mirror.poll(NOW)
    assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"1"


def test_a_local_path_with_spaces_and_percent_signs_is_an_address(tmp_path, open_mirror):
    repository = Repository(tmp_path / "my specs 100%.git")
    commit = repository.commit({"specs/prod.yaml": "1"})
    assert head(open_mirror(str(repository.folder)).poll(NOW)) == commit


@pytest.fixture
def workplace(tmp_path, repository):
    """Clone as a person does, with files checked out."""
    repository.commit({"specs/prod.yaml": "1"})
    repository.commit({"specs/prod.yaml": "2"})

    def clone(name, *words):
        command = ["git", "clone", "--quiet", *words, repository.url, str(tmp_path / name)]
        subprocess.run(command, env=ENVIRONMENT, check=True)
        return tmp_path / name

    return clone


def test_a_working_tree_is_read_as_committed_and_not_as_edited(repository, open_mirror, workplace):
    folder = workplace("work")
    (folder / "specs" / "prod.yaml").write_text("edited")
    mirror = open_mirror(str(folder))
    assert head(mirror.poll(NOW)) == repository.tip()
    assert read(mirror.snapshot(repository.tip())).files["prod.yaml"] == b"2"


def test_a_shallow_clone_is_refused_and_says_what_it_needs(tmp_path, open_mirror, workplace):
    mirror = open_mirror(str(workplace("shallow", "--depth=1")))
    found = missed(mirror.poll(NOW))
    assert found.reason is Reason.REFUSED
    assert "the repository is a shallow clone; it needs all of its history" in found.why
    assert not list((tmp_path / "cache").glob("*.git"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_another_user_is_denied(repository, open_mirror):
    repository.commit({"specs/prod.yaml": "1"})
    for file in (repository.folder, *repository.folder.rglob("*")):
        os.chown(file, 65534, 65534)
    found = missed(open_mirror().poll(NOW))
    assert found.reason is Reason.DENIED
    assert "the repository belongs to another user" in found.why


def test_the_hundred_newest_histories_are_kept(tmp_path, repository, mirror, monkeypatch):
    monkeypatch.setattr(controller.sources.heads, "_HISTORIES", 3)
    commits = []
    for number in range(6):
        commits.append(repository.commit({"specs/prod.yaml": f"{number}"}, onto=None))
        mirror.poll(NOW)
    heads = mirror_folder(tmp_path / "cache") / "refs/trueup/head"
    assert {ref.read_text().strip() for ref in heads.iterdir()} == set(commits[-3:])


def test_an_unchanged_branch_costs_one_process_a_poll_and_nothing_to_read_again(repository, mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    mirror.poll(NOW)
    mirror.snapshot(commit)
    with heard_commands() as heard:
        assert head(mirror.poll(NOW + timedelta(seconds=15))) == commit
        assert read(mirror.snapshot(commit))
    assert verbs(heard) == ["ls-remote"]


def test_a_commit_costs_four_processes_and_only_its_changed_file_is_read(repository, mirror):
    repository.commit({f"specs/{number}.yaml": f"{number}" for number in range(50)})
    mirror.snapshot(head(mirror.poll(NOW)))
    before = repository.commit({"specs/7.yaml": "seven"})
    with heard_commands() as heard:
        snapshot = read(mirror.snapshot(head(mirror.poll(NOW))))
    assert snapshot.commit == before
    assert snapshot.files["7.yaml"] == b"seven"
    assert snapshot.files["8.yaml"] == b"8"
    assert verbs(heard) == ["ls-remote", "fetch", "ls-tree", "cat-file"]


def test_files_that_did_not_change_share_their_bytes_between_snapshots(repository, mirror):
    repository.commit({"specs/a.yaml": "same", "specs/b.yaml": "1"})
    first = read(mirror.snapshot(head(mirror.poll(NOW))))
    repository.commit({"specs/b.yaml": "2"})
    second = read(mirror.snapshot(head(mirror.poll(NOW))))
    assert second.files["a.yaml"] is first.files["a.yaml"]
    assert second.oids["a.yaml"] == first.oids["a.yaml"]


def test_polls_that_come_together_share_one_answer(tmp_path, repository, open_mirror):
    repository.commit({"specs/prod.yaml": "1"})
    with serving(tmp_path) as server:
        mirror = open_mirror(server.url("specs.git"))
        mirror.poll(NOW)
        server.asked.clear()
        together = threading.Barrier(8)

        def poll():
            together.wait()
            return head(mirror.poll(NOW))

        with ThreadPoolExecutor(8) as pool:
            answers = {future.result() for future in [pool.submit(poll) for _ in range(8)]}
        assert answers == {repository.tip()}
        advertisements = [asked for asked in server.asked if "info/refs" in asked.path]
        assert len(advertisements) < 8


def test_many_threads_read_many_commits_of_one_mirror(repository, mirror):
    commits = [repository.commit({"specs/prod.yaml": f"{number}"}) for number in range(12)]
    mirror.poll(NOW)

    def contents(number):
        return read(mirror.snapshot(commits[number])).files["prod.yaml"]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(contents, list(range(12)) * 3)) == [b"%d" % number for number in range(12)] * 3


def test_a_commit_that_was_read_is_given_while_a_poll_hangs(tmp_path, repository, open_mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    with serving(tmp_path) as server:
        mirror = open_mirror(server.url("specs.git"), limits=Limits(wait=20))
        mirror.poll(NOW)
        mirror.snapshot(commit)
        server.asked.clear()
        server.silent = True
        hanging = threading.Thread(target=mirror.poll, args=(NOW,))
        hanging.start()
        while not server.asked:
            assert hanging.is_alive()
        assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"1"
        assert hanging.is_alive()
        mirror.close()
        hanging.join(5)
        assert not hanging.is_alive()
        assert missed(mirror.last).why == "asking for main was stopped"


def test_what_was_last_known_is_told_with_its_time(repository, mirror):
    assert mirror.last is None
    assert mirror.good is None
    commit = repository.commit({"specs/prod.yaml": "1"})
    good = mirror.poll(NOW)
    repository.drop()
    gone = mirror.poll(NOW + timedelta(minutes=1))
    assert mirror.last == gone
    assert mirror.good == good
    assert (mirror.good.commit, mirror.good.seen_at) == (commit, NOW)


def test_two_processes_on_one_cache_have_a_mirror_each(tmp_path, repository, open_mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    first, second = open_mirror(), open_mirror()
    assert head(first.poll(NOW)) == head(second.poll(NOW)) == commit
    assert len(list((tmp_path / "cache").glob("*.git"))) == 2
    first.close()
    third = open_mirror()
    assert read(third.snapshot(commit)).files["prod.yaml"] == b"1"  # in the mirror that the first gave back


def test_a_commit_that_is_not_here_is_said_to_be_so(repository, mirror):
    stranger = Commit("1" * 40)
    assert missed(mirror.snapshot(stranger)).reason is Reason.COMMIT_GONE
    repository.commit({"specs/prod.yaml": "1"})
    commit = head(mirror.poll(NOW))
    assert missed(mirror.snapshot(stranger)).reason is Reason.COMMIT_GONE
    assert missed(mirror.snapshot(Commit("main"))).reason is Reason.COMMIT_GONE
    assert mirror.descends(commit, stranger) is None
    assert mirror.descends(stranger, commit) is None
    assert mirror.descends(commit, Commit("--octopus")) is None


def test_a_mirror_of_many_small_packs_is_packed_and_forgets_nothing(tmp_path, repository, mirror, monkeypatch):
    monkeypatch.setattr(controller.sources.mirror, "_MANY_PACKS", 5)
    first = repository.commit({"specs/prod.yaml": "0"})
    mirror.poll(NOW)
    packs = mirror_folder(tmp_path / "cache") / "objects" / "pack"
    for number in range(8):  # as eight fetches of a hundred objects would leave them
        repository.commit({"specs/prod.yaml": f"{number}"})
        objects = f"{repository.tip()}\n^{repository.tip()}~1\n".encode()
        repository.git("pack-objects", "--revs", "--quiet", str(packs / "pack"), feed=objects)
    assert len(list(packs.glob("*.pack"))) > 5
    last = head(mirror.poll(NOW))
    assert len(list(packs.glob("*.pack"))) == 1
    assert read(mirror.snapshot(first)).files["prod.yaml"] == b"0"
    assert read(mirror.snapshot(last)).files["prod.yaml"] == b"7"


def test_a_closed_source_answers_and_starts_nothing(tmp_path, repository, mirror):
    repository.commit({"specs/prod.yaml": "1"})
    mirror.close()
    with heard_commands() as heard:
        assert missed(mirror.poll(NOW)).reason is Reason.UNAVAILABLE
    assert not heard
    assert not (tmp_path / "cache").exists()
