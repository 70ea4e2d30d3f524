"""Stories of targets that could not be completed, and of what is passed over."""

from dataclasses import replace

from controller.model.manifest import Manifest
from controller.model.paths import excepting
from controller.model.release import Release
from tests.platform import place
from tests.world import FakeWorld


class Unread(FakeWorld):
    """A world in which nobody can say what the releases of some targets are."""

    unread_targets: frozenset = frozenset()

    def wanted(self, name):
        want = super().wanted(name)
        return replace(want, unread="the registry is away") if name in self.unread_targets else want


def test_targets_that_are_new_and_unread_stop_no_other():
    w = Unread(versions={"api": "1"})
    w.ticks(14)
    w.versions = {"api": "2", "web": "1", "worker": "1"}
    w.unread_targets = frozenset({"web", "worker"})
    w.ticks(14)
    assert (w.running, w.conflicts) == ("2", 0), w.trail()
    decisions = w.cycles[-1].plan.decisions
    assert {decisions[name].blockers[0].why for name in ("web", "worker")} == {"the registry is away"}
    assert {decisions[name].memory.place for name in ("web", "worker")} == {place("web"), place("worker")}
    w.unread_targets = frozenset()
    w.ticks(14)
    assert {name: memory.goods[0].release.version for name, memory in w.store.record.targets.items()} == {
        "api": "2",
        "web": "1",
        "worker": "1",
    }


def test_a_target_that_is_unread_stays_as_it_is_and_goes_on_by_itself():
    w = Unread(versions={"api": "1"})
    w.ticks(14)
    w.version, w.unread_targets = "2", frozenset({"api"})
    w.ticks(5)
    assert (w.running, w.phase) == ("1", "idle")
    w.unread_targets = frozenset()
    w.ticks(14)
    assert w.running == "2"


class Passing(FakeWorld):
    """A world whose spec may begin to pass something over, or end to."""

    passed: tuple = ()

    def wanted(self, name):
        want = super().wanted(name)
        owned = want.release.manifest
        manifest = Manifest.of(owned.pairs, excepting(owned.owns, self.passed))
        return replace(
            want, release=Release(version=want.release.version, manifest=manifest, shape=want.release.shape)
        )


def injected(w):
    """Somebody adds a sidecar by hand."""
    manifest = Manifest.of({**w.service.primary.manifest.pairs, "taskDefinition.sidecar": "dd:7"})
    w.platform.deploy("api", manifest, None, by="ana")
    w.platform.settle("api")


def test_a_drift_that_begins_to_be_passed_over_is_not_healed():
    w = Passing(versions={"api": "1"})
    w.ticks(14)
    injected(w)
    w.tick(1)
    assert "taskDefinition.sidecar" in w.said, w.trail()
    w.passed = ("taskDefinition.sidecar",)
    w.ticks(10)
    assert len(w.sent) == 1, w.trail()
    assert w.memory.drift is None


def test_a_drift_that_ends_to_be_passed_over_is_told_and_healed():
    w = Passing(versions={"api": "1"}, want={})
    w.passed = ("taskDefinition.sidecar",)
    w.ticks(14)
    injected(w)
    w.ticks(5)
    assert len(w.sent) == 1, w.trail()
    w.passed = ()
    w.ticks(10)
    assert [purpose for purpose, _ in w.sent] == ["forward", "heal"], w.trail()
