"""Our own count of what AWS allows is never above what AWS counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.targets.ecs.buckets import BUDGETS, REGISTER, UPDATE, Buckets

HERE = ("111122223333", "eu-west-1")


class Time:
    """Time that passes when it is waited for."""

    def __init__(self):
        self.now = 0.0
        self.waited = []
        self.stopping = False

    def wait(self, seconds):
        self.waited.append(seconds)
        self.now += seconds
        return self.stopping


def buckets(**more):
    time = Time()
    return time, Buckets(lambda: time.now, time.wait, **more)


def test_a_burst_is_there_at_once_and_then_one_a_second():
    time, ours = buckets()
    assert [ours.take(*HERE, "RegisterTaskDefinition") for _ in range(21)] == [True] * 20 + [False]
    time.now += 0.9
    assert not ours.take(*HERE, "RegisterTaskDefinition")
    time.now += 0.1
    assert ours.take(*HERE, "RegisterTaskDefinition")
    assert time.waited == []


def test_a_read_waits_as_long_as_it_may_and_no_longer():
    time, ours = buckets()
    for _ in range(100):
        ours.take(*HERE, "DescribeServices")
    assert ours.take(*HERE, "DescribeServices", patience=1.0)
    assert time.waited == [pytest.approx(0.05)]
    assert not ours.take(*HERE, "DescribeServices", patience=0.01)
    time.stopping = True
    assert not ours.take(*HERE, "DescribeServices", patience=1.0)


def test_accounts_regions_and_classes_have_their_own_buckets():
    _, ours = buckets()
    ours.empty(*HERE, "UpdateService")
    assert ours.left(*HERE, UPDATE) == 0
    assert ours.left(HERE[0], "us-east-1", UPDATE) == 50
    assert ours.left("999988887777", HERE[1], UPDATE) == 50
    assert ours.left(*HERE, REGISTER) == 20


def test_operations_of_one_class_share_a_bucket():
    _, ours = buckets()
    for _ in range(25):
        assert ours.take(*HERE, "ListTaskDefinitions")
        assert ours.take(*HERE, "DescribeTaskDefinition")
    assert not ours.take(*HERE, "DescribeTaskDefinition")


def test_a_share_is_a_share_of_burst_and_rate():
    time, ours = buckets(share=0.25)
    assert ours.left(*HERE, REGISTER) == 5
    ours.empty(*HERE, "RegisterTaskDefinition")
    time.now += 4
    assert ours.left(*HERE, REGISTER) == 1


def test_the_smallest_share_is_still_one_call():
    assert buckets(share=0.001)[1].left(*HERE, REGISTER) == 1


@pytest.mark.parametrize("share", [0, -1, 1.1])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="share"):
        buckets(share=share)


def test_a_call_that_nobody_counts_is_free():
    assert buckets()[1].take(*HERE, "GetCallerIdentity")


@given(st.lists(st.tuples(st.sampled_from(sorted(BUDGETS)), st.floats(0, 3)), max_size=200))
def test_no_window_of_time_holds_more_than_burst_and_rate(steps):
    time, ours = buckets()
    taken = {}
    for operation, pause in steps:
        time.now += pause
        if ours.take(*HERE, operation):
            taken.setdefault(BUDGETS[operation], []).append(time.now)
    for budget, moments in taken.items():
        for first in range(0, len(moments), 7):
            span = moments[-1] - moments[first]
            assert len(moments) - first <= budget.burst + span * budget.rate + 1e-6
