"""The demo is a promise of the README: it ends well, soon, and proves every step by ECS's own words."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.sandbox.demo import Demo
from tests.e2e.telling import Telling, is_all_over

pytestmark = pytest.mark.e2e

SPECS = Path(__file__).parents[2] / "specs"
RUNS = {"dev": "latest", "stage": "v1.2.3-stage", "prod": "v1.2.3"}
ADOPTED, KEPT = "--- what runs is adopted untouched", "Interrupt with Ctrl-C."
# Each of these once broke it; what a shell says of other things is not ours to know.
SHELL = {
    "TRUEUP_PATH": "releases",
    "TRUEUP_ONCE": "true",
    "TRUEUP_LISTEN": "nowhere",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "http_proxy": "http://127.0.0.1:1",
    "AWS_PROFILE": "work",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "GIT_DIR": "/nowhere",
}


def test_the_demo_goes_through_and_proves_every_step(tell: Callable[..., Telling]):
    told = tell()
    told.until("All of it happened, in ")
    assert told.ends() == 0
    assert told.text.count("proven: ") == 10
    for place, tag in RUNS.items():
        for target in ("api", "web"):
            service = f"unifocus-{place}-{target}-service"
            assert f"proven: {service} runs {tag}, COMPLETED, all tasks; 1 UpdateService so far" in told.text
    assert "rolled back because the circuit breaker threshold was exceeded" in told.text
    assert "web exited 1" in told.text
    assert "trueup pause prod: prod is paused" in told.text
    assert is_all_over(told)


def test_it_goes_through_whatever_the_shell_says_and_is_kept_until_it_is_interrupted(tell: Callable[..., Telling]):
    told = tell("--keep", **SHELL)
    told.until(KEPT)
    assert told.ends(signal.SIGINT) == 0
    assert is_all_over(told)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=int,
)
def test_a_story_that_is_cut_short_is_none_and_leaves_nothing_behind(
    tell: Callable[..., Telling], number: int, code: int
):
    told = tell("--keep")
    told.until(ADOPTED)
    assert told.ends(number) == code, told.text
    assert "All of it happened" not in told.text
    assert is_all_over(told)


def test_a_step_that_takes_too_long_shows_the_end_of_the_controllers_log(tmp_path: Path):
    for file in SPECS.rglob("*.yaml"):
        copy = tmp_path / file.relative_to(SPECS)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(
            file.read_text("utf-8").replace("  owner: unifocus\n", "  owner: unifocus\n  paused: true\n")
        )
    said: list[str] = []
    demo = Demo(tmp_path, said.append, patience=12)
    try:
        assert demo.run() == 1
    finally:
        demo.stop()
    told = "\n".join(said)
    assert "FAILED: waited 12 s for unifocus-dev-api-service to run latest" in told
    last = told.partition("The last lines of the controller's log:\n")[2].splitlines()
    assert 0 < len(last) <= 10
    assert any('"target"' in line for line in last)
