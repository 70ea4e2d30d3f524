"""G5, G6 and G7: CPU and memory of a look, beside the floor and boto3 as it comes, and how both grow."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.process import Subject, githost, stub, subject
from benchmarks.specs import Layout, Repository, floor_files

CLOCK: Final = "now*60"  # a look takes about a second: a minute of this clock, as at rest
_ONE_FILE_EACH: Final = 1_900  # a source takes two thousand files; a larger fleet has a file for each ten services
_TEAM: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU seconds of each look by who looked, the most memory of each in MB, and of a cold start."""

    count: int
    looks: dict[str, list[float]] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)
    cold: dict[str, float] = field(default_factory=dict)
    decide: float = 0.0


def measure(folder: Path, *, count: int, rounds: int, naive: bool) -> Cost:
    """Let each of them look in turn, again and again, over the same stub."""
    (folder / "git").mkdir(parents=True)
    (folder / "inside").mkdir()
    per_file = 1 if count <= _ONE_FILE_EACH else _TEAM
    Repository(folder / "git" / "trueup.git").create(Layout(count=count, per_file=per_file).files())
    Repository(folder / "git" / "floor.git").create(floor_files(count))
    with ExitStack() as running:
        git = running.enter_context(githost(folder / "git"))
        aws = running.enter_context(stub("--services", count, "--clock", CLOCK))
        base = ("--repo", f"{git.url}/floor.git", "--endpoint-url", aws.url)
        ours = ("--repo", f"{git.url}/trueup.git", "--endpoint-url", aws.url, "--folder", folder / "inside")
        who: dict[str, Subject] = {
            "floor": running.enter_context(subject("benchmarks.floor", *base, "--mirror", folder / "floor.git"))
        }
        if naive:
            flags = ("--mirror", folder / "naive.git", "--naive")
            who["naive"] = running.enter_context(subject("benchmarks.floor", *base, *flags))
        who["trueup"] = running.enter_context(subject("benchmarks.inside", *ours))
        found: dict[str, list[float]] = {name: [] for name in who}
        peak: dict[str, float] = {}
        for _ in range(rounds):
            for name, one in who.items():
                answer = one.do("look")
                if name == "trueup" and not answer["quiet"]:
                    raise RuntimeError("trueup is not at rest any more; what it costs now is not a look at rest")
                found[name].append(answer["cpu"])
                peak[name] = answer["peak"]
        decided = who["trueup"].do("decide")["each"]
        cold = {name: one.ready["cpu"] + one.ready["children"] for name, one in who.items()}
    return Cost(count=count, looks=found, peak=peak, cold=cold, decide=decided)
