"""Tags that are followed are asked for anew at each look; all others keep their digest."""

from dataclasses import replace

from controller.model.names import Commit
from controller.model.record import Memory, Quarantined
from controller.model.track import Track
from controller.probes.polled import Polled
from controller.sandbox.images import digest_of
from controller.targets.ecs.target import EcsTarget
from tests.targets.ecs.test_complete import API, HOST, IMAGE, bench

__all__ = ["bench"]

LATEST = f"{API}:latest"
SIDE = {"name": "side", "image": f"{HOST}/side:7"}


def followed(bench, **how):
    want = bench.want("latest", more={"containerDefinitions": [SIDE]}, **how)
    return replace(want, fresh=frozenset({LATEST}))


def moved(bench, to):
    bench.change({"move": LATEST, "to": f"{API}:{to}"})


def image_of(done):
    return done.release.manifest.get(IMAGE)


def test_a_build_under_the_tag_is_a_release_of_its_own_and_another_image_keeps_its_digest(bench):
    first = bench.whole(followed(bench))
    bench.rests(first)
    moved(bench, "build-2")
    bench.change({"move": SIDE["image"], "to": f"{HOST}/side:8"})
    second = bench.whole(followed(bench))
    assert image_of(first) == f"{API}@{digest_of(LATEST)}"
    assert image_of(second) == f"{API}@{digest_of(f'{API}:build-2')}"
    assert first.release.digest != second.release.digest and first.release.asked != second.release.asked
    side = IMAGE.replace("[api]", "[side]")
    assert first.release.manifest.get(side) == second.release.manifest.get(side)


def test_a_build_that_failed_bars_itself_and_not_the_next(bench):
    first = bench.whole(followed(bench))
    bench.rests(first)
    one = first.release
    barred = Quarantined(
        digest=one.digest,
        version="latest",
        owns=one.manifest.owns,
        since=bench.ground.now(),
        why="x",
        asked=one.asked,
    )
    memory = replace(bench.memories["api"], quarantine={one.digest: barred})
    assert memory.bars(bench.whole(followed(bench)).release)
    moved(bench, "build-2")
    assert memory.bars(bench.whole(followed(bench)).release) is None


def test_nothing_moves_while_the_tag_stands_still_whatever_is_asked(bench):
    first = bench.whole(followed(bench))
    bench.rests(first)
    for _ in range(3):
        assert bench.whole(followed(bench)).release == first.release
    bench.restart()
    assert bench.whole(followed(bench)).release == first.release


def test_a_tag_that_vanished_leaves_what_it_stood_for_and_says_so(bench):
    first = bench.whole(followed(bench))
    bench.rests(first)
    bench.change({"move": LATEST, "to": f"{API}:build-2"}, {"delete": f"{API}:build-2"})
    found = bench.whole(followed(bench))
    assert found.release == first.release and found.release.asked == first.release.asked
    assert "has no tag latest" in found.notes[0] and f"stays with {digest_of(LATEST)}" in found.notes[0]
    bench.memories.clear()
    assert "does not exist" in bench.complete(followed(bench)).unread


def test_another_image_that_is_gone_holds_the_next_build_and_not_what_runs(bench):
    first = bench.whole(followed(bench))
    bench.rests(first)
    bench.change({"delete": SIDE["image"]})
    found = bench.whole(followed(bench))
    assert found.release == first.release and "a task that is replaced will not start" in found.notes[0]
    moved(bench, "build-2")
    assert "is gone" in bench.complete(followed(bench)).unread


def test_a_registry_that_does_not_tell_leaves_the_target_unread(bench):
    bench.rests(bench.whole(followed(bench)))
    bench.ground.faults(errors=[{"operation": "ecr:BatchGetImage", "code": "AccessDeniedException"}])
    assert "cannot be read" in bench.complete(followed(bench)).unread
    bench.ground.faults(errors=[])
    assert bench.complete(followed(bench)).unread == ""


def in_range(bench, **more):
    return replace(bench.want("v1.2.2", **more), track=Track(semver=">=1"))


def test_a_version_that_was_rebuilt_is_not_followed_and_both_digests_are_said(bench):
    first = bench.whole(in_range(bench))
    bench.rests(first)
    bench.change({"move": f"{API}:v1.2.2", "to": f"{API}:rebuilt"})
    for want in (in_range(bench), in_range(bench, env=[{"name": "LOG_LEVEL", "value": "debug"}])):
        found = bench.whole(want)
        assert image_of(found) == image_of(first)
        for digest in (digest_of(f"{API}:v1.2.2"), digest_of(f"{API}:rebuilt")):
            assert digest[:19] in found.astray and found.astray in found.notes


def test_a_version_that_waits_keeps_what_it_stood_for_under_other_words(bench):
    first = bench.whole(in_range(bench))
    bench.waits(first)
    bench.change({"move": f"{API}:v1.2.2", "to": f"{API}:rebuilt"})
    want = in_range(bench, env=[{"name": "LOG_LEVEL", "value": "debug"}])
    again = replace(want, release=replace(want.release, commit=Commit("new")))
    assert image_of(bench.whole(again)) == image_of(first)


def test_a_rebuilt_version_that_is_followed_ships(bench):
    want = replace(in_range(bench), fresh=frozenset({f"{API}:v1.2.2"}))
    first = bench.whole(want)
    bench.rests(first)
    bench.change({"move": f"{API}:v1.2.2", "to": f"{API}:rebuilt"})
    found = bench.whole(want)
    assert image_of(found) == f"{API}@{digest_of(f'{API}:rebuilt')}" and found.astray == ""
    for digest in (digest_of(f"{API}:v1.2.2"), digest_of(f"{API}:rebuilt")):
        assert digest[:19] in found.notes[0]
    bench.rests(found)
    assert bench.whole(want).notes == ()


def test_many_targets_that_follow_one_tag_cost_one_question_an_interval(bench):
    bench.whole(followed(bench))
    seconds = [0.0]
    polled = Polled(registries=bench.registries, interval=15.0, elapsed=lambda: seconds[0])
    bench.target = EcsTarget(bench.ground.clients, bench.registries, polled=polled)

    def look():
        before = bench.asked()
        for name in ("api", "web", "job"):
            done = bench.whole(replace(followed(bench), place=bench.ground.place(name)))
            bench.memories[name] = Memory()
            bench.rests(done)
        return bench.asked() - before

    first = look()
    assert first == 2  # one a repository: the tag, and the image beside it
    look()
    assert look() == 0
    seconds[0] = 15.0
    assert 0 < look() <= 2
