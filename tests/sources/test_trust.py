"""Whose signatures count: real keys, real git, and all that a hostile commit, tag or list of keys may try."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.errors import SpecError
from controller.model.people import People, Person
from controller.model.trust import Signed
from controller.sources.command import Git
from controller.sources.keyring import read_keyring
from controller.sources.limits import Limits
from controller.sources.signers import read_revoked, read_signers
from controller.sources.snapshot import Reason
from controller.sources.trust import Trust
from tests.sources.seen import NOW, head, heard_commands, missed
from tests.sources.signing import GpgKey, SshKey, sign_tip, tag_tip


@pytest.fixture(scope="module")
def ssh(tmp_path_factory) -> dict[str, SshKey]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: SshKey.make(folder / name) for name in ("anna", "bob", "eve")}


class Ground:
    """A repository, its mirror, and the operator's folder of keys."""

    def __init__(self, folder: Path, repository, mirror, ssh: dict[str, SshKey]) -> None:
        self.folder, self.repository, self.mirror, self.ssh = folder, repository, mirror, ssh
        self.people = People()
        self.now = NOW
        self.signers = folder / "signers"
        self.signers.mkdir()
        self.allow(f"anna@example.com {ssh['anna'].public}")
        self.trust = self.new_trust()

    def new_trust(self) -> Trust:
        return Trust(
            signers=self.signers, cache=self.folder / "cache", now=lambda: self.now, people=lambda: self.people
        )

    def allow(self, *lines: str) -> None:
        (self.signers / "allowed_signers").write_text("".join(f"{line}\n" for line in lines))

    def commit(self, text: str = "1", key: str = "", **more):
        made = self.repository.commit({"specs/prod.yaml": text}, **more)
        return sign_tip(self.repository, self.ssh[key]) if key else made

    def judge(self, since=None):
        return self.trust.commits(self.mirror, head(self.mirror.poll(self.now)), since)

    def why(self, since=None) -> str:
        found = missed(self.judge(since))
        assert found.reason is Reason.UNVERIFIED
        return found.why


@pytest.fixture
def ground(tmp_path, repository, mirror, ssh) -> Ground:
    return Ground(tmp_path, repository, mirror, ssh)


def test_a_commit_that_an_allowed_signer_signed_is_theirs(ground):
    ground.commit(key="anna")
    anna = ground.ssh["anna"].fingerprint
    assert ground.judge() == Signed(by="anna@example.com", key=anna)
    ground.people = People(persons=(Person(name="anna", keys=(anna,)),))
    assert ground.judge() == Signed(by="anna", key=anna, known=True)


def test_the_key_of_somebody_in_people_yaml_needs_no_other_list(ground):
    bob = ground.ssh["bob"].fingerprint
    ground.commit(key="bob")
    named = "which gives ada@example.com as its author, is signed with"
    assert f"{named} {bob}, a key that is neither in allowed_signers nor in people.yaml" in ground.why()
    ground.people = People(persons=(Person(name="bob", keys=(bob,)),))
    assert ground.judge() == Signed(by="bob", key=bob, known=True)


def test_row_10_what_is_not_signed_is_nobodys(ground):
    commit = ground.commit()
    assert ground.why() == f"commit {commit[:12]}, which gives ada@example.com as its author, is not signed"


def test_row_10_a_key_that_is_revoked_or_out_of_its_time_does_not_count(ground):
    anna = ground.ssh["anna"]
    # Signed in 2023, as the commit says; that is its author's word.
    ground.commit(key="anna", at=1_600_000_000)
    ground.allow(f'anna valid-before="20250101" {anna.public}')
    assert f"{anna.fingerprint}, a key that has expired at 2025-01-01T00:00:00Z" in ground.why()
    ground.allow(f'anna valid-after="203001010000Z" {anna.public}')
    assert "a key that counts only from 2030-01-01T00:00:00Z" in ground.why()
    ground.now = datetime(2031, 1, 1, tzinfo=UTC)
    assert isinstance(ground.judge(), Signed)
    (ground.signers / "revoked_keys").write_text(f"# left in May\n{anna.public}\n")
    ground.people = People(persons=(Person(name="anna", keys=(anna.fingerprint,)),))
    assert f"is signed with {anna.fingerprint}, a key that is revoked" in ground.why()


def test_a_key_that_is_out_of_its_time_is_not_let_in_by_people_yaml(ground):
    anna = ground.ssh["anna"]
    ground.commit(key="anna")
    ground.people = People(persons=(Person(name="anna", keys=(anna.fingerprint,)),))
    ground.allow(f'anna valid-before="20250101" {anna.public}')
    assert "has expired" in ground.why()


