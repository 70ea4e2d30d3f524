"""Stories of releases that were asked for by tags: what a tag that is moved changes, and what it does not."""

from dataclasses import replace

from controller.model.manifest import Manifest
from controller.model.names import Digest
from controller.model.packed import Packed
from controller.model.release import Release
from tests.world import FakeWorld


class Tagged(FakeWorld):
    """A world whose version is `words@digest`: what the spec says, and what its tag stands for."""

    def wanted(self, name):
        return replace(super().wanted(name), release=tagged(self.versions[name]))


def tagged(version):
    words = version.partition("@")[0]
    manifest = Manifest.of({"taskDefinition.image": f"api:{version}"}, owns=("taskDefinition",))
    return Release(
        version=words, manifest=manifest, shape=Packed.of(f'"{version}"'), asked=Digest(f"asked {words}")
    )


def settled(version="1@a"):
    w = Tagged(versions={"api": version})
    w.ticks(14)
    assert w.memory.goods[0].release == tagged(version), w.trail()
    return w


def bad(w, version):
    w.version = version
    w.sick.add(tagged(version).digest)
    w.ticks(20)
    w.sick.clear()
    assert w.running == "1@a", w.trail()
    w.platform.calls.clear()
    return w


def test_a_tag_that_was_moved_does_not_lift_a_quarantine():
    w = bad(settled(), "2@a")
    w.version = "2@b"
    w.ticks(20)
    assert (w.running, w.sent) == ("1@a", []), w.trail()
    assert any(blocker.gate == "quarantine" for blocker in w.cycles[-1].plan.decisions["api"].blockers)


def test_nor_does_it_once_git_went_back_and_forth_in_between():
    w = bad(settled(), "2@a")
    w.version = "1@a"
    w.ticks(3)
    w.version = "2@b"
    w.ticks(20)
    assert (w.running, w.sent) == ("1@a", []), w.trail()


def test_a_retry_lifts_it_and_deploys_what_the_tag_stands_for_now():
    w = bad(settled(), "2@a")
    w.version = "2@b"
    w.ticks(3)
    w.retry()
    w.ticks(14)
    assert (w.running, w.quarantine) == ("2@b", set()), w.trail()


def test_other_words_are_not_barred():
    w = bad(settled(), "2@a")
    w.version = "3@a"
    w.ticks(14)
    assert w.running == "3@a", w.trail()


def test_words_that_ran_well_with_another_digest_are_not_barred_by_it():
    w = bad(settled(), "1@b")
    w.version = "1@a"
    w.ticks(14)
    assert (w.running, w.phase) == ("1@a", "idle"), w.trail()
    assert tagged("1@a").digest in {kept.digest for kept in w.memory.goods}
    assert w.cycles[-1].plan.decisions["api"].blockers == ()
