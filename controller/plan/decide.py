"""From what is wanted, seen and remembered to what will be done."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from controller.model.decision import Decision, Plan
from controller.model.desired import Brake, Desired, Reading
from controller.model.group import Part
from controller.model.names import TargetName
from controller.model.observation import Observation
from controller.model.record import Record
from controller.model.rollout import MOVING, Phase
from controller.plan.authorship import note_authors
from controller.plan.beside import notes_of
from controller.plan.blocking import blockers_of
from controller.plan.flags import flagged
from controller.plan.listen import listen, tidy, unheard
from controller.plan.look import Look
from controller.plan.loud import shouts
from controller.plan.moves import make
from controller.plan.order import ordered
from controller.plan.quota import ration
from controller.plan.readings import Course, Signal
from controller.plan.said import Said
from controller.plan.schedule import again, hurried
from controller.plan.see import look_at
from controller.plan.signals import read_signal
from controller.plan.since import note_since
from controller.plan.together import part_of, stopped, together
from controller.plan.transitions import TRANSITIONS, Move
from controller.plan.watching import told

_AUTOMATIC: Final = Course.FAILING
_ENDS: Final[Mapping[Move, str]] = MappingProxyType(
    {
        Move.KEEP: "good",
        Move.OPEN: "superseded",
        Move.MEND: "failed",
        Move.RECOVER: "rolled_back",
        Move.GIVE_UP: "stalled",
        Move.YIELD: "stalled",
        Move.DROP: "superseded",
        Move.PREPARE: "superseded",
    }
)


def decide(desired: Reading, seen: Observation, record: Record, now: datetime) -> Plan:
    """Decide the next step of every target that was looked at, in order of name."""
    brake = desired.brake if isinstance(desired, Desired) else Brake()
    recent = tuple(at for at in record.rollbacks if now - at < brake.window)
    decisions: dict[TargetName, Decision] = {}
    turned: set[Part | TargetName] = set()
    looks = {name: look_at(desired, seen, record, name, now) for name in sorted(seen.sights)}
    waits = ordered(looks, desired, seen, record, now)
    gated = together({name: waits.gated(look) for name, look in looks.items()}, braked=len(recent) >= brake.limit)
    for name, look in gated.items():
        braked = part_of(look) is None and len(recent) + len(turned) >= brake.limit
        decision = waits.placed(name, decide_one(replace(look, braked=True) if braked else look), now)
        turned |= _turned(name, look, decision)
        decisions[name] = decision
    decisions = {name: _noted(one, desired, seen, record, name, now) for name, one in decisions.items()}
    parts = {name: part_of(look) for name, look in gated.items()}
    kept = hurried(ration(decisions, record, seen.tokens, now), parts, record, now)
    back = len({one for name, decision in kept.items() for one in _turned(name, gated[name], decision)})
    return Plan(
        env=desired.env,
        decided_at=now,
        decisions=kept,
        rollbacks=(*recent, *(now for _ in range(back))),
        dropped=_forgotten(desired, record),
    )


def _noted(
    decision: Decision, desired: Reading, seen: Observation, record: Record, name: TargetName, now: datetime
) -> Decision:
    """Remember with what waits who wrote it, and since when what blocks does."""
    before = record.targets.get(name)
    memory = note_authors(decision.memory, before, desired, name, seen)
    noted = decision if memory is decision.memory else replace(decision, memory=memory)
    return note_since(noted, before, now)


def _turned(name: TargetName, look: Look, decision: Decision) -> set[Part | TargetName]:
    """Name the rollback that a decision begins by itself; the members of a group go back in one."""
    begins = decision.row[1] == _AUTOMATIC.name and decision.row[0] is not Phase.ROLLING_BACK
    if not begins or decision.memory.phase is not Phase.ROLLING_BACK or look.joint.is_back:
        return set()
    rollout = decision.memory.rollout
    return {rollout.part if rollout is not None and rollout.part is not None else name}


def decide_one(look: Look) -> Decision:
    """Read one signal, take one row of the table, make one move."""
    flag = flagged(look)
    if flag is not None:
        return flag
    said = read_signal(look)
    phase, move = TRANSITIONS[look.memory.phase, said.signal]
    step = make(move, look, said.cause, said.why)
    memory = replace(listen(look, step.memory, said.signal), phase=phase)
    memory = stopped(tidy(memory, look, said.signal), said.signal)
    return Decision(
        memory=memory,
        row=(look.memory.phase, said.signal.name),
        move=move.value,
        reason=f"{move.value}: {said.why}{unheard(look, said.signal)}{_beside(look)}",
        again=again(look, memory, said.signal),
        action=step.action,
        blockers=blockers_of(look if memory is look.memory else replace(look, memory=memory)),
        wanted=look.wish.digest if look.wish else None,
        ended=_ended(look, move, said),
        opened=look.opened,
    )


def _beside(look: Look) -> str:
    """Add what is shouted, what keeps the wish out whatever its gates say, and what is compared, never changed."""
    if look.wish is None or look.live is None:
        return "".join(f"; {one}" for one in shouts(look))
    said = (*shouts(look), look.conflict, *notes_of(look.wish.want, look.live), *map(told, look.said))
    return "".join(f"; {one}" for one in said if one)


def _ended(look: Look, move: Move, said: Said[Signal]) -> str:
    """Say how a rollout ended in this step, if one did, and why in one word."""
    rollout = look.memory.rollout
    if (
        rollout is None
        or move not in _ENDS
        or (move in {Move.OPEN, Move.PREPARE} and look.memory.phase is Phase.STALLED)
    ):
        return ""
    how = _ENDS[move]
    if move is Move.GIVE_UP and look.memory.phase is not Phase.ROLLING_BACK:
        how = "failed"
    cause = said.cause or rollout.cause
    return f"{how}:{cause}" if cause and how not in {"good", "superseded"} else how


def _forgotten(desired: Reading, record: Record) -> frozenset[TargetName]:
    """Name the targets that a person said to forget, and that a spec which could be read whole no longer names."""
    if not isinstance(desired, Desired) or desired.complaints:
        return frozenset()
    return frozenset(
        name
        for name, orders in record.orders.targets.items()
        if orders.forget is not None
        and name in record.targets
        and name not in desired.targets
        and record.targets[name].phase not in MOVING
        and orders.forget.number > record.targets[name].recovered
    )
