"""Lives take every row of the state table: there is none that no property was ever tried on."""

import pytest

from controller.model.desired import OnDrift, Supersede
from tests.invariants import check_cycle
from tests.properties.beginnings import BEGINNINGS
from tests.properties.script import GUARDS, KINDS, VERSIONS, begun, either, patience, play, version
from tests.properties.test_groups import ROWS, group
from tests.properties.test_groups import play as play_together
from tests.rows import ALL, TAKEN, never, note

pytestmark = [patience, pytest.mark.prove]

EITHER = (True, False)
EACH = {
    **{kind: VERSIONS if arg is version else EITHER if arg is either else (None,) for kind, arg in KINDS.items()},
    "observe": EITHER,
    "rename": ("b",),
    "wait": (5,),
    "turns": (5,),
    "lag": (3, 6),
    "throttled": (3,),
    "lose_answer": (1,),
    "lose_call": (1,),
    "scale": (0, 3),
    "tokens": (0,),
    "brake": (0,),
    "settings": (1, 2),
    "set_by_hand": (2,),
    "supersede": tuple(Supersede),
    "on_drift": tuple(OnDrift),
    "hooks": ((), ("migrate",), ("smoke", "undo")),
    "task_fails": ("migrate", "smoke"),
    "task_takes": (("migrate", 9),),
    "task_trouble": (2,),
    "attest": (("2", True), ("2", False)),
    "answer": (("2", True), ("2", False)),
    "trip": ("content", "platform"),
    "guards": tuple(GUARDS),
}
"""What may happen to a life, each with the values that matter."""


def lived(world, life):
    play(world, life)
    for cycle in world.cycles:
        note(cycle)  # of how it began too, though that may have been lived before
        check_cycle(cycle)


def test_every_row_of_the_table_is_taken_by_lives_to_which_each_thing_happens_once():
    TAKEN.clear()
    for beginning in BEGINNINGS:
        lived(begun("empty", beginning), ())
        for kind, values in EACH.items():
            for value in values:
                lived(begun("settled", beginning), [(kind, value), ("moments", 2)])
    for life in ROWS:
        play_together(group(), life)  # which notes its cycles itself
    assert not never(), f"{len(never())} of {len(ALL)} rows: {'; '.join(never())}"
