"""Random lives: what people, platform and network may do, one step after another."""

import os
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import strategies as st

from controller.model.desired import Brake, OnDrift, Supersede
from controller.model.gate import OnShut
from controller.model.hooks import Hook, When
from controller.model.observation import Blame
from controller.model.orders import Answer, Attested, Pause
from controller.plan.flags import HELD
from tests.platform import place, release
from tests.properties.beginnings import BEGINNINGS
from tests.world import Approval, FakeWorld, copied, digest, grace, settled

VERSIONS = ["1", "2", "3", "4"]


version = st.sampled_from(VERSIONS)
either = st.booleans()

MINUTES = timedelta(minutes=1)
HOOKS = {
    "migrate": Hook(name="migrate", when=When.BEFORE, timeout=5 * MINUTES),
    "seed": Hook(name="seed", when=When.BEFORE, timeout=5 * MINUTES),
    "smoke": Hook(name="smoke", when=When.AFTER, timeout=5 * MINUTES),
    "e2e": Hook(name="e2e", when=When.AFTER, timeout=30 * MINUTES, check="e2e"),
    "undo": Hook(name="undo", when=When.ON_ROLLBACK, timeout=5 * MINUTES),
}
GUARDS = {
    "back": {},
    "hold": {"action": OnShut.HOLD},
    "warn": {"action": OnShut.WARN},
    "shadow": {"shadow": True},
    "twice": {"passes": 2, "failures": 2},
    "lasting": {"lasting": 2 * MINUTES},
}

KINDS = {
    "bump": version,
    "by_hand": version,
    "by_hand_done": version,
    "sick": version,
    "bad": version,
    "no_image": version,
    "cure": st.none(),
    "blind": either,
    "deaf": either,
    "unread": either,
    "lag": st.integers(0, 6),
    "trouble": either,
    "breaker": either,
    "throttled": st.integers(0, 6),
    "lose_answer": st.integers(1, 2),
    "lose_call": st.integers(1, 2),
    "exits": st.none(),
    "scale": st.integers(0, 3),
    "deregister": st.none(),
    "pause": either,
    "resume": st.none(),
    "retry": st.none(),
    "restart": st.none(),
    "rollback": st.one_of(st.none(), version),
    "pin": version,
    "gate": either,
    "approve": version,
    "supersede": st.sampled_from(list(Supersede)),
    "on_drift": st.sampled_from(list(OnDrift)),
    "remove": st.none(),
    "delete": st.none(),
    "redeploy": st.none(),
    "settings": st.integers(1, 3),
    "set_by_hand": st.integers(1, 3),
    "go_back": version,
    "unpin": st.none(),
    "recover": st.none(),
    "anew": st.none(),
    "rings": either,
    "paused_spec": either,
    "tokens": st.integers(0, 2),
    "elsewhere": either,
    "beside": version,
    "brake": st.integers(0, 3),
    "hide": st.none(),
    "hooks": st.lists(st.sampled_from(sorted(HOOKS)), max_size=3, unique=True).map(tuple),
    "task_fails": st.sampled_from(sorted(HOOKS)),
    "task_takes": st.tuples(st.sampled_from(sorted(HOOKS)), st.integers(0, 9)),
    "task_trouble": st.integers(1, 2),
    "task_blind": either,
    "task_gone": st.none(),
    "attest": st.tuples(version, st.booleans()),
    "pauses": version,
    "answer": st.tuples(version, st.booleans()),
    "safe": either,
    "trip": st.sampled_from(["content", "platform"]),
    "guards": st.sampled_from(sorted(GUARDS)),
    "wait": st.integers(1, 40),
    "turns": st.integers(1, 8),
}


# What people and platforms do, and in time undo: how each of them ends.
PASSING = {
    "blind": (st.just(True), ("blind", False)),
    "observe": (st.just(True), ("observe", False)),
    "rename": (st.just("b"), ("rename", "")),
    "deaf": (st.just(True), ("deaf", False)),
    "unread": (st.just(True), ("unread", False)),
    "rings": (st.just(True), ("rings", False)),
    "trouble": (st.just(True), ("trouble", False)),
    "paused_spec": (st.just(True), ("paused_spec", False)),
    "pause": (st.booleans(), ("resume", None)),
    "gate": (st.just(True), ("gate", False)),
    "lag": (st.integers(1, 12), ("lag", 0)),
    "tokens": (st.integers(0, 1), ("tokens", 9)),
    "task_blind": (st.just(True), ("task_blind", False)),
    "remove": (st.none(), ("bump", "2")),
}

