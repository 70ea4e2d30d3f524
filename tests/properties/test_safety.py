"""Safety: whatever happens, these never do."""

from datetime import timedelta

from hypothesis import given, settings

from controller.model.decision import Ensure, Start, Stop
from controller.model.desired import Desired
from controller.model.hooks import RunState, When
from controller.model.observation import Unseen
from controller.model.orders import TargetOrders
from controller.model.record import Memory
from controller.model.rollout import Phase, Purpose
from tests.properties.script import long_lives, patience, play, scripts, without
from tests.world import FakeWorld, settled

pytestmark = patience

HOLDING = {Phase.PREPARING, Phase.ROLLING, Phase.BAKING, Phase.ROLLING_BACK, Phase.STALLED}


def check(w):
    for c in w.cycles:
        for name, d in c.plan.decisions.items():
            before, sight = (c.before.targets.get(name, Memory()), c.seen.sights[name])
            check_decision(c, name, d, before, sight)
        assert len({a.target for a in c.plan.actions}) == len(c.plan.actions)
        assert len(c.plan.actions) <= min(c.seen.tokens.values(), default=len(c.plan.actions)), (
            "no call without token"
        )
    check_brake(w)


def check_brake(w):
    """However it is split over turns, no more automatic rollbacks begin than the brake lets through."""
    begun = []
    for c in w.cycles:
        back = [
            d for d in c.plan.decisions.values() if d.row[1] == "FAILING" and d.memory.phase is Phase.ROLLING_BACK
        ]
        if back and isinstance(c.desired, Desired):
            brake = c.desired.brake
            recent = [at for at in begun if c.now - at < brake.window]
            assert len(recent) + len(back) <= brake.limit, "the brake holds"
        begun += [c.now] * len(back)


def check_times(c, name, d):
    """Clocks never lie ahead; the next look is soon, and at once only after one that changed something."""
    rollout = d.memory.rollout
    if rollout is not None:
        set_at = (rollout.since, rollout.done, rollout.short_since, rollout.unsure_since, rollout.well_at)
        assert all(at is None or at <= c.now for at in set_at), "no clock is ahead"
        assert timedelta() <= rollout.baked
    soon = c.now + timedelta(minutes=4)
    assert c.now <= d.again <= soon, "it is looked at again, and not too late"
    before = c.before.targets.get(name)
    changed = before is None or d.memory != before or d.memory.labels != before.labels
    assert d.again > c.now or changed, "no turn runs in a circle"


def check_decision(c, name, d, before, sight):
    a, after, signal = (d.action, d.memory, d.row[1])
    check_times(c, name, d)
    assert d.reason.strip(), "every decision has a reason"
    assert not {k.digest for k in after.goods} & set(after.quarantine), "what is barred is not good"
    assert (after.rollout is not None) == (after.phase in HOLDING), "a rollout has a phase, a phase has its rollout"
    assert after.next is None or after.phase is not Phase.IDLE
    gained = {k.digest for k in after.goods} - {k.digest for k in before.goods}
    relabelled = (
        signal in {"RETURNED", "RENAMED"} and before.current is not None and before.is_good(before.current.digest)
    )
    assert not gained or signal in {"BAKED", "EARNED"} or relabelled, "good is earned"
    lost = {k.digest for k in before.goods} - {k.digest for k in after.goods}
    moved = before.place != after.place
    left = {before.current.digest} if signal == "RENAMED" else set()
    barred = set(after.quarantine)
    assert moved or len(before.goods) == 10 or lost <= barred | left, "only quarantine takes a good away"
    if a is None:
        return
    assert not isinstance(sight, Unseen), "when blind, be still"
    check_pauses(c, name, a)
    if isinstance(a, Ensure):
        check_ensure(c, name, d, a, before)
    if isinstance(a, Start):
        check_start(a, before, after)


def check_start(a, before, after):
    """One task at a time, and none again of which it is known that it was taken."""
    open_runs = [run for run in after.runs if not run.over]
    assert [run.id for run in open_runs] == [a.id], "one task at a time"
    assert not any(run.id == a.id and (run.over or run.sent) for run in before.runs), "a hook is started once"


def check_ensure(c, name, d, a, before):
    after, signal = d.memory, d.row[1]
    live = c.seen.sights[name]
    if a.purpose is Purpose.BACK:
        known = {k.digest for k in (*before.goods, before.found) if k}
        assert a.release.digest in known - set(after.quarantine), "we go back only to what ran here"
        assert a.revision is not None
    elif a.purpose is not Purpose.SETTINGS:
        assert a.release.digest not in after.quarantine, "no quarantined release is deployed forward"
        check_hooks(c, name, a, after)
    assert not a.force or a.release.runs_in(live.manifest), "force only where else nothing would start"
    if d.row[0] is Phase.STALLED:
        assert signal in {"CLEARED", "ORDERED", "RESTARTED"}, "nothing leaves stalled by itself"
    if d.row[0] is Phase.STALLED and signal == "CLEARED":
        assert a.release.digest != before.rollout.release.digest


def check_hooks(c, name, a, after):
    """What was never good here is deployed only once its hooks before it have passed."""
    rollout = after.rollout
    if a.purpose is not Purpose.FORWARD or after.is_known(a.release.digest) or rollout.way == "taken":
        return
    passed = {run.hook for run in after.runs if run.digest == a.release.digest and run.state is RunState.PASSED}
    needed = {hook.name for hook in rollout.terms.hooks if hook.when is When.BEFORE}
    assert needed <= passed, "no deployment before its hooks"


def check_pauses(c, name, a):
    assert c.desired.pause is None if isinstance(c.desired, Desired) else True, "paused by the spec means no call"
    pause = (c.before.orders.targets.get(name) or TargetOrders()).pause
    assert pause is None or (pause.armed and a.purpose is Purpose.BACK), (
        "paused means no call, unless armed and going back"
    )


@settings(max_examples=long_lives(300), deadline=None)
@given(scripts)
def test_nothing_bad_happens_to_a_settled_target(script):
    w = settled("3", "1")
    play(w, script)
    check(w)


@settings(max_examples=long_lives(150), deadline=None)
@given(scripts)
def test_nothing_bad_happens_from_the_very_beginning(script):
    w = FakeWorld()
    play(w, script)
    check(w)


def labels(record):
    """What equality passes over: equal releases may have other names, and count since another moment."""
    return {target: memory.labels for target, memory in record.targets.items()}


@settings(max_examples=long_lives(100), deadline=None)
@given(scripts)
def test_a_turn_that_changes_nothing_writes_nothing(script):
    w = settled("3", "1")
    play(w, script)
    for c in w.cycles:
        kept = [(r.targets, labels(r), r.rollbacks, r.accepted) for r in (c.before, c.after)]
        same = kept[0] == kept[1]
        assert (c.before.version == c.after.version) == (same and (not c.plan.actions)) or c.plan.actions


@settings(max_examples=long_lives(100), deadline=None)
@given(scripts)
def test_invariant_03_a_release_that_failed_is_sent_again_only_after_retry(script):
    w = settled("3", "1")
    play(w, without(script, "retry", "cure", "elsewhere"))
    barred = set()
    for c in w.cycles:
        for a in c.plan.actions:
            harmless = isinstance(a, Stop) or a.purpose in {Purpose.BACK, Purpose.SETTINGS}
            assert harmless or (a.target, a.release.digest) not in barred
        barred |= {(name, failed) for name, m in c.after.targets.items() for failed in m.quarantine}
