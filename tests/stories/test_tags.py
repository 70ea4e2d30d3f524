"""An image that runs by a tag has two names: the tag as it is written, and the digest that its tasks run."""

from dataclasses import dataclass, field

from controller.model.manifest import Echoed, Manifest
from controller.model.packed import Packed
from controller.model.release import Release
from tests.platform import FakePlatform
from tests.world import settled

IMAGE = "taskDefinition.image"


@dataclass
class Registry(FakePlatform):
    """A platform that says of a tag what it stands for; `stuck` deploys the tag where its digest was asked for."""

    stands: dict = field(default_factory=dict)
    stuck: bool = False

    def deploy(self, name, manifest, revision=None, by="somebody"):
        image = manifest.get(IMAGE)
        if self.stuck and "@" in image:
            image = image.replace("@", ":").removesuffix("-as-it-was")
        found = self.stands.get(image)
        return super().deploy(name, pinned(image, found) if found else manifest, revision, by)

    def tells(self, **digests):
        """From now on it is known which digests the tasks run, as in a trueup that has registries."""
        self.stands = {f"api:{tag.removeprefix('v')}": f"api@{digest}" for tag, digest in digests.items()}
        for one in self.service("api").made:
            image = one.manifest.get(IMAGE)
            if image in self.stands:
                one.manifest = pinned(image, self.stands[image])
        self.bump()


def pinned(image, found):
    return Manifest.of({IMAGE: found}).echoed((Echoed(path=IMAGE, live=found, wanted=image),))


def by_digest(version, digest):
    manifest = Manifest.of({IMAGE: f"api@{digest}"}, owns=("taskDefinition",))
    return Release(version=version, manifest=manifest, shape=Packed.of(f'"{version}"'))


def upgraded(*versions):
    """Versions that were deployed by their tags, remembered so, and are known by their digests from now on."""
    w = settled(*versions, platform=Registry())
    w.platform.tells(**{f"v{version}": f"d{version}" for version in versions})
    return w


def images(w):
    memory = w.memory
    return [memory.current.release.manifest.get(IMAGE), *(one.release.manifest.get(IMAGE) for one in memory.goods)]


def told(w):
    return "\n".join(reason for _, reason in w.trail())


def test_what_is_remembered_by_its_tag_runs_though_its_digest_is_seen():
    w = upgraded("1")
    w.ticks(3)
    assert w.said == "rest: runs what is wanted: 1"
    assert (w.sent, w.memory.drift) == ([], None)


def test_a_wish_by_digest_is_but_another_name_of_what_runs_by_its_tag():
    w = upgraded("1", "2")
    w.want["release"] = by_digest("2", "d2")
    w.tick()
    assert w.said == "rename: runs what is wanted, under another name: 2"
    assert images(w) == ["api@d2", "api@d2", "api:1"]
    w.ticks(3)
    assert w.said == "rest: runs what is wanted: 2"
    assert (w.sent, w.memory.rollouts) == ([], 2)


def test_a_wish_by_its_tag_is_but_another_name_of_what_runs_by_digest():
    w = upgraded("1")
    w.want["release"] = by_digest("1", "d1")
    w.ticks(2)
    w.want.clear()
    w.tick()
    assert w.said == "rename: runs what is wanted, under another name: 1"
    assert (w.sent, images(w)) == ([], ["api:1", "api:1"])


def test_a_wish_by_another_digest_is_another_release():
    w = upgraded("1")
    w.want["release"] = by_digest("1", "d9")
    w.tick()
    assert w.sent == [("forward", "1")]


def test_a_person_goes_back_to_what_is_remembered_by_its_tag():
    w = upgraded("1", "2")
    w.want["release"] = by_digest("2", "d2")
    w.ticks(2)
    w.rollback("1")
    w.ticks(6)
    assert w.sent == [("back", "1")]
    assert w.said == "rest: what is wanted has failed here: 2"
    assert "recovered: the platform is done: back on 1\n" in told(w)
    assert images(w)[0] == "api:1"


def test_a_way_back_whose_tag_was_moved_is_ours_and_says_what_runs_instead():
    w = upgraded("1")
    w.want["release"] = by_digest("1", "1-as-it-was")
    w.ticks(14)
    w.want["release"] = by_digest("2", "d2")
    w.ticks(14)
    assert (w.phase, images(w)[0]) == ("idle", "api@d2")
    w.platform.stands["api:1"], w.platform.stuck = "api@moved", True
    w.rollback("1")
    w.ticks(6)
    assert w.sent[-1] == ("back", "1")
    back = "back on 1, but not to the very same: taskDefinition.image is api@moved now, and was api@1-as-it-was"
    assert back in told(w)
    assert (w.phase, images(w)[0], w.memory.drift) == ("stalled", "api:1", None)


def test_somebody_elses_deployment_while_it_goes_back_is_still_theirs():
    w = upgraded("1", "2")
    w.rollback("1")
    w.tick()
    w.platform.by_hand("api", "9")
    w.ticks(4)
    assert "yield: somebody else deployed meanwhile: changed by ana" in told(w)


def test_a_person_who_goes_back_by_hand_to_a_good_tag_is_understood():
    w = upgraded("1", "2")
    w.platform.by_hand("api", "1")
    w.ticks(6)
    assert (w.phase, w.sent, images(w)[0]) == ("idle", [], "api:1")
