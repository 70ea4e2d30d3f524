"""Order and load: what keeps a wish waiting that is not its own gate, but other targets of its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from controller.model.decision import Decision
from controller.model.desired import Desired, Reading
from controller.model.names import TargetName
from controller.model.observation import Observation
from controller.model.record import Record
from controller.plan.groups import Share, shares
from controller.plan.judged import Judged
from controller.plan.look import Look
from controller.plan.mass import held
from controller.plan.needs import first
from controller.plan.see import look_at
from controller.plan.slots import InLine, line_up, placed
from controller.plan.versions import unacknowledged


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """For every target of a turn what it waits for, what its group makes of it, and its place in the line."""

    gates: Mapping[TargetName, tuple[Judged, ...]] = field(default_factory=dict)
    shares: Mapping[TargetName, Share] = field(default_factory=dict)
    line: Mapping[TargetName, InLine] = field(default_factory=dict)

    def gated(self, look: Look) -> Look:
        """Add to a target's own gates what it waits for; those of a group that has begun were passed then."""
        shut, share = self.gates.get(look.name, ()), self.shares.get(look.name)
        place = self.line.get(look.name)
        if not shut and share is None and place is None:
            return look
        own = (*look.gates, *shut)
        if share is not None:
            look, own = share.of(look), share.gates if share.begun else (*own, *share.gates)
        return replace(look, gates=(*own, place.judged) if place else own)

    def placed(self, name: TargetName, decision: Decision, now: datetime) -> Decision:
        """Keep the place in line."""
        return placed(decision, self.line.get(name), now)


def ordered(
    looks: Mapping[TargetName, Look], desired: Reading, seen: Observation, record: Record, now: datetime
) -> Waits:
    """Find what the targets of a turn wait for: a word in the spec, others, a person's yes, and last a slot."""

    def seen_of(name: TargetName) -> Look:
        return looks.get(name) or look_at(desired, seen, record, name, now)

    if not isinstance(desired, Desired):
        return Waits(shares=shares(looks, seen_of, {}, now))
    waiting = [look for look in looks.values() if _may_begin(look)]
    brake = held(waiting, desired, record)
    shut = {
        look.name: (*unacknowledged(look), *first(look, seen_of), *_one(brake.get(look.name))) for look in waiting
    }
    gates = {name: judged for name, judged in shut.items() if judged}
    waits = Waits(gates=gates, shares=shares(looks, seen_of, gates, now))
    begun = {look.name: waits.gated(look) for look in waiting}
    return replace(waits, line=line_up(begun, record, desired.load.rollouts))


def _may_begin(look: Look) -> bool:
    """Tell quickly whether a target could begin a rollout: it wants something, or what runs there has changed."""
    if look.wish is None:
        return False
    return look.is_waiting or look.again or look.memory.rollout is not None or look.memory.drift is not None


def _one(judged: Judged | None) -> tuple[Judged, ...]:
    return (judged,) if judged else ()
