"""What it costs to compare two native task definitions, both ways, beside `json.loads` of the same bytes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks import tenfold
from benchmarks.fleet import Native
from benchmarks.spent import Spent, spend
from controller.plan.compare import Difference, differences
from controller.targets.ecs.manifest import definition_fields, live_manifest, release_manifest

_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What it took: reading the bytes, comparing what is the same and what is not, and asking by name."""

    values: int
    loads: Spent
    same: Spent
    three: Spent
    named: Spent


def measure(times: int) -> Diff:
    """Do all of it in turns, so many times."""
    written = [json.dumps(tenfold.declared()), json.dumps(tenfold.answered(tenfold.declared()))]
    declared, answered = map(json.loads, written)
    other = drifted(answered)
    loads, same, three, named = spend(
        times,
        lambda: [json.loads(one) for one in written],
        lambda: both_ways(declared, answered),
        lambda: both_ways(declared, other),
        lambda: named_too(declared, answered),
        at_once=_AT_ONCE,
    )
    return Diff(values=len(definition_fields(declared)), loads=loads, same=same, three=three, named=named)


def both_ways(declared: Native, answered: Native) -> tuple[Sequence[Difference], Sequence[Difference]]:
    """Compare what is declared with what runs, and what runs with what is declared, from native to differences."""
    wanted = release_manifest(declared, {})
    live = live_manifest(definition_fields(answered), {})
    return differences(live, wanted), differences(wanted, live)


def named_too(declared: Native, answered: Native) -> bool:
    """Ask whether the one runs in the other, as a look does: by their names, with both packed to be kept."""
    return release_manifest(declared, {}).runs_in(live_manifest(definition_fields(answered), {}))


def drifted(answered: Native) -> Native:
    """Give an answer in which three values are other ones: an image, a variable, and a secret that is gone."""
    containers = [dict(one) for one in answered["containerDefinitions"]]
    containers[3]["image"] += "-other"
    first, *rest = containers[5]["environment"]
    containers[5]["environment"] = [{**first, "value": "other"}, *rest]
    containers[7]["secrets"] = containers[7]["secrets"][1:]
    return {**answered, "containerDefinitions": containers}
