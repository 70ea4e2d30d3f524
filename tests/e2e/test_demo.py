"""The demo is a promise of the README: it ends well, soon, and proves every step by ECS's own words."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.e2e


def test_the_demo_goes_through_and_proves_every_step():
    done = subprocess.run(
        [sys.executable, "-m", "controller", "demo"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert done.stdout.count("proven: ") == 5
    assert "All of it happened, in " in done.stdout
    assert "rolled back because the circuit breaker threshold was exceeded" in done.stdout
    assert "web exited 1" in done.stdout
    assert "trueup pause prod: prod is paused" in done.stdout
