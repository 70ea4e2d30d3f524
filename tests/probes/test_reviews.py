"""Who said yes at GitHub: to the last commit of the pull request that brought just this content, and once each."""

import time
from datetime import UTC, datetime

import pytest

from controller.model.names import Commit
from controller.model.questions import Unanswered
from controller.model.reviews import Brought, ChangeOf, Review, Reviews, ReviewsOf, RunApprovalsOf
from controller.probes.brought import BroughtProbe
from controller.probes.github import Forge as Where
from controller.probes.github import GitHub
from controller.probes.guarded import Http
from controller.probes.reviews import ReviewsProbe
from controller.probes.together import Patience
from tests.e2e.process import wait_until
from tests.forge import REPOSITORY, TOKEN, forge

PROD, TASK = "specs/prod.yaml", "specs/taskdefs/api.yaml"
HEAD, C = "a" * 40, Commit("c" * 40)
B, NEWER = "b" * 40, Commit("d" * 40)
ASKED = ReviewsOf(commit=C, files=(PROD, TASK))
AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def there():
    """Commit C was squashed from pull request 12 of dora's, and touched what prod runs; B came before it."""
    with forge() as made:
        made.history = {C: [C, B], B: [B]}
        made.touched = {C: [PROD], B: [PROD, TASK]}
        made.holds = {C: {PROD: "p1", TASK: "t0"}, HEAD: {PROD: "p1", TASK: "t0"}}
        made.pull(12, head=HEAD, commits=(C,))
        yield made


