"""A change on a branch of a real remote: what is pushed, what is left alone, and who came first."""

import pytest

from controller.errors import AccessError, PlatformError, Refusal, SpecError
from controller.sources.address import AddressError
from controller.sources.auth import Credentials
from controller.sources.change import Author, Moved, Workshop
from tests.sources.repository import Repository

FILE = "specs/prod.yaml"
ADA = Author(name="Ada", email="ada@example.com")
TRAILER = "Trueup-Target: prod/api"
MESSAGE = f"Release\n\nWhy.\n\n{TRAILER}\nTrueup-Version: v1\n"


@pytest.fixture
def remote(repository):
    repository.commit({FILE: "v0\n", "specs/run.sh": "#!/bin/sh\n", "README.md": "one\r\ntwo"})
    return repository


@pytest.fixture
def workshop(remote, tmp_path):
    made = 0

    def call(url=None, branch="main"):
        nonlocal made
        made += 1
        folder = tmp_path / f"shop{made}"
        folder.mkdir()
        return Workshop(url or remote.url, branch, "specs", folder=folder, credentials=Credentials())

    return call


def content(remote, ref, file=FILE):
    return remote.git("show", f"{ref}:{file}")


def test_a_commit_changes_just_its_file_and_is_by_whoever_asks(remote, workshop):
    shop = workshop()
    base = shop.fetch().base
    assert shop.snapshot(base).files["prod.yaml"] == b"v0\n"
    commit = shop.commit(base, {FILE: b"v1\n"}, ADA, MESSAGE)
    assert remote.tip() == base, "nothing is pushed yet"
    shop.push(commit, "main", base)
    assert remote.tip() == commit
    assert remote.git("diff", "--name-only", base, commit) == FILE
    assert remote.git("log", "-1", "--format=%an <%ae>|%cn <%ce>|%P|%B", commit).startswith(
        f"Ada <ada@example.com>|Ada <ada@example.com>|{base}|Release"
    )
    assert remote.git("log", "-1", "--format=%(trailers:key=Trueup-Target,valueonly)", commit) == "prod/api"


def test_the_mode_of_a_file_stays(remote, workshop):
    remote.git("update-ref", "refs/heads/main", remote.tip())
    shop = workshop()
    base = shop.fetch().base
    before = remote.git("ls-tree", base, "specs/")
    commit = shop.commit(base, {"specs/run.sh": b"x"}, ADA, MESSAGE)
    shop.push(commit, "main", base)
    modes = [line.split()[0] for line in remote.git("ls-tree", commit, "specs/").splitlines()]
    assert modes == [line.split()[0] for line in before.splitlines()]


def test_who_pushed_meanwhile_is_not_overwritten(remote, workshop):
    shop = workshop()
    base = shop.fetch().base
    commit = shop.commit(base, {FILE: b"v1\n"}, ADA, MESSAGE)
    other = remote.commit({"README.md": "changed"})
    with pytest.raises(Moved, match="main moved while this was made"):
        shop.push(commit, "main", base)
    assert remote.tip() == other
    again = shop.fetch().base
    assert again == other
    shop.push(shop.commit(again, {FILE: b"v1\n"}, ADA, MESSAGE), "main", again)
    assert (content(remote, "main"), content(remote, "main", "README.md")) == ("v1", "changed")


def test_a_branch_that_was_rewound_meanwhile_is_not_overwritten(remote, workshop):
    first = remote.tip()
    remote.commit({FILE: "bad\n"})
    shop = workshop()
    base = shop.fetch().base
    commit = shop.commit(base, {FILE: b"v1\n"}, ADA, MESSAGE)
    remote.point(first)
    with pytest.raises(Moved):
        shop.push(commit, "main", base)
    assert remote.tip() == first


def test_a_new_branch_is_made_and_one_that_somebody_made_meanwhile_is_left_alone(remote, workshop):
    shop = workshop()
    standing = shop.fetch("trueup/prod/api", TRAILER)
    assert standing.proposed is None
    commit = shop.commit(standing.base, {FILE: b"v1\n"}, ADA, MESSAGE)
    other = remote.commit({"x": "y"}, branch="trueup/prod/api", onto=standing.base)
    with pytest.raises(Moved):
        shop.push(commit, "trueup/prod/api", None)
    assert remote.tip("trueup/prod/api") == other
    assert shop.fetch("trueup/prod/api", TRAILER).own is False


