"""What a repository may hold: rows 20 to 25 and 29 of the checklist of bad input."""

import os

import pytest

from controller.sources.environments import environments
from controller.sources.limits import Limits
from controller.sources.snapshot import Reason
from tests.sources.repository import link, submodule
from tests.sources.seen import NOW, head, heard_commands, mirror_folder, missed, read

SMALL = Limits(file_bytes=100, files=5, total_bytes=250)


def test_row_20_a_symbolic_link_is_rejected_by_name_and_its_environment_holds(repository, mirror):
    repository.commit(
        {
            "specs/prod.yaml": link("/etc/passwd"),
            "specs/stage/environment.yaml": "1",
            "specs/stage/api.yaml": link("../../secret"),
            "specs/dev.yaml": "2",
        }
    )
    snapshot = read(mirror.snapshot(head(mirror.poll(NOW))))
    assert dict(snapshot.rejected) == {
        "prod.yaml": "it is a symbolic link",
        "stage/api.yaml": "it is a symbolic link",
    }
    assert not set(snapshot.rejected) & set(snapshot.files)
    found = environments(snapshot)
    assert set(found.files) == {"dev"}
    assert dict(found.refused) == {
        "prod": "specs/prod.yaml: it is a symbolic link",
        "stage": "specs/stage/api.yaml: it is a symbolic link",
    }


def test_row_20_a_link_in_place_of_the_folder_is_not_followed(repository, mirror):
    repository.commit({"real/prod.yaml": "1", "specs": link("real")})
    found = missed(mirror.snapshot(head(mirror.poll(NOW))))
    assert (found.reason, found.why) == (Reason.REFUSED, "specs is not a folder: it is a symbolic link")


def test_row_20_a_link_above_the_folder_is_not_followed(repository, open_mirror):
    repository.commit({"real/specs/prod.yaml": "1", "deploy": link("real")})
    mirror = open_mirror(path="deploy/specs")
    assert missed(mirror.snapshot(head(mirror.poll(NOW)))).reason is Reason.PATH_GONE


def test_row_21_a_submodule_is_rejected_by_name_and_not_fetched(repository, mirror):
    repository.commit(
        {
            "specs/dev.yaml": "1",
            "specs/vendor": submodule("1" * 40),
            ".gitmodules": '[submodule "v"]\n path = specs/vendor\n url = https://specs.invalid/v.git\n',
        }
    )
    with heard_commands() as heard:
        snapshot = read(mirror.snapshot(head(mirror.poll(NOW))))
    assert dict(snapshot.rejected) == {"vendor": "it is a submodule"}
    assert not any("specs.invalid" in word for command in heard for word in command)


@pytest.mark.parametrize(
    "name",
    [b"..", b".", b".git", b".GIT", b"a/b", b"/etc"],
    ids=["..", ".", ".git", ".GIT", "a/b", "/etc"],
)
def test_row_22_a_name_that_leads_elsewhere_is_refused_with_the_whole_fetch(repository, mirror, name):
    before = repository.commit({"specs/prod.yaml": "1"})
    mirror.poll(NOW)
    blob = repository.write("blob", b"evil")
    folder = repository.write("tree", b"100644 " + name + b"\0" + bytes.fromhex(blob))
    repository.commit_tree([("40000", b"specs", folder)])
    found = missed(mirror.poll(NOW))
    assert found.reason is Reason.REFUSED
    assert "an object that git calls unsafe" in found.why
    assert read(mirror.snapshot(before)).files["prod.yaml"] == b"1"


ODD_NAMES = {
    "no UTF-8": (b"pr\xffod.yaml", "pr\\xffod.yaml"),
    "a line feed": (b"pr\nod.yaml", "pr\\nod.yaml"),
    "an escape": (b"\x1b[31mprod.yaml", "\\x1b[31mprod.yaml"),
    "an override of direction": ("\u202eprod.yaml".encode(), "\\u202eprod.yaml"),
    "a space of no width": ("pr\u200bod.yaml".encode(), "pr\\u200bod.yaml"),
    "decomposed letters": ("cafe\u0301.yaml".encode(), "cafe\u0301.yaml"),
    "a backslash": (b"..\\prod.yaml", "..\\prod.yaml"),
    "far too long": (b"a" * 600 + b".yaml", "a" * 600 + ".yaml"),
}


