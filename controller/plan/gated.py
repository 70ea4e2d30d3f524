"""The gates of a target as they stand: those that keep its wish out, and what opened those that are open."""

from dataclasses import dataclass
from datetime import datetime

from controller.model.desired import DesiredTarget
from controller.model.gate import Open, Shut
from controller.model.observation import Observation
from controller.model.questions import Candidate
from controller.model.record import Record
from controller.plan.judged import Judged
from controller.plan.look import FREEZE
from controller.plan.watching import judged_of, rings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """Gates that are not open, and by its kind what opened each that is, if it says so."""

    shut: tuple[Judged, ...] = ()
    opened: tuple[tuple[str, str], ...] = ()


def gated(want: DesiredTarget, candidate: Candidate, record: Record, seen: Observation, now: datetime) -> Gated:
    """Judge every gate; a release that ends an incident passes by what rings already."""
    verdicts = [(gate, gate.judge(candidate, seen.answers, now)) for gate in want.gates]
    shut = (judged_of(gate, verdict) for gate, verdict in verdicts if not isinstance(verdict, Open))
    kept = (one for one in shut if not (want.terms.incident and rings_of((one.verdict,))))
    said = ((gate.kind, verdict.why) for gate, verdict in verdicts if isinstance(verdict, Open) and verdict.why)
    return Gated(shut=(*_frozen(record, now), *kept), opened=tuple(said))


def _frozen(record: Record, now: datetime) -> tuple[Judged, ...]:
    """Give a person's word that nothing new starts here, as a gate that is shut."""
    freeze = record.orders.freeze
    if freeze is None or not freeze.holds(now):
        return ()
    why = f"frozen by {freeze.by or 'somebody'}: {freeze.reason}"
    return (Judged(kind=FREEZE, verdict=Shut(why=why, until=freeze.until)),)
