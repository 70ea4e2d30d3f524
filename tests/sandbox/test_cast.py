"""The demo's cast: what it sees of the caller's shell, and that a look at ECS tells, or is the demo's failure."""

import os

import pytest

from controller.sandbox.cast import Failed
from controller.sandbox.eye import Eye
from controller.sandbox.surroundings import undisturbed
from tests.sandbox.rig import ACCOUNT

API = (ACCOUNT, "prod", "api")
FOREIGN = {
    "TRUEUP_PATH": "releases",
    "TRUEUP_ONCE": "true",
    "AWS_PROFILE": "work",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_REGION": "us-east-1",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "https_proxy": "http://127.0.0.1:1",
    "all_proxy": "http://127.0.0.1:1",
    "no_proxy": "internal.example",
    "GIT_DIR": "/nowhere",
}
KEPT = {"LANG": "de_DE.UTF-8", "TERM": "dumb", "NO_COLOR": "1", "AWKPATH": "/usr/share/awk"}


@pytest.fixture
def shell(monkeypatch):
    """What a shell may carry, and what the process had before."""
    for name, value in {**FOREIGN, **KEPT}.items():
        monkeypatch.setenv(name, value)
    return environment()


def environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


@pytest.fixture
def eye(rig):
    eye = Eye(rig.sandbox.endpoint_url)
    yield eye
    eye.close()


def test_what_the_shell_says_of_us_and_of_aws_is_out_of_sight_for_a_while(shell):
    with undisturbed():
        inside = environment()
    assert not FOREIGN.keys() & inside.keys()
    assert inside["NO_PROXY"] == "127.0.0.1,localhost,::1"
    assert {name for name in inside if name.startswith(("AWS_", "TRUEUP_"))} == {
        "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED",
    }  # fmt: skip
    assert inside["AWS_CONFIG_FILE"] == inside["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert {name: inside[name] for name in (*KEPT, "PATH", "HOME")} == {
        name: shell[name] for name in (*KEPT, "PATH", "HOME")
    }
    assert environment() == shell


def test_it_is_put_back_after_a_failure_too(shell):
    with pytest.raises(Failed), undisturbed():
        raise Failed("no")
    assert environment() == shell


def test_ecs_is_read_whatever_the_shell_says(rig, eye, shell):
    with undisturbed():
        assert eye.running(*API) == ("v1.2.2", "COMPLETED", True)
        assert eye.verdict(*API) == "SUCCESSFUL"
        assert eye.calls("UpdateService", "api") == 0


def test_a_look_that_fails_is_the_demos_failure_and_says_what_it_was(rig, eye):
    with pytest.raises(Failed, match=r"ECS did not say how web is: IndexError"):
        eye.running(ACCOUNT, "prod", "web")
    with pytest.raises(Failed, match=r"ServiceNotFoundException"):
        eye.verdict(ACCOUNT, "prod", "web")
    rig.sandbox.set_faults({"errors": [{"operation": "*", "code": "AccessDeniedException", "times": 1}]})
    with pytest.raises(Failed, match=r"AccessDeniedException"):
        eye.running(*API)


def test_an_ecs_that_is_gone_is_the_demos_failure(eye, rig):
    rig.close()
    rig.sandbox.stop()
    with pytest.raises(Failed, match=r"ECS did not say how api is: URLError"):
        eye.calls("UpdateService", "api")
