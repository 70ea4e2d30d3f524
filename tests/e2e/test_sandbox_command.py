"""`trueup sandbox` as a process of its own, with the example specs: for `trueup run`, and for any AWS client."""

import json
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    words = [*TRUEUP, "sandbox", "--listen", "127.0.0.1:0", "--seed", str(SPECS), "--speed", "30"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())
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
    assert sorted(changes) == [("RegisterTaskDefinition", "done")] * 6 + [("UpdateService", "done")] * 6
    said = trueup("replay", "--quiet", *map(str, sorted((tmp_path / "cycles").glob("*.json"))))
    assert (said.code, said.out) == (0, "")


def test_its_faults_are_switched_over_http_and_a_wrong_one_is_refused(sandbox: dict[str, Any]):
    endpoint = sandbox["endpoint"]
    assert ask(endpoint, "faults", {"throttle": True})["throttle"] is True
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(endpoint, "faults", {"trottle": True})
    assert "trottle is no fault" in refused.value.read().decode()
    assert ask(endpoint, "faults")["throttle"] is True
