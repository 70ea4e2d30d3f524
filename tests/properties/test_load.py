"""Invariant 24: no more roll at once than there is room for, and no splitting over turns gets past the brake.

And the order of targets: nothing begins before what it needs runs its own wish at rest.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.model.desired import Desired, Load
from controller.model.names import TargetName
from controller.model.orders import Pause, Pin
from controller.model.record import Memory
from controller.model.rollout import Phase, Purpose
from controller.plan import order
from controller.plan.order import Waits
from tests.properties.script import long_lives, patience
from tests.world import ENV, Approval, FakeWorld, digest, release

pytestmark = patience

NAMES = ("a", "b", "c", "d", "e")
HOLDING = {Phase.PREPARING, Phase.ROLLING}
# In order of name and against it; `c` stands in the middle.
NEEDS = {"a": ("c",), "d": ("c", "b")}

name, version = st.sampled_from(NAMES), st.sampled_from(["1", "2", "3", "4"])
some = st.sets(name, min_size=1).map(lambda names: tuple(sorted(names)))
loads = st.builds(
    Load,
    rollouts=st.one_of(st.none(), st.integers(1, 3)),
    changes=st.one_of(st.none(), st.integers(1, 4)),
    percent=st.one_of(st.none(), st.sampled_from([20.0, 50.0])),
)
moves = st.one_of(
    st.tuples(st.just("turn"), some),
    st.tuples(st.just("turn"), some),
    st.tuples(st.just("turns"), st.integers(1, 8)),
    st.tuples(st.just("commit"), st.tuples(some, version)),
    st.tuples(st.just("commit"), st.tuples(some, version)),
    st.tuples(st.just("load"), loads),
    st.tuples(st.just("confirm"), some),
    st.tuples(st.sampled_from(["bad", "sick"]), version),
    st.tuples(st.just("by_hand"), st.tuples(name, version)),
    st.tuples(st.just("pin"), st.tuples(name, version)),
    st.tuples(st.sampled_from(["pause", "resume", "retry", "rollback", "delete"]), name),
    st.tuples(st.sampled_from(["unread", "gate", "blind", "cure", "lose_call", "throttled"]), st.booleans()),
    st.tuples(st.just("tokens"), st.integers(0, 2)),
)
scripts = st.tuples(loads, st.lists(moves, max_size=30))


def settled_many(load=None):
    w = FakeWorld(versions=dict.fromkeys(NAMES, "1"), want={"heal_after": timedelta(0)})
    for one in NAMES:
        w.platform.by_hand(one, "1")
        w.platform.settle(one)
    w.ticks(3)
    assert {(m.phase, m.is_good(digest("1"))) for m in memories(w).values()} == {(Phase.IDLE, True)}
    w.needs, w.load = NEEDS, load or Load()
    w.cycles.clear()
    w.platform.calls.clear()
    return w


def memories(w):
    return w.store.load(ENV).targets


def happen(w, what, arg):
    p = w.platform
    match what:
        case "turn":
            w.tick(1, due=arg)
        case "turns":
            w.ticks(arg, 1)
        case "commit":
            w.versions.update(dict.fromkeys(*arg))
        case "load":
            w.load = arg
        case "confirm":
            confirm(w, arg)
        case "bad" | "sick":
            (p.bad if what == "bad" else w.sick).add(digest(arg))
        case "cure":
            p.bad.clear()
            w.sick.clear()
        case "by_hand":
            p.by_hand(*arg)
            p.settle(arg[0])
        case "pin":
            w.order(
                arg[0], pin=Pin(number=w.next_number(), release=release(arg[1]), spec=digest(w.versions[arg[0]]))
            )
        case "pause":
            w.order(arg, pause=Pause(reason="freeze", at=w.now))
        case "resume":
            w.order(arg, pause=None)
        case "retry" | "rollback":
            getattr(w, what)(name=arg)
        case "delete":
            p.delete(arg)
        case "unread":
            w.unread = arg
        case "gate":
            w.want["gates"] = (Approval(),) if arg else ()
        case "blind":
            p.blind = arg
        case "lose_call" | "throttled":
            setattr(p, what, int(arg))
        case "tokens":
            p.in_hand = {w.wanted("a").place.quota: arg}


def confirm(w, names):
    orders = w.store.record.orders
    told = {TargetName(one): digest(w.versions[one]) for one in names}
    w.give(replace(orders, confirmed={**orders.confirmed, **told}))


def play(w, script):
    for what, arg in script:
        happen(w, what, arg)


# --- what must hold, counted without a word of what is tested


def began(c):
    """The decisions of a turn by which a target began to hold a slot, or went for something else."""
    for one, decision in c.plan.decisions.items():
        before, rollout = c.before.targets.get(one, Memory()), decision.memory.rollout
        if rollout is None or decision.memory.phase not in HOLDING or rollout.purpose is Purpose.BACK:
            continue
        if before.rollout is None or rollout.number != before.rollout.number:
            yield one, before, decision.memory.rollout


def forward(c):
    """Those of them that deploy what was never good here, and that nobody pinned."""
    for one, before, rollout in began(c):
        pinned = c.before.orders.targets.get(one)
        is_pinned = pinned is not None and pinned.pin is not None and pinned.pin.release == rollout.release
        deploys = rollout.purpose is Purpose.FORWARD and rollout.way == "deploy"
        if deploys and not is_pinned and not before.is_known(rollout.release.digest):
            yield one, before, rollout


def holding(record):
    return {one for one, memory in record.targets.items() if memory.phase in HOLDING}


def check_room(c):
    """Whoever begins and has to wait for room found it, with all that began beside it."""
    limit = c.desired.load.rollouts
    asked = {one for one, before, _ in forward(c) if before.phase not in HOLDING}
    asked |= {one for one, before, r in began(c) if r.purpose is Purpose.HEAL and before.phase not in HOLDING}
    if limit is not None and asked:
        assert len(holding(c.after)) <= limit, (asked, holding(c.after))


def allowed(load, total):
    limits = [] if load.changes is None else [load.changes]
    return min(
        [*limits, *([] if load.percent is None else [max(1, int(total * load.percent / 100))])], default=None
    )


def check_brake(c, ours):
    """With what begins and nobody confirmed, no more is under way than may change; `ours` began so before."""
    confirmed = c.before.orders.confirmed
    new = {(one, r.number) for one, _, r in forward(c) if confirmed.get(one) != r.release.digest}
    ours |= new
    limit = allowed(c.desired.load, len(NAMES))
    if limit is None or not new:
        return
    changed = {one for one, memory in c.after.targets.items() if goes_on(one, memory, ours, confirmed.get(one))}
    assert len(changed) <= limit, (new, changed)


def goes_on(one, memory, ours, confirmed):
    rollout = memory.rollout
    if rollout is None or (one, rollout.number) not in ours or memory.phase not in {*HOLDING, Phase.BAKING}:
        return False
    return rollout.release.digest != confirmed


def check_order(c):
    for one, _, _ in forward(c):
        for other in NEEDS.get(one, ()):
            memory = c.before.targets[TargetName(other)]
            assert memory.phase is Phase.IDLE and memory.current is not None, (one, other)
            pinned = (c.before.orders.targets.get(other) or Nobody).pin
            wanted = {c.desired.targets[TargetName(other)].release, pinned.release if pinned else None}
            assert memory.current.release in wanted, (one, other)


class Nobody:
    pin = None


def check(w):
    ours = set()
    for c in w.cycles:
        if isinstance(c.desired, Desired):
            check_room(c)
            check_brake(c, ours)
            check_order(c)
        else:
            assert not list(forward(c)), "nothing begins without a spec"


@settings(max_examples=long_lives(150), deadline=None)
@given(scripts)
def test_24_rollouts_keep_to_their_room_changes_to_their_brake_and_targets_to_their_order(script):
    load, life = script
    w = settled_many(load)
    play(w, life)
    check(w)


turns = st.lists(some, min_size=1, max_size=25)


@settings(max_examples=long_lives(80), deadline=None)
@given(st.integers(1, 4), some, turns)
def test_24_a_commit_that_is_too_many_changes_calls_nothing_however_it_is_split_over_turns(limit, names, due):
    w = settled_many(Load(changes=limit))
    w.versions.update(dict.fromkeys(names, "2"))
    for one in due:
        w.tick(1, due=one)
    started = {call.target for call in w.platform.calls}
    assert started <= set(names) and (len(names) <= limit or not started)
    w.ticks(60, 1)
    assert {call.target for call in w.platform.calls} == (set(names) if len(names) <= limit else set())


@settings(max_examples=long_lives(60), deadline=None)
@given(scripts)
def test_whoever_waits_comes_to_their_turn_once_all_is_well_and_confirmed(script):
    load, life = script
    w = settled_many(load)
    play(w, [move for move in life if move[0] not in {"delete", "rollback"}])
    happen(w, "cure", None)
    w.unread = w.platform.blind = False
    w.platform.lose_call = w.platform.throttled = 0
    w.platform.in_hand, w.want["gates"] = {}, ()
    for one in NAMES:
        w.order(one, pause=None, pin=None)
        w.versions[one] = "fresh"
    w.ticks(2, 1)
    confirm(w, NAMES)
    for _ in range(150):
        w.tick(1)
        if all(m.phase is Phase.IDLE and m.current.digest == digest("fresh") for m in memories(w).values()):
            break
    assert {one: m.current.release.version for one, m in memories(w).items()} == dict.fromkeys(NAMES, "fresh")
    check(w)


CHANGES_ALL = [("commit", (NAMES, "2")), ("turns", 4)]


@pytest.mark.parametrize(
    ("load", "guard"), [(Load(rollouts=1), "line_up"), (Load(changes=2), "held"), (Load(), "first")]
)
def test_each_of_the_three_is_missed_when_it_is_taken_away(monkeypatch, load, guard):
    def nothing(*_):
        return () if guard == "first" else {}

    w = settled_many(load)
    monkeypatch.setattr(order, guard, nothing)
    play(w, CHANGES_ALL)
    with pytest.raises(AssertionError):
        check(w)


def test_the_place_in_line_is_missed_when_it_is_not_kept(monkeypatch):
    w = settled_many(Load(rollouts=1))
    monkeypatch.setattr(Waits, "placed", lambda self, name, decision, now: decision)
    w.versions["b"] = "2"
    w.tick(1)
    w.versions["e"] = "2"
    w.tick(1)
    while holding(w.store.load(ENV)):
        w.tick(1, due=("b",))
    w.versions["c"] = "2"
    w.tick(1, due=("c",))
    assert holding(w.store.load(ENV)) == {"c"}, "with its place kept, e would have gone first"