@pytest.mark.parametrize(("raw", "shown"), ODD_NAMES.values(), ids=ODD_NAMES.keys())
def test_row_22_an_odd_name_is_rejected_shown_safely_and_alone(repository, mirror, raw, shown):
    repository.commit({b"specs/" + raw: "1", "specs/dev.yaml": "2"})
    snapshot = read(mirror.snapshot(head(mirror.poll(NOW))))
    assert set(snapshot.rejected) == {shown}
    assert set(snapshot.files) == {"dev.yaml"}


def test_row_22_names_that_differ_only_in_case_reject_each_other(repository, mirror):
    files = ["prod.yaml", "PROD.yaml", "stage/environment.yaml", "Stage/api.yaml", "dev.yaml", "straße", "STRASSE"]
    repository.commit({f"specs/{name}": name for name in files})
    snapshot = read(mirror.snapshot(head(mirror.poll(NOW))))
    assert set(snapshot.files) == {"dev.yaml"}
    assert snapshot.rejected["prod.yaml"] == "prod.yaml and PROD.yaml differ only in upper and lower case"
    assert snapshot.rejected["Stage/api.yaml"] == "Stage and stage differ only in upper and lower case"
    assert set(environments(snapshot).files) == {"dev"}
    assert set(environments(snapshot).refused) == {"prod", "stage"}


def test_row_23_a_pack_over_the_cap_ends_the_fetch_and_keeps_the_mirror(tmp_path, repository, open_mirror):
    before = repository.commit({"specs/prod.yaml": "1"})
    mirror = open_mirror(limits=Limits(pack_bytes=1_000_000))
    mirror.poll(NOW)
    repository.commit({"elsewhere": os.urandom(3_000_000)})
    found = missed(mirror.poll(NOW))
    assert found.reason is Reason.REFUSED
    assert "larger than is taken" in found.why
    assert read(mirror.snapshot(before)).files["prod.yaml"] == b"1"
    folder = mirror_folder(tmp_path / "cache")
    assert sum(file.stat().st_size for file in folder.rglob("*")) < 100_000
    with heard_commands() as heard:
        assert mirror.poll(NOW) == found
    assert not any("fetch" in command for command in heard)


def test_row_23_a_smaller_commit_after_a_refused_one_is_fetched_at_once(repository, open_mirror):
    before = repository.commit({"specs/prod.yaml": "1"})
    mirror = open_mirror(limits=Limits(pack_bytes=1_000_000))
    mirror.poll(NOW)
    repository.commit({"elsewhere": os.urandom(3_000_000)})
    mirror.poll(NOW)
    after = repository.commit({"specs/prod.yaml": "2"}, onto=before)
    assert head(mirror.poll(NOW)) == after


def test_row_23_more_files_than_are_taken_refuse_the_commit_as_a_whole(repository, open_mirror):
    mirror = open_mirror(limits=SMALL)
    repository.commit({f"specs/{number}.yaml": "1" for number in range(6)})
    found = missed(mirror.snapshot(head(mirror.poll(NOW))))
    assert (found.reason, found.why) == (Reason.REFUSED, "there are 6 files under the path, and 5 are taken")


def test_row_23_a_listing_without_end_is_cut_off(repository, open_mirror):
    mirror = open_mirror(limits=Limits(listing_bytes=10_000))
    repository.commit({f"specs/{number}.yaml": "1" for number in range(1000)})
    found = missed(mirror.snapshot(head(mirror.poll(NOW))))
    assert found.reason is Reason.REFUSED
    assert "gave more than is taken" in found.why


def test_row_23_a_file_that_is_too_large_is_rejected_alone_and_never_read(repository, open_mirror):
    mirror = open_mirror(limits=SMALL)
    repository.commit({"specs/prod.yaml": "x" * 101, "specs/dev.yaml": "x" * 100})
    snapshot = read(mirror.snapshot(head(mirror.poll(NOW))))
    assert set(snapshot.files) == {"dev.yaml"}
    assert dict(snapshot.rejected) == {"prod.yaml": "it has 101 bytes, and 100 are taken"}


