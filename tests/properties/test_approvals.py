"""Random lives before an approval gate: nothing starts but what enough allowed people said yes to, just then."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.gates.approval import Approval
from controller.model.decision import Ensure
from controller.model.orders import Approval as Given
from controller.model.people import People, Person
from controller.model.rollout import Purpose
from tests.properties.script import long_lives, patience
from tests.world import digest, settled

pytestmark = patience

GROUP = ("release-managers",)
NAMES = ("anna", "bob", "dora")
EVE = Person(name="eve", emails=("eve@example.com",))  # she was of the group, and is no more
PEOPLE = People(
    persons=(EVE, *(Person(name=name, emails=(f"{name}@example.com",), groups=GROUP) for name in NAMES))
)
GATE = Approval(count=2, groups=GROUP, expires=timedelta(hours=1))
VERSIONS = ("1", "2", "3", "4")

voices = st.sampled_from((*NAMES, *NAMES, "eve", "mallory"))
moves = st.one_of(
    st.tuples(st.just("say"), voices, st.sampled_from((True, True, True, True, False))),
    st.tuples(st.just("say"), voices, st.just(True)),
    st.tuples(st.just("say"), voices, st.just(True)),
    st.tuples(st.just("say other"), st.sampled_from(NAMES), st.sampled_from(VERSIONS)),
    st.tuples(st.just("want"), st.sampled_from(VERSIONS)),
    st.tuples(st.just("author"), st.sampled_from(NAMES)),
    st.tuples(st.just("sick"), st.sampled_from(VERSIONS)),
    st.tuples(st.just("leaves"), st.sampled_from(NAMES)),
    st.sampled_from((("cure",), ("fails",), ("retry",), ("retry",), ("return",), ("wait",))),
)
# What happens, and then so many turns so many minutes apart.
steps = st.lists(
    st.tuples(moves, st.sampled_from((0, 1, 1, 2, 12)), st.sampled_from((1, 3, 3, 25))), min_size=10, max_size=40
)


def do(w, step):
    match step:
        case ("say", by, yes):
            say(w, by, w.version, yes=yes)
        case ("say other", by, version):
            say(w, by, version)
        case ("want", version):
            w.version = version
        case ("author", name):
            w.author = f"{name} <{name}@example.com>"
        case ("sick", version):
            w.sick.add(digest(version))
        case ("leaves", name):
            w.people = replace(PEOPLE, persons=tuple(one for one in PEOPLE.persons if one.name != name))
        case ("return",):
            w.people = PEOPLE
        case ("cure",):
            w.sick.clear()
        case ("fails",):
            w.sick.add(digest(w.version))
        case ("retry",):
            w.sick.clear()
            w.retry()
        case ("wait",):
            pass


def say(w, by, version, *, yes=True):
    given_ = Given(
        number=w.next_number(), version=version, digest=digest(version), by=by, at=w.now, groups=GROUP, yes=yes
    )
    w.order(approvals=(*w.orders.approvals, given_))


def check_opened(w, used):
    """Whatever opened a rollout of something new: who said yes to it, by the order book of that very turn."""
    author = ""
    for cycle in w.cycles:
        before, decision = cycle.before.targets["api"], cycle.plan.decisions.get("api")
        if before.next is None or before.next.release.digest != cycle.desired.targets["api"].release.digest:
            author = cycle.desired.author.partition(" ")[0]  # who wrote it when it was first wished for
        after = decision.memory if decision else before
        if not isinstance(decision.action, Ensure) or decision.action.purpose is not Purpose.FORWARD:
            continue
        wish = decision.action.release
        if after.rollouts == before.rollouts or before.is_known(wish.digest):
            continue
        known = cycle_people(cycle).persons
        people, allowed = {one.name for one in known}, {one.name for one in known if {*GROUP} & {*one.groups}}
        book = [one for one in cycle.before.orders.targets["api"].approvals if one.digest == wish.digest]
        last = {one.by: one for one in book}
        fit = {
            name: one.number
            for name, one in last.items()
            if one.yes
            and name in allowed - {author}
            and cycle.now - one.at < GATE.expires
            and one.number not in used
        }
        assert len(fit) >= GATE.count, f"12: {wish.version} without enough who may: {last} {w.trail()}"
        assert not [name for name, one in last.items() if not one.yes and name in people], "12: over a no"
        used |= {one.number for one in book if one.yes}


def cycle_people(cycle):
    return next(answer for answer in cycle.seen.answers.values() if isinstance(answer, People))


@settings(max_examples=long_lives(100))
@given(steps=steps)
def test_invariant_12_each_yes_counts_once_from_who_may_for_its_content_and_in_time(steps):
    w = settled("0", "1")
    w.people, w.author = PEOPLE, "dora <dora@example.com>"
    w.want["gates"] = (GATE,)
    w.version = "2"
    for what, turns, minutes in steps:
        do(w, what)
        w.ticks(turns, minutes)
    check_opened(w, set())