# Minutes; many of them are passed in steps of so many.
MANY = 3
a_while = st.sampled_from([1, 2, 3, 5, 8, 13, 40])
lasting = st.one_of(*(st.tuples(st.just(kind), arg) for kind, arg in KINDS.items()))
passing = st.one_of(
    *(
        st.tuples(st.just("brief"), st.tuples(st.tuples(st.just(kind), arg), a_while))
        for kind, (arg, _) in PASSING.items()
    )
)
plain = st.one_of(
    st.tuples(st.just("turns"), st.integers(1, 8)),
    st.tuples(st.just("moments"), st.integers(1, 8)),
    st.tuples(st.just("bump"), version),
)
moves = st.one_of(lasting, passing, plain)


WORLDS = {"settled": lambda: settled("3", "1"), "empty": FakeWorld}
worlds = st.sampled_from(sorted(WORLDS))
beginnings = st.sampled_from(BEGINNINGS)
scripts = st.builds(lambda beginning, life: [*beginning, *life], beginnings, st.lists(moves, max_size=16))
briefs = st.lists(moves, max_size=4)


def without(script, *kinds):
    """Leave out what is of these kinds, for ever or for a while, or at once with something else."""
    left = (move for move in script if named(move) not in kinds)
    return [(what, tuple(without(arg, *kinds))) if what == "at once" else (what, arg) for what, arg in left]


def named(move):
    what, arg = move
    return arg[0][0] if what == "brief" else what


FACTOR = float(os.environ.get("TRUEUP_LIVES", "1"))
patience = pytest.mark.timeout(max(120, 60 * FACTOR))


def lives(count):
    """How many lives to try: TRUEUP_LIVES multiplies the quick run's number."""
    return int(count * FACTOR)


def long_lives(count):
    """The same for lives that are lived to their end: they take ten times as long, and are tried less often."""
    return int(max(min(count, 20), count * max(0.25, FACTOR / 70)))


