"""The checklist gate: whose ticks count, for what and how long, and that it says just what is open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import SpecError
from controller.gates.checklist import Checklist
from controller.model.consent import Ticks, TicksOf, WhoIsWho
from controller.model.gate import Open, Shut, Unsure
from controller.model.names import Digest, EnvName, TargetName
from controller.model.orders import Tick
from controller.model.people import People, Person
from controller.model.questions import Candidate, Unanswered
from tests.platform import place

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CANDIDATE = Candidate(
    env=EnvName("prod"), target=TargetName("api"), place=place("api"), version="v1.2.3", digest=Digest("d")
)
PEOPLE = People(
    persons=(
        Person(name="anna", groups=("release-managers",)),
        Person(name="bob", groups=("release-managers",)),
        Person(name="carl", groups=("on-call",)),
    )
)
GATE = Checklist(items=("flags-set", "support-told"), groups=("release-managers",))


def tick(item="flags-set", number=1, by="anna", **how):
    groups = tuple(sorted(PEOPLE.groups_of(by)))
    return Tick(**{"number": number, "item": item, "version": "v1.2.3", "digest": Digest("d"), "by": by,
                   "at": NOW - HOUR, "groups": groups, **how})  # fmt: skip


def judge(*given, gate=GATE, people=PEOPLE, used=frozenset()):
    asked = TicksOf(candidate=CANDIDATE)
    assert set(gate.asks(CANDIDATE)) == {asked, WhoIsWho()}
    return gate.judge(CANDIDATE, {asked: Ticks(given=given, used=used), WhoIsWho(): people}, NOW)


def test_it_names_what_is_open_and_who_can_tick_it():
    verdict = judge()
    assert verdict == Shut(
        why="0 of 2 ticked; open: flags-set, support-told; needs somebody of release-managers (anna, bob can)",
        groups=("release-managers",),
        items=("flags-set", "support-told"),
    )
    assert judge(tick()).items == ("support-told",)


def test_one_person_may_tick_every_item():
    verdict = judge(tick(), tick("support-told", 2))
    assert verdict == Open()
    assert verdict.why == "flags-set by anna, support-told by anna"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (tick("support-told", 2, "carl"), "support-told by carl (not in release-managers)"),
        (tick("support-told", 2, "mallory"), "support-told by mallory (not in people.yaml)"),
        (tick("support-told", 2, digest=Digest("e")), "support-told by anna (for another content)"),
        (tick("support-told", 2, at=NOW - 24 * HOUR), "support-told by anna (expired at 2026-03-02T12:00:00Z)"),
        (tick("support-told", 2, at=NOW + HOUR), "support-told by anna (from the future: compare the clocks)"),
        (tick("support-told", 2, groups=()), "support-told by anna (not in release-managers)"),
        (tick("support-told", 7), "support-told by anna (used already)"),
    ],
)
def test_what_does_not_count_is_named_with_the_reason(told, why):
    verdict = judge(tick(), told, used=frozenset({7}))
    assert verdict.items == ("support-told",)
    assert verdict.why.endswith(f"; not counted: {why}")


def test_a_tick_is_taken_back_by_anybody_known_and_given_again():
    both = (tick(), tick("support-told", 2))
    back = tick("support-told", 3, "carl", undo=True)
    assert judge(*both, back).items == ("support-told",)
    assert judge(*both, back, tick("support-told", 4)) == Open()
    assert judge(*both, tick("support-told", 3, "mallory", undo=True)) == Open()
    assert judge(*both, replace(back, digest=Digest("e"))) == Open()


def test_without_people_or_ticks_nobody_knows():
    assert judge(people=Unanswered(why="nobody is known")) == Unsure(why="nobody is known")
    assert GATE.judge(CANDIDATE, {WhoIsWho(): PEOPLE}, NOW) == Unsure(why="what was ticked was not asked for")


def test_nobody_is_asked_for_where_any_group_will_do():
    free = replace(GATE, groups=())
    assert judge(gate=free).why.endswith("needs somebody (anna, bob, carl can)")
    assert judge(tick(), tick("support-told", 2, "carl"), gate=free) == Open()


@pytest.mark.parametrize(
    ("items", "why"),
    [((), "has nothing to tick"), (("a", "b", "a"), "names a twice"), (tuple(map(str, range(21))), "at most 20")],
)
def test_a_list_that_nobody_could_tick_is_refused(items, why):
    with pytest.raises(SpecError, match=why):
        Checklist(items=items)


said = st.builds(
    Tick,
    number=st.integers(1, 30),
    item=st.sampled_from([*GATE.items, "other"]),
    version=st.sampled_from(["v1.2.3", "v1.2.4"]),
    digest=st.sampled_from([Digest("d"), Digest("d"), Digest("e")]),
    by=st.sampled_from(["anna", "bob", "carl", "mallory"]),
    at=st.integers(-30, 3).map(lambda hours: NOW + hours * HOUR),
    undo=st.integers(0, 4).map(lambda chance: chance == 0),
    groups=st.sampled_from([(), ("on-call",), ("release-managers",)]),
)
numbered = st.lists(said, max_size=10, unique_by=lambda one: one.number)


@given(given_=numbered, used=st.frozensets(st.integers(1, 30)))
def test_it_opens_only_if_each_item_was_ticked_by_one_who_counts_and_not_taken_back(given_, used):
    verdict = judge(*given_, used=used)
    counted = {
        one.item
        for one in given_
        if not one.undo and one.digest == CANDIDATE.digest and one.number not in used
        and NOW - 24 * HOUR < one.at <= NOW and "release-managers" in {*one.groups} & PEOPLE.groups_of(one.by)
        and not any(
            back.undo and back.item == one.item and back.digest == one.digest and back.number > one.number
            and back.by != "mallory" for back in given_
        )
    }  # fmt: skip
    assert (verdict == Open()) == (counted >= {*GATE.items})
    if verdict != Open():
        assert {*verdict.items} == {*GATE.items} - counted
