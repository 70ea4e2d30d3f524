"""Safety: whatever happens, these never do."""

from hypothesis import given, settings

from controller.model.observation import Unseen
from controller.model.orders import TargetOrders
from controller.model.record import Memory
from controller.model.rollout import Phase, Purpose
from tests.properties.script import lives, play, scripts
from tests.world import FakeWorld, settled

HOLDING = {Phase.ROLLING, Phase.BAKING, Phase.ROLLING_BACK, Phase.STALLED}


def check(w):
    for c in w.cycles:
        for name, d in c.plan.decisions.items():
            before, sight = (c.before.targets.get(name, Memory()), c.seen.sights[name])
            check_decision(c, name, d, before, sight)
        assert len({a.target for a in c.plan.actions}) == len(c.plan.actions)


def check_decision(c, name, d, before, sight):
    a, after, signal = (d.action, d.memory, d.row[1])
    assert d.reason.strip(), "every decision has a reason"
    assert not {k.digest for k in after.goods} & set(after.quarantine), "what is barred is not good"
    assert (after.rollout is not None) == (after.phase in HOLDING), "a rollout has a phase, a phase has its rollout"
    assert after.next is None or after.phase is not Phase.IDLE
    gained = {k.digest for k in after.goods} - {k.digest for k in before.goods}
    relabelled = signal == "RETURNED" and before.current is not None and before.is_good(before.current.digest)
    assert not gained or signal in {"BAKED", "EARNED"} or relabelled, "good is earned"
    lost = {k.digest for k in before.goods} - {k.digest for k in after.goods}
    assert len(before.goods) == 10 or lost <= set(after.quarantine), "only quarantine takes a good away"
    if a is None:
        return
    assert not isinstance(sight, Unseen), "when blind, be still"
    live = c.seen.sights[name]
    if a.purpose is Purpose.BACK:
        known = {k.digest for k in (*before.goods, before.found) if k}
        assert a.release.digest in known - set(after.quarantine), "we go back only to what ran here"
        assert a.revision is not None
    elif a.purpose is not Purpose.SETTINGS:
        assert a.release.digest not in after.quarantine, "no quarantined release is deployed forward"
    assert not a.force or a.release.runs_in(live.manifest), "force only where else nothing would start"
    pause = (c.before.orders.targets.get(name) or TargetOrders()).pause
    assert pause is None or (pause.armed and a.purpose is Purpose.BACK), (
        "paused means no call, unless armed and going back"
    )
    if before.phase is Phase.STALLED:
        assert signal in {"CLEARED", "ORDERED"}, "nothing leaves stalled by itself"
    if before.phase is Phase.STALLED and signal == "CLEARED":
        assert a.release.digest != before.rollout.release.digest


@settings(max_examples=lives(300), deadline=None)
@given(scripts)
def test_nothing_bad_happens_to_a_settled_target(script):
    w = settled("1")
    play(w, script)
    check(w)


@settings(max_examples=lives(150), deadline=None)
@given(scripts)
def test_nothing_bad_happens_from_the_very_beginning(script):
    w = FakeWorld()
    play(w, script)
    check(w)


@settings(max_examples=lives(100), deadline=None)
@given(scripts)
def test_a_turn_that_changes_nothing_writes_nothing(script):
    w = settled("1")
    play(w, script)
    for c in w.cycles:
        kept = [(r.targets, r.rollbacks, r.accepted) for r in (c.before, c.after)]
        same = kept[0] == kept[1]
        assert (c.before.version == c.after.version) == (same and (not c.plan.actions)) or c.plan.actions


@settings(max_examples=lives(100), deadline=None)
@given(scripts)
def test_a_release_that_failed_is_sent_again_only_after_retry(script):
    w = settled("1")
    play(w, [s for s in script if s[0] not in {"retry", "cure"}])
    barred = set()
    for c in w.cycles:
        for a in c.plan.actions:
            assert a.purpose is Purpose.BACK or a.release.digest not in barred
        barred |= set().union(*(m.quarantine for m in c.after.targets.values()))