def step(w, what, arg):
    """Let something happen, and the loop turn after it."""
    match what:
        case "wait":
            w.tick(arg)
        case "turns":
            w.ticks(arg)
        case "moments":
            w.ticks(arg, 0.5)
        case "at once":
            for one in arg:
                happen(w, *one)
            w.tick(1)
        case "brief":
            (kind, how), minutes = arg
            happen(w, kind, how)
            w.ticks(*((minutes, 1) if minutes <= 2 * MANY else (minutes // MANY, MANY)))
            step(w, *PASSING[kind][1])
        case _:
            happen(w, what, arg)
            w.tick(1)


def happen(w, what, arg):
    p, here = w.platform, w.at("api")
    match what:
        case "bump":
            w.version = arg
        case "observe":
            w.terms["observe"] = arg
        case "rename" if arg and "api" in w.versions:
            w.want["release"] = replace(release(w.version), version=f"{w.version}{arg}")
        case "rename":
            w.want.pop("release", None)
        case "trip" if w.service.primary:
            given_up = w.service.primary
            p.trip(here, w.service, given_up, why="alarm")
            given_up.blame = Blame.PLATFORM if arg == "platform" else Blame.CONTENT
        case "beside":
            w.versions["web"] = arg
        case "by_hand":
            p.by_hand(here, arg)
        case "by_hand_done":
            p.by_hand(here, arg)
            p.settle(here)
        case "sick":
            w.sick.add(digest(arg))
        case "bad" | "no_image":
            getattr(p, what).add(digest(arg))
        case "cure":
            w.sick.clear()
            p.bad.clear()
            p.no_image.clear()
            p.exits_with.clear()
            p.takes.clear()
        case "deaf" | "unread" | "rings":
            setattr(w, what, arg)
        case "blind" | "lag" | "breaker" | "throttled" | "lose_answer" | "lose_call":
            setattr(p, what, arg)
        case "trouble":
            p.trouble = "no capacity" if arg else ""
        case "exits":
            w.service.exits += 2
            p.bump()
        case "scale":
            p.scale(here, arg)
        case "hide":
            p.hide |= {w.service.primary.id} if w.service.primary else set()
        case "tokens":
            p.in_hand = {place().quota: arg}
        case "anew":
            w.service.identity += "+"
            p.bump()
        case "hooks":
            w.terms["hooks"] = tuple(HOOKS[name] for name in HOOKS if name in arg)
        case "task_fails":
            p.exits_with[arg] = 1
        case "task_takes":
            p.takes[arg[0]] = arg[1]
        case "task_trouble" | "task_blind":
            setattr(p, what, arg)
        case "task_gone":
            for task in p.tasks.values():
                task.gone = True
        case "attest":
            told = Attested(number=w.next_number(), check="e2e", digest=digest(arg[0]), passed=arg[1])
            w.order(attested=(*w.orders.attested, told))
        case "pauses":
            p.pauses[digest(arg)] = f"pause-{p.bump()}"
        case "answer":
            w.order(answer=Answer(number=w.next_number(), version=arg[0], yes=arg[1]))
        case "safe":
            w.terms["rollback_safe"] = arg
        case "guards":
            w.guarding = GUARDS[arg]
        case "elsewhere":
            w.places["api"] = "other" if arg else "api"
        case "brake":
            w.brake = Brake(limit=arg)
        case "paused_spec":
            w.pause_in_spec = Pause(reason="quarter end") if arg else None
        case "deregister":
            p.inactive |= {k.revision for k in w.memory.goods}
        case "pause":
            w.pause("freeze", armed=arg)
        case "resume":
            w.resume()
        case "retry" | "restart" | "recover":
            getattr(w, what)()
        case "unpin":
            w.order(pin=None)
        case "rollback":
            w.rollback(arg)
        case "pin" | "go_back":
            getattr(w, what)(arg) if "api" in w.versions else None
        case "gate":
            w.want["gates"] = (Approval(needed=1),) if arg else ()
        case "approve":
            w.approvals[arg] = frozenset({"ana"})
        case "supersede" | "on_drift":
            w.want[what] = arg
        case "remove":
            w.versions.clear()
        case "delete":
            p.delete(here)
        case "redeploy":
            p.deploy(here, w.service.primary.manifest, by="ana") if w.service.primary else None
        case "settings":
            w.want["settings"] = grace(arg)
        case "set_by_hand":
            w.service.settings["service.grace"] = arg
            p.bump()


PLAYED = [0]


def begun(world, beginning):
    """A life that has begun like this; it is lived so far only once."""
    return copied(_begun(world, beginning))


@contextmanager
def fresh():
    """Begin every life anew in here, and forget afterwards how it began."""
    _begun.cache_clear()
    try:
        yield
    finally:
        _begun.cache_clear()


@cache
def _begun(world, beginning):
    w = WORLDS[world]()
    for what, arg in beginning:
        step(w, what, arg)
    return w


def play(w, script):
    """Live one life; how many there were is counted."""
    PLAYED[0] += 1
    for what, arg in script:
        step(w, what, arg)


def calm(w):
    """Every fault stops; people lift their stops."""
    p = w.platform
    w.sick.clear()
    p.bad.clear()
    p.no_image.clear()
    w.at_effect.clear()
    p.hide.clear()
    p.in_hand.clear()
    p.exits_with.clear()
    p.takes.clear()
    p.pauses.clear()
    p.task_trouble, p.task_blind = 0, False
    w.want.pop("release", None)
    for service in p.services.values():
        for made in service.made:
            made.awaits = None
    w.terms.clear()
    w.guarding = {}
    p.blind = p.lag = p.throttled = p.lose_answer = p.lose_call = 0
    p.trouble = ""
    w.deaf = w.unread = w.rings = False
    w.pause_in_spec, w.brake = None, Brake()
    w.want["gates"] = ()
    w.resume()
    for name, service in p.services.items():
        if service.primary and not service.desired:
            p.scale(name, 2)
    w.ticks(15)
    if w.cycles[-1].plan.decisions["api"].row[1] == HELD:
        w.recover()
        w.tick()
