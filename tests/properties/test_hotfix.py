"""Random lives with hotfixes: each skips what it names, for its content, with its people; back needs no gate."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.gates.window import Window
from controller.model.decision import Ensure
from controller.model.hotfix import EMERGENCY, LASTS, SKIPPED, Hotfix, Seconded
from controller.model.orders import Freeze, TargetOrders
from controller.model.people import People, Person
from controller.model.questions import Candidate
from controller.model.rollout import Purpose
from controller.plan.watching import not_open
from tests.platform import digest, release
from tests.properties.script import long_lives, patience
from tests.stories.test_hotfix import Soaked
from tests.world import Approval, settled

pytestmark = patience

NAMES = ("anna", "bob", "carl")
PEOPLE = People(persons=tuple(Person(name=name, groups=(EMERGENCY,)) for name in NAMES))
VERSIONS = ("0", "1", "2", "3", "4")
NIGHT = Window(allow=("daily 00:00-02:00",))

versions, voices, either = st.sampled_from(VERSIONS), st.sampled_from((*NAMES, "mallory")), st.booleans()
moves = st.one_of(
    st.tuples(st.just("ask"), versions, voices, st.sampled_from(("", "", "glass", "incident", "for"))),
    st.tuples(st.just("ask"), versions, st.just("anna"), st.just("")),
    st.tuples(st.just("agree"), voices, st.sampled_from((None, None, None, "1", "4"))),
    st.tuples(st.just("agree"), st.just("bob"), st.none()),
    st.tuples(st.just("want"), versions),
    st.tuples(st.just("retag"), versions, versions),
    st.tuples(st.just("approve"), versions),
    st.tuples(st.just("sick"), versions),
    st.tuples(st.just("leaves"), st.sampled_from(NAMES)),
    st.tuples(st.just("freeze"), either),
    st.tuples(st.just("gates"), st.sets(st.sampled_from(("promoted", "window", "approval")))),
    st.tuples(st.just("go back"), versions),
    st.sampled_from((("cure",), ("retry",), ("restart",), ("return",), ("end",), ("wait",))),
)
steps = st.lists(
    st.tuples(moves, st.sampled_from((0, 1, 1, 2, 12)), st.sampled_from((1, 3, 3, 25, 600))),
    min_size=8,
    max_size=30,
)
GATES = {"promoted": Soaked(versions=frozenset({"2"})), "window": NIGHT, "approval": Approval(needed=1)}


def do(w, step):
    last = w.orders.hotfixes[-1] if w.orders.hotfixes else None
    match step:
        case ("ask", version, by, how):
            groups = (EMERGENCY,) if by in NAMES else ()
            new = Hotfix(number=w.next_number(), version=version, by=by, at=w.now, groups=groups)
            new = replace(new, broke_glass=how == "glass", incident="INC-1" if how == "incident" else "")
            new = replace(new, until=w.now + timedelta(hours=2) if how == "for" else None)
            w.order(hotfixes=(*w.orders.hotfixes, new), pin=None)
        case ("agree", by, other) if last:
            groups = (EMERGENCY,) if by in NAMES else ()
            of = w.releases.get(last.version, release(last.version)).digest if other is None else digest(other)
            yes = Seconded(by=by, at=w.now, digest=of, groups=groups)
            w.order(hotfixes=(*w.orders.hotfixes[:-1], replace(last, second=yes)))
        case ("end",) if last:
            w.order(hotfixes=(*w.orders.hotfixes[:-1], replace(last, ended=w.now)))
        case ("want", version):
            w.version = version
        case ("retag", version, other):
            w.releases[version] = replace(release(other), version=version)
        case ("approve", version):
            w.approvals[version] = frozenset({"ana"})
        case ("sick", version):
            w.sick.add(digest(version))
        case ("leaves", name):
            w.people = replace(PEOPLE, persons=tuple(one for one in PEOPLE.persons if one.name != name))
        case ("freeze", on):
            freeze = Freeze(reason="inventory", at=w.now) if on else None
            w.give(replace(w.store.record.orders, freeze=freeze))
        case ("gates", kinds):
            w.want["gates"] = tuple(GATES[kind] for kind in sorted(kinds))
        case ("go back", version):
            w.order(hotfixes=tuple(replace(one, ended=one.ended or w.now) for one in w.orders.hotfixes))
            w.go_back(version)
        case ("return",):
            w.people = PEOPLE
        case ("cure",):
            w.sick.clear()
        case ("retry",):
            w.retry()
        case ("restart",):
            w.restart()
        case _:
            pass


def opened(w):
    """Every turn that opened a rollout of something new, and what its gates would have said."""
    for cycle in w.cycles:
        before, decision = cycle.before.targets["api"], cycle.plan.decisions["api"]
        action, after = decision.action, decision.memory
        if not isinstance(action, Ensure) or after.rollouts == before.rollouts:
            continue
        if action.purpose is Purpose.FORWARD and not before.is_known(action.release.digest):
            yield cycle, before, action.release, after.rollout


def judged(cycle, wish):
    """Which gates of the spec were shut, judged by themselves."""
    want = cycle.desired.targets["api"]
    candidate = Candidate.of(cycle.desired.env, "api", want.place, wish)
    shut = {one.kind for one in not_open(want.gates, candidate, cycle.seen.answers, cycle.now)}
    freeze = cycle.before.orders.freeze
    return shut | ({"freeze"} if freeze is not None and freeze.holds(cycle.now) else set())


def is_of(name, people):
    return any(one.name == name and EMERGENCY in one.groups for one in people.persons)


def check(w):
    for cycle, before, wish, rollout in opened(w):
        orders, shut = cycle.before.orders.targets.get("api", TargetOrders()), judged(cycle, wish)
        pinned = orders.pin is not None and orders.pin.number > before.unpinned
        if pinned or not shut:
            continue
        assert shut <= SKIPPED, (shut, wish.version, w.trail())
        hotfix = orders.hotfix(cycle.now)
        assert hotfix is not None and hotfix.version == wish.version and rollout.hotfix == hotfix.number
        assert cycle.now < hotfix.at + LASTS and {kind for kind, _ in rollout.skipped} >= shut
        people = next(answer for answer in cycle.seen.answers.values() if isinstance(answer, People))
        assert is_of(hotfix.by, people)
        if not hotfix.broke_glass:
            second = hotfix.second
            assert second.by != hotfix.by and is_of(second.by, people) and second.digest == wish.digest
        elif before.lane is not None and before.lane.number == hotfix.number and before.lane.digest:
            assert before.lane.digest == wish.digest


@settings(max_examples=long_lives(60))
@given(steps=steps)
def test_a_hotfix_skips_only_what_it_names_for_its_content_with_its_people(steps):
    w = settled("0", "1")
    w.people = PEOPLE
    w.want["gates"] = tuple(GATES.values())
    w.version = "2"
    for what, turns, minutes in steps:
        do(w, what)
        w.ticks(turns, minutes)
    check(w)


@settings(max_examples=long_lives(30))
@given(steps=steps)
def test_going_back_needs_no_gate_whatever_happened_before(steps):
    w = settled("0", "1")
    w.people = PEOPLE
    for what, turns, minutes in steps:
        do(w, what)
        w.ticks(turns, minutes)
    w.sick.clear()
    w.want["gates"] = (Soaked(), Window(allow=("2040-01-01..2040-01-02",)), Approval(needed=99))
    w.give(replace(w.store.record.orders, freeze=Freeze(reason="inventory", at=w.now)))
    do(w, ("end",))
    w.ticks(20)
    if w.phase not in {"idle", "pending", "stalled"} or len(w.goods) < 2:
        return
    left, back = w.running, next(one for one in w.memory.goods if one.release.version != w.running)
    do(w, ("go back", back.release.version))
    w.ticks(6)
    assert w.service.primary.manifest.digest == back.digest, (left, w.trail()[-8:])
    w.ticks(20)
    assert w.service.primary.manifest.digest == back.digest, (left, w.trail()[-8:])
