"""GitHub's API as a client meets it: pages, what did not change, limits, refusals, and that no token is told."""

import pytest

from controller.errors import AccessError, PlatformError, Refusal, SpecError
from controller.probes.github import Forge as Where
from controller.probes.github import GitHub, NoSuchThing, slug_of, text_at
from controller.probes.guarded import Http
from tests.forge import REPOSITORY, TOKEN, forge


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def there():
    with forge() as made:
        yield made


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def token(tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return file


@pytest.fixture
def github(there, clock, token):
    return GitHub(Http(), Where(url=there.url, repository=REPOSITORY, token_file=token), clock)


def test_a_list_is_read_page_by_page(there, github):
    there.pull(1, head="h")
    there.largest_page = 2
    for name in "abcde":
        there.review(1, name)
    assert [text_at(one, "user", "login") for one in github.many("pulls/1/reviews")] == list("abcde")
    assert len(there.asked) == 3


def test_a_list_without_end_is_not_taken_for_a_whole_one(there, github):
    there.pull(1, head="h")
    there.largest_page = 1
    for number in range(11):
        there.review(1, f"u{number}")
    with pytest.raises(PlatformError, match="GitHub lists more than 1000 to"):
        list(github.many("pulls/1/reviews"))


def test_a_next_page_elsewhere_is_not_shown_the_token(there, github):
    there.pull(1, head="h")
    there.largest_page = 1
    there.review(1, "a")
    there.review(1, "b")
    there.url = "http://127.0.0.1:9"
    with pytest.raises(PlatformError, match="the next page is at another server"):
        list(github.many("pulls/1/reviews"))


def test_what_did_not_change_costs_nothing_and_what_did_is_new(there, github):
    there.pull(1, head="h")
    assert github.one("pulls/1")["title"] == "Release 1"
    assert github.one("pulls/1")["title"] == "Release 1"
    there.pulls[1]["title"] = "Other"
    assert github.one("pulls/1")["title"] == "Other"
    assert there.answers == [200, 304, 200]


@pytest.mark.parametrize(
    ("limit", "wait"),
    [
        (
            (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(1_772_359_200 + 120)}, "API rate limit"),
            120,
        ),
        ((429, {"Retry-After": "30"}, "slow"), 30),
        ((403, {}, "You have exceeded a secondary rate limit"), 60),
    ],
)
def test_a_limit_is_waited_out_without_a_request(there, github, clock, limit, wait):
    there.pull(1, head="h")
    there.limit = limit
    with pytest.raises(PlatformError, match=f"GitHub has had enough of our requests, and asks us to wait {wait}s"):
        github.one("pulls/1")
    there.limit, clock.now = None, wait - 1
    with pytest.raises(PlatformError, match="asks us to wait 1s more"):
        github.one("pulls/1")
    assert len(there.asked) == 1
    clock.now = wait
    assert github.one("pulls/1")["number"] == 1


def test_a_secondary_limit_that_goes_on_is_waited_out_longer_each_time(there, github, clock):
    there.limit = (403, {}, "You have exceeded a secondary rate limit")
    for wait in (60, 120, 240, 480, 900, 900):
        with pytest.raises(PlatformError, match=f"wait {wait}s"):
            github.one("pulls/1")
        clock.now += wait


def test_every_refusal_is_a_sentence_without_the_token(there, github, token):
    with pytest.raises(NoSuchThing, match="GitHub knows nothing at GET unifocus/specs/none, or hides it"):
        github.one("none")
    there.pull(1, head="h", state="open", merged_at=None)
    there.pulls[1]["head"]["ref"] = "b"
    with pytest.raises(Refusal, match=r"Validation Failed; A pull request already exists for b\."):
        github.write("POST", "pulls", {"head": "b", "base": "main", "title": "t", "body": ""})
    there.limit = (403, {}, "Resource not accessible by personal access token")
    with pytest.raises(AccessError, match="GitHub does not allow GET unifocus/specs/pulls/1: Resource not"):
        github.one("pulls/1")
    there.limit, there.away = None, True
    with pytest.raises(PlatformError, match="GitHub answers HTTP 502"):
        github.one("pulls/1")
    there.away = False
    token.write_text("ghp_wrong")
    with pytest.raises(AccessError, match="GitHub does not take our token: Bad credentials") as refused:
        github.one("pulls/1")
    assert "ghp_" not in str(refused.value)


@pytest.mark.parametrize("content", ["", "a b", "a\nb", "ä"])
def test_a_file_that_holds_no_token_is_told_without_its_content(there, github, token, content):
    token.write_text(content)
    with pytest.raises(AccessError, match="does not hold one token and nothing else"):
        github.one("pulls/1")
    token.unlink()
    with pytest.raises(AccessError, match="cannot be read: No such file or directory"):
        github.one("pulls/1")
    assert there.asked == []


@pytest.mark.parametrize(
    ("address", "slug"),
    [
        ("https://github.com/unifocus/specs.git", "unifocus/specs"),
        ("https://github.com/unifocus/specs/", "unifocus/specs"),
        ("git@github.com:unifocus/specs.git", "unifocus/specs"),
        ("ssh://git@github.com/unifocus/specs", "unifocus/specs"),
        ("https://gitlab.example.com/unifocus/specs.git", ""),
        ("https://github.com/unifocus", ""),
        ("https://github.com/a/b/c", ""),
        ("file:///unifocus/specs", ""),
        ("/unifocus/specs", ""),
    ],
)
def test_the_name_of_a_repository_is_read_off_its_address(address, slug):
    assert slug_of(address, "github.com") == slug


def test_a_name_that_is_none_is_refused(there, clock):
    with pytest.raises(SpecError, match="write owner/name"):
        GitHub(Http(), Where(url=there.url, repository="../../user"), clock)
