"""The approval gate with yeses of the git host: of people who are known, for this content, once, never blindly."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.gates.approval import Approval, Via
from controller.model.gate import Open, Shut, Unsure
from controller.model.names import Commit, Digest, EnvName, TargetName
from controller.model.orders import Approval as Given
from controller.model.people import People, Person
from controller.model.questions import Approvals, ApprovalsOf, Authors, Candidate, Unanswered, WhoIsWho
from controller.model.record import Memory, Next
from controller.model.reviews import Review, Reviews, ReviewsOf, RunApprovalsOf
from controller.plan.approvals import first_wanted, reviews_in
from tests.platform import place, release
from tests.world import FakeWorld

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
C, FILES = Commit("c" * 40), ("specs/prod.yaml",)
CANDIDATE = Candidate(
    env=EnvName("prod"),
    target=TargetName("api"),
    place=place("api"),
    version="v1.2.3",
    digest=Digest("d"),
    commit=C,
)
PEOPLE = People(
    persons=(
        Person(name="anna", emails=("anna@example.com",), github="Anna-GH", groups=("release-managers",)),
        Person(name="bob", emails=("bob@example.com",), github="bob-gh", groups=("release-managers",)),
        Person(name="carl", emails=("carl@example.com",), github="carl", groups=("on-call",)),
        Person(name="dora", emails=("dora@example.com",), github="dora", groups=("release-managers",)),
    )
)
GATE = Approval(via=Via.REVIEW, groups=("release-managers",), files=FILES, environment="prod")


def review(login="anna-gh", number=1, *, yes=True, at=NOW - HOUR):
    return Review(number=number, login=login, yes=yes, at=at)


def judge(*reviews, gate=GATE, given=(), used=(), answer=None, candidate=CANDIDATE):
    _, _, asked = gate.asks(candidate)
    said = Approvals(given=given, used=frozenset(used), authors=Authors(emails=("dora@example.com",)))
    told = answer or Reviews(reviews=reviews, of="pull request #12", why="reviews of pull request #12 count")
    return gate.judge(candidate, {ApprovalsOf(candidate=candidate): said, WhoIsWho(): PEOPLE, asked: told}, NOW)


def why(*reviews, **how):
    verdict = judge(*reviews, **how)
    assert isinstance(verdict, Shut), verdict
    return verdict.why


def test_each_way_asks_its_own_question_and_the_command_alone_asks_none():
    assert list(GATE.asks(CANDIDATE))[2:] == [ReviewsOf(commit=C, files=FILES)]
    gate = replace(GATE, via=Via.ENVIRONMENT)
    assert list(gate.asks(CANDIDATE))[2:] == [RunApprovalsOf(commit=C, environment="prod")]
    named = replace(gate, github_environment="production")
    assert list(named.asks(CANDIDATE))[2:] == [RunApprovalsOf(commit=C, environment="production")]
    assert list(replace(GATE, via=Via.COMMAND).asks(CANDIDATE))[2:] == []


def test_a_reviewer_that_is_known_opens_it_and_says_how_it_came_about():
    assert judge(review()) == Open()
    assert why() == (
        "0 of 1 approval; needs 1 more of release-managers (anna, bob can); reviews of pull request #12 count"
    )


@pytest.mark.parametrize(
    ("one", "because"),
    [
        (review("mallory"), "mallory at GitHub (not in people.yaml)"),
        (review("carl"), "carl (not in release-managers)"),
        (review("dora"), "dora (wrote it)"),
        (review(at=NOW - 25 * HOUR), "anna (expired at 2026-03-02T11:00:00Z)"),
        (review(at=NOW + HOUR), "anna (from the future: compare the clocks)"),
        (review("anna"), "anna at GitHub (not in people.yaml)"),
    ],
)
def test_who_is_not_known_not_in_the_group_the_author_or_too_late_does_not_count(one, because):
    # The last one is called like somebody of people.yaml, and is somebody else at GitHub.
    assert f"not counted: {because}" in why(one)


def test_a_stranger_who_is_called_like_somebody_opens_nothing_and_shuts_nothing():
    anybody = replace(GATE, groups=())
    assert "anna at GitHub (not in people.yaml)" in why(review("anna"), gate=anybody)
    assert judge(review("anna", yes=False), review("bob-gh", 2), gate=anybody) == Open()


def test_who_wrote_a_commit_of_the_pull_request_does_not_count_unless_four_eyes_are_not_asked_for():
    told = Reviews(reviews=(review(),), of="pull request #12", authors=("ANNA@example.com",))
    assert "anna (wrote it)" in why(answer=told)
    assert judge(answer=told, gate=replace(GATE, four_eyes=False)) == Open()
    verdict = judge(answer=replace(told, authors=("bot@example.com",)))
    assert isinstance(verdict, Unsure)
    assert "knows nobody with the email bot@example.com, who wrote a commit of pull request #12" in verdict.why


def test_a_review_counts_for_one_rollout():
    assert judge(review(number=7)) == Open()
    assert "anna (used already)" in why(review(number=7), used=(-7,))
    assert judge(review(number=7), used=(7,)) == Open()  # the number of an order is none of a review


def test_one_person_counts_once_however_often_and_wherever_they_say_it():
    two = replace(GATE, count=2)
    given = Given(
        number=3, version="v1.2.3", digest=Digest("d"), by="anna", at=NOW - HOUR, groups=("release-managers",)
    )
    assert "1 of 2 approvals: anna; needs 1 more" in why(review(), review("ANNA-GH", 2), given=(given,), gate=two)
    assert judge(review("bob-gh", 2), given=(given,), gate=two) == Open()


def test_a_yes_by_command_counts_beside_it_and_a_no_of_either_shuts():
    given = Given(
        number=3, version="v1.2.3", digest=Digest("d"), by="bob", at=NOW - HOUR, groups=("release-managers",)
    )
    assert judge(given=(given,)) == Open()
    assert why(review(), review("bob-gh", 2, yes=False)) == "bob-gh said no to pull request #12"
    assert why(review(), given=(replace(given, yes=False),)).startswith("rejected by bob at ")


def test_a_host_that_does_not_answer_is_never_a_yes():
    for answer in (Unanswered(why="GitHub answers HTTP 502"), "nonsense"):
        verdict = judge(answer=answer)
        assert isinstance(verdict, Unsure) and "who said yes by github-review cannot be read" in verdict.why
    nowhere = replace(CANDIDATE, commit=None)
    said = Approvals(authors=Authors(emails=("dora@example.com",)))
    verdict = GATE.judge(nowhere, {ApprovalsOf(candidate=nowhere): said, WhoIsWho(): PEOPLE}, NOW)
    assert isinstance(verdict, Unsure) and "the commit is not known" in verdict.why


def test_it_is_asked_about_the_commit_at_which_the_content_was_first_wanted():
    first = replace(release("2"), commit=Commit("a" * 40))
    later = replace(release("2"), commit=Commit("b" * 40))
    other = replace(release("3"), commit=Commit("b" * 40))
    memory = Memory(next=Next(release=first, since=NOW))
    assert first_wanted(memory, later) == "a" * 40
    assert first_wanted(memory, other) == "b" * 40
    assert first_wanted(Memory(), later) == "b" * 40


def test_only_a_yes_that_was_told_is_used_up():
    asked = ReviewsOf(commit=C, files=FILES)
    told = {asked: Reviews(reviews=(review(number=5), review("bob-gh", 6, yes=False)))}
    assert reviews_in((GATE, replace(GATE, count=2)), CANDIDATE, told) == (-5, -5)
    assert reviews_in((GATE,), CANDIDATE, {asked: Unanswered(why="away")}) == ()


class Reviewed(FakeWorld):
    """A world with a git host, where the spec's content is what a commit says."""

    answer_of_host = Unanswered(why="away")

    def world(self):
        world = super().world()
        return replace(world, probes={**world.probes, ReviewsOf: self})

    def probe(self, q):
        return self.answer_of_host if isinstance(q, ReviewsOf) else super().probe(q)


def test_a_rollout_opens_with_reviews_uses_them_up_and_needs_new_ones_to_be_tried_again():
    w = Reviewed(people=PEOPLE, author="Dora <dora@example.com>")
    w.ticks(14)
    gate = replace(GATE, expires=timedelta(days=30))
    w.want["gates"] = (gate,)
    w.want["release"] = replace(release("2"), commit=C)
    w.ticks(3)
    assert w.sent == [] or w.sent[-1][1] == "1"
    assert "who said yes by github-review cannot be read: away" in str(w.cycles[-1].plan.decisions["api"].blockers)
    w.answer_of_host = Reviews(reviews=(review(number=9, at=w.now),), of="pull request #12")
    w.sick.add(release("2").digest)
    w.ticks(14)
    assert w.memory.approved == (-9,) and release("2").digest in w.quarantine
    w.retry()
    w.ticks(3)
    assert "anna (used already)" in str(w.cycles[-1].plan.decisions["api"].blockers)
