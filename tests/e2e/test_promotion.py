"""From stage to prod and back as a team does it: commands beside a controller, real git, the embedded ECS."""

import signal
import subprocess
import sys

import pytest

from tests.cli.landscape import GATE, SHARED
from tests.e2e.environments import ACCOUNTS, environment, family
from tests.e2e.stage import Stage

pytestmark = pytest.mark.e2e

OLD, NEW = "v1.2.2", "v1.2.3"


def spec(place: str, version: str, more: str = "") -> str:
    own = f"{ACCOUNTS[place]}.dkr.ecr.eu-west-1.amazonaws.com/{family('api', place)}:${{version}}"
    return environment(place, version, more=more, bake="5s").replace(own, SHARED[place])


def prod(version: str) -> str:
    return spec("prod", version, f"versions: bare\n{GATE}")


def begin(stage: Stage) -> None:
    """What runs in both is good; the seed is one version back."""
    stage.seed({"stage.yaml": spec("stage", f"{NEW}-stage"), "prod.yaml": prod(NEW)})
    stage.commit({"stage.yaml": spec("stage", f"{OLD}-stage"), "prod.yaml": prod(OLD)})
    stage.start()
    for env in ("stage", "prod"):
        stage.until(f"{env} is good", lambda env=env: stage.memory(env=env).goods)


def ask(stage: Stage, *words: str, code: int = 0):
    flags = ("--repo", stage.repository.url, "--endpoint-url", stage.cloud.endpoint_url)
    return stage.order(*words, *flags, code=code)


def test_a_version_goes_from_stage_to_prod_and_back_and_git_says_so(stage: Stage, monkeypatch):
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ada")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@example.com")
    begin(stage)
    commit = stage.commit({"stage.yaml": spec("stage", f"{NEW}-stage")})
    said = stage.order("wait", "stage", "api", "--commit", commit, "--timeout", "60s")
    assert said.out.startswith(f"stage/api: {NEW}-stage is good at commit {commit[:12]}")
    said = ask(stage, "promote", "api", "--from", "stage", "--to", "prod")
    promoted = stage.repository.tip()
    assert f"prod/api: {OLD} becomes {NEW}" in said.out and promoted != commit
    stage.order("wait", "prod", "api", "--commit", promoted, "--timeout", "60s")
    assert stage.told() == [f"{NEW}-stage"], "the very image that was good in stage"
    ask(stage, "rollback", "prod", "api", "--reason", "it is slow", "--commit")
    back = stage.repository.tip()
    assert stage.repository.git("log", "-1", "--format=%an: %s", back) == f"Ada: Go back to {OLD} with api in prod"
    stage.order("wait", "prod", "api", "--commit", back, "--timeout", "60s")
    assert stage.told() == [f"{NEW}-stage", f"{OLD}-stage"]
    assert stage.status().pinned == "", "what git says is what runs, so the pin has ended"
    said = stage.order("wait", "prod", "api", "--version", NEW, "--timeout", "0s", code=3)
    assert f"{NEW} is not wanted yet; {OLD} is" in said.out
    assert interrupted(stage, "wait", "prod", "api", "--version", NEW) == 130
    ask(stage, "promote", "api", "--from", "stage", "--to", "prod", code=4)
    assert stage.repository.tip() == back, "what failed in prod is not promoted again"


def interrupted(stage: Stage, *words: str) -> int:
    """Give the exit code of a command that is interrupted once it has said something."""
    line = [sys.executable, "-m", "controller", *words, "--store", stage.url]
    with subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        return process.wait(20)
