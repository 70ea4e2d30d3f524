"""One target, or one bad spec, changes nothing for others: the world with it is the world without it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.model.desired import Brake
from tests.properties.script import long_lives, moves, named, patience, step
from tests.world import digest, settled

pytestmark = patience

# Shared on purpose: what the platform answers to one call after another, AWS's tokens, the brake; and in this
# platform the clock too, by which a read that lags is known.
SHARED = {"throttled", "lose_answer", "lose_call", "tokens", "brake", "beside", "delete", "lag"}

apart = moves.filter(lambda move: named(move) not in SHARED)
versions = st.sampled_from(["w1", "w2", "w3"])
beside = st.one_of(
    st.none(),
    st.tuples(st.just("bump"), versions),
    st.tuples(st.sampled_from(["by_hand", "sick", "bad", "no_image"]), versions),
    st.tuples(st.sampled_from(["gone", "exits", "anew", "cure", "retry", "rollback", "recover"]), st.none()),
    st.tuples(st.just("scale"), st.integers(0, 3)),
)


def disturb(w, what, arg):
    """Let something happen to the other target alone."""
    p = w.platform
    match what:
        case "bump":
            w.versions["web"] = arg
        case "by_hand":
            p.by_hand("web", arg)
        case "sick":
            w.sick.add(digest(arg))
        case "bad" | "no_image":
            getattr(p, what).add(digest(arg))
        case "cure":
            for barred in (w.sick, p.bad, p.no_image):
                barred -= {digest(version) for version in ("w1", "w2", "w3")}
        case "gone":
            p.delete("web")
        case "exits":
            p.service("web").exits += 2
        case "anew":
            p.service("web").identity += "+"
        case "scale" if p.service("web").primary:
            p.scale("web", arg)
        case "retry" | "rollback" | "recover":
            getattr(w, what)(name="web")


def lived(script, *, with_web):
    w = settled("1", brake=Brake(limit=1000))
    for mine, others in script:
        if with_web and others is not None:
            disturb(w, *others)
        step(w, *mine)
    told = [(c.now, c.plan.decisions["api"]) for c in w.cycles if "api" in c.plan.decisions]
    calls = [(type(d.action), d.action.purpose, d.action.release.version) if d.action else None for _, d in told]
    return [(now, d.row, d.memory.phase, call) for (now, d), call in zip(told, calls, strict=True)]


@settings(max_examples=long_lives(60), deadline=None)
@given(st.lists(st.tuples(apart, beside), max_size=14))
def test_invariant_25_another_target_changes_neither_what_is_called_nor_what_is_decided(script):
    assert lived(script, with_web=True) == lived(script, with_web=False)


bumps = st.lists(st.sampled_from(["1", "2", "3", "4"]), min_size=1, max_size=4)
absences = st.dictionaries(st.integers(0, 79), st.tuples(st.booleans(), st.integers(1, 10)), max_size=4)


def ended(wanted, failing, absent):
    """Deploy one version after the other; now and then the spec is unreadable, or names nothing, for some turns."""
    w = settled("0")
    w.sick.add(digest(failing))
    turn = 0
    for version in wanted:
        for _ in range(20):
            gone, turns = absent.get(turn, (False, 0))
            w.versions = {} if gone else {"api": version}
            w.unread = bool(turns) and not gone
            w.ticks(turns)
            w.versions, w.unread = {"api": version}, False
            w.tick()
            turn += 1
    w.ticks(20)
    goods = frozenset(w.goods)
    sent = [call for call in w.sent if call[0] == "forward"]
    return w.running, w.phase, goods, w.quarantine, sent


@settings(max_examples=long_lives(60), deadline=None)
@given(bumps, st.sampled_from(["1", "2", "3", "4", "5"]), absences)
def test_invariant_26_after_a_bad_spec_the_good_one_ends_as_if_the_bad_one_had_never_been(wanted, failing, absent):
    assert ended(wanted, failing, absent) == ended(wanted, failing, {})
