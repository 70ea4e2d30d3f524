"""Who made a drift: when that is asked, what of the answer is kept, and when a drift or a fight over it is over."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from controller.model.desired import DesiredTarget
from controller.model.observation import Live, Observation
from controller.model.orders import TargetOrders
from controller.model.place import Place
from controller.model.questions import Answer, ChangedBy, Changer, Question, Unanswered
from controller.model.record import Drift, Memory
from controller.model.rollout import MOVING

HEALS_A_DAY: Final = 3
DAY: Final = timedelta(days=1)
ASK_EVERY: Final = timedelta(minutes=3)
ASK_FOR: Final = timedelta(minutes=30)
"""CloudTrail lists a call up to about 15 minutes late (CloudTrail User Guide, event history)."""

_AROUND: Final = timedelta(minutes=1)
_BEFORE: Final = timedelta(minutes=15)


def asks(memory: Memory, now: datetime) -> Iterator[Question]:
    """Ask who made the drift that is there, and the one that was healed last, until it is known or given up."""
    for drift in (memory.drift, memory.healed):
        if drift is not None and memory.place is not None and _is_due(drift, now):
            yield _question(memory.place, drift)


def gave_up(drift: Drift, now: datetime) -> bool:
    """Whether nobody is asked any more who made it."""
    return now - drift.since > ASK_FOR


def _is_due(drift: Drift, now: datetime) -> bool:
    if drift.who is not None or gave_up(drift, now):
        return False
    return drift.asked is None or now - drift.asked >= ASK_EVERY


def _question(place: Place, drift: Drift) -> ChangedBy:
    """Ask around the instant at which a deployment was made; of settings only that they had changed is known."""
    made = drift.made
    return ChangedBy(
        account=place.account,
        region=place.region,
        role=place.role,
        cluster=place.cluster,
        service=place.service,
        after=made - _AROUND if made else drift.since - _BEFORE,
        before=(made or drift.since) + _AROUND,
        deployment=drift.deployment,
    )


def learnt(
    memory: Memory,
    want: DesiredTarget | None,
    live: Live | None,
    orders: TargetOrders,
    seen: Observation,
    now: datetime,
) -> Memory:
    """Keep who made a drift, and drop what is over."""
    memory = _over(memory, want, live) if memory.drift else memory
    memory = _fought(memory, orders, now) if memory.fight else memory
    drift, healed = (_told(memory, one, seen.answers, now) for one in (memory.drift, memory.healed))
    if drift is memory.drift and healed is memory.healed:
        return memory
    return replace(memory, drift=drift, healed=healed)


def _told(memory: Memory, drift: Drift | None, answers: Mapping[Question, Answer], now: datetime) -> Drift | None:
    if drift is None or memory.place is None or not _is_due(drift, now):
        return drift
    answer = answers.get(_question(memory.place, drift))
    if isinstance(answer, Changer):
        return replace(drift, who=answer, asked=now)
    return replace(drift, asked=now) if isinstance(answer, Unanswered) else drift


def _over(memory: Memory, want: DesiredTarget | None, live: Live | None) -> Memory:
    """Forget a drift that somebody put back; an older read, a rollout and a spec that is unread prove nothing."""
    drift, current = memory.drift, memory.current
    if drift is None or live is None or current is None or memory.phase in MOVING or live.asof < memory.watermark:
        return memory
    if not drift.settings:
        goal = memory.rollout.goal if memory.rollout else current.release
        return replace(memory, drift=None) if goal.runs_in(live.manifest) else memory
    if want is None:
        return memory
    declared = want.settings.manifest if want.settings else None
    same = declared is not None and memory.applied is not None and memory.applied.digest == declared.digest
    there = declared is None or declared.runs_in(live.settings)
    return memory if same and not there else replace(memory, drift=None)


def lately(memory: Memory, now: datetime) -> tuple[datetime, ...]:
    """Give the heals of the last 24 hours, oldest first."""
    return tuple(at for at in memory.heals if now - at < DAY)


def heals_again(memory: Memory, now: datetime) -> datetime | None:
    """When healing goes on, after it was done as often as it is in a day; None if it was not."""
    heals = lately(memory, now)
    return heals[-HEALS_A_DAY] + DAY if len(heals) >= HEALS_A_DAY else None


def _fought(memory: Memory, orders: TargetOrders, now: datetime) -> Memory:
    """End a fight: heals fall out of the day, or a person says retry.

    After a retry the mark stays until the order is heard, so that it is known what was to be tried again.
    """
    if orders.retry is not None and orders.retry.number > memory.retried:
        return replace(memory, heals=()) if memory.heals else memory
    return memory if heals_again(memory, now) else replace(memory, fight=None)
