"""What was measured, brought to rows of the table: each goal, what it is compared with, and how."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from benchmarks.calls import Looks, Release
from benchmarks.cost import Cost
from benchmarks.diff import Diff
from benchmarks.latency import Latency
from benchmarks.planning import Planned
from benchmarks.spent import Spent
from benchmarks.startup import Startup
from benchmarks.table import Row, exponent, percentile


@dataclass(slots=True, kw_only=True)
class Found:
    """Everything that was measured, as it was measured."""

    startup: Startup | None = None
    looks: list[Looks] = field(default_factory=list)
    releases: dict[str, list[Release]] = field(default_factory=dict)
    costs: list[Cost] = field(default_factory=list)
    latency: Latency | None = None
    diff: Diff | None = None
    planned: Planned | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def rows(found: Found) -> list[Row]:
    """Bring what was found to rows, in order of the goals."""
    return [
        *_latency_rows(found),
        *(_look_row(looks) for looks in found.looks),
        *_release_rows(found),
        *_cost_rows(found),
        *_startup_rows(found),
        *_diff_rows(found),
        *_plan_rows(found),
    ]


def _latency_rows(found: Found) -> Iterator[Row]:
    if found.latency is None:
        return
    ours, base, peer = found.latency.trueup, found.latency.floor, found.latency.ecs_deploy
    middle = median(base)
    half, last = median(ours), percentile(ours, 0.99)
    what = f"G1 commit seen to UpdateService, {len(ours)} commits"
    yield Row(
        measure=f"{what}, p50",
        floor=_ms(middle),
        peer=_ms(median(peer)),
        trueup=_ms(half),
        ratio=f"{half / middle:.2f} x floor",
        compared=half / middle,
        goal=2.0,
        wanted="≤ 2 x floor",
    )
    yield Row(
        measure=f"{what}, p99",
        floor=_ms(percentile(base, 0.99)),
        trueup=_ms(last),
        ratio=f"{last / middle:.2f} x floor's p50",
        compared=last / middle,
        goal=5.0,
        wanted="≤ 5 x floor's p50",
    )
    yield Row(
        measure="G1 the same, p50, beside ecs-deploy's process",
        peer=_ms(median(peer)),
        trueup=_ms(half),
        ratio=f"{half / median(peer):.2f} x ecs-deploy",
        compared=half / median(peer),
        goal=0.4,
        wanted="≤ 0.4 x ecs-deploy",
    )


def _look_row(looks: Looks) -> Row:
    least = -(-looks.count // 10)
    others = sorted(set(looks.operations) - {"DescribeServices"})
    said = f"{looks.each:g} DescribeServices" if not others else f"{looks.each:g}, {', '.join(others)} among them"
    return Row(
        measure=f"G3 calls a look at rest, {looks.count:,} services ({looks.looks} looks)",
        floor=f"{least}",
        trueup=said,
        ratio=f"{looks.each / looks.count:g} a service",
        compared=0.0 if looks.exact else 1.0,
        goal=0.0,
        wanted=f"{least} DescribeServices",
    )


def _release_rows(found: Found) -> Iterator[Row]:
    if not found.releases:
        return
    alone, together = found.releases["ecs-deploy"]
    yield _release_row("G4 calls of a release, one service", found.releases["one"], alone, 7.0)
    yield _release_row("G4 the same with an alarm guard", found.releases["guarded"], alone, None)
    late = median(one.late for one in found.releases["one"])
    yield Row(
        measure="G4 verdict after the rollout's end, one service",
        trueup=f"{late:.1f} s",
        compared=late,
        goal=6.0,
        wanted="≤ 6 s",
    )
    fleet = found.releases["fleet"]
    yield _release_row(f"G4 calls of a release, {fleet[0].releases} at once", fleet, together, 3.0)
    yield _quota_row(fleet[0])


def _quota_row(fleet: Release) -> Row:
    """AWS takes 20 registrations at once and one a second after that; each release here needs one."""
    bound = max(0.0, (fleet.releases - 20) / 1.0)
    return Row(
        measure=f"G8 commit to the last UpdateService, {fleet.releases} at once, AWS's quotas kept",
        floor=f"{bound:.0f} s (quota)",
        trueup=f"{fleet.sent:.0f} s, {fleet.throttled} throttled",
        ratio=f"{fleet.sent / bound:.2f} x quota",
        compared=fleet.sent / bound,
        goal=1.1,
        wanted="≤ 1.1 x quota",
    )


def _release_row(measure: str, made: list[Release], peer: Release, goal: float | None) -> Row:
    each = median(one.each for one in made)
    whole = median(one.whole / one.releases - one.asked for one in made)
    registry = median(one.asked for one in made)
    return Row(
        measure=measure,
        peer=f"{peer.each:g}",
        trueup=f"{each:g} ({whole:g} with the bake), {registry:g} to registries",
        ratio=f"{each / peer.each:.2f} x ecs-deploy",
        compared=None if goal is None else each,
        goal=goal,
        wanted="-" if goal is None else f"≤ {goal:g}",
    )


def _cost_rows(found: Found) -> Iterator[Row]:
    thousand = next((one for one in found.costs if one.count == 1000), None)
    if thousand is not None:
        base, ours, naive = (median(thousand.looks[who]) for who in ("floor", "trueup", "naive"))
        yield Row(
            measure="G5 CPU of a look, 1,000 services",
            floor=f"{base:.3f} s",
            trueup=f"{ours:.3f} s",
            ratio=f"{ours / base:.2f} x floor",
            compared=ours / base,
            goal=2.0,
            wanted="≤ 2 x floor",
        )
        yield Row(
            measure="G5 the same beside boto3 as it comes",
            peer=f"{naive:.3f} s (boto3)",
            trueup=f"{ours:.3f} s",
            ratio=f"{ours / naive:.2f} x boto3",
            compared=ours / naive,
            goal=0.55,
            wanted="≤ 0.55 x boto3",
        )
        yield Row(
            measure="   decide() for 1,000 targets at rest",
            trueup=_ms(thousand.decide),
            ratio=f"{thousand.decide * 1000:.1f} microseconds a target",
        )
        yield Row(
            measure="   CPU of a cold start, 1,000 services",
            floor=f"{thousand.cold['floor']:.1f} s",
            trueup=f"{thousand.cold['trueup']:.1f} s",
            ratio=f"{thousand.cold['trueup'] / thousand.cold['floor']:.1f} x floor",
        )
    yield from _memory_rows(found)
    if len(found.costs) > 1:
        first, last = found.costs[0], found.costs[-1]
        grown = {who: exponent(_middle(first, who), _middle(last, who)) for who in ("floor", "trueup")}
        yield Row(
            measure=f"G7 growth of a look's CPU, {first.count:,} to {last.count:,} services",
            floor=f"n^{grown['floor']:.2f}",
            trueup=f"n^{grown['trueup']:.2f}",
            compared=grown["trueup"],
            goal=1.05,
            wanted="≤ n^1.05",
        )


def _memory_rows(found: Found) -> Iterator[Row]:
    real = next((looks.peak for looks in found.looks if looks.count == 1000), None)
    for one in found.costs:
        goal = {1000: 130.0, 10_000: 350.0}.get(one.count)
        ours, how = (real, "the process") if one.count == 1000 and real else (one.peak["trueup"], "in process")
        yield Row(
            measure=f"G6 peak memory, {one.count:,} services ({how})",
            floor=f"{one.peak['floor']:.0f} MB",
            trueup=f"{ours:.0f} MB",
            ratio=f"{ours / one.peak['floor']:.2f} x floor",
            compared=None if goal is None else ours,
            goal=goal,
            wanted="-" if goal is None else f"≤ {goal:.0f} MB",
        )


def _middle(one: Cost, who: str) -> tuple[int, float]:
    return one.count, median(one.looks[who])


def _startup_rows(found: Found) -> Iterator[Row]:
    if found.startup is None:
        return
    asked = found.startup
    yield Row(
        measure="G13 trueup --help, median",
        floor=f"{_ms(asked.nothing)} (python)",
        peer=_ms(asked.ecs_deploy),
        trueup=f"{_ms(asked.trueup)} ({_ms(asked.cpu)} CPU)",
        compared=asked.trueup,
        goal=0.1,
        wanted="≤ 100 ms",
    )
    yield Row(
        measure="G13 heavy modules that --help imports",
        trueup=", ".join(asked.imported) or "none",
        compared=float(len(asked.imported)),
        goal=0.0,
        wanted="none",
    )


def _diff_rows(found: Found) -> Iterator[Row]:
    if found.diff is None:
        return
    one = found.diff
    yield _diff_row(f"Diff of ten containers both ways, {one.values} values, p50", one.same, one.loads)
    yield Row(
        measure="   p90 of it, and the fastest",
        floor=f"{_fine(percentile(one.loads.wall, 0.9))}, {_fine(min(one.loads.wall))}",
        trueup=f"{_fine(percentile(one.same.wall, 0.9))}, {_fine(min(one.same.wall))}",
        ratio=f"{min(one.same.wall) / min(one.loads.wall):.1f} x json.loads at best",
    )
    yield _diff_row("Diff of ten containers both ways, three values differ, p50", one.three, one.loads)
    yield Row(
        measure="   asked by name and packed to be kept, p50",
        floor=f"{_fine(one.loads.middle)} (json.loads)",
        trueup=_with_cpu(one.named),
        ratio=f"{one.named.middle / one.loads.middle:.1f} x json.loads",
    )


def _diff_row(measure: str, spent: Spent, loads: Spent) -> Row:
    return Row(
        measure=measure,
        floor=f"{_fine(loads.middle)} (json.loads)",
        trueup=_with_cpu(spent),
        ratio=f"{spent.middle / loads.middle:.1f} x json.loads",
        compared=spent.middle,
        goal=0.001,
        wanted="≤ 1 ms",
    )


def _plan_rows(found: Found) -> Iterator[Row]:
    if found.planned is None:
        return
    one = found.planned
    yield Row(
        measure=f"Plan of {one.count:,} services in memory, {one.differing} differ, p50",
        floor=f"{one.loads.middle:.2f} s ({one.loads.middle_cpu:.2f} s CPU, json.loads)",
        trueup=f"{one.plan.middle:.2f} s ({one.plan.middle_cpu:.2f} s CPU)",
        ratio=f"{one.plan.middle_cpu / one.loads.middle_cpu:.1f} x json.loads (CPU)",
        compared=one.plan.middle,
        goal=2.0,
        wanted="≤ 2 s",
    )
    for name, spent in one.parts.items():
        yield Row(measure=f"   of which {name}", trueup=_with_cpu(spent))
    yield Row(measure="   the specs compiled before it, CPU", trueup=f"{one.compiled:.1f} s")


def _with_cpu(spent: Spent) -> str:
    return f"{_fine(spent.middle)} ({_fine(spent.middle_cpu)} CPU)"


def _fine(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"
