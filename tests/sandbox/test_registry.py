"""The sandbox plays ECR: every image is there with the digest that a pull comes to, until somebody meddles."""

import base64
import hashlib
import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from controller.sandbox.images import digest_of
from tests.sandbox.rig import ACCOUNT

HOST = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"
API = f"{HOST}/team/api"


@pytest.fixture
def ecr(rig):
    return rig.client("ecr")


def ids(*tags):
    return [{"imageTag": tag} for tag in tags]


def digest(ecr, tag, repository="team/api"):
    answer = ecr.batch_get_image(repositoryName=repository, imageIds=ids(tag))
    return answer["images"][0]["imageId"]["imageDigest"] if answer["images"] else None


def run(rig, image, **more):
    """Update the service to one container of this image."""
    arn = rig.register("", containerDefinitions=[{"name": "api", "image": image}], **more)
    rig.ecs.update_service(cluster="prod", service="api", taskDefinition=arn)


def by_digest(ecr, tag):
    return f"{API}@{digest(ecr, tag)}"


def http(rig, method, path, body=None, **headers):
    """One request to the registry over HTTP, with a token; status, headers and body."""
    named = {"Host": HOST, "Authorization": "Basic " + base64.b64encode(b"AWS:sandbox-x").decode(), **headers}
    request = urllib.request.Request(rig.sandbox.endpoint_url + path, data=body, method=method, headers=named)  # noqa: S310 - our own endpoint
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own endpoint
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_every_tag_is_there_with_the_digest_of_its_bytes_and_its_platforms(ecr):
    image = ecr.batch_get_image(repositoryName="team/api", imageIds=ids("v1"))["images"][0]
    assert image["imageId"] == {"imageTag": "v1", "imageDigest": digest_of(f"{API}:v1")}
    assert (
        image["imageId"]["imageDigest"] == "sha256:" + hashlib.sha256(image["imageManifest"].encode()).hexdigest()
    )
    platforms = [one["platform"] for one in json.loads(image["imageManifest"])["manifests"]]
    assert platforms == [{"architecture": "amd64", "os": "linux"}, {"architecture": "arm64", "os": "linux"}]


def test_what_a_task_reports_is_the_digest_that_the_registry_answers(rig, ecr):
    run(rig, f"{API}:v1")
    rig.until("SUCCESSFUL")
    reported = {container["imageDigest"] for task in rig.tasks() for container in task["containers"]}
    assert reported == {digest(ecr, "v1")}


@pytest.mark.parametrize(
    ("tag", "status"),
    [("v1", "SUCCESSFUL"), ("v1-crash", "ROLLBACK_SUCCESSFUL"), ("pull-error", "ROLLBACK_SUCCESSFUL")],
)
def test_a_digest_behaves_as_the_tag_that_it_came_from(rig, ecr, tag, status):
    run(rig, by_digest(ecr, tag))
    assert rig.statuses()[-1] == status


def test_a_digest_of_unknown_origin_is_sound(rig):
    run(rig, f"{API}@sha256:{'7' * 64}")
    assert rig.statuses()[-1] == "SUCCESSFUL"


def test_a_digest_is_only_where_it_was_pushed(ecr):
    other = {"imageDigest": digest(ecr, "v1")}
    answer = ecr.batch_get_image(repositoryName="team/other", imageIds=[other])
    assert (answer["images"], answer["failures"][0]["failureCode"]) == ([], "ImageNotFound")


def test_the_registry_of_another_account_is_asked_by_its_id(ecr):
    answer = ecr.batch_get_image(registryId="999988887777", repositoryName="team/api", imageIds=ids("v1"))
    expected = digest_of("999988887777.dkr.ecr.eu-west-1.amazonaws.com/team/api:v1")
    assert answer["images"][0]["imageId"]["imageDigest"] == expected


