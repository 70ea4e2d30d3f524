"""`trueup verify`: what it prints and with which exit code, from specs in a folder and in git."""

import json

import pytest

from controller.codes import DONE, NEGATIVE, UNREACHABLE, WRONG
from controller.sandbox.images import digest_of
from tests.e2e.cloud import Cloud, Eye
from tests.e2e.environments import ACCOUNTS, REGION, environment, family
from tests.sources.repository import Repository

TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture
def cloud(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with Cloud(speed=0) as made:
        yield made


@pytest.fixture
def verify(trueup, cloud, tmp_path):
    """`trueup verify` of a repository with one environment; nothing may be changed."""
    repository = Repository(tmp_path / "specs.git")
    repository.commit({"specs/prod.yaml": environment("prod", {"api": "v1.2.3", "web": "v1.0.0"})})

    def call(*args, repo=repository.url):
        flags = ("--repo", str(repo), "--cache", str(tmp_path / "cache"), "--endpoint-url", cloud.endpoint_url)
        said = trueup("verify", *args, *flags)
        assert cloud.changes() == []
        return said

    call.repository = repository
    return call


def make_roles(cloud, *targets):
    eye = Eye(cloud.endpoint_url)
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    for target in targets:
        eye.client("iam").create_role(RoleName=f"{family(target)}-execution", AssumeRolePolicyDocument=document)
    eye.close()


def test_what_is_missing_is_named_and_the_code_is_1(verify, cloud):
    make_roles(cloud, "api")
    said = verify("prod")
    assert said.code == NEGATIVE
    lines = said.out.splitlines()
    assert lines[0].split() == ["TARGET", "CHECK", "RESULT", "NAME", "WHY"]
    roles = [line for line in lines if "execution role" in line]
    assert [line.split()[:4] for line in roles] == [
        ["api", "execution", "role", "OK"],
        ["web", "execution", "role", "NG"],
    ]
    assert roles[1].endswith("there is no such role") and lines[-1] == "3 OK, 1 NG, 2 SKIP"


def test_when_nothing_is_wrong_the_code_is_0_and_machines_get_every_check(verify, cloud):
    make_roles(cloud, "api")
    said = verify("prod", "api", "-o", "json")
    told = json.loads(said.out)
    assert said.code == DONE and told["kind"] == "CheckList"
    assert {item["check"] for item in told["items"]} == {"image", "execution role", "pass role"}
    role = next(item for item in told["items"] if item["check"] == "execution role")
    assert (role["target"], role["result"], role["where"]) == ("api", "OK", "executionRoleArn")


def test_when_nobody_can_be_asked_the_code_is_5(verify, cloud):
    cloud.set_faults(
        {"errors": [{"operation": "sts:AssumeRole", "code": "AccessDenied", "status": 403, "times": 99}]}
    )
    said = verify("prod")
    assert said.code == UNREACHABLE and " NG " not in said.out and "AssumeRole" in said.out


def test_a_folder_will_do_and_a_file_that_is_broken_is_2(verify, tmp_path, cloud):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "prod.yaml").write_text(environment("prod", "latestt"))
    said = verify("prod", repo=folder)
    assert said.code == WRONG and "prod.yaml:" in said.err


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("prd",), "no environment 'prd'; there are: prod"),
        (("prod", "wep"), "no target 'wep' in prod; there are: api, web"),
    ],
)
def test_what_there_is_not_is_2_with_what_there_is(verify, args, why):
    said = verify(*args)
    assert said.code == WRONG and why in said.err


def test_specs_that_cannot_be_read_are_5(verify, tmp_path):
    said = verify("prod", repo=f"file://{tmp_path}/nowhere.git")
    assert said.code == UNREACHABLE and "asking for main" in said.err


def test_an_image_that_is_gone_and_one_for_another_platform_are_named(verify, cloud):
    make_roles(cloud, "api", "web")
    gone, other = (
        f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/{family(target)}:{version}"
        for target, version in (("api", "v1.2.3"), ("web", "v1.0.0"))
    )
    with cloud.world.lock:
        cloud.world.registry.delete(gone)
        cloud.world.registry.runs_on(other, ["linux/arm64"])
    said = verify("prod", "-o", "json")
    found = {item["name"]: item for item in json.loads(said.out)["items"] if item["check"] == "image"}
    assert said.code == NEGATIVE and {item["result"] for item in found.values()} == {"NG"}
    assert found[other]["why"] == "it is for linux/arm64, and the tasks are linux/amd64" and found[gone]["why"]


def test_a_target_that_follows_tags_is_checked_at_the_newest_or_says_why_not(verify, cloud, tmp_path, monkeypatch):
    shop = Repository(tmp_path / "shop.git")
    track = f'track: {{tags: "v*", repository: "{shop.url}"}}'
    followed = environment("prod", "v1.2.3").replace("version: v1.2.3", track)
    verify.repository.commit({"specs/prod.yaml": followed})
    make_roles(cloud, "api")
    monkeypatch.setenv("TRUEUP_APPLICATIONS", f"file://{tmp_path}")
    assert "nothing to follow: there is no version among tags v*" in verify("prod").out
    shop.git("tag", "v1.4.0", shop.commit({"a": "1"}))
    name = f"{ACCOUNTS['prod']}.dkr.ecr.{REGION}.amazonaws.com/{family('api')}:v1.4.0"
    assert digest_of(name) in verify("prod").out
