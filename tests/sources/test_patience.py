"""A source that failed is tried again soon, then later, and at once with something new."""

from datetime import timedelta

import pytest

from controller.sources.patience import Patience
from controller.sources.snapshot import Head, NoSnapshot, Reason
from tests.sources.seen import NOW


def failure(reason):
    return NoSnapshot(reason=reason, why="no")


def waits(reason, count):
    patience, found = Patience(), []
    for _ in range(count):
        patience = patience.after(failure(reason), NOW, "key")
        found.append(patience.wait.total_seconds())
    return found


def test_an_absent_server_is_tried_at_the_next_poll_and_then_less_often():
    assert waits(Reason.UNAVAILABLE, 11) == [0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_a_server_that_does_not_let_us_in_is_left_alone():
    assert waits(Reason.DENIED, 3) == [300, 300, 300]


def test_content_that_was_refused_is_not_brought_again_and_again():
    assert waits(Reason.REFUSED, 6) == [60, 120, 240, 480, 900, 900]


def test_ten_thousand_failures_are_still_a_finite_wait():
    assert waits(Reason.UNAVAILABLE, 10_000)[-1] == 300


def test_the_failure_is_given_again_until_its_time_is_over():
    patience = Patience().after(failure(Reason.DENIED), NOW, "key")
    assert patience.still(NOW + timedelta(seconds=299), "key") == failure(Reason.DENIED)
    assert patience.still(NOW + timedelta(seconds=300), "key") is None


def test_something_new_is_tried_at_once_and_counted_anew():
    patience = Patience().after(failure(Reason.DENIED), NOW, "old")
    assert patience.still(NOW, "new") is None
    many = Patience(failures=9, tried="old").after(failure(Reason.UNAVAILABLE), NOW, "new")
    assert many.wait == timedelta(0)


def test_a_clock_that_went_back_makes_nobody_wait():
    patience = Patience().after(failure(Reason.DENIED), NOW, "key")
    assert patience.still(NOW - timedelta(hours=5), "key") is None


@pytest.mark.parametrize(
    "answer", [Head(commit="1" * 40, seen_at=NOW), failure(Reason.EMPTY), failure(Reason.BRANCH_GONE)]
)
def test_an_answer_of_any_kind_ends_the_waiting(answer):
    patience = Patience(failures=9, tried="key").after(answer, NOW, "key")
    assert patience == Patience()
