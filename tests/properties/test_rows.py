"""Lives take every row of the state table: there is none that no property was ever tried on."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.invariants import check_cycle
from tests.properties.script import BEGINNINGS, moves, patience, play
from tests.rows import ALL, TAKEN, never
from tests.world import settled

pytestmark = [patience, pytest.mark.prove]


def test_every_row_of_the_table_is_taken_by_a_life():
    TAKEN.clear()

    @settings(max_examples=4000, deadline=None, phases=[Phase.generate], database=None)
    @given(st.sampled_from(BEGINNINGS), st.lists(moves, max_size=8))
    def lived(beginning, life):
        w = settled("3", "1")
        play(w, [*beginning, *life])
        for cycle in w.cycles:
            check_cycle(cycle)

    lived()
    assert never() == [], f"{len(never())} of {len(ALL)} rows"
