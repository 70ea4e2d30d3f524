"""The gates of a wish: those that a person shut, and those of the spec that are not open."""

from datetime import datetime

from controller.model.desired import DesiredTarget
from controller.model.gate import Shut
from controller.model.observation import Observation
from controller.model.questions import Candidate
from controller.model.record import Record
from controller.plan.judged import Judged
from controller.plan.look import FREEZE, Wish
from controller.plan.watching import not_open, rings_of


def shut_gates(
    wish: Wish, candidate: Candidate, seen: Observation, record: Record, now: datetime
) -> tuple[Judged, ...]:
    """Give the gates of a wish that are not open, a person's freeze first."""
    return (*_frozen(record, now), *_shut(wish.want, candidate, seen, now))


def _frozen(record: Record, now: datetime) -> tuple[Judged, ...]:
    """Give a person's word that nothing new starts here, as a gate that is shut."""
    freeze = record.orders.freeze
    if freeze is None or not freeze.holds(now):
        return ()
    why = f"frozen by {freeze.by or 'somebody'}: {freeze.reason}"
    return (Judged(kind=FREEZE, verdict=Shut(why=why, until=freeze.until)),)


def _shut(want: DesiredTarget, candidate: Candidate, seen: Observation, now: datetime) -> tuple[Judged, ...]:
    """Give the gates that are not open; a release that ends an incident passes by what rings already."""
    shut = not_open(want.gates, candidate, seen.answers, now)
    return tuple(one for one in shut if not (want.terms.incident and rings_of((one.verdict,))))
