"""Liveness: when the faults stop, what is wanted comes, and then there is peace."""

from hypothesis import given, settings

from tests.properties.script import calm, long_lives, named, patience, play, scripts, without
from tests.world import release, settled

pytestmark = patience


def comes(w, version, turns=60):
    w.ticks(turns)
    assert w.running == version, w.trail()[-12:]
    assert w.phase == "idle" and w.memory.goods[0].release == release(version), w.trail()[-12:]
    calls, record = (len(w.platform.calls), w.store.record)
    w.ticks(5)
    assert len(w.platform.calls) == calls and w.store.record.targets == record.targets


@settings(max_examples=long_lives(300), deadline=None)
@given(scripts)
def test_liveness_36_a_fresh_wish_is_reached_whatever_happened(script):
    w = settled("3", "1")
    play(w, without(script, "delete"))
    calm(w)
    w.version = "fresh"
    comes(w, "fresh")


@settings(max_examples=long_lives(120), deadline=None)
@given(scripts)
def test_liveness_36_a_wish_that_failed_is_reached_after_retry(script):
    w = settled("3", "1")
    play(w, without(script, "delete", "pin", "rollback", "go_back"))
    calm(w)
    w.version = "2"
    w.ticks(60)
    w.retry()
    comes(w, "2")


@settings(max_examples=long_lives(120), deadline=None)
@given(scripts)
def test_liveness_36_faults_of_the_platform_and_network_alone_need_no_person(script):
    harmless = {
        "blind",
        "deaf",
        "lag",
        "trouble",
        "throttled",
        "lose_answer",
        "lose_call",
        "turns",
        "moments",
        "tokens",
        "hide",
        "wait",
        "scale",
        "unread",
        "deregister",
        "approve",
        "gate",
    }
    w = settled("1")
    w.version = "2"
    play(w, [(k, min(v, 3) if k == "wait" else v) for k, v in script if named((k, v)) in harmless])
    calm(w)
    comes(w, "2")
    assert not w.quarantine
