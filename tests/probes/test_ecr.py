"""ECR is asked in few calls, with the role of the place, and what it does not have or tell is named."""

import json
from collections.abc import Iterator

import pytest

from controller.model.images import Found, ImageAt, Missing, Reference, Unreachable
from controller.model.place import Place
from controller.probes.ecr import Ecr
from controller.probes.guarded import Http
from controller.probes.hosts import Hosts
from controller.probes.logins import Logins
from controller.probes.oci import Distribution
from controller.probes.registry import ImageRegistries, Lazily
from controller.sandbox.images import digest_of
from tests.targets.ecs.rig import ACCOUNT, REGION, ROLE, Ground, new_ground

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
API = f"{HOST}/team/api"
BOTH = frozenset({"linux/amd64", "linux/arm64"})


@pytest.fixture
def ground(monkeypatch) -> Iterator[Ground]:
    with new_ground(monkeypatch) as ground:
        yield ground


@pytest.fixture
def registries(ground) -> Iterator[ImageRegistries]:
    hosts, http = Hosts.of("", ground.sandbox.endpoint_url), Http()
    yield ImageRegistries(Ecr(ground.clients.ecr, http), Distribution(http, hosts, Logins()), hosts)
    http.close()


def at(reference, role=ROLE):
    place = Place(kind="ecs", account=ACCOUNT, region=REGION, cluster="prod", service="api", role=role)
    return ImageAt(reference=reference, place=place)


def one(registries, reference):
    return registries.find([at(reference)])[at(reference)]


def change(ground, *orders):
    assert "error" not in ground.aws.ask("images", list(orders))


def counts(ground):
    return {name: count for name, count in ground.aws.ask("calls")["counts"].items() if name.startswith("ecr:")}


def test_a_tag_comes_to_the_digest_of_its_index_with_its_platforms(registries):
    expected = Found(digest=digest_of(f"{API}:v1"), platforms=BOTH, tags=frozenset({"v1"}))
    assert one(registries, f"{API}:v1") == expected


def test_a_digest_is_found_as_itself_whatever_tag_stands_before_it(registries):
    digest = one(registries, f"{API}:v1").digest
    assert one(registries, f"{API}@{digest}").digest == digest
    assert one(registries, f"{API}:other@{digest}").digest == digest


def test_all_images_of_a_repository_are_one_call_and_a_hundred_at_most(ground, registries):
    asked = [at(f"{API}:v{number}") for number in range(101)]
    answers = registries.find([*asked, *asked, at(f"{HOST}/team/web:v1")])
    assert {answers[image].digest for image in asked} == {digest_of(image.reference) for image in asked}
    assert counts(ground) == {"ecr:BatchGetImage": 3}


def test_calls_are_counted_as_those_of_ecs_are(ground, registries):
    one(registries, f"{API}:v1")
    assert ("BatchGetImage", "ok") in ground.calls


def test_tags_that_stand_for_one_digest_know_of_each_other(ground, registries):
    change(ground, {"move": f"{API}:prod", "to": f"{API}:v1"})
    answers = registries.find([at(f"{API}:prod"), at(f"{API}:v1"), at(f"{API}:v2")])
    assert answers[at(f"{API}:prod")].tags == answers[at(f"{API}:v1")].tags == {"prod", "v1"}
    assert answers[at(f"{API}:v2")].tags == {"v2"}


def test_a_tag_that_moved_is_seen_at_once(ground, registries):
    before = one(registries, f"{API}:latest").digest
    change(ground, {"move": f"{API}:latest", "to": f"{API}:v2"})
    assert one(registries, f"{API}:latest").digest == digest_of(f"{API}:v2") != before