def test_row_23_files_that_are_too_much_together_refuse_the_commit(repository, open_mirror):
    mirror = open_mirror(limits=SMALL)
    repository.commit({f"specs/{number}.yaml": "x" * 90 for number in range(3)})
    assert missed(mirror.snapshot(head(mirror.poll(NOW)))).reason is Reason.REFUSED


def test_row_23_what_is_outside_the_path_does_not_count(repository, open_mirror):
    mirror = open_mirror(limits=SMALL)
    repository.commit({"specs/prod.yaml": "1", **{f"src/{number}": "x" * 200 for number in range(50)}})
    assert read(mirror.snapshot(head(mirror.poll(NOW))))


def test_row_24_a_pointer_to_large_file_storage_is_just_its_own_text(repository, mirror):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
    repository.commit(
        {"specs/prod.yaml": pointer, "specs/.gitattributes": "*.yaml filter=lfs diff=lfs merge=lfs\n"}
    )
    assert read(mirror.snapshot(head(mirror.poll(NOW)))).files["prod.yaml"] == pointer


def test_row_25_attributes_change_nothing(repository, mirror):
    content = b"commit: $Format:%H$ $Id$\r\nzwei\n"
    attributes = "*.yaml export-subst ident text eol=crlf working-tree-encoding=UTF-16 filter=evil\n"
    repository.commit(
        {"specs/prod.yaml": content, "specs/.gitattributes": attributes, ".gitattributes": attributes}
    )
    assert read(mirror.snapshot(head(mirror.poll(NOW)))).files["prod.yaml"] == content


def test_row_29_a_replacement_in_the_repository_is_ignored(repository, mirror):
    commit = repository.commit({"specs/prod.yaml": "true"})
    blob = repository.git("rev-parse", f"{commit}:specs/prod.yaml")
    repository.git("replace", blob, repository.write("blob", b"false"))
    other = repository.commit({"specs/prod.yaml": "false"}, branch="other")
    repository.git("replace", commit, other)
    mirror.poll(NOW)
    assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"true"


def test_row_29_a_replacement_or_a_graft_in_the_mirror_is_ignored(tmp_path, repository, mirror):
    old = repository.commit({"specs/prod.yaml": "old"})
    commit = repository.commit({"specs/prod.yaml": "true"})
    other = repository.commit({"specs/prod.yaml": "false"}, onto=None)
    mirror.poll(NOW)
    repository.point(commit)
    mirror.poll(NOW)
    folder = mirror_folder(tmp_path / "cache")
    (folder / "refs/replace").mkdir()
    (folder / "refs/replace" / commit).write_text(f"{other}\n")
    (folder / "info").mkdir(exist_ok=True)
    (folder / "info" / "grafts").write_text(f"{commit}\n{other} {old}\n")
    assert read(mirror.snapshot(commit)).files["prod.yaml"] == b"true"
    assert mirror.descends(commit, old) is True
    assert mirror.descends(other, old) is False


def test_what_the_author_of_a_commit_wrote_is_made_safe_to_show(repository, mirror):
    repository.commit(
        {"specs/prod.yaml": "1"},
        message="Fix \x1b[31m\u202eit\x07" + "x" * 999,
        author="E\u200bve\x1b[0m <e@x.example>",
    )
    snapshot = read(mirror.snapshot(head(mirror.poll(NOW))))
    assert snapshot.author == "E ve [0m <e@x.example>"
    assert snapshot.subject.startswith("Fix  [31m it xxx")
    assert len(snapshot.subject) <= 301
    assert snapshot.subject.isprintable()


def test_a_commit_from_the_far_future_has_a_date_that_can_be_shown(repository, mirror):
    repository.commit({"specs/prod.yaml": "1"}, at=4_000_000_000_000)
    assert read(mirror.snapshot(head(mirror.poll(NOW)))).committed_at.year == 9999
