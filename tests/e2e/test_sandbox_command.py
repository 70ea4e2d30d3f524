"""`trueup sandbox` as a process of its own, with the example specs: for `trueup run`, and for any AWS client."""

import json
import re
import shlex
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import jmespath
import pytest

from tests.e2e.cloud import Eye
from tests.e2e.process import TRUEUP, Controller, trueup, wait_until
from tests.sources.repository import Repository

pytestmark = pytest.mark.e2e

SPECS = Path(__file__).parents[2] / "specs"
EVERY = [(place, target) for place in ("dev", "stage", "prod") for target in ("api", "web")]
WANTED = {"dev": "latest", "stage": "v1.2.3-stage", "prod": "v1.2.3"}
SEEDED = {"dev": "earlier", "stage": "v1.2.2-stage", "prod": "v1.2.2"}


@pytest.fixture
def sandbox() -> Iterator[dict[str, Any]]:
    """The one line of JSON that it prints when it is ready."""
    with serving("--seed", str(SPECS), "--speed", "30") as process:
        yield json.loads(process.stdout.readline())


@contextmanager
def serving(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command, and see that it ends as it should."""
    words = (*TRUEUP, "sandbox", "--listen", "127.0.0.1:0", *words)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
            assert process.stdout.read() == "", "one line, and no more"
        finally:
            process.kill()


def ask(endpoint: str, path: str, document: object = None) -> Any:
    body = json.dumps(document).encode() if document is not None else None
    with urllib.request.urlopen(f"{endpoint}/sandbox/{path}", data=body, timeout=10) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def test_the_example_specs_are_released_to_the_sandbox_command(sandbox: dict[str, Any], tmp_path: Path):
    endpoint = sandbox["endpoint"]
    assert sandbox["accounts"] == ["111122223333", "222233334444", "333344445555"]
    assert [arn.rpartition("/")[2] for arn in sandbox["clusters"]] == [
        "unifocus-prod-cluster", "unifocus-stage-cluster", "unifocus-dev-cluster",
    ]  # fmt: skip
    repository = Repository(tmp_path / "specs.git")
    repository.commit({
        f"specs/{path.relative_to(SPECS)}": path.read_text(encoding="utf-8") for path in SPECS.rglob("*.yaml")
    })  # fmt: skip
    eye, log = Eye(endpoint), tmp_path / "controller.log"
    assert {place: eye.running("api", place) for place in SEEDED} == SEEDED
    given = {
        "repo": repository.url,
        "store": f"sqlite:///{tmp_path}/trueup.db",
        "cache": str(tmp_path / "cache"),
        "endpoint-url": endpoint,
        "listen": "127.0.0.1:0",
        "save-cycles": str(tmp_path / "cycles"),
    }
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    controller = Controller(words, {"TRUEUP_CLOCK": sandbox["clock"]}, log)
    try:
        for place, target in EVERY:
            wait_until(
                f"{place}/{target} runs {WANTED[place]}",
                lambda place=place, target=target: eye.running(target, place) == WANTED[place],
                story=controller.tail,
            )
        assert controller.stop() == 0
    finally:
        if not controller.has_ended:
            controller.kill()
        eye.close()
    changes = [(change["operation"], change["outcome"]) for change in ask(endpoint, "calls")["changes"]]
    tasks = [change for change in changes if change[0] == "RunTask"]
    assert tasks in ([("RunTask", "done")], [("RunTask", "done")] * 2)  # the migration, and perhaps the smoke test
    others = sorted(change for change in changes if change not in tasks)
    assert others == [("RegisterTaskDefinition", "done")] * 6 + [("UpdateService", "done")] * 6
    said = trueup("replay", "--quiet", *map(str, sorted((tmp_path / "cycles").glob("*.json"))))
    assert (said.code, said.out) == (0, "")


def test_its_faults_are_switched_over_http_and_a_wrong_one_is_refused(sandbox: dict[str, Any]):
    endpoint = sandbox["endpoint"]
    assert ask(endpoint, "faults", {"throttle": True})["throttle"] is True
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(endpoint, "faults", {"trottle": True})
    assert "trottle is no fault" in refused.value.read().decode()
    assert ask(endpoint, "faults")["throttle"] is True


def options(words: list[str]) -> dict[str, str]:
    """Give what follows each --option."""
    return {words[place]: words[place + 1] for place, word in enumerate(words) if word.startswith("--")}


def made(service: str, asked: dict[str, str], keys: dict[str, str]) -> Any:
    """Make the client that the aws CLI would make for these options, in a shell with these variables."""
    return boto3.client(
        service,
        region_name=asked["--region"],
        endpoint_url=asked["--endpoint-url"],
        **{name.lower(): value for name, value in keys.items()},
    )


def test_the_two_lines_that_it_says_to_try_show_what_was_seeded():
    with serving("--seed", str(SPECS)) as process:
        about, hint = json.loads(process.stdout.readline()), [process.stderr.readline() for _ in range(3)]
        assert about["endpoint"] in hint[0]
        assume = shlex.split(re.fullmatch(r' *eval "\$\((.*)\)"\n', hint[1])[1])
        assert assume[2:5] == ["aws", "sts", "assume-role"]
        asked, keys = options(assume), dict(pair.split("=", 1) for pair in assume[:2])
        sts = made("sts", asked, keys)
        answer = sts.assume_role(RoleArn=asked["--role-arn"], RoleSessionName=asked["--role-session-name"])
        export, *exported = shlex.split(jmespath.search(asked["--query"], answer))
        assert (export, asked["--output"]) == ("export", "text")
        looks = shlex.split(hint[2])
        assert (looks[0], looks[-4:-2]) == ("aws", ["ecs", "list-services"])
        ecs = made("ecs", options(looks), dict(pair.split("=", 1) for pair in exported))
        listed = ecs.list_services(cluster=options(looks)["--cluster"])["serviceArns"]
        assert sorted(arn.rpartition("/")[2] for arn in listed) == [
            "unifocus-dev-api-service", "unifocus-dev-web-service",
        ]  # fmt: skip
        sts.close()
        ecs.close()


def test_without_seeds_it_says_how_to_look_at_nothing():
    with serving() as process:
        endpoint = json.loads(process.stdout.readline())["endpoint"]
        process.stderr.readline()
        *keys, aws, _region, region, _endpoint, url, service, operation = shlex.split(process.stderr.readline())
        assert (aws, url, service, operation, len(keys)) == ("aws", endpoint, "ecs", "list-clusters", 2)
        ecs = made("ecs", {"--region": region, "--endpoint-url": url}, dict(pair.split("=") for pair in keys))
        assert ecs.list_clusters()["clusterArns"] == []
        ecs.close()
