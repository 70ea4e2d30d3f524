"""A branch that is gone, emptied, or rewritten: rows 3 to 8 of the checklist of bad input."""

import subprocess

import pytest

from controller.sources.environments import environments
from controller.sources.forward import moves_forward
from controller.sources.snapshot import Reason
from tests.sources.repository import ENVIRONMENT
from tests.sources.seen import NOW, head, heard_commands, mirror_folder, missed, read


def test_row_3_a_deleted_branch_is_said_to_be_gone(repository, mirror):
    commit = repository.commit({"specs/prod.yaml": "1"})
    mirror.poll(NOW)
    repository.point(commit, branch="other")
    repository.drop()
    found = missed(mirror.poll(NOW))
    assert (found.reason, found.why) == (Reason.BRANCH_GONE, "the repository has no branch main")
    assert read(mirror.snapshot(commit))


@pytest.mark.parametrize("old_protocol", [False, True])
def test_row_3_a_ref_that_only_ends_like_the_branch_is_not_the_branch(
    repository, server, open_mirror, old_protocol
):
    server.old_protocol = old_protocol
    commit = repository.commit({"specs/prod.yaml": "1"}, branch="other")
    repository.git("update-ref", "refs/heads/x/refs/heads/main", commit)
    mirror = open_mirror(server.url("specs.git"))
    assert missed(mirror.poll(NOW)).reason is Reason.BRANCH_GONE
    repository.point(commit)
    assert head(mirror.poll(NOW)) == commit


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


def test_row_7_what_a_force_push_left_behind_survives_even_a_collection_by_hand(tmp_path, repository, open_mirror):
    base = repository.commit({"specs/prod.yaml": "1"})
    accepted = repository.commit({"specs/prod.yaml": "2"})
    mirror = open_mirror()
    mirror.poll(NOW)
    repository.commit({"specs/prod.yaml": "3"}, onto=base)
    mirror.poll(NOW)
    mirror.close()
    words = ["git", f"--git-dir={mirror_folder(tmp_path / 'cache')}", "gc", "--quiet", "--prune=now"]
    subprocess.run(words, env=ENVIRONMENT, check=True)
    again = open_mirror()
    with heard_commands() as heard:
        assert head(again.poll(NOW)) == repository.tip()
    assert not any("fetch" in command for command in heard)
    assert read(again.snapshot(accepted)).files["prod.yaml"] == b"2"
    newer = repository.commit({"specs/prod.yaml": "4"})
    assert head(again.poll(NOW)) == newer
    assert read(again.snapshot(newer)).files["prod.yaml"] == b"4"
    assert read(again.snapshot(accepted)).files["prod.yaml"] == b"2"


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


def test_invariant_22_row_8_an_old_head_served_again_does_not_move_forward(repository, mirror):
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