def test_a_signature_of_something_else_does_not_count(ground):
    ground.repository.commit({"specs/prod.yaml": "1"})
    signed = sign_tip(ground.repository, ground.ssh["anna"])
    text = ground.repository.git("cat-file", "-p", signed).replace("Change the specs", "Change the keys")
    ground.repository.point(ground.repository.write("commit", f"{text}\n".encode()))
    assert "carries a signature that is not of what it holds" in ground.why()


def test_a_signature_that_was_made_for_another_purpose_does_not_count(ground):
    ground.repository.commit({"specs/prod.yaml": "1"})
    sign_tip(ground.repository, ground.ssh["anna"], namespace="file")
    assert "a signature that is not of what it holds" in ground.why()


def test_row_12_lists_in_the_repository_and_its_settings_have_no_effect(ground):
    eve = f"eve@example.com {ground.ssh['eve'].public}"
    files = {"specs/allowed_signers": eve,
             ".gitconfig": "[gpg 'ssh']\nallowedSignersFile = specs/allowed_signers\n",
             "specs/prod.yaml": "1", ".mailmap": "Anna <anna@example.com> <ada@example.com>\n"}  # fmt: skip
    ground.repository.commit(files)
    sign_tip(ground.repository, ground.ssh["eve"])
    assert ground.ssh["eve"].fingerprint in ground.why() and "ada@example.com" in ground.why()


def test_row_11_of_a_range_every_commit_has_to_be_signed_also_what_was_merged(ground):
    first = ground.commit("0", key="anna")
    middle = ground.commit("1")
    ground.commit("2", key="anna")
    assert isinstance(ground.judge(), Signed)
    assert f"commit {middle[:12]}" in ground.why(first)
    assert isinstance(ground.judge(middle), Signed)
    side = ground.repository.commit({"specs/prod.yaml": "3"}, branch="side", onto=first)
    parents = f"parent {ground.repository.tip()}\nparent {side}\n"
    tree = ground.repository.git("rev-parse", f"{side}^{{tree}}")
    person = "Ada <ada@example.com> 1700000000 +0000"
    merge = f"tree {tree}\n{parents}author {person}\ncommitter {person}\n\nMerge\n"
    ground.repository.point(ground.repository.write("commit", merge.encode()))
    sign_tip(ground.repository, ground.ssh["anna"])
    assert f"commit {side[:12]}" in ground.why(middle)


def test_a_range_is_asked_for_once_and_only_what_is_new(ground):
    first = ground.commit("0", key="anna")
    for number in range(5):
        ground.commit(str(number), key="anna")
    with heard_commands() as heard:
        assert isinstance(ground.judge(first), Signed)
    assert len([words for words in heard if "log" in words or "rev-list" in words]) == 2
    ground.commit("9", key="anna")
    ground.mirror.poll(ground.now)
    with heard_commands() as heard:
        ground.judge(first)
        ground.judge(first)
    assert len([words for words in heard if "log" in words]) == 1
    ground.allow(f"anna@example.com {ground.ssh['anna'].public}", f"bob {ground.ssh['bob'].public}")
    with heard_commands() as heard:
        ground.judge(first)
    assert len([words for words in heard if "log" in words]) == 1


def test_a_flood_of_commits_is_checked_some_at_a_time_so_that_nobody_waits_long(ground, monkeypatch):
    monkeypatch.setattr("controller.sources.signing._AT_ONCE", 2)
    first = ground.commit("0", key="anna")
    for number in range(5):
        ground.commit(str(number), key="anna")
    told = [missed(ground.judge(first)).why for _ in range(2)]
    assert told == [f"signatures cannot be checked: {left} commits are left to check" for left in (3, 1)]
    assert isinstance(ground.judge(first), Signed)


def test_without_keys_nothing_is_verified_and_it_is_said_what_is_missing(ground):
    ground.commit(key="anna")
    nothing = Trust(signers=None, cache=ground.folder / "cache", now=lambda: NOW)
    found = missed(nothing.commits(ground.mirror, head(ground.mirror.poll(NOW)), None))
    assert found.why == "nobody's key is known: give --signers, or --people with keys"
    ground.allow("anna@example.com")
    told = "nothing can be verified: allowed_signers:1: it is not: names, perhaps options, type of the key, key"
    assert ground.why() == told
    (ground.signers / "allowed_signers").unlink()
    assert "holds no keys: neither allowed_signers nor a file .asc or .gpg" in ground.why()
    ground.signers.rmdir()
    assert "signers cannot be read: No such file" in ground.why()


def test_people_that_cannot_be_read_say_so_where_only_they_know_the_key(ground):
    def broken() -> People:
        raise SpecError("people.yaml:3:1: is not YAML\nand more")

    trust = Trust(signers=ground.signers, cache=ground.folder / "cache", now=lambda: NOW, people=broken)
    ground.commit(key="anna")
    assert isinstance(trust.commits(ground.mirror, head(ground.mirror.poll(NOW)), None), Signed)
    ground.commit("2", key="eve")
    found = missed(trust.commits(ground.mirror, head(ground.mirror.poll(NOW)), None))
    assert found.why.endswith("and nobody's key is known: people.yaml:3:1: is not YAML")


