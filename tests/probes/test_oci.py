"""Other registries are asked over HTTP: a real one, Docker's own, and a server that does what none should."""

import base64
import json
from collections.abc import Iterator

import pytest

from controller.errors import SpecError
from controller.model.images import Found, ImageAt, Missing, Unreachable
from controller.model.place import Place
from controller.probes.ecr import Ecr
from controller.probes.guarded import Http
from controller.probes.hosts import Hosts
from controller.probes.logins import Logins
from controller.probes.oci import Distribution
from controller.probes.registry import ImageRegistries
from tests.probes.odd_server import answer, serving
from tests.probes.real_registry import PASSWORD, USER, Registry, needs_registry, running

pytestmark = needs_registry


@pytest.fixture(scope="module")
def registry(tmp_path_factory) -> Iterator[Registry]:
    with running(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture
def http() -> Iterator[Http]:
    http = Http()
    yield http
    http.close()


def nobody(*_):
    raise AssertionError("ECR was asked")


def registries(http, listed="", logins=None):
    hosts = Hosts.of(listed)
    return ImageRegistries(Ecr(nobody, http), Distribution(http, hosts, logins or Logins()), hosts)


def at(reference):
    place = Place(kind="ecs", account="111122223333", region="eu-west-1", cluster="c", service="s")
    return ImageAt(reference=reference, place=place)


def one(asked, reference):
    return asked.find([at(reference)])[at(reference)]


def test_a_tag_comes_to_the_digest_of_its_index_with_its_platforms(registry, http):
    image = registry.push("team/api", "v1")
    found = one(registries(http), f"{registry.host}/team/api:v1")
    platforms = frozenset({"linux/amd64", "linux/arm64"})
    assert found == Found(digest=image.digest, platforms=platforms, tags=frozenset({"v1"}))


def test_a_single_image_says_its_platform_by_its_config(registry, http):
    image = registry.push("team/single", "v1", ("linux/arm64",))
    found = one(registries(http), f"{registry.host}/team/single:v1")
    assert (found.digest, found.platforms) == (image.digest, {"linux/arm64"})


def test_a_digest_is_found_as_itself_and_a_tag_that_moved_is_seen(registry, http):
    asked = registries(http)
    before = registry.push("team/moves", "latest", ("linux/amd64",)).digest
    assert one(asked, f"{registry.host}/team/moves").digest == before
    after = registry.push("team/moves", "latest").digest
    assert one(asked, f"{registry.host}/team/moves").digest == after != before
    assert one(asked, f"{registry.host}/team/moves:latest@{before}").digest == before


def test_what_is_not_there_is_missing_and_what_is_there_is_named(registry, http):
    for tag in ("v1.9.0", "v1.10.0", "v1.8.0", "v1.7.0"):
        registry.push("team/old", tag, ("linux/amd64",))
    asked, host = registries(http), registry.host
    why = f"{host}/team/old has no tag v2; it has v1.10.0, v1.9.0, v1.8.0"
    assert one(asked, f"{host}/team/old:v2") == Missing(why=why)
    assert "has no image sha256:" in one(asked, f"{host}/team/old@sha256:{'1' * 64}").why
    expected = Missing(why=f"there is no repository team/none in the registry {host}")
    assert one(asked, f"{host}/team/none:v1") == expected


def test_a_registry_that_wants_a_login_is_given_the_one_of_docker(tmp_path, http):
    with running(tmp_path / "locked", locked=True) as locked:
        config = tmp_path / "config.json"
        auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        config.write_text(json.dumps({"auths": {locked.host: {"auth": auth}}}))
        absent, there = f"{locked.host}/team/api:v1", registries(http, logins=Logins(config))
        assert one(there, absent) == Missing(why=f"there is no repository team/api in the registry {locked.host}")
        config.write_text(json.dumps({"auths": {locked.host: {"auth": auth[:-4]}}}))
        for logins in (Logins(tmp_path / "empty.json"), Logins(config)):
            found = one(registries(http, logins=logins), absent)
            assert isinstance(found, Unreachable)
            assert PASSWORD not in found.why and auth not in found.why
        (tmp_path / "empty.json").write_text("{}")
        found = one(registries(http, logins=Logins(tmp_path / "empty.json")), absent)
        assert found.why == f"the registry {locked.host} wants a login, and there is none for it"


def test_a_registry_may_be_reached_elsewhere_than_its_name_says(registry, http):
    image = registry.push("team/api", "v1")
    asked = registries(http, f"harbor.example.com=http://{registry.host}")
    assert one(asked, "harbor.example.com/team/api:v1").digest == image.digest
    assert isinstance(one(asked, f"{registry.host}/team/api:v1"), Unreachable)


def test_a_registry_that_is_away_is_said_and_not_waited_for_again(http):
    asked = registries(http)
    answers = asked.find([at("127.0.0.1:1/a:v1"), at("127.0.0.1:1/b:v1")])
    assert {answer.why for answer in answers.values()} == {"127.0.0.1:1 does not answer: the connection is refused"}


@pytest.mark.parametrize(
    "wrong",
    ["ghcr.io=ftp://x", "a=http://user:secret@host", "a=http://host/path", "exa mple.com/x", "a=", "=http://a"],
)
def test_a_list_of_registries_that_is_wrong_is_refused_without_its_secrets(wrong):
    with pytest.raises(SpecError, match="TRUEUP_REGISTRIES") as refused:
        Hosts.of(wrong)
    assert "secret" not in str(refused.value)


def test_every_tag_of_a_repository_is_listed_or_it_is_said_why_not(registry, http):
    for number in range(3):
        registry.push("team/many", f"v1.{number}.0")
    asked = registries(http)
    assert set(asked.tags(at(f"{registry.host}/team/many:v0.0.0"))) == {"v1.0.0", "v1.1.0", "v1.2.0"}
    assert isinstance(asked.tags(at(f"{registry.host}/team/none:v0.0.0")), Missing)
    assert isinstance(asked.tags(at("127.0.0.1:1/a:v1")), Unreachable)
    assert isinstance(asked.tags(at("127.0.0.1:1/No Name:v1")), Unreachable)


def test_tags_are_listed_page_by_page_as_the_registry_says_and_not_without_end(http):
    with serving() as odd:

        def tell(connection, _wait):
            last = odd.seen[-1][1].partition("last=")[2]
            number = int(last or "0") + 1
            more = {"Link": f'</v2/api/tags/list?n=2&last={number}>; rel="next"'} if number < odd.pages else {}
            connection.sendall(answer(json.dumps({"tags": [f"v{number}.0.0", "same"]}), **more))

        odd.answers["/v2/api/tags/list"] = tell
        odd.pages = 3
        asked = registries(http, f"registry.lan=http://{odd.host}")
        assert set(asked.tags(at("registry.lan/api:v0.0.0"))) == {"same", "v1.0.0", "v2.0.0", "v3.0.0"}
        odd.pages = 1000
        assert "too many to follow" in asked.tags(at("registry.lan/api:v0.0.0")).why
        assert odd.asked("/v2/api/tags/list") == 103
