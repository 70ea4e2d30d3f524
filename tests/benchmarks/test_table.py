"""The numbers that a table is made of, and what it says of them."""

import pytest

from benchmarks.calls import Looks, bursts
from benchmarks.table import Row, exponent, markdown, percentile


@pytest.mark.parametrize(("power", "cost"), [(1.0, 10.0), (2.0, 100.0), (0.0, 1.0)])
def test_growth_is_the_power_of_the_count(power, cost):
    assert exponent((1_000, 1.0), (10_000, cost)) == pytest.approx(power)


def test_a_percentile_is_a_value_that_was_measured():
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile(list(map(float, range(1, 101))), 0.99) == 99.0
    assert percentile([5.0], 0.99) == 5.0


def test_calls_of_one_look_are_one_burst():
    assert bursts([0.0, 0.1, 0.2, 3.0, 3.1, 6.0], apart=1.5) == 3
    assert bursts([], apart=1.0) == 0


@pytest.mark.parametrize(
    ("operations", "exact"),
    [
        ({"DescribeServices": 9}, True),
        ({"DescribeServices": 10}, False),
        ({"DescribeServices": 9, "DescribeTaskDefinition": 1}, False),
        ({}, False),
    ],
)
def test_a_look_at_rest_is_exactly_one_call_for_ten_services(operations, exact):
    assert Looks(count=21, looks=3, operations=operations, peak=0.0).exact is exact


def test_a_goal_is_met_at_its_very_edge_and_nowhere_above():
    assert Row(measure="m", trueup="2", compared=2.0, goal=2.0).met is True
    assert Row(measure="m", trueup="2.1", compared=2.1, goal=2.0).met is False
    assert Row(measure="m", trueup="2").met is None


def test_the_table_is_markdown_with_a_verdict_in_each_line():
    text = markdown([Row(measure="calls", trueup="3", compared=3.0, goal=2.0, wanted="at most 2")])
    head, rule, line = text.splitlines()
    assert head.strip("| ").startswith("measure")
    assert set(rule) <= set("|- ")
    assert [cell.strip() for cell in line.strip("|").split("|")] == ["calls", "-", "-", "3", "-", "at most 2", "NO"]
