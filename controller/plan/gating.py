"""What of the gates of a wish is shut, what of that is skipped, and who has paused its target."""

from dataclasses import dataclass
from datetime import datetime

from controller.model.decision import OpenGate
from controller.model.desired import Desired, DesiredTarget, Reading
from controller.model.gate import Open, Shut
from controller.model.hotfix import HOTFIX, SKIPPED
from controller.model.observation import Observation
from controller.model.orders import Pause, TargetOrders
from controller.model.questions import Candidate
from controller.model.record import Record
from controller.plan.judged import Judged
from controller.plan.look import FREEZE
from controller.plan.watching import judged_of, rings_of
from controller.plan.wish import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """The gates that are shut and count, those that are skipped, and those that say what opened them."""

    shut: tuple[Judged, ...] = ()
    skipped: tuple[Judged, ...] = ()
    opened: tuple[OpenGate, ...] = ()


def gated(wish: Wish, candidate: Candidate, seen: Observation, record: Record, now: datetime) -> Gated:
    """Judge the gates of a wish, and whether nothing new may start at all."""
    verdicts = [(gate, gate.judge(candidate, seen.answers, now)) for gate in wish.want.gates]
    judged = [judged_of(gate, verdict) for gate, verdict in verdicts if not isinstance(verdict, Open)]
    judged = [*_frozen(record, now), *judged]
    passes = skips(wish) and not any(one.kind == HOTFIX for one in judged)
    skipped = [one for one in judged if (passes and one.kind in SKIPPED) or _rang_before(wish.want, one)]
    opened = (
        OpenGate(gate=gate.kind, why=verdict.why, until=verdict.until)
        for gate, verdict in verdicts
        if isinstance(verdict, Open) and verdict.why
    )
    return Gated(
        shut=tuple(one for one in judged if one not in skipped), skipped=tuple(skipped), opened=tuple(opened)
    )


def skips(wish: Wish) -> bool:
    """Whether a hotfix asks to skip gates for this wish: then it has a gate of its own."""
    return any(gate.kind == HOTFIX for gate in wish.want.gates)


def _rang_before(want: DesiredTarget, one: Judged) -> bool:
    """Whether it is shut only by what rings already, and the release is to end just that incident."""
    return bool(want.terms.incident and rings_of((one.verdict,)))


def _frozen(record: Record, now: datetime) -> tuple[Judged, ...]:
    """Give a person's word that nothing new starts here, as a gate that is shut."""
    freeze = record.orders.freeze
    if freeze is None or not freeze.holds(now):
        return ()
    why = f"frozen by {freeze.by or 'somebody'}: {freeze.reason}"
    return (Judged(kind=FREEZE, verdict=Shut(why=why, since=freeze.at, until=freeze.until)),)


def paused(
    desired: Reading, record: Record, want: DesiredTarget | None, orders: TargetOrders, now: datetime
) -> Pause | None:
    """Find the pause that holds; of several one that is not armed counts."""
    spec = desired.pause if isinstance(desired, Desired) else None
    given = (record.orders.pause, orders.pause, spec, want.pause if want else None)
    held = [pause for pause in given if pause is not None and pause.holds(now)]
    return min(held, key=lambda pause: pause.armed) if held else None