def test_our_own_older_proposal_is_replaced_by_one_on_the_newest_commit(remote, workshop):
    shop = workshop()
    base = shop.fetch("p", TRAILER).base
    old = shop.commit(base, {FILE: b"v1\n"}, ADA, MESSAGE)
    shop.push(old, "p", None)
    newer = remote.commit({"README.md": "changed"})
    standing = workshop().fetch("p", TRAILER)
    assert (standing.base, standing.proposed, standing.own, standing.on_base) == (newer, old, True, False)
    shop = workshop()
    shop.fetch("p", TRAILER)
    new = shop.commit(newer, {FILE: b"v2\n"}, ADA, MESSAGE)
    shop.push(new, "p", old)
    assert remote.tip("p") == new and workshop().fetch("p", TRAILER).on_base


def test_what_the_server_refuses_is_said_in_its_words_and_without_its_colours(remote, workshop):
    hook = remote.folder / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\necho "error: GH006: main is \\033[31mprotected" >&2\nexit 1\n')
    hook.chmod(0o755)
    shop = workshop()
    base = shop.fetch().base
    with pytest.raises(
        Refusal, match=r"the server does not take it on main: .*GH006: main is .*protected"
    ) as refused:
        shop.push(shop.commit(base, {FILE: b"v1\n"}, ADA, MESSAGE), "main", base)
    assert "\x1b" not in str(refused.value)
    assert remote.tip() == base


def test_nothing_of_the_repository_or_the_user_runs(remote, workshop, tmp_path, monkeypatch):
    ran = tmp_path / "ran"
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f"[core]\n\tsshCommand = touch {ran}\n\tfsmonitor = touch {ran}\n[commit]\n\tgpgsign = true\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    remote.commit({".gitattributes": "* filter=evil text eol=crlf\n"})
    shop = workshop()
    base = shop.fetch().base
    shop.push(shop.commit(base, {FILE: b"v1\n"}, ADA, MESSAGE), "main", base)
    assert content(remote, "main") == "v1" and not ran.exists()


def test_a_name_with_a_line_break_makes_no_other_header(remote, workshop):
    shop = workshop()
    base = shop.fetch().base
    eve = Author(name="Eve\ncommitter Root <root@example.com> 0 +0000", email="eve@x>\n")
    shop.push(shop.commit(base, {FILE: b"v1\n"}, eve, MESSAGE), "main", base)
    assert remote.git("log", "-1", "--format=%cn|%ce") == "Eve committer Root  root@example.com  0 +0000|eve@x"


def test_sha256_repositories_are_changed_as_well(tmp_path):
    remote = Repository(tmp_path / "new.git", object_format="sha256")
    remote.commit({FILE: "v0\n"})
    (tmp_path / "shop").mkdir()
    shop = Workshop(remote.url, "main", "specs", folder=tmp_path / "shop", credentials=Credentials())
    base = shop.fetch().base
    shop.push(shop.commit(base, {FILE: b"v1\n"}, ADA, MESSAGE), "main", base)
    assert content(remote, "main") == "v1"


def test_what_is_not_there_and_what_is_not_taken(workshop, tmp_path):
    with pytest.raises(SpecError, match="the repository has no branch nope"):
        workshop(branch="nope").fetch()
    with pytest.raises((PlatformError, AccessError), match="asking for main"):
        workshop(url=f"file://{tmp_path}/nowhere.git").fetch()
    with pytest.raises(AddressError):
        workshop().fetch("--upload-pack=touch x")
    with pytest.raises(AddressError):
        workshop(url="ext::sh -c true")
    shop = workshop()
    base = shop.fetch().base
    with pytest.raises(SpecError, match=r"there is no specs/none\.yaml at"):
        shop.commit(base, {"specs/none.yaml": b""}, ADA, MESSAGE)
