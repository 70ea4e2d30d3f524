"""`verify` of an environment: what is not signed holds it, and it alone, and only a key turns that off."""

from dataclasses import replace

import pytest

from controller.model.consent import Authors, AuthorsOf
from controller.model.desired import Accepted, Desired, Unread
from controller.model.names import EnvName, TargetName
from controller.model.people import People, Person
from controller.model.trust import Commits, Signed, Verify
from controller.sources.authors import AuthorsProbe
from controller.sources.folder import FolderSource
from controller.sources.specs import SpecSource
from controller.sources.trust import Trust
from controller.spec.parse import Compiler
from tests.sources.seen import NOW
from tests.sources.signing import SshKey, sign_tip
from tests.spec.shaping import TABLES
from tests.spec.worlds import DEFAULTS, HEAD, folder, lines, one_file

PROD, DEV = EnvName("prod"), EnvName("dev")
NONE, BY_HEAD, BY_RANGE = "none", "head", "range"


@pytest.fixture(scope="module")
def key(tmp_path_factory) -> SshKey:
    return SshKey.make(tmp_path_factory.mktemp("keys") / "anna")


class Ground:
    """A repository that people push to, signed or not, and processes that read it."""

    def __init__(self, folder, repository, open_mirror, key) -> None:
        self.folder, self.repository, self.key, self._open = folder, repository, key, open_mirror
        self.signers = folder / "signers"
        self.signers.mkdir()
        (self.signers / "allowed_signers").write_text(f"anna {key.public}\n")
        self.floor = Verify()
        self.people = People()
        self.source = self.start()

    def start(self) -> SpecSource:
        cache = self.folder / "cache"
        trust = Trust(
            signers=self.signers,
            cache=cache,
            now=lambda: NOW,
            people=lambda: self.people,
            floor=lambda env: self.floor,
        )
        return SpecSource(self._open(), Compiler(TABLES).compile, now=lambda: NOW, trust=trust)

    def restart(self) -> None:
        self.source.close()
        self.source = self.start()

    def push(self, version, verify=BY_HEAD, *, signed=True, files=None, **more):
        head = HEAD + (f"  verify: {{commits: {verify}}}\n" if verify else "") + DEFAULTS
        made = files or one_file(lines("api", version), head=head)
        commit = self.repository.commit({f"specs/{name}": text for name, text in made.items()}, **more)
        return sign_tip(self.repository, self.key) if signed else commit

    def read(self, accepted=None, env=PROD) -> Desired | Unread:
        self.source.poll()
        return self.source.read(env, accepted)

    def good(self, accepted=None, env=PROD) -> Desired:
        found = self.read(accepted, env)
        assert isinstance(found, Desired), found
        return found

    def held(self, accepted=None, env=PROD) -> str:
        found = self.read(accepted, env)
        assert isinstance(found, Unread) and found.reason == "CommitUnverified", found
        return found.why


@pytest.fixture
def ground(tmp_path, repository, open_mirror, key) -> Ground:
    return Ground(tmp_path, repository, open_mirror, key)


def test_a_signed_commit_is_read_and_says_who_signed_it(ground):
    commit = ground.push("v1.0.0")
    found = ground.good()
    assert found.signed == Signed(by="anna", key=ground.key.fingerprint)
    assert found.accepted == Accepted(commit=commit, verify=Verify(commits=Commits.HEAD))
    assert ground.read() is found


def test_row_10_an_unsigned_commit_holds_and_the_next_signed_one_goes_on(ground):
    first = ground.push("v1.0.0")
    accepted = ground.good().accepted
    commit = ground.push("v1.0.1", signed=False)
    told = f"commit {commit[:12]}, which gives ada@example.com as its author, is not signed; "
    assert ground.held(accepted) == f"{told}verify: head is asked for; prod stays at {first[:12]}"
    assert ground.read(accepted) is ground.read(accepted)
    ground.push("v1.0.2")
    assert ground.good(accepted).targets["api"].release.version == "v1.0.2"


def test_it_stops_no_other_environment(ground):
    ground.push("v1.0.0")
    accepted = ground.good().accepted
    dev = {"dev.yaml": one_file(lines("api", "v1.0.1"))["prod.yaml"].replace(b"name: prod", b"name: dev")}
    ground.push("", files=dev, signed=False)
    assert isinstance(ground.good(env=DEV), Desired)
    assert ground.held(accepted)


@pytest.mark.parametrize("then", [NONE, "", None])
def test_no_commit_turns_off_what_keeps_it_out(ground, then):
    """By asking for less, by not asking, and by taking the file away."""
    ground.push("v1.0.0")
    accepted = ground.good().accepted
    ground.push("v6.6.6", then, signed=False, files={"prod.yaml": None} if then is None else None)
    assert ground.held(accepted)
    ground.restart()
    assert ground.held(accepted)
    ground.push("v1.0.1", NONE)
    assert ground.good(accepted).accepted.verify == Verify()


def test_a_commit_that_turns_it_on_has_to_be_signed_itself(ground):
    ground.push("v1.0.0", "", signed=False)
    accepted = ground.good().accepted
    ground.push("v1.0.1", BY_HEAD, signed=False)
    assert ground.held(accepted)
    assert ground.held(None)