@pytest.fixture
def github(there, clock, tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    where = Where(url=there.url, repository=REPOSITORY, token_file=tmp_path / "token")
    return GitHub(Http(), where, clock)


@pytest.fixture
def ask(github, clock):
    probe = ReviewsProbe(github, "main", Patience(elapsed=clock))

    def call(question=ASKED):
        clock.now += 60
        return probe.answer([question])[question]

    return call


def logins(answer):
    assert isinstance(answer, Reviews), answer
    return [(one.login, one.yes) for one in answer.reviews]


def test_who_approved_the_last_commit_is_told_with_when(there, ask):
    there.review(12, "Anna-GH")
    there.review(12, "bob")
    answer = ask()
    assert answer.reviews[0] == Review(number=12000, login="Anna-GH", yes=True, at=AT)
    assert (logins(answer), answer.of) == ([("Anna-GH", True), ("bob", True)], "pull request #12")


def test_a_review_of_an_earlier_commit_of_its_author_or_one_that_was_dismissed_counts_for_nothing(there, ask):
    there.review(12, "anna", of="e" * 40)
    there.review(12, "Dora")
    there.review(12, "bob")
    there.review(12, "bob", "DISMISSED")
    there.review(12, "carl", "COMMENTED")
    there.review(12, "eve", "PENDING")
    assert logins(ask()) == []


def test_who_wrote_a_commit_of_it_does_not_count_though_a_robot_opened_it(there, ask):
    there.pulls[12]["user"] = {"login": "trueup-bot"}
    author = {"email": "anna@example.com"}
    there.commits[12] = [{"author": {"login": "Anna"}, "committer": None, "commit": {"author": author}}]
    there.review(12, "anna")
    there.review(12, "bob")
    answer = ask()
    assert (logins(answer), answer.authors) == ([("bob", True)], ("anna@example.com",))


def test_the_last_word_of_each_counts_and_a_comment_is_none(there, ask):
    there.review(12, "anna", "CHANGES_REQUESTED")
    there.review(12, "Anna")
    there.review(12, "anna", "COMMENTED")
    there.review(12, "bob")
    there.review(12, "bob", "CHANGES_REQUESTED")
    assert logins(ask()) == [("Anna", True), ("bob", False)]


def test_many_reviews_are_read_to_the_last(there, ask):
    there.largest_page = 2
    for name in "abcde":
        there.review(12, name)
    assert len(logins(ask())) == 5


def test_what_came_without_a_pull_request_has_no_reviewers(there, ask):
    there.brought.clear()
    answer = ask()
    assert logins(answer) == [] and f"commit {C[:12]} came by no pull request" in answer.why


@pytest.mark.parametrize("more", [{"merged_at": None}, {"base": {"ref": "release"}}])
def test_a_pull_request_that_was_not_merged_to_the_branch_of_the_specs_is_none(there, ask, more):
    there.pulls[12] |= more
    there.review(12, "anna")
    assert logins(ask()) == []


@pytest.fixture
def later(there):
    """A commit after C; what it touches is a test's own."""
    there.history[NEWER] = [NEWER, C, B]

    def call(touched, **holds):
        there.touched[NEWER] = touched
        there.holds[NEWER] = {PROD: "p1", TASK: "t0", **holds}
        return ReviewsOf(commit=NEWER, files=(PROD, TASK))

    return call


def test_a_commit_that_touched_other_files_after_it_takes_nothing_away(there, ask, later):
    there.review(12, "anna")
    assert logins(ask(later(["specs/stage.yaml"]))) == [("anna", True)]


def test_what_changed_after_it_without_a_pull_request_voids_its_reviews(there, ask, later):
    there.review(12, "anna")
    answer = ask(later([TASK], **{TASK: "t1"}))
    assert logins(answer) == [] and f"commit {NEWER[:12]} came by no pull request" in answer.why


def test_a_pull_request_that_changed_only_what_the_spec_refers_to_is_the_one(there, ask, later):
    there.pull(13, head="f" * 40, commits=(NEWER,))
    there.holds["f" * 40] = {PROD: "p1", TASK: "t1"}
    there.review(12, "anna")
    there.review(13, "bob")
    assert logins(ask(later([TASK], **{TASK: "t1"}))) == [("bob", True)]


@pytest.mark.parametrize("at_head", [{PROD: "p0", TASK: "t0"}, {PROD: "p1"}, {}])
def test_what_merging_made_something_else_of_was_not_reviewed(there, ask, at_head):
    there.holds[HEAD] = at_head
    there.review(12, "anna")
    answer = ask()
    assert (
        logins(answer) == []
        and "is not as reviewed in pull request #12: it changed since, or when that was" in answer.why
    )


def test_what_cannot_be_read_at_the_commit_is_not_taken_for_equal(there, ask):
    there.holds.clear()
    there.review(12, "anna")
    assert logins(ask()) == []


def test_what_is_new_there_is_seen_and_what_is_taken_back_too(there, ask):
    assert logins(ask()) == []
    there.review(12, "anna")
    assert logins(ask()) == [("anna", True)]
    there.review(12, "anna", "DISMISSED")
    assert logins(ask()) == []


def test_several_targets_cost_one_question_and_the_way_to_the_pull_request_is_found_once(there, github, clock):
    probe = ReviewsProbe(github, "main", Patience(elapsed=clock))
    probe.answer([ASKED, ASKED])
    asked = len(there.asked)
    clock.now += 5
    probe.answer([ASKED])
    assert len(there.asked) == asked
    clock.now += 60
    probe.answer([ASKED])
    assert there.asked[asked:] == [("GET", f"/repos/{REPOSITORY}/pulls/12/reviews?per_page=100")]


def test_a_host_that_is_slow_keeps_nobody_and_is_not_asked_twice_at_once(there, github):
    probe = ReviewsProbe(github, "main", Patience(elapsed=time.monotonic, seconds=0.2))
    there.review(12, "anna")
    with there.silence:
        began = time.monotonic()
        assert "not answered in 0.2s" in probe.answer([ASKED])[ASKED].why
        assert "GitHub is slow to answer" in probe.answer([ASKED])[ASKED].why
        assert time.monotonic() - began < 5
    wait_until("it has answered", lambda: isinstance(probe.answer([ASKED])[ASKED], Reviews), 10)
    assert logins(probe.answer([ASKED])[ASKED]) == [("anna", True)]


def test_a_host_that_is_away_or_limits_us_is_no_answer(there, ask, clock):
    there.review(12, "anna")
    there.away = True
    assert isinstance(ask(), Unanswered)
    there.away, there.limit = False, (403, {"Retry-After": "600"}, "secondary rate limit")
    assert "asks us to wait 600s" in ask().why
    assert "540s more" in ask().why
    there.limit = None
    clock.now += 600
    assert logins(ask()) == [("anna", True)]


@pytest.mark.parametrize("broken", [{"user": None}, {"id": "x"}, {"submitted_at": ""}, {"submitted_at": "2026"}])
def test_what_makes_no_sense_is_never_a_yes(there, ask, broken):
    there.review(12, "anna")
    there.reviews[12][0] |= broken
    answer = ask()
    assert isinstance(answer, Unanswered) or not any(one.number > 0 for one in answer.reviews)


def test_without_a_repository_nobody_can_tell(clock):
    probe = ReviewsProbe(None, "main", Patience(elapsed=clock))
    assert "names no repository at GitHub" in probe.answer([ASKED])[ASKED].why


# --- required reviewers of a deployment environment

RUN = RunApprovalsOf(commit=C, environment="production")


def let_in(there, login, state="approved", environment="production", run=7, user=1):
    answer = {"state": state, "user": {"login": login, "id": user}, "environments": [{"name": environment}]}
    there.approvals.setdefault(run, []).append(answer)


def test_who_let_a_run_of_just_this_commit_into_the_environment_is_told(there, ask):
    there.runs = [{"id": 7, "head_sha": C, "created_at": "2026-03-01T10:00:00Z"}]
    let_in(there, "anna")
    let_in(there, "bob", environment="staging")
    let_in(there, "carl", state="rejected", user=2)
    answer = ask(RUN)
    assert logins(answer) == [("anna", True), ("carl", False)]
    assert answer.reviews[0].at == AT and len({one.number for one in answer.reviews}) == 2


def test_a_run_that_waits_and_no_run_at_all_say_so(there, ask):
    assert ask(RUN).why == f"no workflow run at GitHub is of {C[:12]}"
    there.runs = [{"id": 7, "head_sha": C, "created_at": "2026-03-01T10:00:00Z"}]
    assert ask(RUN).why == f"nobody has let the run of {C[:12]} into production yet"
    there.runs = [{"id": 8, "head_sha": B, "created_at": "2026-03-01T10:00:00Z"}]
    let_in(there, "anna", run=8)
    assert logins(ask(RUN)) == []


# --- for the record


def test_what_brought_a_commit_is_told_once_it_is_known_and_nobody_waits(there, github, clock):
    there.review(12, "anna")
    there.review(12, "bob", "CHANGES_REQUESTED")
    there.checks[HEAD] = [{"name": "test", "conclusion": "success"}, {"name": "lint", "status": "queued"}]
    there.statuses[HEAD] = [{"context": "ci/old\nline", "state": "failure"}]
    probe, asked = BroughtProbe(github, "main", clock), ChangeOf(commit=C)
    first = probe.answer([asked])[asked]
    assert isinstance(first, Unanswered)
    wait_until("GitHub has answered", lambda: isinstance(probe.answer([asked])[asked], Brought), 10)
    assert probe.answer([asked])[asked] == Brought(
        pull="#12 Release 12",
        url=f"https://github.example.com/{REPOSITORY}/pull/12",
        author="dora",
        reviewers=("anna: approved", "bob: changes requested"),
        checks=("test: success", "lint: queued", "ci/old line: failure"),
    )


def test_a_host_that_is_away_is_asked_again_after_a_minute(there, github, clock):
    there.away = True
    probe, asked = BroughtProbe(github, "main", clock), ChangeOf(commit=C)
    probe.answer([asked])
    wait_until("it has answered", lambda: "502" in probe.answer([asked])[asked].why, 10)
    there.away = False
    clock.now += 61
    wait_until("it is known", lambda: isinstance(probe.answer([asked])[asked], Brought), 10)
