"""When to look again: soon at what moves, seldom at what rests, exactly when a timer fires."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from controller.model.decision import Decision
from controller.model.group import Part
from controller.model.names import TargetName
from controller.model.observation import Unseen
from controller.model.place import Place
from controller.model.record import Memory, Record
from controller.model.rollout import MOVING, Phase, Rollout
from controller.plan.calls import patient_until, settles
from controller.plan.look import Look
from controller.plan.readings import Resting, Signal, Still

REST: Final = timedelta(seconds=60)
BLIND: Final = timedelta(seconds=15)
FIRST_LOOK: Final = timedelta(seconds=10)
STEP: Final = timedelta(seconds=5)
SLOW_AFTER: Final = timedelta(minutes=5)
SLOW_STEP: Final = timedelta(seconds=15)


def again(look: Look, memory: Memory, signal: Signal) -> datetime:
    """Say when the next look at this target can matter."""
    now = look.now
    timers = [at for at in _timers(look, memory) if at > now]
    return min([_rhythm(look, memory, signal), *timers])


def hurried(
    decisions: Mapping[TargetName, Decision], parts: Mapping[TargetName, Part | None], record: Record, now: datetime
) -> Mapping[TargetName, Decision]:
    """Let the members of a group look again soon when one of them has moved: the others may wait for just that."""

    def before(name: TargetName) -> Phase:
        known = record.targets.get(name)
        return known.phase if known else Phase.IDLE

    groups = {name: part.group.name for name, part in parts.items() if part}
    moved = {groups[name] for name in groups if decisions[name].memory.phase is not before(name)}
    soon = now + timedelta(seconds=1)
    return {
        name: replace(decision, again=min(decision.again, soon)) if groups.get(name) in moved else decision
        for name, decision in decisions.items()
    }


def _rhythm(look: Look, memory: Memory, signal: Signal) -> datetime:
    now, rollout = look.now, memory.rollout
    if isinstance(look.sight, Unseen):
        return now + BLIND
    if signal in {Resting.FIRST, Resting.RETRIED} or _may_follow(look, memory) or look.reread:
        return now
    if signal is Still.PAUSED or rollout is None:
        return _beat(now, REST / 2 if memory.phase is Phase.PENDING else REST, look.place)
    match memory.phase:
        case Phase.PREPARING | Phase.ROLLING | Phase.ROLLING_BACK:
            return _moving(rollout, now)
        case Phase.BAKING if any(not run.over for run in memory.runs):
            return _moving(rollout, now)
        case Phase.BAKING:
            every, left = rollout.terms.look_every, rollout.terms.bake - rollout.baked
            return now + (min(every, max(left, timedelta(seconds=1))) if rollout.well_at else every)
        case _:
            return _beat(now, REST, look.place)


def _may_follow(look: Look, memory: Memory) -> bool:
    """Whether a rollout has just ended for which another wish has waited."""
    before, wish = look.memory, look.wish
    if before.rollout is None or wish is None or before.phase not in MOVING or memory.phase in MOVING:
        return False
    return wish.digest != before.rollout.release.digest


def _beat(now: datetime, every: timedelta, place: Place) -> datetime:
    """Find the next common beat of a cluster, so that the looks at all that rests there go in tens."""
    seconds = every.total_seconds()
    name = f"{place.quota}/{place.cluster}"
    offset = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % seconds
    beats = -(-(now.timestamp() + seconds / 3 - offset) // seconds)
    return datetime.fromtimestamp(beats * seconds + offset, UTC)


def _moving(rollout: Rollout, now: datetime) -> datetime:
    """Wait for what cannot be done sooner, then look on a common beat, so that looks go in tens."""
    sent = rollout.call.at if rollout.call else rollout.since
    step = STEP if now - sent < SLOW_AFTER else SLOW_STEP
    earliest = max(sent + FIRST_LOOK, now + timedelta(seconds=1))
    beat = step.total_seconds()
    return datetime.fromtimestamp(-(-earliest.timestamp() // beat) * beat, UTC)


def _timers(look: Look, memory: Memory) -> list[datetime]:
    """Every moment at which time alone changes what would be decided."""
    found: list[datetime | None] = [look.pause.until if look.pause else None, *(one.until for one in look.gates)]
    found += [at for one in look.orders.hotfixes for at in (one.until, one.review_due)]
    if memory.drift is not None and look.wish is not None and memory.phase in {Phase.IDLE, Phase.PENDING}:
        found.append(memory.drift.since + look.wish.want.heal_after)
    found += [run.at + run.timeout for run in memory.runs if not run.over]
    rollout = memory.rollout
    if rollout is not None and memory.halted is None:
        found += [settles(rollout), patient_until(rollout) if rollout.deployment is None else None]
        going_back = memory.phase is Phase.ROLLING_BACK
        short = rollout.short_since if memory.phase is Phase.BAKING else None
        found.append(short + rollout.terms.progress if short else None)
        limit = rollout.terms.back_deadline if going_back else rollout.terms.deadline
        found.append(rollout.since + limit if memory.phase in {Phase.ROLLING, Phase.ROLLING_BACK} else None)
    return [at + timedelta(milliseconds=1) for at in found if at is not None]
