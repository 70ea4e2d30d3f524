"""Groups: never good in parts, there and back together, in the order of needs, whatever happens meanwhile."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.model.desired import Supersede
from controller.model.gate import Open
from controller.model.hooks import Hook, When
from controller.model.observation import Unseen
from controller.model.orders import Pause
from controller.model.questions import Candidate
from controller.model.record import Memory
from controller.model.rollout import MOVING, Phase, Purpose
from controller.plan import decide, groups, order
from controller.plan.messages import message_of
from controller.plan.narrate import tell_plan
from tests.invariants import check_cycle
from tests.properties.script import long_lives, patience
from tests.rows import ALL
from tests.world import ENV, Approval, FakePlatform, FakeWorld, copied, digest

pytestmark = patience

NAMES = ("a", "b", "c")
# In order of name and against it.
NEEDS = {"a": ("c",), "b": ("a",)}
FORWARD = MOVING - {Phase.ROLLING_BACK}
HOOKS = {"migrate": Hook(name="migrate", when=When.BEFORE), "undo": Hook(name="undo", when=When.ON_ROLLBACK)}

name, version, either = st.sampled_from(NAMES), st.sampled_from(["1", "2", "3"]), st.booleans()
some = st.sets(name, min_size=1).map(lambda names: tuple(sorted(names)))
calm = [
    st.tuples(st.just("turn"), some),
    st.tuples(st.just("turns"), st.integers(1, 8)),
    st.tuples(st.just("turns"), st.integers(1, 8)),
    st.tuples(st.just("commit"), st.tuples(some, version)),
    st.tuples(st.just("commit"), st.tuples(st.just(NAMES), version)),
    st.tuples(st.just("sick"), st.tuples(name, version)),
    st.tuples(st.just("bad"), version),
    st.tuples(st.just("hidden"), st.sampled_from([*NAMES, ""])),
    st.tuples(st.just("cure"), st.none()),
    st.tuples(st.sampled_from(["pause", "resume"]), name),
    st.tuples(st.sampled_from(["unread", "gate", "blind", "lose_call", "throttled", "breaker"]), either),
    st.tuples(st.just("retry"), st.none()),
    st.tuples(st.just("hooks"), st.lists(st.sampled_from(sorted(HOOKS)), max_size=2, unique=True)),
]
wild = [
    *calm,
    st.tuples(st.just("by_hand"), st.tuples(name, version)),
    st.tuples(st.sampled_from(["rollback", "recover", "retry one", "delete"]), name),
    st.tuples(st.just("rollback all"), st.none()),
    st.tuples(st.just("brake"), st.integers(0, 3)),
    st.tuples(st.just("scale"), st.tuples(name, st.integers(0, 2))),
    st.tuples(st.just("supersede"), st.sampled_from(list(Supersede))),
    st.tuples(st.just("safe"), either),
    st.tuples(st.just("grouped"), either),
]
ALL_BAKE = (("commit", (NAMES, "2")), ("turns", 17))
ONE_ROLLS = (("commit", (NAMES, "2")), ("turns", 10))
ROWS = [
    (*ALL_BAKE, ("sick", ("a", "2")), ("turns", 20)),
    (*ONE_ROLLS, ("sick", ("c", "2")), ("turns", 20)),
    (("safe", False), *ALL_BAKE, ("sick", ("a", "2")), ("turns", 20)),
    (("safe", False), *ONE_ROLLS, ("sick", ("c", "2")), ("turns", 20)),
    (("seeds", "b"), *ALL_BAKE, ("sick", ("c", "2")), ("turns", 20)),
    (("seeds", "b"), *ALL_BAKE, ("turns", 40)),
]
"""Lives that take every row of the state table that only a group takes."""
OF_GROUPS = {"EARLY", "CALLED_BACK", "HALTED", "CALLED_OFF", "FOLLOWING"}
lives = st.lists(st.one_of(calm), max_size=25)
wild_lives = st.lists(st.one_of(wild), max_size=25)


class Half(FakePlatform):
    """A platform of which one service can not be seen."""

    hidden = ""

    def look_at(self, name):
        return Unseen(why="not allowed") if name == self.hidden else super().look_at(name)


def group():
    return copied(_settled())


@cache
def _settled():
    w = FakeWorld(versions=dict.fromkeys(NAMES, "1"), platform=Half())
    for one in NAMES:
        w.platform.by_hand(one, "1")
        w.platform.settle(one)
    w.ticks(3)
    assert {(m.phase, m.is_good(digest("1"))) for m in memories(w).values()} == {(Phase.IDLE, True)}
    w.needs, w.groups, w.hooked = NEEDS, {"g": NAMES}, "c"
    w.cycles.clear()
    w.platform.calls.clear()
    return w


def memories(w):
    return w.store.load(ENV).targets


def running(w):
    return {one: w.platform.service(one).primary.manifest.digest for one in NAMES if one in w.platform.services}


def happen(w, what, arg):
    p = w.platform
    match what:
        case "turn":
            w.tick(1, due=arg)
        case "turns":
            w.ticks(arg, 1)
        case "commit":
            w.versions.update(dict.fromkeys(*arg))
        case "sick":
            w.sick.add(arg)
        case "bad":
            p.bad.add(digest(arg))
        case "hidden":
            p.hidden = arg
        case "cure":
            p.bad.clear()
            w.sick.clear()
        case "pause":
            w.order(arg, pause=Pause(reason="audit", at=w.now))
        case "resume":
            w.order(arg, pause=None)
        case "gate":
            w.want["gates"] = (Approval(),) if arg else ()
        case "unread":
            w.unread = arg
        case "retry" | "rollback all":
            for one in NAMES:
                getattr(w, what.split(maxsplit=1)[0])(name=one)
        case "retry one":
            w.retry(arg)
        case "rollback" | "recover":
            getattr(w, what)(name=arg)
        case "hooks":
            terms = replace(w.wanted("c").terms, hooks=tuple(HOOKS[one] for one in arg))
            w.want["c"] = {"terms": terms}
        case "seeds":
            seed = Hook(name="seed", when=When.BEFORE, timeout=timedelta(hours=1))
            w.want[arg], p.takes["seed"] = {"terms": replace(w.wanted(arg).terms, hooks=(seed,))}, 30
        case "by_hand":
            p.by_hand(*arg)
            p.settle(arg[0])
        case "delete":
            p.delete(arg)
        case "brake":
            w.brake = replace(w.brake, limit=arg)
        case "scale":
            p.scale(*arg)
        case "supersede":
            w.want["supersede"] = arg
        case "safe":
            w.terms["rollback_safe"] = arg
        case "grouped":
            w.groups = {"g": NAMES} if arg else {}
        case _:
            setattr(p, what, int(arg) if what in {"lose_call", "throttled"} else arg)


def play(w, life):
    w.is_sick = lambda one: any(one == who and running(w).get(one) == digest(what) for who, what in w.sick)
    for what, arg in life:
        happen(w, what, arg)


def calmed(w):
    """All is well from now on, and everybody has let go."""
    w.platform.hidden, w.platform.blind, w.unread = "", False, False
    w.platform.lose_call = w.platform.throttled = 0
    w.want.pop("gates", None)
    for one in NAMES:
        w.order(one, pause=None)
        if one not in w.platform.services:
            w.platform.by_hand(one, "1")
            w.platform.settle(one)
        if not w.platform.service(one).desired:
            w.platform.scale(one, 2)
    w.ticks(60, 1)


# --- what must hold, without a word of what is tested


def check_good_together(c):
    """Who becomes good does so with every other that has a part in it, or that rests on its part."""
    for one, decision in c.plan.decisions.items():
        before = c.before.targets.get(one, Memory())
        part = before.rollout.part if before.rollout else None
        if decision.ended != "good" or part is None:
            continue
        for other, content in part.whole.contents:
            there = c.plan.decisions.get(other)
            was = c.before.targets.get(other, Memory())
            mine = was.rollout is not None and was.rollout.part == part
            rests = was.rollout is None and was.current is not None and was.current.digest == content
            if c.desired.targets.get(other) and c.desired.targets[other].group is None and not mine:
                continue
            assert there is not None and (there.ended == "good" if mine else rests), (one, other, part)


def opened(c):
    for one, decision in c.plan.decisions.items():
        before, rollout = c.before.targets.get(one, Memory()), decision.memory.rollout
        if rollout is None or rollout.purpose is not Purpose.FORWARD or rollout.way != "deploy":
            continue
        if before.rollout is None or before.rollout.number != rollout.number:
            yield one, rollout


def check_begun(c):
    """Who begins has the gates of all open, or its group has begun; and whom it needs is there."""
    for one, rollout in opened(c):
        part, want = rollout.part, c.desired.targets[one]
        assert part is not None or want.group is None, (one, "a member that begins alone")
        if part is None or all(c.before.targets[o].is_known(d) for o, d in part.whole.contents):
            continue
        known = [m.rollout.part for m in c.before.targets.values() if m.rollout and m.phase in FORWARD]
        assert part.passed and (part.since == c.now or part in known), (one, part)
        if part.since == c.now:
            check_gates(c, part)
        for other in want.group.needs_of(one) if want.group else ():
            memory = c.before.targets[other]
            bakes = memory.phase is Phase.BAKING and memory.rollout.part == part
            rests = memory.rollout is None and memory.current.digest == part.whole.content_of(other)
            assert bakes or rests, (one, other, memory.phase)


def check_gates(c, part):
    for other, content in part.whole.contents:
        memory, want = c.before.targets[other], c.desired.targets[other]
        if memory.rollout is None and memory.current.digest == content:
            continue
        if memory.rollout is not None and memory.rollout.part and memory.rollout.part.passed:
            continue
        candidate = Candidate.of(ENV, other, want.place, want.release, part.whole)
        for gate in want.gates:
            assert isinstance(gate.judge(candidate, c.seen.answers, c.now), Open), other


def check(w):
    for c in w.cycles:
        check_cycle(c)
        check_good_together(c)
        check_begun(c)
    check_told(w)


def check_told(w):
    """People hear once that an attempt began, went back and ended; and that it is good, of each that is."""
    times, good = Counter(), set()
    for c in w.cycles:
        for row in tell_plan(c.desired, c.before, c.plan, c.seen.answers):
            message = message_of(row, lambda *_: "")
            if message is not None and message.attempt:
                times[message.attempt, message.transition] += 1
        ended = [c.before.targets[one].rollout for one, d in c.plan.decisions.items() if d.ended == "good"]
        good |= {f"{one.part.since:%Y%m%dT%H%M%SZ}" for one in ended if one.part and one.part.passed}
    assert {what for what, count in times.items() if count > 1 and what[1] != "baking"} == set()
    assert good == {attempt for attempt, what in times if what == "good"}
    assert all((attempt, "started") in times for attempt in good)
    assert not good & {attempt for attempt, what in times if what in {"going_back", "went_back", "failed"}}


def check_rest(w):
    """At rest nothing is under way, and nothing is called."""
    phases = {one: memory.phase for one, memory in memories(w).items()}
    assert not MOVING & set(phases.values()), [
        (p, w.cycles[-1].plan.decisions[o].reason) for o, p in phases.items()
    ]
    calls = len(w.platform.calls)
    w.ticks(4)
    assert len(w.platform.calls) == calls


def wholes(w):
    """Every content of the whole group that was good at some time."""
    found = [tuple(digest("1") for _ in NAMES)]
    for c in w.cycles:
        current = tuple(c.after.targets[one].current.digest for one in NAMES)
        good = all(c.after.targets[one].is_good(content) for one, content in zip(NAMES, current, strict=True))
        if any(d.ended == "good" for d in c.plan.decisions.values()) and good:
            found.append(current)
    return found


@settings(max_examples=long_lives(40), deadline=None)
@given(lives)
def test_a_group_goes_there_and_back_together(life):
    w = group()
    play(w, life)
    calmed(w)
    check(w)
    check_rest(w)
    assert tuple(running(w)[one] for one in NAMES) in wholes(w), "it runs what was good as a whole"


@settings(max_examples=long_lives(40), deadline=None)
@given(wild_lives)
def test_whatever_people_do_no_group_is_good_in_parts(life):
    w = group()
    play(w, life)
    calmed(w)
    check(w)
    check_rest(w)


@pytest.mark.parametrize(
    ("where", "taken", "instead"),
    [
        (decide, "together", lambda looks, **_: looks),
        (order, "shares", lambda *_: {}),
        (groups, "_first", lambda *_: ()),
        (groups, "_keeps_out", lambda *_: ()),
    ],
)
def test_each_rule_is_missed_when_it_is_taken_away(monkeypatch, where, taken, instead):
    w = group()
    monkeypatch.setattr(where, taken, instead)
    w.want["a"] = {"gates": (Approval(),)}
    play(w, [("commit", (NAMES, "2")), ("turns", 4)])
    w.approvals["2"] = frozenset({"ana"})
    play(w, [("turns", 40)])
    with pytest.raises(AssertionError):
        check(w)


def test_every_row_that_only_a_group_takes_is_taken():
    rows = set()
    for life in ROWS:
        w = group()
        play(w, life)
        check(w)
        rows |= {decision.row for c in w.cycles for decision in c.plan.decisions.values()}
    assert {(phase, signal) for phase, signal in ALL if signal in OF_GROUPS} <= rows


def test_all_is_well_in_the_end():
    w = group()
    play(w, [("commit", (NAMES, "2")), ("turns", 60)])
    check(w)
    assert wholes(w)[-1] == tuple(digest("2") for _ in NAMES)
    assert [call.target for call in w.platform.calls] == ["c", "a", "b"]
    assert timedelta() < w.now - w.cycles[0].now