# Lists of keys


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("anna", "it is not: names"),
        ("anna cert-authority {key}", "the option cert-authority is not taken"),
        ("anna no-touch-required {key}", "the option no-touch-required is not taken"),
        ('anna valid-before="soon" {key}', "'soon' is not a time"),
        ('anna valid-before="20269999" {key}', "'20269999' is not a time"),
        ("anna ssh-rsa {blob}", "the key is not of the type ssh-rsa, or not whole"),
        ("anna ssh-ed25519 AAAA", "the key is not of the type ssh-ed25519, or not whole"),
        ("anna ssh-ed25519 AAAAC", "the key is not written in base64"),
        ('"anna ssh-ed25519 {blob}', "it is not: names"),
    ],
)
def test_a_line_that_is_not_understood_is_refused_with_its_number(ssh, line, told):
    public = ssh["anna"].public
    text = f"# people\n\n{line.format(key=public, blob=public.split()[1])}\n"
    with pytest.raises(SpecError, match=r"^list:3: ") as refused:
        read_signers(text, "list")
    assert told in str(refused.value)


def test_lists_are_read_as_openssh_reads_them(ssh):
    key = ssh["anna"].public
    text = "\n".join((
        f"anna@example.com,*@example.org {key} a comment",
        f'"Bob B" namespaces="file,git",valid-after="20250101",VALID-BEFORE="20260101123000Z" {key}',
        f'carl namespaces="file" {key}',
        f'dora namespaces="*,!git" {key}',
    ))  # fmt: skip
    first, second = read_signers(text, "list")
    assert (first.names, first.key) == ("anna@example.com,*@example.org", ssh["anna"].fingerprint)
    assert (second.names, second.since, second.until) == (
        "Bob B", datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 12, 30, tzinfo=UTC),
    )  # fmt: skip
    assert read_revoked(f"{key}\n#\n", "list") == {ssh["anna"].fingerprint}
    with pytest.raises(SpecError, match=r"^list:1: it is not a public key"):
        read_revoked(f"anna {key}", "list")


def test_what_git_is_given_says_no_more_than_it_must(tmp_path, ssh):
    (tmp_path / "allowed_signers").write_text(
        f'a,b {ssh["anna"].public}\nc valid-before="20200101" {ssh["bob"].public}'
    )
    keys = read_keyring(tmp_path, tmp_path / "cache", NOW)
    ((_, home),) = keys.permit.environment
    blob = ssh["anna"].public.split()[1]
    assert (Path(home) / "allowed_signers").read_text() == f'signer namespaces="git" ssh-ed25519 {blob}\n'


@pytest.mark.parametrize(
    "content",
    [b"", b"no key", b"\x94\x58secret", b"\xff\xfe", b"-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP"],
)
def test_what_is_no_public_key_of_gpg_is_refused(tmp_path, content):
    (tmp_path / "a.gpg").write_bytes(content)
    with pytest.raises(SpecError, match=r"^a\.gpg: it does not hold public keys of GPG"):
        read_keyring(tmp_path, tmp_path / "cache", NOW)


# GPG


@pytest.fixture(scope="module")
def gpg() -> Iterator[dict[str, GpgKey]]:
    missing = shutil.which("gpg-agent") is None and os.environ.get("CI") != "true"
    if missing:
        pytest.skip("gpg-agent is not installed")
    with tempfile.TemporaryDirectory(prefix="gpg") as folder:  # pytest's own are too long for gpg's sockets
        home = Path(folder)
        yield {name: GpgKey.make(home, name) for name in ("gert", "rita")} | {
            "late": GpgKey.make(home, "late", expires="20210101T000000")
        }


def test_a_commit_signed_with_one_of_the_operators_gpg_keys_is_theirs(ground, gpg):
    ground.repository.commit({"specs/prod.yaml": "1"})
    sign_tip(ground.repository, gpg["gert"])
    assert "which is none of the operator's" in ground.why()
    (ground.signers / "team.asc").write_bytes(gpg["gert"].export("--armor"))
    gert = gpg["gert"].fingerprint
    assert ground.judge() == Signed(by=gert, key=gert)
    ground.people = People(persons=(Person(name="gert", keys=(gert,)),))
    assert ground.judge() == Signed(by="gert", key=gert, known=True)
    (ground.signers / "team.asc").unlink()
    (ground.signers / "team.gpg").write_bytes(gpg["gert"].export())
    assert ground.judge() == Signed(by="gert", key=gert, known=True)


