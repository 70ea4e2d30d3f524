"""G13: how soon `trueup --help` answers, beside Python doing nothing and ecs-deploy's help."""

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.calls import ECS_DEPLOY
from benchmarks.process import CLIENT_CORE, ROOT, children_cpu, environment, pinned

HEAVY: Final = ("boto3", "botocore", "pydantic", "yaml", "moto", "uvicorn", "rich", "structlog", "sqlite3")
_ASKED: Final = (
    "import json, sys; from controller.cli.main import run; run(['--help']); "
    f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]), file=sys.stderr)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Startup:
    """Medians in seconds of wall time, trueup's of CPU too, and which heavy modules help imported all the same."""

    nothing: float
    ecs_deploy: float
    trueup: float
    cpu: float
    imported: list[str]


def measure(repeats: int) -> Startup:
    """Start each of them in turn, again and again."""
    commands = {
        "nothing": [sys.executable, "-c", "pass"],
        "ecs_deploy": [str(ECS_DEPLOY), "--help"],
        "trueup": [str(Path(sys.executable).parent / "trueup"), "--help"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    cpu: list[float] = []
    for _ in range(repeats):
        for name, command in commands.items():
            began, used = time.perf_counter(), children_cpu()
            subprocess.run(
                pinned(command, CLIENT_CORE), env=environment(), check=True, capture_output=True, cwd=ROOT
            )
            times[name].append(time.perf_counter() - began)
            if name == "trueup":
                cpu.append(children_cpu() - used)
    asked = subprocess.run(
        [sys.executable, "-c", _ASKED], env=environment(), check=True, capture_output=True, cwd=ROOT
    )
    return Startup(
        **{name: statistics.median(found) for name, found in times.items()},
        cpu=statistics.median(cpu),
        imported=json.loads(asked.stderr),
    )
