"""What is left of releases that ran: revisions and images, asked of the embedded ECS and its ECR in few calls."""

import pytest

from controller.model.images import Found, Missing, Unreachable
from controller.model.names import Revision
from controller.model.packed import Packed
from controller.model.release import Kept, Release
from controller.model.ways import Exists, KeptAt, Left
from controller.probes.ecr import Ecr
from controller.probes.guarded import Http
from controller.probes.hosts import Hosts
from controller.probes.logins import Logins
from controller.probes.oci import Distribution
from controller.probes.registry import ImageRegistries
from controller.sandbox.images import digest_of
from controller.targets.ecs.target import EcsTarget
from tests.targets.ecs.rig import ACCOUNT, REGION, definition, new_ground, release

API = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/api"
OLD, NEW = "v1.2.2", "v1.2.3"


def by_digest(version: str) -> Release:
    """A release whose container `api` runs by the digest of its tag."""
    image = f"{API}@{digest_of(f'{API}:{version}')}"
    return release(version, containerDefinitions=[{"name": "api", "image": image}])


class Bench:
    """The adapter with real registries, before a sandbox in which `api` runs OLD."""

    def __init__(self, ground, http):
        self.ground = ground
        hosts = Hosts.of("", ground.sandbox.endpoint_url)
        self.ecr = Ecr(ground.clients.ecr, http)
        self.target = EcsTarget(
            ground.clients, ImageRegistries(self.ecr, Distribution(http, hosts, Logins()), hosts)
        )

    def kept(self, version, number=1, place=None, made=None):
        return KeptAt(
            place=place or self.ground.place(),
            kept=Kept(release=made or by_digest(version), revision=Revision(self.ground.revision(number))),
        )

    def left(self, one) -> Exists:
        return self.target.exists([one])[one]

    def images(self, *orders):
        assert "error" not in self.ground.aws.ask("images", list(orders))


@pytest.fixture
def bench(monkeypatch):
    containers = [{"name": "api", "image": f"{API}:{OLD}"}]
    with new_ground(monkeypatch, task_definition=definition(containerDefinitions=containers)) as ground:
        http = Http()
        made = Bench(ground, http)
        made.images(*({"move": f"{API}:{version}", "to": f"{API}:{version}"} for version in (OLD, NEW)))
        yield made
        http.close()


def test_what_is_whole_can_run_again(bench):
    found = bench.left(bench.kept(OLD))
    assert (found.revision, found.can_run, found.why) == (Left.ACTIVE, True, "")
    ((name, answer),) = found.images
    assert name == f"{API}@{digest_of(f'{API}:{OLD}')}"
    assert isinstance(answer, Found)


def test_an_image_that_a_lifecycle_policy_deleted_makes_it_unusable_whatever_its_revision(bench):
    bench.images({"delete": f"{API}:{OLD}"})
    found = bench.left(bench.kept(OLD))
    assert (found.revision, found.can_run) == (Left.ACTIVE, False)
    ((_, answer),) = found.images
    assert isinstance(answer, Missing)
    assert answer.why


def test_a_registry_that_may_not_be_read_leaves_it_unknown_with_the_permission(bench):
    bench.ground.faults(errors=[{"operation": "ecr:BatchGetImage", "code": "AccessDeniedException", "times": 9}])
    found = bench.left(bench.kept(OLD))
    assert found.can_run is None
    ((_, answer),) = found.images
    assert isinstance(answer, Unreachable)
    assert "ecr:BatchGetImage" in answer.why


def test_without_registries_images_are_unknown(bench):
    one = bench.kept(OLD)
    found = bench.ground.target.exists([one])[one]
    assert (found.revision, found.can_run) == (Left.ACTIVE, None)
    assert found.images[0][1] == Unreachable(why="registries are not asked")


def test_a_shape_that_cannot_be_read_brings_nothing_back(bench):
    ill = Release(version=OLD, manifest=by_digest(OLD).manifest, shape=Packed.of('{"taskDefinition"'))
    found = bench.left(bench.kept(OLD, made=ill))
    assert (found.revision, found.can_run) == (Left.ACTIVE, False)
    assert found.unreadable.startswith("the shape that was recorded for it cannot be read: ")


def test_the_credentials_of_another_account_know_nothing_of_it(bench):
    elsewhere = bench.ground.place(role="arn:aws:iam::999988887777:role/trueup")
    found = bench.left(bench.kept(OLD, place=elsewhere))
    assert found.revision is Left.UNKNOWN
    assert "999988887777" in found.why


def test_one_that_fails_hides_no_other(bench):
    ones = [bench.kept(OLD), bench.kept(NEW, number=77)]
    found = bench.target.exists(ones)
    assert [found[one].revision for one in ones] == [Left.ACTIVE, Left.GONE]
    assert [found[one].can_run for one in ones] == [True, True]


def test_what_several_targets_share_is_asked_for_once(bench):
    web = bench.ground.place("web")
    ones = [bench.kept(OLD), bench.kept(NEW), bench.kept(OLD, place=web), bench.kept(NEW, place=web)]
    found = bench.target.exists(ones)
    assert len(found) == 4
    calls = sorted(call for call, _ in bench.ground.calls)
    assert calls == ["AssumeRole", "BatchGetImage", "DescribeTaskDefinition", "GetCallerIdentity"]


def test_a_revision_is_read_anew_because_others_deregister_it(bench):
    one = bench.kept(OLD)
    assert bench.left(one).revision is Left.ACTIVE
    bench.ground.aws.ecs.deregister_task_definition(taskDefinition=bench.ground.revision(1))
    assert bench.left(one).revision is Left.DEREGISTERED
