"""The benchmark of comparing compares what it says: a whole definition that is the same, and one that is not."""

import pytest

from benchmarks import diff, planning, tenfold
from benchmarks.rows import Found, rows
from benchmarks.spent import Spent, spend

COUNT = 20
CONTAINER = "taskDefinition.containerDefinitions"


def test_ten_containers_are_the_same_as_aws_answers_them_though_nearly_nothing_is_said_alike():
    declared = tenfold.declared()
    answered = tenfold.answered(declared)
    assert diff.both_ways(declared, answered) == ((), ())
    assert diff.named_too(declared, answered)
    assert declared["containerDefinitions"] != answered["containerDefinitions"]
    assert len(answered["containerDefinitions"]) == tenfold.CONTAINERS
    for one, other in zip(declared["containerDefinitions"], answered["containerDefinitions"], strict=True):
        assert (len(one["environment"]), len(one["secrets"])) == (tenfold.VARIABLES, tenfold.SECRETS)
        assert one["environment"] != other["environment"]


def test_three_values_that_differ_are_found_both_ways():
    declared = tenfold.declared()
    there, back = diff.both_ways(declared, diff.drifted(tenfold.answered(declared)))
    paths = [one.path for one in there]
    assert [path.removeprefix(CONTAINER).partition(".")[2].partition("[")[0] for path in paths] == [
        "secrets",
        "environment",
        "image",
    ]
    assert [(one.path, one.live, one.wanted) for one in back] == [(one.path, one.wanted, one.live) for one in there]
    assert not diff.named_too(declared, diff.drifted(tenfold.answered(declared)))


def test_a_plan_finds_the_services_whose_spec_is_newer_and_no_other():
    found = planning.Planning(COUNT).plan()
    assert len(found) == COUNT
    differing = {name: [one.path for one in ones] for name, ones in found.items() if ones}
    image = f"{CONTAINER}[app].image"
    assert differing == {f"svc-{index:05}": [image] for index in range(0, COUNT, planning.EVERY)}


def test_a_fleet_is_planned_from_nothing_each_time():
    fleet = planning.Planning(COUNT)
    assert fleet.plan() == fleet.plan()
    assert {name: len(spent.wall) for name, spent in fleet.parts.items()} == dict.fromkeys(planning.PARTS, 2)


def test_runs_to_get_warm_are_not_counted():
    done = []
    spent = spend(4, lambda: done.append("a"), lambda: done.append("b"), at_once=2)
    assert "".join(done) == "aaabbbaaabbb"
    assert [len(one.wall) for one in spent] == [len(one.cpu) for one in spent] == [4, 4]


@pytest.mark.parametrize(("seconds", "met"), [(0.001, True), (0.0011, False)])
def test_what_is_measured_is_held_against_its_goal_beside_reading_the_same_bytes(seconds, met):
    took, loads = (Spent(wall=[one], cpu=[one]) for one in (seconds, 0.0005))
    found = Found(
        diff=diff.Diff(values=644, loads=loads, same=took, three=took, named=took),
        planned=planning.Planned(
            count=1000, differing=100, compiled=9.0, loads=loads, plan=took, parts={"look": took}
        ),
    )
    made = rows(found)
    assert [row.met for row in made if row.goal == 0.001] == [met, met]
    assert [row.met for row in made if row.goal == 2.0] == [True]
    assert all("json.loads" in row.floor for row in made if row.goal)
