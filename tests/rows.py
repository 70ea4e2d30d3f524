"""Which rows of the state table were ever taken, over a whole run of the tests."""

from controller.plan.transitions import TRANSITIONS

TAKEN = set()
ALL = {(phase, signal.name) for phase, signal in TRANSITIONS}


def note(cycle):
    TAKEN.update(decision.row for decision in cycle.plan.decisions.values())


def never():
    return sorted(f"{phase.value} + {name}" for phase, name in ALL - TAKEN)
