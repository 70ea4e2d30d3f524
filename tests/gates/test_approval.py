"""The approval gate: whose yes counts, for what and how long, and that it says just what is missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.gates.approval import Approval
from controller.model.consent import Approvals, ApprovalsOf, Authors, WhoIsWho
from controller.model.gate import Open, Shut, Unsure
from controller.model.names import Digest, EnvName, TargetName
from controller.model.orders import Approval as Given
from controller.model.people import People, Person
from controller.model.questions import Candidate, Unanswered
from tests.platform import place

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
CANDIDATE = Candidate(
    env=EnvName("prod"), target=TargetName("api"), place=place("api"), version="v1.2.3", digest=Digest("d")
)


def person(name, *groups):
    return Person(name=name, emails=(f"{name}@example.com",), os_users=(name,), groups=groups)


PEOPLE = People(
    persons=(
        person("anna", "release-managers"),
        person("bob", "release-managers"),
        person("carl", "on-call"),
        person("dora", "release-managers"),
    )
)
TWO = Approval(count=2, groups=("release-managers",))


def yes(by="anna", number=1, **how):
    groups = tuple(sorted(PEOPLE.groups_of(by)))
    return Given(**{"number": number, "version": "v1.2.3", "digest": Digest("d"), "by": by, "at": NOW - HOUR,
                    "groups": groups, **how})  # fmt: skip


def no(by="bob", number=2, **how):
    return yes(by, number, yes=False, **how)


def judge(gate, *said, people=PEOPLE, authors=("dora@example.com",), now=NOW, candidate=CANDIDATE, **more):
    asked = ApprovalsOf(candidate=candidate)
    others = {sort: more.pop(sort, ()) for sort in ("committers", "builders", "signers")}
    wrote = Authors(emails=authors, **others)
    answers = {asked: Approvals(given=said, authors=wrote, **more), WhoIsWho(): people}
    assert set(gate.asks(candidate)) == set(answers)
    return gate.judge(candidate, answers, now)


def why(*args, **kw):
    verdict = judge(*args, **kw)
    assert isinstance(verdict, Shut), verdict
    return verdict.why


def test_nobody_has_said_yes_yet():
    assert why(Approval()) == "0 of 1 approval; needs 1 more (anna, bob, carl can)"
    assert why(TWO) == "0 of 2 approvals; needs 2 more of release-managers (anna, bob can)"


def test_it_says_who_counted_what_is_missing_and_who_can_give_it():
    assert why(TWO, yes()) == "1 of 2 approvals: anna; needs 1 more of release-managers (bob can)"
    both = replace(TWO, groups=("on-call", "release-managers"))
    assert why(both) == "0 of 2 approvals; needs 2 more of on-call or release-managers (anna, bob, carl can)"


def test_enough_different_people_open_it():
    assert judge(TWO, yes(), yes("bob", 2)) == Open()
    assert judge(Approval(), yes("carl")) == Open()
    assert judge(replace(TWO, count=1), yes()) == Open()


@pytest.mark.parametrize(
    ("said", "not_counted"),
    [
        (yes("carl"), "carl (not in release-managers)"),
        (yes("mallory"), "mallory (not in people.yaml)"),
        (yes("dora"), "dora (wrote it)"),
        (yes("bob", digest=Digest("e")), "bob (for another content)"),
        (yes("bob", at=NOW - DAY), "bob (expired at 2026-03-02T12:00:00Z)"),
        (yes("bob", at=NOW + HOUR), "bob (from the future: compare the clocks)"),
        (yes("bob", groups=()), "bob (not in release-managers)"),  # joined after saying it
        (yes("carl", groups=("release-managers",)), "carl (not in release-managers)"),  # left since
        (yes("bob", 5), "bob (used already)"),
    ],
)
def test_what_does_not_count_is_named_with_the_reason(said, not_counted):
    told = why(TWO, said, yes("anna", 9), used=frozenset({5}))
    assert told == f"1 of 2 approvals: anna; needs 1 more of release-managers (bob can); not counted: {not_counted}"


def test_approvals_of_other_versions_and_content_are_not_spoken_of():
    assert "not counted" not in why(TWO, yes("bob", version="v1.2.2", digest=Digest("c")))


def test_it_counts_until_just_before_it_expires_and_a_little_from_a_clock_that_is_ahead():
    short = Approval(expires=timedelta(minutes=5))
    last = timedelta(microseconds=1)
    assert judge(short, yes(at=NOW - short.expires + last)) == Open()
    assert isinstance(judge(short, yes(at=NOW - short.expires)), Shut)
    assert judge(short, yes(at=NOW + timedelta(minutes=5))) == Open()
    assert isinstance(judge(short, yes(at=NOW + timedelta(minutes=5) + last)), Shut)


def test_one_person_counts_once_whatever_was_written():
    assert isinstance(judge(TWO, yes(), yes(number=2, via="OS user anna-admin")), Shut)


def test_a_no_shuts_it_whatever_else_was_said():
    told = why(TWO, yes(), yes("dora", 3), no("carl", 4, comment="the totals are wrong"), authors=("eve@x",))
    assert told == "rejected by carl at 2026-03-02T11:00:00Z: the totals are wrong"
    assert why(TWO, no(at=NOW - 400 * DAY), used=frozenset({2})) == "rejected by bob at 2025-01-26T12:00:00Z"
    assert why(Approval(), no("carl", 4), no(number=3)).count("rejected by") == 2


def test_a_no_is_taken_back_by_whoever_gave_it_and_by_no_other():
    gate = replace(TWO, count=1)
    assert judge(gate, no(number=2), yes("bob", 3)) == Open()
    assert isinstance(judge(gate, no(number=2), yes("anna", 3)), Shut)
    assert isinstance(judge(gate, yes("bob", 2), no(number=3)), Shut)


def test_a_no_of_nobody_known_or_to_another_content_is_none():
    gate = Approval()
    assert judge(gate, yes(), no("mallory"), no("bob", 3, digest=Digest("e"))) == Open()


def test_nobody_says_yes_to_what_they_wrote_or_asked_for():
    gate = Approval(count=3)
    said = (yes(), yes("bob", 2), yes("dora", 3))
    told = "2 of 3 approvals: anna, bob; needs 1 more (carl can); not counted: dora (wrote it)"
    assert why(gate, *said) == told
    for asker in ("bob", "bob@example.com", "BOB@example.com"):
        told = why(gate, *said, requesters=("carl", asker))
        assert "1 of 3 approvals: anna" in told and "bob (asked for it), dora (wrote it)" in told
    assert judge(replace(gate, four_eyes=False), *said, requesters=("bob",)) == Open()


def test_nobody_of_several_who_wrote_it_says_yes_to_it():
    gate = Approval(count=2)
    wrote = ("ANNA@example.com", "bob@example.com")
    told = "1 of 2 approvals: dora; needs 1 more (carl can); not counted: anna (wrote it), bob (wrote it)"
    assert why(gate, yes(), yes("bob", 2), yes("dora", 3), authors=wrote) == told
    assert judge(gate, yes("carl"), yes("dora", 3), authors=wrote) == Open()


def test_nobody_who_wrote_the_application_says_yes_to_it_and_strangers_who_did_keep_nothing_shut():
    gate, built = Approval(count=2), ("bob@example.com", "robot@forge.example")
    told = "1 of 2 approvals: anna; needs 1 more (carl can); not counted: bob (wrote it)"
    assert why(gate, yes(), yes("bob", 2), builders=built) == told
    assert judge(gate, yes(), yes("carl", 3), builders=built) == Open()


def test_nobody_who_signed_it_says_yes_to_it_whatever_it_gives_as_its_author():
    told = why(Approval(), yes(), signers=("anna", "nobody"))
    assert told == "0 of 1 approval; needs 1 more (bob, carl can); not counted: anna (wrote it)"


HOST = replace(PEOPLE, machines=("noreply@host.example",))


def test_a_machine_that_committed_is_nobody_and_a_stranger_who_did_may_be_anybody():
    how = {"people": HOST, "authors": ("dora@example.com",)}
    assert judge(Approval(), yes(), committers=("NoReply@host.example",), **how) == Open()
    assert "dora (wrote it)" in why(Approval(), yes("dora"), committers=("noreply@host.example",), **how)
    assert "anna (wrote it)" in why(Approval(), yes(), committers=("anna@example.com",), **how)
    for people, email in ((HOST, "e@x.com"), (PEOPLE, "noreply@host.example")):
        told = f"people.yaml knows nobody with the email {email}, who wrote it: "
        assert judge(Approval(), yes(), people=people, committers=(email,)).why.startswith(told)


def test_nobody_escapes_four_eyes_by_writing_with_the_email_of_a_machine():
    for email in ("noreply@host.example", "NOREPLY@HOST.example"):
        for authors in ((email,), ("dora@example.com", email)):
            verdict = judge(Approval(), yes(), people=HOST, authors=authors, committers=(email,))
            assert isinstance(verdict, Unsure)
            assert verdict.why.startswith(
                f"{email}, who wrote it, is a machine in people.yaml, and may only commit: "
            )
    assert HOST.of_email("noreply@host.example") is None and HOST.meant("noreply@host.example") is None


def test_what_nobody_wrote_needs_no_other_eyes():
    assert judge(Approval(), yes("dora"), authors=()) == Open()


@pytest.mark.parametrize(
    ("authors", "told"),
    [
        (("e@x.com", "dora@example.com"), "people.yaml knows nobody with the email e@x.com, who wrote it"),
        (("e@x.com", "f@x.com"), "people.yaml knows nobody with the email e@x.com, f@x.com, who wrote it"),
        (("",), "people.yaml knows nobody with the email none, who wrote it"),
    ],
)
def test_an_author_who_may_be_anybody_keeps_it_shut_unless_two_eyes_are_enough(authors, told):
    how = "add that there, or say fourEyes: false"
    assert judge(Approval(), yes(), authors=authors) == Unsure(why=f"{told}: {how}")
    assert judge(Approval(four_eyes=False), yes(), authors=authors) == Open()


def test_while_it_is_not_known_who_wrote_it_nobody_says_yes_to_it():
    told = "it is not known who wrote it: git is away; without that, say fourEyes: false"
    assert judge(Approval(), yes(), authors=(), unknown="git is away") == Unsure(why=told)
    assert judge(Approval(four_eyes=False), yes(), authors=(), unknown="git is away") == Open()


def test_a_yes_from_before_it_was_known_who_wrote_it_does_not_count():
    said = yes("dora")
    assert isinstance(judge(Approval(), said, authors=(), unknown="git is away"), Unsure)
    assert "dora (wrote it)" in why(Approval(), said)


def test_without_people_nobody_knows():
    told = "nobody is known: --people (TRUEUP_PEOPLE) names no people.yaml"
    assert judge(Approval(), yes(), people=Unanswered(why=told)) == Unsure(why=told)
    assert judge(Approval(), yes(), people=None) == Unsure(why="who is who was not asked for")
    assert Approval().judge(CANDIDATE, {WhoIsWho(): PEOPLE}, NOW) == Unsure(
        why="what people said was not asked for"
    )
    unread = {WhoIsWho(): PEOPLE, ApprovalsOf(candidate=CANDIDATE): Unanswered(why="the store is away")}
    assert Approval().judge(CANDIDATE, unread, NOW) == Unsure(why="the store is away")


def test_that_nobody_can_open_it_is_said():
    gate = Approval(groups=("owners",))
    assert why(gate) == "0 of 1 approval; needs 1 more of owners (nobody there can)"


def test_of_many_who_can_a_few_are_named():
    many = People(persons=(*PEOPLE.persons, *(person(f"p{i}", "crowd") for i in range(11))))
    assert why(Approval(groups=("crowd",)), people=many).endswith(
        "(p0, p1, p2, p3, p4, p5, p6, p7 and 3 others can)"
    )


names = st.sampled_from(["anna", "bob", "carl", "dora", "mallory"])
said = st.builds(
    Given,
    number=st.integers(1, 30),
    version=st.sampled_from(["v1.2.3", "v1.2.4"]),
    digest=st.sampled_from([Digest("d"), Digest("e")]),
    by=names,
    at=st.integers(-60, 60).map(lambda hours: NOW + hours * HOUR),
    yes=st.booleans() | st.just(True),
    groups=st.sampled_from([(), ("on-call",), ("release-managers",)]),
)
gates = st.builds(
    Approval,
    count=st.integers(1, 3),
    groups=st.sampled_from([(), ("release-managers",), ("on-call", "release-managers")]),
    expires=st.sampled_from([HOUR, DAY]),
    four_eyes=st.booleans(),
)
numbered = st.lists(said, max_size=8, unique_by=lambda one: one.number)


@given(gate=gates, given_=numbered, used=st.frozensets(st.integers(1, 30)), author=names)
def test_it_opens_for_this_content_in_time_unused_and_by_enough_allowed_people_only(gate, given_, used, author):
    verdict = judge(gate, *given_, authors=(f"{author}@example.com",), used=used)
    if verdict != Open():
        assert isinstance(verdict, Shut | Unsure) and verdict.why
        return
    mine = [one for one in given_ if one.digest == CANDIDATE.digest]
    last = {one.by: one for one in sorted(mine, key=lambda one: one.number)}
    assert [one.by for one in last.values() if not one.yes and one.by != "mallory"] == []
    fit = {
        one.by
        for one in mine
        if one.yes and one.number not in used and NOW - gate.expires < one.at <= NOW + HOUR / 12
        and one.by != "mallory" and not (gate.four_eyes and one.by == author)
        and (not gate.groups or {*gate.groups} & {*one.groups} & PEOPLE.groups_of(one.by))
    }  # fmt: skip
    assert len(fit) >= gate.count


@given(gate=gates, given_=numbered, later=st.integers(1, 100))
def test_what_is_shut_is_never_opened_by_time_and_what_is_open_shuts_once_all_has_expired(gate, given_, later):
    past = [replace(one, at=min(one.at, NOW)) for one in given_]
    first = judge(gate, *past)
    if first != Open():
        assert judge(gate, *past, now=NOW + later * HOUR) != Open()
    assert judge(gate, *past, now=NOW + gate.expires) != Open()


@given(gate=gates, given_=numbered)
def test_no_yes_counts_for_another_content(gate, given_):
    other = replace(CANDIDATE, digest=Digest("f"))
    assert judge(gate, *given_, candidate=other) != Open()


@given(gate=gates, given_=numbered, again=st.integers(31, 60))
def test_saying_it_again_opens_nothing(gate, given_, again):
    """Each person's last words once more, under other numbers and names: no more people than before."""
    twice = [*given_, *(replace(one, number=one.number + again, via="OS user other") for one in given_)]
    assert (judge(gate, *twice) == Open()) == (judge(gate, *given_) == Open())
