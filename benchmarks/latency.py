"""G1: from the moment at which git is asked and has a new commit, to UpdateService arriving at AWS.

Both ends are noted by the servers on CLOCK_MONOTONIC. The floor is told to ask git once the commit is there; trueup
asks by itself, every second. What is counted begins when their question reaches git: how long one waits for that is
the operator's choice, not speed.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks import fleet
from benchmarks.calls import ROLLOUT, deploy
from benchmarks.process import Server, Subject, githost, stub, subject
from benchmarks.running import trueup
from benchmarks.specs import Layout, Repository, floor, floor_files, floor_path

_PACE: Final = 1.5
_WARM_UPS: Final = 3
_PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Seconds from the question to the update, commit by commit; of ecs-deploy from its start to the update."""

    floor: list[float] = field(default_factory=list)
    trueup: list[float] = field(default_factory=list)
    ecs_deploy: list[float] = field(default_factory=list)


def measure(folder: Path, *, count: int, commits: int, deploys: int) -> Latency:
    """Commit to the repository of the one, then of the other, again and again, each time another service."""
    found = Latency()
    layout = Layout(count=count)
    (folder / "git").mkdir(parents=True)
    ours = Repository(folder / "git" / "trueup.git").create(layout.files())
    theirs = Repository(folder / "git" / "floor.git").create(floor_files(count))
    with ExitStack() as running:
        git = running.enter_context(githost(folder / "git"))
        aws = [running.enter_context(stub("--services", count, "--rollout", ROLLOUT)) for _ in range(3)]
        controller = running.enter_context(trueup(f"{git.url}/trueup.git", aws[0].url, folder / "run"))
        flags = ("--repo", f"{git.url}/floor.git", "--endpoint-url", aws[1].url, "--mirror", folder / "mirror.git")
        bottom = running.enter_context(subject("benchmarks.floor", *flags))
        controller.rest(count)
        for number in range(commits + _WARM_UPS):
            index, version = number * 7 % count, f"v1.0.{number + 1}"
            ended = time.monotonic() + _PACE
            mine = _commit_ours(ours, layout, git, aws[0], index, version)
            base = _commit_theirs(theirs, git, aws[1], bottom, index, version)
            if number >= _WARM_UPS:
                found.trueup.append(mine)
                found.floor.append(base)
            if len(found.ecs_deploy) < deploys and number >= _WARM_UPS:
                found.ecs_deploy.append(_deployed(aws[2], number))
            time.sleep(max(0.0, ended - time.monotonic()))
    return found


def _commit_ours(
    repository: Repository, layout: Layout, git: Server, aws: Server, index: int, version: str
) -> float:
    repository.commit({layout.path(index): layout.file(index, {index: version})})
    there = time.monotonic()
    return _updated(aws, fleet.service_name(index), there) - _asked(git, "/trueup.git/", there)


def _commit_theirs(
    repository: Repository, git: Server, aws: Server, bottom: Subject, index: int, version: str
) -> float:
    repository.commit({floor_path(index): floor(index, version)})
    there = time.monotonic()
    bottom.do("pull")
    return _updated(aws, fleet.service_name(index), there) - _asked(git, "/floor.git/", there)


def _deployed(aws: Server, number: int) -> float:
    began = deploy(aws.url, number, f"v2.0.{number}", "--timeout", "-1", "--no-deregister")
    return _updated(aws, fleet.service_name(number), began) - began


def _asked(git: Server, repository: str, since: float) -> float:
    """Find when git was first asked where its branches are, after the commit was there."""

    def first() -> float | None:
        asked = git.told()
        return next((at for at, path in asked if at > since and path.startswith(f"{repository}info/refs")), None)

    return _once(first)


def _updated(aws: Server, service: str, since: float) -> float:
    """Find when UpdateService arrived for a service."""

    def first() -> float | None:
        return next((at for at, name, _ in aws.told()["updates"] if at > since and name == service), None)

    return _once(first)


def _once(first: Callable[[], Any]) -> float:
    ends = time.monotonic() + _PATIENCE
    while (found := first()) is None:
        if time.monotonic() > ends:
            raise RuntimeError("nothing arrived")
        time.sleep(0.05)
    return float(found)