def test_registries_of_other_accounts_and_regions_are_asked_by_their_names(registries):
    for host in ("999988887777.dkr.ecr.eu-west-1.amazonaws.com", f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"):
        assert one(registries, f"{host}/team/api:v1").digest == digest_of(f"{host}/team/api:v1")


def test_a_single_image_says_its_platform_and_is_asked_for_it_once(ground, registries):
    change(ground, {"platforms": f"{API}:v1", "are": ["linux/arm64"]})
    for _ in range(2):
        assert one(registries, f"{API}:v1").platforms == {"linux/arm64"}
    assert counts(ground) == {"ecr:BatchGetImage": 2, "ecr:GetDownloadUrlForLayer": 1}


def test_a_platform_that_can_not_be_read_is_left_open(ground, registries):
    change(ground, {"platforms": f"{API}:v1", "are": ["linux/arm64"]})
    ground.faults(errors=[{"operation": "ecr:GetDownloadUrlForLayer", "code": "AccessDeniedException"}])
    assert one(registries, f"{API}:v1").platforms == frozenset()


def test_a_tag_that_is_not_there_is_missing_and_the_newest_are_named(ground, registries):
    for tag in ("v1", "v2", "v3", "v4"):
        one(registries, f"{API}:{tag}")
        ground.tick()
    change(ground, {"delete": f"{API}:v9"})
    assert one(registries, f"{API}:v9") == Missing(
        why=f"the repository team/api of account {ACCOUNT} in {REGION} has no tag v9; "
        "its newest tags are v4, v3, v2"
    )


def test_that_other_tags_may_not_be_listed_is_no_matter(ground, registries):
    change(ground, {"delete": f"{API}:v9"})
    ground.faults(errors=[{"operation": "ecr:DescribeImages", "code": "AccessDeniedException"}])
    found = one(registries, f"{API}:v9")
    assert found == Missing(why=f"the repository team/api of account {ACCOUNT} in {REGION} has no tag v9")


def test_a_digest_that_a_lifecycle_policy_removed_is_missing_and_its_neighbours_are_not(ground, registries):
    gone = f"{API}@{one(registries, f'{API}:v1').digest}"
    change(ground, {"delete": gone})
    answers = registries.find([at(gone), at(f"{API}:v2")])
    assert isinstance(answers[at(gone)], Missing)
    assert "lifecycle policy" in answers[at(gone)].why
    assert isinstance(answers[at(f"{API}:v2")], Found)


def test_a_digest_of_another_repository_is_missing_here(registries):
    digest = one(registries, f"{API}:v1").digest
    assert isinstance(one(registries, f"{HOST}/team/prod@{digest}"), Missing)


def test_a_repository_that_is_not_there_is_missing(ground, registries):
    change(ground, {"lose": API})
    found = one(registries, f"{API}:v1")
    assert isinstance(found, Missing)
    assert f"no repository team/api in account {ACCOUNT} in {REGION}" in found.why


def test_what_is_denied_names_the_permission_the_resource_and_the_role(ground, registries):
    ground.faults(errors=[{"operation": "ecr:BatchGetImage", "code": "AccessDeniedException"}])
    answers = registries.find([at(f"{API}:v1"), at(f"{HOST}/team/web:v1")])
    why = answers[at(f"{API}:v1")].why
    assert isinstance(answers[at(f"{API}:v1")], Unreachable)
    assert all(
        word in why for word in (ROLE, "ecr:BatchGetImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/api")
    )
    assert isinstance(answers[at(f"{HOST}/team/web:v1")], Found)


def test_credentials_of_another_account_ask_nothing(ground, registries):
    wrong = ImageAt(
        reference=f"{API}:v1",
        place=Place(kind="ecs", account="000000000000", region=REGION, cluster="c", service="s", role=ROLE),
    )
    found = registries.find([wrong])[wrong]
    assert isinstance(found, Unreachable)
    assert f"the credentials belong to account {ACCOUNT}" in found.why
    assert counts(ground) == {}


def test_a_passing_fault_is_tried_again_and_a_lasting_one_is_said(ground, registries):
    failing = {"operation": "ecr:BatchGetImage", "code": "ServerException", "status": 500}
    ground.faults(errors=[failing | {"times": 2}])
    assert isinstance(one(registries, f"{API}:v1"), Found)
    ground.faults(errors=[failing | {"times": 9}])
    found = one(registries, f"{API}:v1")
    assert isinstance(found, Unreachable)
    assert "ECR did not tell of the repository team/api" in found.why


def test_a_registry_that_is_not_listed_is_not_asked(ground):
    hosts, http = Hosts.of("ghcr.io *.dkr.ecr.us-east-1.amazonaws.com", ground.sandbox.endpoint_url), Http()
    registries = ImageRegistries(Ecr(ground.clients.ecr, http), Distribution(http, hosts, Logins()), hosts)
    found = one(registries, f"{API}:v1")
    assert found == Unreachable(why=f"the registry {HOST} is not among those that TRUEUP_REGISTRIES allows")
    assert counts(ground) == {}
    assert isinstance(one(registries, f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/api:v1"), Found)
    http.close()


def test_public_ecr_is_asked_at_the_other_aws_too(registries):
    found = one(registries, "public.ecr.aws/nginx/nginx:1.27-alpine")
    assert found.digest == digest_of("public.ecr.aws/nginx/nginx:1.27-alpine")
    assert found.platforms == BOTH


def test_what_is_no_image_is_missing_and_stops_no_other(registries):
    answers = registries.find([at("Team/API:v1"), at(f"{API}:v1")])
    assert isinstance(answers[at("Team/API:v1")], Missing)
    assert isinstance(answers[at(f"{API}:v1")], Found)


def test_registries_are_made_when_they_are_first_asked(registries):
    made = []
    lazily = Lazily(lambda: made.append(1) or registries)
    assert (lazily.find([]), made) == ({}, [])
    assert isinstance(one(lazily, f"{API}:v1"), Found)
    assert isinstance(one(lazily, f"{API}:v2"), Found)
    assert made == [1]


def test_references_written_by_digest_are_those_that_are_found(registries):
    reference = Reference.of(f"{API}:v1")
    pinned = reference.at(one(registries, str(reference)).digest)
    assert json.dumps(pinned).startswith(f'"{API}@sha256:')
    assert isinstance(one(registries, pinned), Found)


def test_every_tag_of_a_repository_is_listed_page_by_page(registries, ground):
    change(ground, *({"move": f"{API}:v1.{number}.0", "to": f"{API}:v1"} for number in range(1001)))
    found = registries.tags(at(f"{API}:v0.0.0"))
    assert len(found) == 1002 and {"v1", "v1.0.0", "v1.1000.0"} <= set(found)
    assert counts(ground)["ecr:ListImages"] == 2


def test_tags_that_cannot_be_listed_are_unreachable_and_of_no_repository_missing(registries, ground):
    ground.faults(errors=[{"operation": "ecr:ListImages", "code": "AccessDeniedException"}])
    found = registries.tags(at(f"{API}:v0.0.0"))
    assert isinstance(found, Unreachable) and "it needs ecr:ListImages on arn:aws:ecr:" in found.why
    ground.faults(errors=[])
    change(ground, {"lose": API})
    assert isinstance(registries.tags(at(f"{API}:v0.0.0")), Missing)
