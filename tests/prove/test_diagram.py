"""The drawing of the state table is that of the table."""

from controller.model.rollout import Phase
from controller.plan.transitions import TRANSITIONS
from tests.prove.diagram import PAGE, drawn


def test_the_page_is_drawn_from_the_table_as_it_is():
    assert PAGE.read_text(encoding="utf-8") == drawn(), "`make states` draws it anew"


def test_every_row_and_every_change_of_phase_is_on_it():
    page = drawn()
    for phase in Phase:
        rows = [signal for at, signal in TRANSITIONS if at is phase]
        assert f"### {phase.value}\n" in page and rows
    assert page.count("| `") == len(TRANSITIONS)
    for (phase, signal), (to, _) in TRANSITIONS.items():
        arrow = next((line for line in page.splitlines() if f" {phase.value} --> {to.value}:" in line), "")
        assert phase is to or signal.name in arrow
