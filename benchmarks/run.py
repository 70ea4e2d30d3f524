"""Measure everything, print one table, and keep it in benchmarks/results."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks import calls, cost, diff, latency, planning, startup
from benchmarks.calls import ECS_DEPLOY
from benchmarks.process import PINNED, SERVER_CORE
from benchmarks.rows import Found, rows
from benchmarks.table import markdown

RESULTS: Final = Path(__file__).parent / "results"
_PEER: Final = "1.17.0"
_UNMODELLED: Final = (
    "TLS and the network: all is loopback, so that waiting for answers costs next to nothing here",
    "AWS's own latency, pages of answers, stale reads and errors; its quotas only where a row says so",
    "git hosts: repositories are served by git http-backend over loopback HTTP, as keep-alive as git is",
    "load balancers, images and tasks: a rollout of the stub is complete 20 seconds after UpdateService",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    name: str
    rest: tuple[tuple[int, float], ...]  # services, and how fast time runs
    looks: int
    single: int  # releases of one service
    speed: float
    fleet: int  # services released at once
    fleet_speed: float
    costs: tuple[tuple[int, int], ...]  # services, and rounds
    latency: int  # services
    commits: int
    deploys: int
    helps: int
    compared: int  # times
    planned: tuple[int, int]  # services, and rounds


FULL: Final = Size(
    name="full",
    rest=((10, 60.0), (100, 60.0), (1000, 20.0)),
    looks=4,
    single=2,
    speed=5.0,
    fleet=100,
    fleet_speed=4.0,
    costs=((1000, 7), (10_000, 3)),
    latency=1000,
    commits=30,
    deploys=7,
    helps=20,
    compared=1000,
    planned=(1000, 7),
)
QUICK: Final = Size(
    name="quick",
    rest=((10, 60.0), (100, 60.0)),
    looks=2,
    single=1,
    speed=5.0,
    fleet=100,
    fleet_speed=5.0,
    costs=((300, 5), (1000, 3)),
    latency=100,
    commits=6,
    deploys=3,
    helps=5,
    compared=200,
    planned=(1000, 3),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep; gives 0 if it could be measured, whatever came of it."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="trueup beside a floor and ecs-deploy"
    )
    parser.add_argument("--quick", action="store_true", help="smaller and rougher, in two minutes; nothing is kept")
    parser.add_argument("--only", choices=_PARTS, help="one part of it; nothing is kept")
    options = parser.parse_args(arguments)
    if options.only not in _WITHOUT_PEER and not ECS_DEPLOY.exists():
        print("ecs-deploy is not installed: `make bench` does that", file=sys.stderr)
        return 2
    if PINNED:
        os.sched_setaffinity(0, {SERVER_CORE})
    size, before, began = QUICK if options.quick else FULL, os.getloadavg(), time.monotonic()
    found = _measure(size, [options.only] if options.only else list(_PARTS))
    facts = _facts(size, before, time.monotonic() - began)
    text = _page(found, facts)
    print(text)
    if not options.quick and not options.only:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "latest.md").write_text(text, encoding="utf-8")
        kept = {
            "facts": facts,
            "rows": [{**asdict(row), "met": row.met} for row in rows(found)],
            "found": asdict(found),
        }
        (RESULTS / "latest.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return 0


def _measure(size: Size, parts: list[str]) -> Found:
    found = Found()
    for part in parts:
        began = time.monotonic()
        print(f"{part} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="trueup-bench-") as folder:
            _PARTS[part](size, found, Path(folder))
        found.seconds[part] = round(time.monotonic() - began, 1)
    return found


def _startup(size: Size, found: Found, folder: Path) -> None:
    del folder
    found.startup = startup.measure(size.helps)


def _rest(size: Size, found: Found, folder: Path) -> None:
    for count, speed in size.rest:
        found.looks.append(calls.at_rest(folder / str(count), count, looks=size.looks, speed=speed))


def _releases(size: Size, found: Found, folder: Path) -> None:
    """Count calls; these are not timed, so that ecs-deploy may wait for its rollouts meanwhile."""
    with ThreadPoolExecutor() as pool:
        peers = [pool.submit(calls.ecs_deploy, count) for count in (1, 4)]
        for name, guarded in (("one", False), ("guarded", True)):
            found.releases[name] = calls.releases(
                folder / name, at_once=1, times=size.single, speed=size.speed, guarded=guarded
            )
        found.releases["fleet"] = calls.releases(
            folder / "fleet", at_once=size.fleet, times=1, speed=size.fleet_speed, throttle=True
        )
        found.releases["ecs-deploy"] = [peer.result() for peer in peers]


def _cost(size: Size, found: Found, folder: Path) -> None:
    for count, rounds in size.costs:
        found.costs.append(cost.measure(folder / str(count), count=count, rounds=rounds, naive=count <= 1000))


def _latency(size: Size, found: Found, folder: Path) -> None:
    found.latency = latency.measure(folder, count=size.latency, commits=size.commits, deploys=size.deploys)


def _diff(size: Size, found: Found, folder: Path) -> None:
    del folder
    found.diff = diff.measure(size.compared)
    found.planned = planning.measure(*size.planned)


_PARTS: Final[dict[str, Callable[[Size, Found, Path], None]]] = {
    "startup": _startup,
    "rest": _rest,
    "releases": _releases,
    "cost": _cost,
    "latency": _latency,
    "diff": _diff,
}
_WITHOUT_PEER: Final = frozenset({"diff"})


def _facts(size: Size, before: tuple[float, ...], took: float) -> dict[str, str]:
    git = subprocess.run(["git", "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]
    load = [f"{one[0]:.1f}" for one in (before, os.getloadavg())]
    pinning = "measured processes on one core, servers on another" if PINNED else "nothing is pinned"
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, size {size.name}, in {took / 60:.1f} minutes",
        "machine": f"{_cpu_model()}, {os.cpu_count()} cores, Linux {platform.release()}; {pinning}",
        "load": f"{load[0]} before, {load[1]} after (one minute's average; other work on the machine shows here)",
        "versions": f"Python {platform.python_version()}, git {git}, trueup {version('trueup')}, "
        f"boto3 {version('boto3')}, pydantic {version('pydantic')}, ecs-deploy {_PEER}",
        "not modelled": "; ".join(_UNMODELLED),
    }


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )


def _page(found: Found, facts: dict[str, str]) -> str:
    told = "\n".join(f"- {name}: {fact}" for name, fact in facts.items())
    return (
        "# Benchmarks\n\nWritten by `make bench`; [what is measured, and how](../../docs/benchmarks.md).\n\n"
        f"{markdown(rows(found))}\n\n{told}\n"
    )
