"""Random lives: what people, platform and network may do, one step after another."""

import os

from hypothesis import strategies as st

from controller.model.desired import OnDrift, Supersede
from tests.world import Approval, digest, grace

VERSIONS = ["1", "2", "3"]


version = st.sampled_from(VERSIONS)


KINDS = {
    "bump": version,
    "by_hand": version,
    "by_hand_done": version,
    "sick": version,
    "bad": version,
    "no_image": version,
    "cure": st.none(),
    "blind": st.booleans(),
    "deaf": st.booleans(),
    "unread": st.booleans(),
    "lag": st.integers(0, 6),
    "trouble": st.booleans(),
    "breaker": st.booleans(),
    "throttled": st.integers(0, 6),
    "lose_answer": st.integers(1, 2),
    "lose_call": st.integers(1, 2),
    "exits": st.none(),
    "scale": st.integers(0, 3),
    "deregister": st.none(),
    "pause": st.booleans(),
    "resume": st.none(),
    "retry": st.none(),
    "rollback": st.one_of(st.none(), version),
    "pin": version,
    "gate": st.booleans(),
    "approve": version,
    "supersede": st.sampled_from(list(Supersede)),
    "on_drift": st.sampled_from(list(OnDrift)),
    "remove": st.none(),
    "delete": st.none(),
    "redeploy": st.none(),
    "settings": st.integers(1, 3),
    "set_by_hand": st.integers(1, 3),
    "wait": st.integers(1, 40),
    "turns": st.integers(1, 12),
}


moves = st.one_of(
    *(st.tuples(st.just(k), v) for k, v in KINDS.items()),
    st.tuples(st.just("turns"), st.integers(1, 12)),
    st.tuples(st.just("bump"), version),
)


scripts = st.lists(moves, max_size=16)


def lives(count):
    """How many lives to try: TRUEUP_LIVES multiplies the quick run's number."""
    return int(count * float(os.environ.get("TRUEUP_LIVES", "1")))


def step(w, what, arg):
    p = w.platform
    match what:
        case "bump":
            w.version = arg
        case "by_hand":
            p.by_hand("api", arg)
        case "by_hand_done":
            p.by_hand("api", arg)
            p.settle("api")
        case "sick":
            w.sick.add(digest(arg))
        case "bad" | "no_image":
            getattr(p, what).add(digest(arg))
        case "cure":
            w.sick.clear()
            p.bad.clear()
            p.no_image.clear()
        case "deaf" | "unread":
            setattr(w, what, arg)
        case "blind" | "lag" | "breaker" | "throttled" | "lose_answer" | "lose_call":
            setattr(p, what, arg)
        case "trouble":
            p.trouble = "no capacity" if arg else ""
        case "exits":
            w.service.exits += 2
            p.bump()
        case "scale":
            p.scale("api", arg)
        case "deregister":
            p.inactive |= {k.revision for k in w.memory.goods}
        case "pause":
            w.pause("freeze", armed=arg)
        case "resume":
            w.resume()
        case "retry":
            w.retry()
        case "rollback":
            w.rollback(arg)
        case "pin":
            w.pin(arg) if w.versions else None
        case "gate":
            w.want["gates"] = (Approval(needed=1),) if arg else ()
        case "approve":
            w.approvals[arg] = frozenset({"ana"})
        case "supersede" | "on_drift":
            w.want[what] = arg
        case "remove":
            w.versions.clear()
        case "delete":
            p.delete("api")
        case "redeploy":
            p.deploy("api", w.service.primary.manifest, by="ana") if w.service.primary else None
        case "settings":
            w.want["settings"] = grace(arg)
        case "set_by_hand":
            w.service.settings["service.grace"] = arg
            p.bump()
        case "wait":
            w.tick(arg)
            return
        case "turns":
            w.ticks(arg)
            return
    w.tick()


def play(w, script):
    for what, arg in script:
        step(w, what, arg)


def calm(w):
    """Every fault stops; people lift their stops."""
    p = w.platform
    w.sick.clear()
    p.bad.clear()
    p.no_image.clear()
    w.at_effect.clear()
    p.blind = p.lag = p.throttled = p.lose_answer = p.lose_call = 0
    p.trouble = ""
    w.deaf = w.unread = False
    w.want["gates"] = ()
    w.resume()
    if "api" in p.services and (not p.services["api"].desired):
        p.scale("api", 2)
