"""G3 and G4: how many calls to AWS a look at rest costs, and a release until it is proven good."""

import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks import fleet
from benchmarks.process import CLIENT_CORE, ROOT, environment, githost, pinned, stub
from benchmarks.running import trueup
from benchmarks.specs import Layout, Repository

ROLLOUT: Final = 20.0
BAKE: Final = "10s"
ECS_DEPLOY: Final = ROOT / ".venv-bench" / "bin" / "ecs"
_REST: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Calls of several looks at rest: how many looks there were, and every call by operation.

    `peak` is the most memory that the process ever held, in MB.
    """

    count: int
    looks: int
    operations: dict[str, int]
    peak: float

    @property
    def each(self) -> float:
        """Give the calls of one look."""
        return sum(self.operations.values()) / self.looks

    @property
    def exact(self) -> bool:
        """Whether every look was as few DescribeServices as AWS allows, and nothing else was called."""
        return self.operations == {"DescribeServices": self.looks * -(-self.count // 10)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Calls of some releases until ECS's verdict about all of them was known.

    `whole` are the calls until all have survived their bake too; `throttled` is how often AWS said that it was too
    much. In seconds of the clock, `sent` is from the commit to the last UpdateService, `late` from the end of the
    last rollout to the verdict.
    """

    releases: int
    operations: dict[str, int]
    whole: int = 0
    throttled: int = 0
    sent: float = 0.0
    late: float = 0.0

    @property
    def each(self) -> float:
        """Give the calls of one release to ECS and CloudWatch, whose quotas bind; registries are counted apart."""
        return sum(self.operations.values()) / self.releases - self.asked

    @property
    def asked(self) -> float:
        """Give the questions of one release to registries: one for each repository that it has images of."""
        return self.operations.get("BatchGetImage", 0) / self.releases


def clock(speed: float) -> str:
    """Give a START*SPEED that several processes can be told."""
    start = datetime.now(UTC) + timedelta(seconds=1)
    return f"{start:%Y-%m-%dT%H:%M:%SZ}*{speed:g}"


def at_rest(folder: Path, count: int, *, looks: int, speed: float) -> Looks:
    """Run trueup over a fleet at rest, and count the calls of some looks."""
    layout = Layout(count=count)
    told = clock(speed)
    with ExitStack() as running:
        (folder / "git").mkdir(parents=True)
        Repository(folder / "git" / "specs.git").create(layout.files())
        aws = running.enter_context(stub("--services", count, "--clock", told))
        git = running.enter_context(githost(folder / "git"))
        controller = running.enter_context(
            trueup(f"{git.url}/specs.git", aws.url, folder / "run", clock=told, poll="15s")
        )
        controller.rest(count)
        time.sleep(_REST / speed)  # the first looks after adoption spread over their beats
        _wait_for_quiet(aws)
        aws.forget()
        time.sleep((looks + 0.5) * _REST / speed)
        _wait_for_quiet(aws)
        calls, peak = aws.told()["calls"], controller.peak
    looks = bursts([at for at, _ in calls], 0.5 * _REST / speed)
    return Looks(count=count, looks=looks, operations=_counted(calls), peak=peak)


def bursts(times: list[float], apart: float) -> int:
    """Count the groups of calls that are at least so many seconds apart."""
    return sum(after - before >= apart for before, after in zip([float("-inf"), *times], times, strict=False))


def _wait_for_quiet(aws: Any) -> None:
    """Wait until nothing was called for a while, so that no look is cut in half."""
    seen = -1
    while seen != (seen := sum(aws.told()["operations"].values())):
        time.sleep(0.4)


def _counted(calls: list[list[Any]]) -> dict[str, int]:
    return dict(Counter(name for _, name in calls))


def releases(
    folder: Path, *, at_once: int, times: int, speed: float, guarded: bool = False, throttle: bool = False
) -> list[Release]:
    """Release a fleet with trueup some times, and count the calls from the commit on."""
    layout = Layout(count=at_once, guarded=guarded, bake=BAKE)
    told = clock(speed)
    found: list[Release] = []
    with ExitStack() as running:
        (folder / "git").mkdir(parents=True)
        repository = Repository(folder / "git" / "specs.git").create(layout.files())
        flags = (
            "--services",
            at_once,
            "--clock",
            told,
            "--rollout",
            ROLLOUT,
            *(("--throttle",) if throttle else ()),
        )
        aws = running.enter_context(stub(*flags))
        git = running.enter_context(githost(folder / "git"))
        controller = running.enter_context(
            trueup(f"{git.url}/specs.git", aws.url, folder / "run", clock=told, poll="200ms")
        )
        controller.rest(at_once)
        for number in range(1, times + 1):
            _wait_for_quiet(aws)
            wanted = dict.fromkeys(range(at_once), f"v1.0.{number}")
            aws.forget()
            began = time.monotonic()
            repository.commit({layout.path(index): layout.file(index, wanted) for index in wanted})
            controller.judged(wanted)
            judged, ended = aws.told(), time.monotonic()
            controller.good(wanted)
            good, last = aws.told(), judged["updates"][-1][0]
            found.append(
                Release(
                    releases=at_once,
                    operations=judged["operations"],
                    whole=len(good["calls"]),
                    throttled=good["throttled"],
                    sent=(last - began) * speed,
                    late=(ended - last) * speed - ROLLOUT,
                )
            )
    return found


def ecs_deploy(at_once: int) -> Release:
    """Release with ecs-deploy, a process for each service, and count the calls until all of them are done."""
    with stub("--services", at_once, "--rollout", ROLLOUT) as aws, ThreadPoolExecutor(max_workers=at_once) as pool:
        list(pool.map(lambda index: deploy(aws.url, index, "v1.0.1"), range(at_once)))
        return Release(releases=at_once, operations=aws.told()["operations"])


def deploy(endpoint: str, index: int, version: str, *flags: str) -> float:
    """Run ecs-deploy once; gives the time on CLOCK_MONOTONIC at which it was started."""
    image = fleet.image(index, "app", version)
    command = [str(ECS_DEPLOY), "deploy", fleet.CLUSTER, fleet.service_name(index), "-i", "app", image, *flags]
    began = time.monotonic()
    subprocess.run(
        pinned(command, CLIENT_CORE), env=environment(AWS_ENDPOINT_URL=endpoint), check=True, capture_output=True
    )
    return began