def test_a_gpg_key_that_expired_or_was_revoked_does_not_count(ground, gpg):
    ground.repository.commit({"specs/prod.yaml": "1"})
    content_key = gpg["late"]
    sign_tip(ground.repository, _InTime(content_key))
    (ground.signers / "late.gpg").write_bytes(content_key.export())
    assert f"is signed with {content_key.fingerprint}, a key that has expired" in ground.why()
    ground.repository.commit({"specs/prod.yaml": "2"})
    sign_tip(ground.repository, gpg["rita"])
    gpg["rita"].revoke()
    (ground.signers / "rita.gpg").write_bytes(gpg["rita"].export())
    assert f"is signed with {gpg['rita'].fingerprint}, a key that is revoked" in ground.why()


class _InTime:
    """Signs when the key still counted, as whoever has it can always say."""

    def __init__(self, key: GpgKey) -> None:
        self._key = key

    def sign(self, content: bytes) -> bytes:
        return self._key.sign(content, "--faked-system-time", "20200601T000000!")


def test_a_gpg_signature_without_any_gpg_key_says_whose_it_would_be(ground, gpg):
    ground.commit(key="anna")
    ground.repository.commit({"specs/prod.yaml": "2"})
    sign_tip(ground.repository, gpg["gert"])
    assert gpg["gert"].fingerprint[-16:] in ground.why()


# Tags


@pytest.fixture
def git(tmp_path) -> Git:
    return Git(cache=tmp_path, scheme=None, limits=Limits())


def tag_of(ground, git, name="v1.2.3"):
    return ground.trust.tag(git, ground.repository.folder, name)


def test_a_tag_that_is_signed_says_for_which_commit(ground, git):
    commit = ground.commit()
    tag_tip(ground.repository, "v1.2.3", ground.ssh["anna"])
    anna = ground.ssh["anna"].fingerprint
    assert tag_of(ground, git) == (commit, Signed(by="anna@example.com", key=anna))
    ground.people = People(persons=(Person(name="bob", keys=(ground.ssh["bob"].fingerprint,)),))
    tag_tip(ground.repository, "v1.2.4", ground.ssh["bob"])
    assert tag_of(ground, git, "v1.2.4")[1].by == "bob"


def test_row_9_a_tag_that_is_not_signed_for_just_this_is_refused(ground, git):
    commit = ground.commit(key="anna")
    ground.repository.git("update-ref", "refs/tags/light", commit)
    tag_tip(ground.repository, "bare", None)
    tag_tip(ground.repository, "strange", ground.ssh["eve"])
    tag_tip(ground.repository, "v1.2.3", ground.ssh["anna"], says="v1.2.2")
    told = {name: missed(tag_of(ground, git, name)).why for name in ("light", "bare", "strange", "v1.2.3", "gone")}
    by = ", which gives tess@example.com as its author,"
    assert told == {
        "light": "the tag light is not signed: it is a light one, only a name",
        "bare": f"the tag bare{by} is not signed",
        "strange": f"the tag strange{by} is signed with {ground.ssh['eve'].fingerprint}, a key that is neither in "
        "allowed_signers nor in people.yaml",
        "v1.2.3": "the tag v1.2.3 is not the tag object of that name for a commit",
        "gone": "there is no tag gone",
    }


@pytest.mark.parametrize("name", ["-x", "a..b", "@{u}", "refs/../x", "a b", "", "v1\n", "x" * 4096])
def test_row_19_names_that_are_no_tags_never_reach_git(ground, git, name):
    with heard_commands() as heard:
        assert "is not a name that is taken for a tag" in missed(tag_of(ground, git, name)).why
    assert heard == []


def test_a_tag_whose_content_was_changed_does_not_count(ground, git):
    ground.commit()
    tag_tip(ground.repository, "v1.2.3", ground.ssh["anna"])
    oid = ground.repository.git("rev-parse", "refs/tags/v1.2.3")
    text = ground.repository.git("cat-file", "-p", oid).replace("A release", "Another")
    ground.repository.git("update-ref", "refs/tags/v1.2.3", ground.repository.write("tag", f"{text}\n".encode()))
    assert "carries a signature that is not of what it holds" in missed(tag_of(ground, git)).why


def test_tags_signed_with_gpg_are_told_alike(ground, git, gpg):
    commit = ground.commit()
    tag_tip(ground.repository, "v1.2.3", gpg["gert"])
    assert "which is none of the operator's" in missed(tag_of(ground, git)).why
    (ground.signers / "gert.gpg").write_bytes(gpg["gert"].export())
    assert tag_of(ground, git) == (commit, Signed(by=gpg["gert"].fingerprint, key=gpg["gert"].fingerprint))
    tag_tip(ground.repository, "v1.2.4", _InTime(gpg["late"]))
    (ground.signers / "late.gpg").write_bytes(gpg["late"].export())
    assert "a key that has expired" in missed(tag_of(ground, git, "v1.2.4")).why
