"""The table is whole by construction: exactly what each phase's readers can say, and every move has its code."""

from controller.model.rollout import Phase
from controller.plan.moves import MOVES
from controller.plan.readings import READ, Stuck
from controller.plan.transitions import TRANSITIONS, Move


def test_the_table_has_exactly_the_pairs_that_the_readers_can_say():
    pairs = {(phase, signal) for phase, kinds in READ.items() for kind in kinds for signal in kind}
    assert set(TRANSITIONS) == pairs


def test_every_phase_is_reached_and_left_and_every_move_is_made():
    assert {phase for phase, _ in TRANSITIONS} == {phase for phase, _ in TRANSITIONS.values()} == set(Phase)
    assert {move for _, move in TRANSITIONS.values()} == set(Move) == MOVES


def test_names_of_signals_are_unambiguous_within_a_phase():
    for kinds in READ.values():
        names = [signal.name for kind in kinds for signal in kind]
        assert len(names) == len(set(names))


def test_stalled_is_left_only_by_a_new_wish_or_a_person():
    out = {s for (p, s), (to, _) in TRANSITIONS.items() if p is Phase.STALLED and to is not Phase.STALLED}
    of_a_person = {Stuck.RETRIED, Stuck.RESTARTED, Stuck.ORDERED}
    assert out == {Stuck.CLEARED, Stuck.HOOKED, Stuck.TAKEN, Stuck.RETURNED} | of_a_person


def test_only_a_failing_rollout_its_group_or_a_person_begins_to_go_back():
    into = {s.name for (p, s), (to, _) in TRANSITIONS.items() if to is Phase.ROLLING_BACK and p is not to}
    assert into == {"FAILING", "CALLED_BACK", "ORDERED"}
