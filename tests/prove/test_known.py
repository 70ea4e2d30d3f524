"""What the proof has found and is not mended yet: each fails as it should until it is, and says so then."""

import pytest

from controller.model.rollout import Purpose
from tests.invariants import check_cycle
from tests.world import settled


@pytest.mark.xfail(strict=True, reason="what was refused as stale is sent again over what somebody else deploys")
def test_invariant_02_a_call_that_was_stale_is_not_sent_over_a_foreign_deployment():
    w = settled("0", "1")
    w.version = "2"
    w.at_effect[w.effects + 2] = lambda: w.platform.by_hand("api", "0")  # written down, and not sent yet
    w.tick(1)
    assert [a.purpose for a in w.platform.calls] == [Purpose.FORWARD] and w.service.primary.by == "ana"
    w.tick(0.5)
    check_cycle(w.cycles[-1], 2)
    assert w.service.primary.by == "ana", w.trail()
