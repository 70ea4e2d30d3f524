"""How many rollouts an environment has room for at once, and whose turn it is when there is none left.

A rollout holds a slot while it prepares and rolls; a bake holds none. Going back holds none and waits for none: it
must neither be kept waiting nor keep a fix waiting. Nor does a wish to go back, a restart, or what others deployed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from controller.model.decision import Decision
from controller.model.gate import Shut
from controller.model.names import TargetName
from controller.model.record import Record
from controller.model.rollout import Phase
from controller.plan.flags import flagged
from controller.plan.judged import Judged
from controller.plan.look import SLOTS, Look
from controller.plan.schedule import STEP
from controller.plan.signals import read_signal
from controller.plan.transitions import TRANSITIONS, Move

HOLDING: Final = frozenset({Phase.PREPARING, Phase.ROLLING})
_UNASKED: Final = frozenset({Move.TAKE, Move.SEND})
"""What goes on whether there is room or not: what others deployed, and a call of an open rollout's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InLine:
    """A target that waits for a slot: since when, why, and whether it is among the next."""

    since: datetime
    why: str
    is_next: bool

    @property
    def judged(self) -> Judged:
        """What is shut."""
        return Judged(kind=SLOTS, verdict=Shut(why=self.why, since=self.since))


def line_up(looks: Mapping[TargetName, Look], record: Record, rollouts: int | None) -> dict[TargetName, InLine]:
    """Find who has to wait for a slot: who has waited longest goes first, then by name.

    Whoever waits keeps the place in line over turns that are about others (`Memory.queued`).
    """
    if rollouts is None:
        return {}
    holding = {name for name, memory in record.targets.items() if memory.phase in HOLDING}
    line: list[tuple[datetime, TargetName]] = []
    for name, look in looks.items():
        begins = _begins(look)
        if begins is None or look.memory.phase in HOLDING:
            continue
        if _needs_none(look, begins):
            holding.add(name)
        else:
            line.append((_since(look, begins), name))
    absent = record.targets.keys() - looks.keys()
    line += [(at, name) for name in absent if (at := record.targets[name].queued) is not None]
    room = max(0, rollouts - len(holding))
    line.sort()
    first = [name for _, name in line[:room]]
    return {
        name: InLine(since=since, why=_why(sorted(holding), first, rollouts, place), is_next=place < rollouts)
        for place, (since, name) in enumerate(line[room:])
        if name in looks
    }


def placed(decision: Decision, place: InLine | None, now: datetime) -> Decision:
    """Keep a target's place in line with it, and let the next ones look soon."""
    since = place.since if place else None
    if decision.memory.queued != since:
        decision = replace(decision, memory=replace(decision.memory, queued=since))
    return replace(decision, again=min(decision.again, _soon(now))) if place and place.is_next else decision


def _begins(look: Look) -> Move | None:
    """Find the move by which a target would begin to hold a slot, were there one."""
    if flagged(look) is not None:
        return None
    phase, move = TRANSITIONS[look.memory.phase, read_signal(look).signal]
    return move if phase in HOLDING else None


def _needs_none(look: Look, move: Move) -> bool:
    free = look.wish is not None and look.wish.free and move is not Move.HEAL
    return move in _UNASKED or free or move is Move.RESTART


def _since(look: Look, move: Move) -> datetime:
    """Say since when a target waits: its wish, or what has to be healed."""
    memory, wish = look.memory, look.wish
    if move is Move.HEAL and memory.drift is not None:
        return memory.drift.since
    if memory.next is not None and wish is not None and memory.next.release.digest == wish.digest:
        return memory.next.since
    return memory.queued or look.now


def _why(holding: list[TargetName], first: list[TargetName], rollouts: int, before: int) -> str:
    under_way = (
        f"{len(holding)} of {rollouts} rollouts are under way" if holding else f"at most {rollouts} roll at once"
    )
    said = f"{under_way} ({', '.join(holding)})" if holding else under_way
    begin = f"{', '.join(first)} before it" if first else ""
    waits = f"{before} more waited longer" if before else ""
    return "; ".join(filter(None, (said, begin, waits)))


def _soon(now: datetime) -> datetime:
    """Find the next beat on which whatever rolls is looked at too, so that looks go in tens."""
    beat = STEP.total_seconds()
    return datetime.fromtimestamp(-(-(now.timestamp() + 1) // beat) * beat, UTC)