def test_a_tag_that_moves_stands_for_another_digest_and_what_runs_stays(rig, ecr):
    run(rig, f"{API}:latest")
    rig.until("SUCCESSFUL")
    before = digest(ecr, "latest")
    rig.ask("images", {"move": f"{API}:latest", "to": f"{API}:v2-crash"})
    assert digest(ecr, "latest") == digest(ecr, "v2-crash") != before
    assert {one["imageDigest"] for task in rig.tasks() for one in task["containers"]} == {before}
    rig.ecs.stop_task(cluster="prod", task=rig.tasks()[0]["taskArn"])
    rig.tick(60)  # the same deployment starts the digest that it began with
    assert [task["containers"][0]["imageDigest"] for task in rig.tasks()] == [before, before]
    rig.ecs.update_service(cluster="prod", service="api", forceNewDeployment=True)
    assert rig.statuses()[-1] == "ROLLBACK_SUCCESSFUL"


def test_what_a_tag_stood_for_may_go_with_its_move(rig, ecr):
    before = digest(ecr, "latest")
    rig.ask("images", {"move": f"{API}:latest", "to": f"{API}:v2", "keep": False})
    answer = ecr.batch_get_image(repositoryName="team/api", imageIds=[{"imageDigest": before}])
    assert answer["failures"][0]["failureCode"] == "ImageNotFound"


def test_a_deleted_image_is_neither_found_nor_pulled_by_tag_or_by_digest(rig, ecr):
    bad = by_digest(ecr, "v1")
    rig.ask("images", [{"delete": f"{API}:v1"}])
    with pytest.raises(ClientError, match=r"ImageNotFoundException.*imageTag:'v1'"):
        ecr.describe_images(repositoryName="team/api", imageIds=ids("v1"))
    run(rig, bad)
    assert rig.statuses()[-1] == "ROLLBACK_SUCCESSFUL"
    reasons = {task["stoppedReason"] for task in rig.tasks("STOPPED")}
    assert any("CannotPullContainerError" in reason and "not found" in reason for reason in reasons)


def test_deleting_by_digest_takes_every_tag(rig, ecr):
    rig.ask("images", {"move": f"{API}:prod", "to": f"{API}:v1"})
    rig.ask("images", {"delete": f"{API}@{digest(ecr, 'v1')}"})
    assert (digest(ecr, "v1"), digest(ecr, "prod")) == (None, None)
    assert digest(ecr, "v2") == digest_of(f"{API}:v2")


def test_a_repository_may_be_missing_until_it_is_found(rig, ecr):
    rig.ask("images", {"lose": API})
    with pytest.raises(ClientError, match=f"RepositoryNotFoundException.*'team/api'.*'{ACCOUNT}'"):
        digest(ecr, "v1")
    rig.ask("images", {"find": API})
    assert digest(ecr, "v1")


