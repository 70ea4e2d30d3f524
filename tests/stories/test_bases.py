"""Stories of releases that are laid over what others own: which part of one failed, and what that bars."""

from dataclasses import replace

from controller.model.desired import Supersede
from controller.model.manifest import Manifest
from controller.model.names import Digest
from controller.model.orders import Pin, Rollback
from controller.model.packed import Packed
from controller.model.release import Release
from tests.world import Approval, FakeWorld


class Laid(FakeWorld):
    """A world whose version is `image/base`: the spec's own part, and what lies below it."""

    def wanted(self, name):
        want = super().wanted(name)
        return replace(want, release=laid(self.versions[name]))


def laid(version):
    image = version.partition("/")[0]
    manifest = Manifest.of({"taskDefinition.image": f"api:{version}"}, owns=("taskDefinition",))
    core, words = Digest(f"core {image}"), Digest(f"words {image}")
    return Release(version=image, manifest=manifest, shape=Packed.of(f'"{version}"'), core=core, asked=words)


def settled():
    w = Laid(versions={"api": "1/a"})
    w.ticks(14)
    assert w.memory.goods[0].release == laid("1/a"), w.trail()
    return w


def bad(w, version):
    w.version = version
    w.sick.add(laid(version).digest)
    w.ticks(20)
    w.sick.clear()
    assert w.running == "1/a", w.trail()
    return w


def test_an_image_that_failed_is_not_tried_again_because_what_lies_below_it_changed():
    w = bad(settled(), "2/a")
    w.version = "2/b"
    w.ticks(10)
    assert (w.running, w.phase) == ("1/a", "stalled"), w.trail()
    assert any(blocker.gate == "quarantine" for blocker in w.cycles[-1].plan.decisions["api"].blockers)


def test_what_lies_below_failed_and_the_same_image_goes_on_with_what_comes_next():
    w = bad(settled(), "1/b")
    assert laid("1/a").digest in {kept.digest for kept in w.memory.goods}
    w.version = "1/c"
    w.ticks(14)
    assert w.running == "1/c", w.trail()


def test_a_retry_lifts_what_failed_whatever_lies_below():
    w = bad(settled(), "2/a")
    w.version = "2/b"
    w.ticks(3)
    w.retry()
    w.ticks(14)
    assert w.running == "2/b", w.trail()
    assert w.quarantine == set()


def test_another_image_is_not_barred():
    w = bad(settled(), "2/a")
    w.version = "3/a"
    w.ticks(14)
    assert w.running == "3/a", w.trail()


def test_what_failed_is_not_deployed_again_in_the_step_that_bars_it_because_the_base_is_newer():
    w = settled()
    w.want = {"supersede": Supersede.WHEN_FAILING}
    w.version = "2/a"
    w.tick()
    w.version = "2/b"
    w.sick |= {laid("2/a").digest, laid("2/b").digest}
    w.ticks(20)
    assert [version for _, version in w.sent if version == "2"] == ["2"], w.trail()
    assert w.running == "1/a", w.trail()


def test_a_person_who_went_back_is_not_overruled_by_a_newer_base():
    w = settled()
    w.version = "2/a"
    w.ticks(14)
    w.version = "2/b"
    w.ticks(14)
    assert w.running == "2/b", w.trail()
    number = w.next_number()
    one = next(kept for kept in w.memory.goods if kept.release.version == "1")
    pin = Pin(number=number, release=one.release, spec=Digest("words 2"))
    w.order(rollback=Rollback(number=number, to=one.digest), pin=pin)
    w.ticks(14)
    assert w.running == "1/a", w.trail()
    w.version = "2/c"
    w.ticks(14)
    assert w.running == "1/a", w.trail()
    w.version = "3/c"
    w.ticks(14)
    assert w.running == "3/c", w.trail()


class Over(FakeWorld):
    """A world whose releases own their image alone; `below` is what lies below it now."""

    below = "a"

    def wanted(self, name):
        want = super().wanted(name)
        return replace(want, release=replace(want.release, shape=Packed.of(f'"{self.below}"')))


def test_drift_is_healed_over_what_lies_below_now():
    w = Over()
    w.ticks(14)
    w.below = "b"
    w.platform.by_hand("api", "9")
    w.platform.calls.clear()
    w.ticks(14)
    assert [(call.purpose.value, str(call.release.shape)) for call in w.platform.calls] == [("heal", '"b"')]


def test_drift_is_healed_with_what_ran_while_a_newer_wish_waits():
    w = Over()
    w.ticks(14)
    w.want["gates"] = (Approval(needed=1),)
    w.version, w.below = "2", "b"
    w.ticks(3)
    w.platform.by_hand("api", "9")
    w.platform.calls.clear()
    w.ticks(14)
    assert [(call.release.version, str(call.release.shape)) for call in w.platform.calls] == [("1", '"a"')]
