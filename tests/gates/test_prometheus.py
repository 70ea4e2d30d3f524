"""The prometheus guard says no when a series is beyond a limit, and does not know when it cannot tell."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import SpecError
from controller.gates.prometheus import Prometheus, explain_query
from controller.model.gate import Gate, Open, Remembers, Shut, Unsure
from controller.model.questions import Measured, Sample, Samples, Unanswered
from tests.gates.test_http import CANDIDATE

NOW = datetime(2030, 1, 1, tzinfo=UTC)
QUERY = "rate(errors_total[5m])"


def guard(**more):
    return Prometheus(**{"query": QUERY, "max": 0.01, **more})


def series(value, **labels):
    return Sample(labels=tuple(sorted(labels.items())), value=value)


def judged(of, *samples, warning=""):
    (question,) = of.asks(CANDIDATE)
    return of.judge(CANDIDATE, {question: Samples(samples=samples, warning=warning)}, NOW)


def test_it_asks_the_operators_prometheus_or_the_one_that_it_names():
    of: Gate = guard()
    assert of.kind == "prometheus"
    assert list(of.asks(CANDIDATE)) == [Measured(query=QUERY)]
    assert list(guard(url="http://prom:9090").asks(CANDIDATE)) == [Measured(query=QUERY, url="http://prom:9090")]


@pytest.mark.parametrize(
    ("limits", "good", "bad"),
    [
        ({"max": 0.01}, ("0", "0.01", "-5"), ("0.0101", "1e3")),
        ({"max": None, "min": 2.0}, ("2", "9"), ("1.999", "-1")),
        ({"max": 3.0, "min": 2.0}, ("2", "2.5", "3"), ("1", "4")),
    ],
)
def test_a_value_has_to_stay_within_the_limits_themselves_included(limits, good, bad):
    assert [judged(guard(**limits), series(value)) for value in good] == [Open()] * len(good)
    assert all(isinstance(judged(guard(**limits), series(value)), Shut) for value in bad)


def test_every_series_has_to_hold_and_the_worst_is_named_with_its_labels():
    shut = judged(
        guard(),
        series("0", code="200"),
        series("0.2", code="500", job="api"),
        series("0.02", code="502"),
    )
    assert shut.why == f'{{code="500", job="api"}} is 0.2, above 0.01, and 1 more series are beyond: {QUERY}'


def test_the_worst_is_the_one_that_is_farthest_beyond_either_limit():
    why = judged(guard(max=10.0, min=5.0), series("11", job="a"), series("1", job="b")).why
    assert why.startswith('{job="b"} is 1, below 5')


def test_a_scalar_and_a_series_of_a_metric_are_named_as_prometheus_does():
    assert judged(guard(), series("1")).why == f"the value is 1, above 0.01: {QUERY}"
    assert judged(guard(), series("1", __name__="up", job="a")).why.startswith('up{job="a"} is 1')
    assert judged(guard(), series("1", __name__="up")).why.startswith("up is 1")


def test_what_is_said_stays_short():
    of = guard(query="sum(\n" + "  x +\n" * 500 + " y)")
    assert len(judged(of, series("1", label="x" * 5000)).why) < 300
    assert "\n" not in judged(of, series("1")).why


def test_the_guard_rings_as_one_so_that_an_old_ring_is_told_from_a_new_one():
    one, again = judged(guard(), series("1", job="a")), judged(guard(), series("1", job="b"))
    other = judged(guard(query="up"), series("1"))
    assert one.rings == again.rings
    assert one.rings and one.rings.isdisjoint(other.rings)


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        ((), "no data: no series answers"),
        ((series("0", job="a"), series("NaN", job="b")), 'no data: {job="b"} is NaN'),
        ((series("+Inf", job="a"),), '{job="a"} is +Inf'),
        ((series("-Inf"),), "the value is -Inf"),
    ],
)
def test_it_is_unsure_of_what_cannot_be_judged(samples, why):
    assert judged(guard(), *samples) == Unsure(why=f"{why}: {QUERY}")


def test_no_data_may_be_said_to_be_healthy_but_the_infinite_never_is():
    of = guard(no_data="ok")
    assert judged(of) == judged(of, series("NaN")) == judged(of, series("NaN"), series("0")) == Open()
    assert isinstance(judged(of, series("+Inf")), Unsure)


def test_a_series_that_is_beyond_counts_though_others_cannot_be_judged():
    assert isinstance(judged(guard(), series("NaN"), series("+Inf"), series("1")), Shut)
    assert isinstance(judged(guard(), series("1"), warning="a store is away"), Shut)


def test_a_warning_means_that_it_may_not_be_all():
    assert judged(guard(), series("0"), warning="a store is away") == Unsure(
        why=f"not the whole answer: a store is away: {QUERY}"
    )
    assert isinstance(judged(guard(no_data="ok"), warning="a store is away"), Unsure)


@pytest.mark.parametrize("no_data", ["ok", "unsure"])
def test_it_is_unsure_without_an_answer_to_its_own_question(no_data):
    of = guard(no_data=no_data)
    (question,) = of.asks(CANDIDATE)
    for answers, why in (
        ({}, "not asked"),
        ({question: "nonsense"}, "not asked"),
        ({Measured(query="up"): Samples(samples=(series("0"),))}, "not asked"),
        ({question: Unanswered(why="HTTP 503")}, "HTTP 503"),
    ):
        assert of.judge(CANDIDATE, answers, NOW) == Unsure(why=f"{why}: {QUERY}")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"max": None}, "limits nothing: give max, or min, or both"),
        ({"max": 1.0, "min": 2.0}, "no value is above min (2) and below max (1)"),
    ],
)
def test_limits_that_mean_nothing_cannot_be_made(more, why):
    with pytest.raises(SpecError, match=f"^{re.escape(why)}$"):
        guard(**more)


def test_an_empty_query_is_explained():
    assert explain_query(" \n") == "is empty; write a query of PromQL"
    assert explain_query("x" * 5000) == "is longer than 4096 characters"
    assert explain_query(QUERY) == ""


def test_it_cannot_look_back():
    of = guard()
    assert isinstance(of, Remembers)
    assert (list(of.asks_gap(CANDIDATE, NOW)), of.judge_gap(CANDIDATE, {}, NOW)) == ([], False)


VALUES = st.lists(st.sampled_from(["0", "0.5", "2", "NaN", "+Inf", "-Inf"]), max_size=4)


@given(VALUES, st.sampled_from(["ok", "unsure"]))
def test_it_opens_only_if_every_series_is_a_number_within_the_limits(values, no_data):
    verdict = judged(guard(max=1.0, no_data=no_data), *(series(value) for value in values))
    assert isinstance(verdict, Shut) == ("2" in values)
    if isinstance(verdict, Open):
        assert not {"2", "+Inf", "-Inf"} & set(values)
        assert no_data == "ok" or (values and "NaN" not in values)