def test_an_image_of_one_platform_is_a_manifest_and_does_not_run_on_another(rig, ecr):
    rig.ask("images", {"platforms": f"{API}:v1", "are": ["linux/arm64"]})
    image = ecr.batch_get_image(repositoryName="team/api", imageIds=ids("v1"))["images"][0]
    config = json.loads(image["imageManifest"])["config"]["digest"]
    url = ecr.get_download_url_for_layer(repositoryName="team/api", layerDigest=config)["downloadUrl"]
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own endpoint
        assert json.load(answer)["architecture"] == "arm64"
    run(rig, f"{API}:v1")
    assert rig.statuses()[-1] == "ROLLBACK_SUCCESSFUL"
    assert any("matching platform 'linux/amd64'" in task["stoppedReason"] for task in rig.tasks("STOPPED"))
    arm = {"runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}}
    run(rig, f"{API}:v1", **arm)
    assert rig.statuses()[-1] == "SUCCESSFUL"


def test_ecr_denies_and_is_counted_as_other_services_are(rig, ecr):
    denied = {"operation": "ecr:BatchGetImage", "code": "AccessDeniedException", "message": "no"}
    rig.ask("faults", {"errors": [denied]})
    with pytest.raises(ClientError, match="AccessDeniedException"):
        digest(ecr, "v1")
    assert digest(ecr, "v1")
    assert rig.ask("calls")["counts"]["ecr:BatchGetImage"] == 2


@pytest.mark.parametrize(
    "order",
    [
        {"move": f"{API}:v1"},
        {"move": f"{API}@sha256:{'1' * 64}", "to": f"{API}:v1"},
        {"platforms": f"{API}:v1", "are": []},
        {"delete": f"{API}:v1", "lose": API},
        {"burn": API},
        "delete",
    ],
    ids=str,
)
def test_an_order_that_is_none_is_refused_with_what_there_is(rig, order):
    assert set(rig.ask("images", order)) == {"error"}


def test_reset_with_the_world_forgets_what_was_done_to_images(rig, ecr):
    rig.ask("images", {"delete": f"{API}:v1"})
    rig.ask("reset", {"world": True})
    assert digest(ecr, "v1")


def test_the_sandbox_says_which_reference_a_digest_came_from(rig, ecr):
    named = digest(ecr, "v1")
    rig.ask("images", {"delete": f"{API}:v2"})
    told = rig.ask("images")
    assert told["origins"][named] == f"{API}:v1"
    assert told["repositories"][API]["tags"] == {"v1": named, "v2": ""}


def test_the_registry_asks_for_a_token_that_ecr_gives(rig, ecr):
    assert http(rig, "GET", "/v2/", Authorization="")[0] == 401
    given = ecr.get_authorization_token()["authorizationData"][0]
    assert given["proxyEndpoint"] == f"https://{HOST}"
    assert http(rig, "GET", "/v2/", Authorization="Basic " + given["authorizationToken"])[0] == 200


def test_an_image_copied_over_http_keeps_its_digest_and_its_behaviour(rig, ecr):
    named = digest(ecr, "v1-crash")
    _, headers, index = http(rig, "GET", "/v2/team/api/manifests/v1-crash")
    assert headers["Docker-Content-Digest"] == named
    assert (
        http(rig, "PUT", "/v2/team/new/manifests/prod", index, **{"Content-Type": headers["Content-Type"]})[0]
        == 404
    )
    for child in json.loads(index)["manifests"]:
        _, told, manifest = http(rig, "GET", f"/v2/team/api/manifests/{child['digest']}")
        parsed = json.loads(manifest)
        assert http(rig, "PUT", f"/v2/team/new/manifests/{child['digest']}", manifest,
                    **{"Content-Type": told["Content-Type"]})[0] == 404  # fmt: skip
        for blob in (parsed["config"], *parsed["layers"]):
            mount = f"/v2/team/new/blobs/uploads/?mount={blob['digest']}&from=team/api"
            assert http(rig, "POST", mount, b"")[0] == 201
        http(
            rig,
            "PUT",
            f"/v2/team/new/manifests/{child['digest']}",
            manifest,
            **{"Content-Type": told["Content-Type"]},
        )
    status, told, _ = http(
        rig, "PUT", "/v2/team/new/manifests/prod", index, **{"Content-Type": headers["Content-Type"]}
    )
    assert (status, told["Docker-Content-Digest"]) == (201, named)
    assert digest(ecr, "prod", "team/new") == named
    run(rig, f"{HOST}/team/new:prod")
    assert rig.statuses()[-1] == "ROLLBACK_SUCCESSFUL"


def test_a_blob_is_pushed_in_pieces_and_refused_if_it_is_not_what_it_says(rig):
    data, named = b"abc", "sha256:" + hashlib.sha256(b"abc").hexdigest()
    status, headers, _ = http(rig, "POST", "/v2/team/new/blobs/uploads/", b"")
    assert (status, http(rig, "PATCH", headers["Location"], data)[0]) == (202, 202)
    assert http(rig, "PUT", f"{headers['Location']}?digest={named}", b"")[0] == 201
    assert http(rig, "GET", f"/v2/team/new/blobs/{named}")[2] == data
    _, headers, _ = http(rig, "POST", "/v2/team/new/blobs/uploads/", b"")
    assert http(rig, "PUT", f"{headers['Location']}?digest={named}", b"abd")[0] == 400