def test_what_the_operator_asks_for_counts_whatever_the_specs_say(ground):
    ground.push("v1.0.0", NONE, signed=False)
    assert isinstance(ground.good(), Desired)
    ground.restart()
    ground.floor = Verify(commits=Commits.HEAD)
    assert "verify: head is asked for" in ground.held()


def test_row_11_in_a_range_an_unsigned_commit_behind_a_signed_one_holds(ground):
    ground.push("v1.0.0", BY_RANGE)
    accepted = ground.good().accepted
    middle = ground.push("v1.0.1", BY_RANGE, signed=False)
    ground.push("v1.0.2", BY_RANGE)
    assert middle[:12] in ground.held(accepted)
    lenient = replace(accepted, verify=Verify(commits=Commits.HEAD))
    assert middle[:12] in ground.held(lenient)
    # A person who takes the history on gets past it, with a newest commit that is signed, and no other.
    assert isinstance(ground.good(replace(accepted, anywhere=True)), Desired)


def test_past_a_rewritten_history_the_newest_commit_has_to_be_signed(ground):
    ground.push("v1.0.0", BY_RANGE)
    accepted = ground.good().accepted
    ground.push("v6.6.6", NONE, signed=False, onto=None)
    assert ground.read(accepted).reason == "HistoryRewritten"
    assert ground.held(replace(accepted, anywhere=True))


def test_a_person_may_accept_just_one_history(ground):
    ground.push("v1.0.0", "")
    accepted = ground.good().accepted
    looked_at = ground.push("v1.1.0", "", onto=None)
    ground.good(replace(accepted, anywhere=True, only=looked_at[:8]))
    assert ground.push("v1.1.1", "") != looked_at
    ground.good(replace(accepted, anywhere=True, only=looked_at))
    other = ground.push("v6.6.6", "", onto=None)
    found = ground.read(replace(accepted, anywhere=True, only=looked_at))
    told = f"{looked_at[:12]} was accepted as history, and the newest commit, {other[:12]}, does not follow it"
    assert found.why.startswith(told)
    assert found.reason == "HistoryRewritten"


def test_what_was_never_verified_is_not_gone_back_to(ground):
    """An unsigned file that is good, and a signed one that is broken: what stands is what was accepted."""
    head = HEAD + "  verify: {commits: head}\n" + DEFAULTS
    ground.push("", files=folder({"api": lines("api", "v1.0.0", indent=2)}, head=head))
    accepted = ground.good().accepted
    ground.push("", files=folder({"api": lines("api", "v6.6.6", indent=2)}, head=head), signed=False)
    assert ground.held(accepted)
    ground.push("", files=folder({"api": lines("api", "not-a-version", indent=2)}, head=head))
    assert ground.good(accepted).targets["api"].release.version == "v1.0.0"


def test_whoever_signed_it_wrote_it_whatever_it_gives_as_its_author(ground):
    first = ground.push("v1.0.0")
    commit = ground.push("v1.0.1", author="Zoe <zoe@example.com>")
    ground.people = People(persons=(Person(name="anna", keys=(ground.key.fingerprint,)),))
    ground.good()
    asked = AuthorsOf(env=PROD, target=TargetName("api"), commit=commit, since=first)
    probe = AuthorsProbe(ground.source, None)
    assert probe.answer([asked])[asked] == Authors(emails=("zoe@example.com",), signers=("anna",))
    (ground.signers / "allowed_signers").write_text("anna")
    assert "nothing can be verified: allowed_signers:1" in probe.answer([asked])[asked].why
    (ground.signers / "allowed_signers").write_text(f"anna {ground.key.public}\n")
    plain = ground.push("v1.0.2", NONE, author="Zoe <zoe@example.com>")
    ground.good()
    asked = replace(asked, commit=plain, since=commit)
    assert probe.answer([asked])[asked] == Authors(emails=("zoe@example.com",))


def test_a_key_that_the_operator_adds_later_is_enough(ground):
    ground.push("v1.0.0")
    (ground.signers / "allowed_signers").write_text("")
    assert "neither in allowed_signers nor in people.yaml" in ground.held()
    (ground.signers / "allowed_signers").write_text(f"anna {ground.key.public}\n")
    assert ground.good().signed.by == "anna"


def test_a_folder_cannot_be_verified_and_who_only_looks_does_not_verify(tmp_path, ground):
    head = HEAD + "  verify: {commits: head}\n" + DEFAULTS
    for name, content in one_file(lines("api"), head=head).items():
        (tmp_path / "plain" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "plain" / name).write_bytes(content)
    trust = Trust(signers=ground.signers, cache=tmp_path / "cache", now=lambda: NOW)
    for whose, held in ((trust, True), (None, False)):
        source = SpecSource(
            FolderSource(tmp_path / "plain"), Compiler(TABLES).compile, now=lambda: NOW, trust=whose
        )
        source.poll()
        found = source.read(PROD, None)
        assert isinstance(found, Unread) is held
        assert not held or "a folder has no commits, and nobody signs it" in found.why


@pytest.mark.parametrize(("one", "other", "both"), [
    (Verify(), Verify(commits=Commits.HEAD), Verify(commits=Commits.HEAD)),
    (Verify(commits=Commits.RANGE), Verify(tags=True), Verify(commits=Commits.RANGE, tags=True)),
])  # fmt: skip
def test_the_stricter_of_two_asks_for_all_that_either_asks_for(one, other, both):
    assert one.stricter(other) == other.stricter(one) == both
