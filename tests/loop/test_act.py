"""One action is carried out, refused or lost; whatever happens is an outcome."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.errors import Refusal
from controller.loop.act import act, act_all
from controller.model.decision import Ensure
from controller.model.outcome import Lost, NotSent, Sent
from controller.model.rollout import Purpose
from tests.platform import place, release
from tests.world import FakeWorld


def ensure(w, **kw):
    given = {"target": "api", "place": place(), "release": release("1"), "revision": None, "expect": None}
    return Ensure(**{**given, "purpose": Purpose.FORWARD, "not_after": w.now + timedelta(seconds=30), **kw})


def let(action):
    del action


def refuse(action):
    raise Refusal(f"the lease of {action.target} is no longer ours")


@pytest.fixture
def w():
    return FakeWorld()


def test_what_is_accepted_is_sent(w):
    assert isinstance(act(ensure(w), w.world(), let), Sent)


def test_an_intent_that_is_too_old_is_not_sent(w):
    outcome = act(ensure(w, not_after=w.now - timedelta(seconds=1)), w.world(), let)
    assert isinstance(outcome, NotSent) and "too old" in outcome.why and w.platform.calls == []


def test_what_the_last_check_refuses_is_not_sent(w):
    outcome = act(ensure(w), w.world(), refuse)
    assert isinstance(outcome, NotSent) and "no longer ours" in outcome.why and w.platform.calls == []


def test_a_refusal_that_the_kind_lets_through_is_not_sent_either(w):
    w.platform.act = lambda action, check: check()
    outcome = act(ensure(w), w.world(), refuse)
    assert isinstance(outcome, NotSent)


def test_an_exception_means_that_nobody_knows(w):
    w.platform.lose_answer = 1
    outcome = act(ensure(w), w.world(), let)
    assert isinstance(outcome, Lost) and "TimeoutError" in outcome.why and len(w.platform.calls) == 1


def test_a_kind_that_nobody_knows_is_not_sent_and_stops_no_other(w):
    strange = ensure(w, place=replace(place(), kind="moon"))
    first, second = act_all((strange, ensure(w)), w.world(), let)
    assert isinstance(first, NotSent) and "moon" in first.why and isinstance(second, Sent)
