"""Random lives of two environments: prod runs what stage proved, and all that was done can be told again."""

from collections import Counter

from hypothesis import given, settings

from controller.model.story import Event
from controller.stores.chain import fitting
from tests.invariants import INTENT_LIFE
from tests.properties.promotion import SOAK, lived, steps
from tests.properties.script import long_lives, patience

pytestmark = patience


@settings(max_examples=long_lives(60))
@given(life=steps)
def test_invariant_11_prod_runs_only_images_that_were_good_in_stage_for_the_soak(life):
    both = lived(life)
    for version, proven in both.opened:
        assert proven >= SOAK, f"11: {version} was good in stage for {proven} only"


def rows(both, event):
    """What the journal tells of each environment, by the instant at which it was decided."""
    found = (row for row in both.store.journal(limit=10_000) if row.event is event)
    return Counter((row.env, row.target, row.at, row.data.get("digest", "")) for row in found)


@settings(max_examples=long_lives(60))
@given(life=steps)
def test_invariant_30_the_chain_fits_without_a_gap_and_each_call_has_just_one_row(life):
    both = lived(life)
    links, told = list(fitting(both.store.links())), both.store.journal(limit=10_000)
    assert [link.number for link in links] == list(range(1, len(links) + 1)), "30: a gap"
    assert [row.number for row in told] == [link.number for link in links], "30: a row outside the chain"
    calls = Counter(
        (w.env, action.target, action.not_after - INTENT_LIFE, action.release.digest)
        for w in (both.stage, both.prod)
        for action, *_ in w.left
    )
    intents = rows(both, Event.INTENT)
    assert all(intents[call] == count == 1 for call, count in calls.items()), "30: not just one row for a call"
    assert all(count == 1 for count in intents.values()), "30: two rows for one attempt"
    assert rows(both, Event.OUTCOME).total() <= intents.total(), "30: an outcome of nothing"
