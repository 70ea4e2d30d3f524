"""`promote-image` copies an image under the same digest, between real registries and in the sandbox's ECR."""

from collections.abc import Iterator

import pytest

from controller.cli.main import run
from controller.sandbox.images import digest_of
from tests.probes.real_registry import Registry, needs_registry, running
from tests.targets.ecs.rig import ACCOUNT, Ground, new_ground

OTHER = "999988887777"
ECR = ".dkr.ecr.eu-west-1.amazonaws.com"
STAGE, PROD = f"{ACCOUNT}{ECR}/api-stage", f"{OTHER}{ECR}/api-prod"


@pytest.fixture(scope="module")
def registry(tmp_path_factory) -> Iterator[Registry]:
    with running(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture
def ground(monkeypatch) -> Iterator[Ground]:
    with new_ground(monkeypatch) as ground:
        monkeypatch.setenv("TRUEUP_ENDPOINT_URL", ground.sandbox.endpoint_url)
        yield ground


def without(ground, *images):
    """Every tag is there in the sandbox, until it is deleted."""
    ground.aws.ask("images", [{"delete": image} for image in images])


def roles(source=ACCOUNT, to=OTHER):
    return ["--source-role", f"arn:aws:iam::{source}:role/trueup", "--role", f"arn:aws:iam::{to}:role/trueup"]


def real(test):
    for mark in needs_registry:
        test = mark(test)
    return test


@real
@pytest.mark.parametrize("platforms", [("linux/amd64", "linux/arm64"), ("linux/arm64",)], ids=len)
def test_within_a_registry_blobs_are_mounted_and_the_digest_stays(registry, capsys, platforms):
    image = registry.push("stage", "v1", platforms)
    name = f"prod{len(platforms)}"
    assert run(["promote-image", f"{registry.host}/stage:v1", f"{registry.host}/{name}"]) == 0
    assert registry.has(name, "v1") == registry.has(name, image.digest) == image.digest
    told = capsys.readouterr().out
    assert told.count("mounted blob") == 2 * len(platforms)
    assert "copied blob" not in told
    assert told.endswith(f"{registry.host}/{name}@{image.digest} (tag v1) is there now: "
                         f"{len(image.children) + 1} manifests and {2 * len(platforms)} blobs, "
                         f"{told.rsplit(', ', 1)[1]}")  # fmt: skip


@real
def test_between_registries_blobs_are_copied_and_by_digest_there_needs_no_tag(registry, tmp_path, capsys):
    image = registry.push("stage", "v2")
    with running(tmp_path / "other") as other:
        assert run(["promote-image", f"{registry.host}/stage@{image.digest}", f"{other.host}/prod"]) == 0
        assert other.has("prod", image.digest) == image.digest
        assert all(other.has("prod", child.digest) for child in image.children)
        assert capsys.readouterr().out.count("copied blob") == 4
        assert run(["promote-image", f"{registry.host}/stage:v2", f"{other.host}/prod:approved"]) == 0
        assert other.has("prod", "approved") == image.digest
        assert "blob" not in capsys.readouterr().out.partition(": 1 manifests and 0 blobs")[0]


@real
def test_what_is_there_already_is_left_and_a_dry_run_pushes_nothing(registry, capsys):
    image = registry.push("stage", "v3")
    words = ["promote-image", f"{registry.host}/stage:v3", f"{registry.host}/later"]
    assert run([*words, "--dry-run"]) == 1
    assert "is not there; 3 manifests and 4 blobs" in capsys.readouterr().out
    assert registry.has("later", image.digest) == ""
    assert (run(words), run(words), run([*words, "--dry-run"])) == (0, 0, 0)
    assert capsys.readouterr().out.count("is there already") == 2


@real
def test_a_tag_that_stands_for_another_image_is_only_moved_when_asked(registry, capsys):
    image, before = registry.push("stage", "v4"), registry.push("taken", "v4", ("linux/amd64",))
    words = ["promote-image", f"{registry.host}/stage:v4", f"{registry.host}/taken"]
    assert run(words) == 4
    assert f"taken:v4 is another image, {before.digest}" in capsys.readouterr().err
    assert registry.has("taken", "v4") == before.digest
    assert run([*words, "--replace-tag"]) == 0
    assert registry.has("taken", "v4") == image.digest


@real
@pytest.mark.parametrize(
    ("source", "to", "code", "said"),
    [
        ("{}/none:v1", "{}/prod", 2, "there is nothing to copy"),
        ("{}/stage", "{}/prod", 2, "names no tag and no digest"),
        ("{}/stage:v5", "{}/prod@sha256:1", 2, "the digest follows"),
        ("{}/stage:v5", "{}/Prod", 2, "no name of an image"),
        ("127.0.0.1:1/stage:v5", "{}/prod", 5, "does not answer"),
        ("{}/stage:v5", "127.0.0.1:1/prod", 5, "does not answer"),
    ],
)
def test_what_can_not_be_copied_is_said(registry, capsys, source, to, code, said):
    registry.push("stage", "v5", ("linux/amd64",))
    assert run(["promote-image", source.format(registry.host), to.format(registry.host)]) == code
    assert said in capsys.readouterr().err
    assert registry.has("prod", "v5") == ""


def test_between_accounts_of_ecr_with_a_role_in_each(ground, capsys):
    without(ground, f"{PROD}:v1")
    assert run(["promote-image", f"{STAGE}:v1-crash", f"{PROD}:v1", *roles()]) == 0
    digest = digest_of(f"{STAGE}:v1-crash")
    assert f"{PROD}@{digest} (tag v1) is there now" in capsys.readouterr().out
    arn = ground.aws.register("", containerDefinitions=[{"name": "api", "image": f"{PROD}:v1"}])
    ground.aws.ecs.update_service(cluster="prod", service="api", taskDefinition=arn)
    assert ground.aws.statuses()[-1] == "ROLLBACK_SUCCESSFUL", "what was copied does what it did"


def test_within_ecr_nothing_is_downloaded(ground, capsys):
    without(ground, f"{ACCOUNT}{ECR}/api-prod:v1")
    assert run(["promote-image", f"{STAGE}:v1", f"{ACCOUNT}{ECR}/api-prod", *roles(to=ACCOUNT)]) == 0
    assert capsys.readouterr().out.count("mounted blob") == 4


def test_a_missing_permission_is_named(ground, capsys):
    ground.faults(errors=[{"operation": "ecr:GetAuthorizationToken", "code": "AccessDeniedException"}])
    assert run(["promote-image", f"{STAGE}:v1", PROD, *roles()]) == 5
    assert "it needs ecr:GetAuthorizationToken" in capsys.readouterr().err


def test_a_broken_connection_is_tried_again_and_what_was_copied_is_kept(ground, capsys):
    without(ground, f"{PROD}:v1")
    ground.faults(errors=[{"operation": "registry:PATCH", "code": "Broken", "status": 500}])
    assert run(["promote-image", f"{STAGE}:v1", PROD, *roles()]) == 0
    assert "again: " in capsys.readouterr().out
