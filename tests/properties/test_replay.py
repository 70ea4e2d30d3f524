"""A decision depends on nothing but its inputs, and a turn that was written down is decided again as it was."""

from dataclasses import replace

from hypothesis import given, settings

from controller.kinds import STORED
from controller.plan.decide import decide
from controller.stores.codec import Codec, Tables
from tests.properties.script import long_lives, patience, play, scripts
from tests.world import Approval, ApprovalsOf, Approved, settled

pytestmark = patience

CODEC = Codec(
    Tables(
        gates={**STORED.gates, "approval": Approval},
        questions={**STORED.questions, "approvalsOf": ApprovalsOf},
        answers={**STORED.answers, "approved": Approved},
    )
)


def told_apart(cycles):
    """Of the turns that took the same rows to the same end, the first."""
    seen = {}
    for cycle in cycles:
        rows = tuple(sorted((name, d.row, d.move) for name, d in cycle.plan.decisions.items()))
        seen.setdefault((rows, tuple(map(type, cycle.outcomes))), cycle)
    return seen.values()


@settings(max_examples=long_lives(60), deadline=None)
@given(scripts)
def test_the_same_inputs_are_decided_the_same_whatever_their_order(script):
    w = settled("3", "1")
    play(w, script)
    for c in w.cycles:
        sights = dict(reversed(list(c.seen.sights.items())))
        seen = replace(c.seen, sights=sights, answers=dict(reversed(list(c.seen.answers.items()))))
        assert decide(c.desired, c.seen, c.before, c.now) == c.plan
        assert decide(c.desired, seen, c.before, c.now) == c.plan


@settings(max_examples=long_lives(40), deadline=None)
@given(scripts)
def test_a_turn_that_was_written_down_is_decided_again_to_the_very_same_plan(script):
    w = settled("3", "1")
    play(w, script)
    for c in told_apart(w.cycles):
        text = CODEC.write_cycle(c)
        read = CODEC.read_cycle(text)
        again = replace(read, plan=decide(read.desired, read.seen, read.before, read.now))
        assert CODEC.write_cycle(again) == text
