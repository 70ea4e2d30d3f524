"""The proof is itself tried: with a guard taken away, the test that is named for it fails.

The guards are taken away here, in the test; the product has no switch for that.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from inspect import signature

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from controller.loop import act as acting
from controller.loop.run import Runner
from controller.model.decision import Ensure
from controller.model.names import DeploymentId, Revision
from controller.model.observation import Deployment
from controller.model.outcome import Stale
from controller.model.record import Memory
from controller.model.rollout import Expect
from controller.plan import recall, signals
from controller.plan.look import Look
from controller.targets.ecs.ensure import Ensuring
from tests.platform import FakePlatform
from tests.properties import test_invariants as invariants
from tests.properties.script import FACTOR, beginnings, fresh, moves, worlds
from tests.targets.ecs.rig import new_ground, release
from tests.world import FakeStore

LIVES = int(1500 * max(1, FACTOR / 10))


@dataclass(frozen=True)
class Guard:
    """How a guard is taken away, which test is named for it, and what that then says."""

    taken: Callable[[pytest.MonkeyPatch], None]
    test: Callable[..., None]
    said: str
    lives: object = st.lists(moves, max_size=16)


def no_quarantine(patch):
    patch.setattr(Memory, "bars", lambda self, release: None)


def no_settle(patch):
    patch.setattr(signals, "settling", lambda look: None)


def no_watermark(patch):
    real = recall._resolve
    patch.setattr(recall, "_resolve", lambda memory, live, now: real(replace(memory, watermark=0), live, now))


def no_not_after(patch):
    real = acting.act
    patch.setattr(
        acting,
        "act",
        lambda action, world, check: real(action, replace(world, now=lambda: action.not_after), check),
    )


def no_expect(patch):
    real = FakePlatform.act

    def act(self, action, check):
        made = self.services[action.place.service].primary if action.place.service in self.services else None
        there = Expect(deployment=DeploymentId(made.id), revision=Revision(made.revision)) if made else None
        outcome = real(self, replace(action, expect=there) if isinstance(action, Ensure) else action, check)
        return replace(outcome, action=action)

    patch.setattr(FakePlatform, "act", act)


def no_lease(patch):
    patch.setattr(Runner, "_last_check", lambda self, env, action: None)


def drift_before_verdict(patch):
    patch.setattr(Deployment, "broke", property(lambda self: False))


def no_compare_and_swap(patch):
    real = FakeStore.save

    def save(self, before, after, env, entries=()):
        return real(self, replace(before, version=self.record.version), after, env, entries)

    patch.setattr(FakeStore, "save", save)


def no_next(patch):
    patch.setattr(Look, "is_open", property(lambda self: self.wish is not None and not self.barred))


GUARDS = {
    "quarantine": Guard(no_quarantine, invariants.test_invariant_03_what_failed_is_not_deployed, "3:"),
    "settle": Guard(no_settle, invariants.test_invariant_01_no_second_intent_while_one_is_open, "1:"),
    "watermark": Guard(no_watermark, invariants.test_invariant_19_an_old_read_proves_nothing, "19:"),
    "not_after": Guard(
        no_not_after,
        invariants.test_invariant_05_no_call_leaves_late_without_its_intent_or_without_the_lease,
        "5: a call after not_after",
        invariants.upset_lives,
    ),
    "lease": Guard(
        no_lease,
        invariants.test_invariant_05_no_call_leaves_late_without_its_intent_or_without_the_lease,
        "5: a call without the lease",
        invariants.upset_lives,
    ),
    "expect": Guard(
        no_expect,
        invariants.test_invariant_05_no_call_leaves_late_without_its_intent_or_without_the_lease,
        "2: what it was to replace",
        invariants.upset_lives,
    ),
    "compare and swap": Guard(
        no_compare_and_swap,
        invariants.test_invariant_07_a_pause_in_the_middle_of_a_turn_lets_no_intent_be_saved,
        "7:",
        invariants.upset_lives,
    ),
    "verdict before drift": Guard(
        drift_before_verdict, invariants.test_invariant_20_good_is_only_what_the_platform_finished, "20: given up"
    ),
    "next": Guard(no_next, invariants.test_invariant_12_what_is_deployed_passed_its_gates_just_then, "12:"),
}


QUICK = {"next", "settle"}


def tried(guard: Guard) -> None:
    """The same test over more lives, none of which is made smaller."""
    inner = guard.test.hypothesis.inner_test
    once = settings(
        max_examples=LIVES,
        deadline=None,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
    )
    begun = {"world": worlds, "beginning": beginnings}
    told = {name: begun.get(name, guard.lives) for name in signature(inner).parameters}
    with fresh():
        once(given(**told)(inner))()


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.prove) for name in GUARDS]
)
def test_without_the_guard_its_test_fails(name, monkeypatch):
    guard = GUARDS[name]
    guard.taken(monkeypatch)
    with pytest.raises((AssertionError, ExceptionGroup), match=r".") as caught:
        tried(guard)
    assert guard.said in f"{caught.value} {getattr(caught.value, 'exceptions', '')}"


def test_without_expect_what_somebody_deployed_meanwhile_is_replaced_in_ecs_too(monkeypatch):
    def sent_after_a_deployment_by_hand(patch):
        with new_ground(patch) as ground:
            live = ground.look()
            ground.aws.release("v9")
            ground.ahead += 10
            return ground.act(release("v1.2.3"), live)

    assert isinstance(sent_after_a_deployment_by_hand(monkeypatch), Stale)
    monkeypatch.setattr(Ensuring, "_compare", lambda self, attempt: None)
    assert not isinstance(sent_after_a_deployment_by_hand(monkeypatch), Stale)
