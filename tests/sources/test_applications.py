"""The repository of an application: tags, commits and patches of real repositories, asked seldom, never harmed."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from controller.errors import SpecError
from controller.model.application import Application, Carry
from controller.model.consent import SignatureOf, Unsigned
from controller.model.images import Unreachable
from controller.model.questions import Unanswered
from controller.model.trust import Signed
from controller.sources.application import Pace
from controller.sources.applications import GitApplications
from controller.sources.auth import Credentials
from controller.sources.doors import Doors
from controller.sources.tags import TagProbe
from controller.sources.trust import Trust
from tests.sources.repository import Repository
from tests.sources.seen import NOW, heard_commands
from tests.sources.signing import SshKey, tag_tip

PEOPLE = {"author": "Zoë Quinn <zoe@example.com>"}


@dataclass
class Watch:
    """Seconds that pass when the test says so."""

    seconds: float = 0.0
    passed: list[float] = field(default_factory=list)

    def elapsed(self) -> float:
        return self.seconds


@pytest.fixture
def shop(tmp_path):
    return Repository(tmp_path / "shop.git")


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def applications(tmp_path, watch):
    doors = Doors.of(f"file://{tmp_path}/", "", Credentials())
    pace = Pace(interval=15.0, now=lambda: NOW, elapsed=watch.elapsed)
    opened = GitApplications(doors=doors, cache=tmp_path / "cache", pace=pace)
    yield opened
    opened.close()


@pytest.fixture
def app(shop):
    return Application(repository=shop.url)


def tag(shop, name, commit, *, annotated=False):
    words = (
        ("-c", "user.name=A", "-c", "user.email=a@b", "tag", "-f", "-a", "-m", "x") if annotated else ("tag", "-f")
    )
    shop.git(*words, name, commit)


def lines(*changed):
    return "".join(f"{changed[at] if at < len(changed) else at}\n" for at in range(30))


def test_every_tag_is_told_with_the_commit_behind_it(shop, app, applications):
    first = shop.commit({"a": "1"})
    second = shop.commit({"a": "2"})
    tag(shop, "v1.0.0", first)
    tag(shop, "v1.1.0", second, annotated=True)
    tag(shop, "nested", "v1.1.0", annotated=True)
    tag(shop, "group/odd", second)
    assert applications.tags(app) == {"v1.0.0": first, "v1.1.0": second, "nested": second, "group/odd": second}


def test_the_server_is_asked_once_an_interval_whoever_asks(shop, app, applications, watch):
    first = shop.commit({"a": "1"})
    tag(shop, "v1.0.0", first)
    asking = [threading.Thread(target=applications.tags, args=(app,)) for _ in range(8)]
    with heard_commands() as heard:
        for one in asking:
            one.start()
        for one in asking:
            one.join()
        assert sum("ls-remote" in command for command in heard) == len(heard) == 1
    tag(shop, "v1.1.0", first)
    watch.seconds = 14.9
    assert "v1.1.0" not in applications.tags(Application(repository=f"file://{shop.folder}"))
    watch.seconds = 15.0
    with heard_commands() as heard:
        assert "v1.1.0" in applications.tags(app)
        assert sum("ls-remote" in command for command in heard) == len(heard) == 1


def test_commits_between_two_are_told_newest_first_and_bounded(shop, app, applications):
    first = shop.commit({"a": "1"})
    second = shop.commit(
        {"a": "2"}, message="fix: two\r\n\nA body\nof two lines.\n\nCo-authored-by: B <b@x>", **PEOPLE
    )
    third = shop.commit({"a": "3"}, message="feat: \x1b[31mthree", at=1_750_000_000)
    found = applications.between(app, first, third, 10)
    assert found.complete and [one.commit for one in found.commits] == [third, second]
    newest, older = found.commits
    assert newest.subject == "feat:  [31mthree" and newest.at == datetime.fromtimestamp(1_750_000_000, UTC)
    assert older.parents == (first,)
    assert (older.author, older.email, older.subject) == ("Zoë Quinn", "zoe@example.com", "fix: two")
    assert older.body == "A body\nof two lines.\n\nCo-authored-by: B <b@x>"
    cut = applications.between(app, first, third, 1)
    assert [one.commit for one in cut.commits] == [third] and not cut.complete
    assert applications.between(app, third, first, 10).commits == ()


def test_what_is_here_is_told_while_the_server_is_away(shop, app, applications, watch):
    first = shop.commit({"a": "1"})
    second = shop.commit({"a": "2"})
    assert len(applications.between(app, first, second, 10).commits) == 1
    shop.folder.rename(shop.folder.with_suffix(".away"))
    watch.seconds = 60.0
    assert len(applications.between(app, first, second, 10).commits) == 1
    for question in (applications.tags(app), applications.is_on_branch(app, first)):
        assert isinstance(question, Unreachable) and question.why.startswith(f"{shop.url}: asking for tags")


def test_a_commit_that_is_only_under_a_tag_is_found_and_is_not_on_the_branch(shop, app, applications, watch):
    first = shop.commit({"a": "1"})
    assert applications.is_on_branch(app, first) is True
    aside = shop.commit({"a": "2"}, branch="hotfix", onto=first)
    assert "neither on main nor under a tag" in applications.is_on_branch(app, aside).why
    tag(shop, "v1.0.1", aside)
    watch.seconds = 15.0
    assert applications.is_on_branch(app, aside) is False
    shop.point(aside)
    watch.seconds = 30.0
    assert applications.is_on_branch(app, aside) is True


def test_a_tag_that_moved_leaves_what_it_stood_for(shop, app, applications, watch):
    first = shop.commit({"a": "1"})
    aside = shop.commit({"a": "2"}, branch="x", onto=first)
    tag(shop, "v1.0.0", aside)
    applications.between(app, first, aside, 10)
    other = shop.commit({"a": "3"}, branch="y", onto=first)
    tag(shop, "v1.0.0", other)
    watch.seconds = 15.0
    assert applications.tags(app) == {"v1.0.0": other}
    assert len(applications.between(app, first, other, 10).commits) == 1
    assert len(applications.between(app, first, aside, 10).commits) == 1


def test_history_that_was_rewritten_is_followed(shop, app, applications, watch):
    first = shop.commit({"a": "1"})
    old = shop.commit({"a": "2"})
    assert applications.is_on_branch(app, old) is True
    new = shop.commit({"a": "3"}, onto=first)
    watch.seconds = 15.0
    assert applications.is_on_branch(app, new) is True
    assert applications.is_on_branch(app, old) is False


@pytest.fixture
def fixed(shop):
    """Two commits on a line of their own, that fix what was released."""
    base = shop.commit({"a": lines(), "b": lines()})
    one = shop.commit({"a": lines("fixed")}, branch="hotfix", onto=base)
    two = shop.commit({"b": lines("fixed")}, branch="hotfix")
    tag(shop, "v1.0.1", two)
    shop.commit({"c": "something else"})
    return base, one, two


def test_a_fix_that_is_nowhere_else_is_missing(app, applications, fixed):
    base, one, two = fixed
    found = applications.carried(app, two, base)
    assert found.how is Carry.MISSING and not found.there and set(found.missing) == {one, two}


def test_a_fix_that_was_merged_is_there_itself(shop, app, applications, fixed):
    base, _, two = fixed
    shop.point(two)
    assert applications.carried(app, two, base).how is Carry.ITSELF


def test_a_fix_that_was_picked_change_by_change_is_found(shop, app, applications, fixed, watch):
    base, one, two = fixed
    shop.commit({"a": lines("fixed")})
    found = applications.carried(app, two, base)
    assert found.how is Carry.MISSING and found.missing == (two,)
    shop.commit({"b": lines("fixed")})
    watch.seconds = 15.0
    assert applications.carried(app, two, base).how is Carry.PATCHES
    names = applications.patches(app, [one, two])
    assert len(set(names.values())) == 2


def test_a_fix_that_was_squashed_is_found(shop, app, applications, fixed):
    base, _, two = fixed
    shop.commit({"a": lines("fixed"), "b": lines("fixed")}, message="fix (#12)")
    assert applications.carried(app, two, base).how is Carry.SQUASHED


def test_a_fix_of_what_runs_is_found_squashed_though_the_spec_was_ahead(shop, app, applications, fixed, watch):
    _, _, two = fixed
    ahead = shop.commit({"other": "ahead"})
    assert applications.carried(app, two, ahead).how is Carry.MISSING
    shop.commit({"a": lines("fixed"), "b": lines("fixed")}, message="fix (#12)")
    watch.seconds = 15.0
    assert applications.carried(app, two, ahead).how is Carry.SQUASHED


def test_a_damaged_mirror_is_cloned_again(shop, app, applications, tmp_path):
    first = shop.commit({"a": "1"})
    second = shop.commit({"a": "2"})
    applications.between(app, first, second, 10)
    for pack in (tmp_path / "cache").glob("*/objects/pack/*"):
        pack.chmod(0o600)
        pack.write_bytes(b"")
    assert [one.commit for one in _twice(lambda: applications.between(app, first, second, 10)).commits] == [second]


def _twice(question):
    answer = question()
    return question() if isinstance(answer, Unreachable) else answer


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("https://evil.example.com/shop", "is not among the repositories that TRUEUP_APPLICATIONS allows"),
        ("https://github.com/acmeevil/shop", "is not among"),
        ("https://github.com/acme/../evil/shop", "holds . or .."),
        ("https://github.com/acme/%2e%2e/evil", "holds . or .."),
        ("file:///etc", "is not among"),
        ("/etc", "is not among"),
        ("ext::sh -c true", "asks git to run a program"),
        ("-u", "begins with '-'"),
        ("https://me:secret@github.com/acme/shop", "holds credentials"),
    ],
)
def test_only_what_the_operator_allows_is_ever_asked(tmp_path, given, why):
    pace = Pace(interval=15.0, now=lambda: NOW, elapsed=lambda: 0.0)
    doors = Doors.of("https://github.com/acme, git@git.lan:shop/", "https://github.com/o/specs", Credentials())
    opened = GitApplications(doors=doors, cache=tmp_path / "cache", pace=pace)
    app = Application(repository=given)
    with heard_commands() as heard:
        for found in (opened.tags(app), opened.is_on_branch(app, "")):
            assert isinstance(found, Unreachable) and why in found.why and "secret" not in found.why
    assert heard == []


def test_the_token_of_the_specs_is_for_their_host_alone(tmp_path):
    own = Credentials(token="of-the-specs")  # noqa: S106 - no real one
    token = tmp_path / "token"
    text = "https://github.com/acme/ https://gitlab.com/acme/shop.git git@git.lan:shop"
    doors = Doors.of(text, "https://github.com/acme/specs", own, token_file=token, username="bot")
    assert doors.find("https://github.com/acme/shop")[1] is own
    assert doors.find("git@git.lan:shop/api.git")[1] is own
    address, other = doors.find("https://gitlab.com/acme/shop")
    assert (other.token, other.token_file, other.username) == (None, token, "bot")
    assert address.url == "https://gitlab.com/acme/shop"
    plain = Doors.of("https://gitlab.com/", "https://github.com/acme/specs", own)
    assert plain.find("https://gitlab.com/x/y")[1].token is None
    assert Doors.of("https://github.com/acme", "", own).find("https://github.com/acme/x")[1].token is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://a.example.com/ https://b.example.com/", "names https://a.example.com/, https://b.example.com/"),
        ("https://github.com/acme", "names none"),
        ("http://far.example.com/x", "TRUEUP_APPLICATIONS: plain http"),
    ],
)
def test_what_the_operator_writes_wrong_is_said_at_once(tmp_path, text, why):
    with pytest.raises(SpecError, match=why):
        Doors.of(text, "https://github.com/acme/specs", Credentials(), token_file=tmp_path / "token")


def test_without_a_word_of_the_operator_nothing_is_read(shop, tmp_path):
    pace = Pace(interval=1.0, now=lambda: NOW, elapsed=lambda: 0.0)
    opened = GitApplications(doors=Doors.of("", "", Credentials()), cache=tmp_path, pace=pace)
    assert "TRUEUP_APPLICATIONS" in opened.tags(Application(repository=shop.url)).why


def test_who_signed_a_tag_is_told_of_what_the_server_has_under_it_now(shop, app, applications, watch, tmp_path):
    key = SshKey.make(tmp_path / "anna")
    (tmp_path / "signers").mkdir()
    (tmp_path / "signers" / "allowed_signers").write_text(f"anna@example.com {key.public}\n")
    trust = Trust(signers=tmp_path / "signers", cache=tmp_path / "cache", now=lambda: NOW)
    probe = TagProbe(applications, trust)

    def asked(name):
        watch.seconds += 20.0
        question = SignatureOf(application=app, tag=name)
        return probe.answer([question])[question]

    first = shop.commit({"a": "1"})
    tag(shop, "light", first)
    tag_tip(shop, "v1.0.0", key)
    anna = Signed(by="anna@example.com", key=key.fingerprint)
    assert asked("v1.0.0") == anna
    assert asked("light") == Unsigned(why="the tag light is not signed: it is a light one, only a name")
    tag_tip(shop, "v1.0.1", key)  # of a commit that is here already
    assert asked("v1.0.1") == anna
    shop.git("update-ref", "refs/tags/v1.0.2", shop.git("rev-parse", "refs/tags/v1.0.1"))
    assert "is not the tag object of that name" in asked("v1.0.2").why
    shop.git("tag", "-f", "v1.0.0", first)
    assert isinstance(asked("v1.0.0"), Unsigned)
    assert asked("gone") == Unanswered(why=f"{shop.url}: the repository has no tag gone")
    shop.folder.rename(tmp_path / "away.git")
    assert isinstance(asked("v1.0.1"), Unanswered)
