"""What is remembered of a target, brought up to what was seen and said, and what is wanted of it effectively."""

import operator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from controller.model.desired import Desired, DesiredTarget, Reading
from controller.model.group import Whole
from controller.model.names import TargetName
from controller.model.observation import Absent, Live, Observation, Sight
from controller.model.orders import Pin, TargetOrders
from controller.model.place import Place
from controller.model.record import Applied, Memory, Record
from controller.model.release import Kept, Release
from controller.model.rollout import Result
from controller.plan.calls import find_made
from controller.plan.fixes import learnt_branch
from controller.plan.lane import ended, followed_lane, in_lane, left_behind
from controller.plan.runs import followed
from controller.plan.who import learnt
from controller.plan.whole import all_known
from controller.plan.wish import Wish


class Own(NamedTuple):
    """What one target is seen by, and what people said of it and of all around it."""

    sight: Sight
    orders: TargetOrders
    whole: Whole | None
    record: Record


def resolved(
    memory: Memory, want: DesiredTarget | None, seen: Observation, own: Own, now: datetime
) -> tuple[Memory, Wish | None]:
    """Bring what is remembered up to what was seen, and find what is wanted effectively."""
    orders, live = own.orders, own.sight if isinstance(own.sight, Live) else None
    memory = _seen_set(_resolve(memory, live, now), want, live, now)
    memory = learnt(_unpinned(memory, want, orders.pin, own.whole), want, live, orders, seen, now)
    memory = learnt_branch(followed_lane(memory, want, orders, now), want, seen.answers)
    if want is not None:
        want = None if ended(memory, want) else in_lane(want, memory, orders, own.record.orders.freeze, now)
    wish = _effective(want, orders.pin, memory)
    wish = wish.within(own.whole, is_known=all_known(own.whole, own.record)) if wish else None
    terms = memory.rollout.terms if memory.rollout else want.terms if want else None
    return followed(_reowned(memory, wish), seen.tasks, terms, now), wish


def lives_elsewhere(known: Memory | None, place: Place) -> bool:
    """Whether what is remembered is of another place."""
    return known is not None and known.place is not None and known.place.claim != place.claim


def recalled(known: Memory | None, place: Place, orders: TargetOrders, *, keep: bool) -> Memory:
    """Give what is remembered of this place, or begin; `keep` keeps what is remembered of another."""
    return known if known is not None and (keep or not lives_elsewhere(known, place)) else _begun(place, orders)


def may_live(sight: Sight, want: DesiredTarget | None) -> bool:
    """Whether a target may begin anew where it has not lived yet: something is there, or may be made there."""
    return isinstance(sight, Live) or (isinstance(sight, Absent) and want is not None and want.create)


def _begun(place: Place, orders: TargetOrders) -> Memory:
    """Begin to remember; orders that are older than that were given for what was there before."""
    closing = (orders.recover, orders.forget)
    return Memory(
        place=place,
        retried=orders.retry.number if orders.retry else 0,
        restarted=orders.restart.number if orders.restart else 0,
        ordered=orders.rollback.number if orders.rollback else 0,
        unpinned=orders.pin.number if orders.pin else 0,
        recovered=max(order.number if order else 0 for order in closing),
        lane=left_behind(orders),
    )


def told_by(memory: Memory, want: DesiredTarget, place: Place) -> Memory:
    """Note what only the spec tells: whose it is, where and with whom it goes, what it looked up and follows."""
    looked = memory.looked if want.looked is None else want.looked
    followed = want.followed if want.said is None else memory.followed  # it follows on when its hotfix has ended
    known = (memory.place, memory.owner, memory.group, memory.looked, memory.followed)
    if known == (place, want.owner, want.group, looked, followed):
        return memory
    return replace(memory, place=place, owner=want.owner, group=want.group, looked=looked, followed=followed)


def left_out(memory: Memory, desired: Reading, name: TargetName) -> Memory:
    """Note that a target which the spec no longer names goes with nobody; what cannot be read says nothing."""
    if memory.group is None or not isinstance(desired, Desired) or name in desired.targets:
        return memory
    return replace(memory, group=None)


def _unpinned(memory: Memory, want: DesiredTarget | None, pin: Pin | None, whole: Whole | None) -> Memory:
    """Note that a pin has ended: the spec wants something else than when it was given, though it be paused.

    That of a group ends when the group as a whole is to run something else; till all of it is read, it stays.
    """
    if pin is None or want is None or pin.number <= memory.unpinned:
        return memory
    if want.group is not None and whole is None:
        return memory
    same = {None, want.release.digest, want.release.asked, whole.digest if whole else None}
    return memory if pin.spec in same else replace(memory, unpinned=pin.number)


def _resolve(memory: Memory, live: Live | None, now: datetime) -> Memory:
    """Settle by reading what an unanswered call made, and never believe an older read."""
    if live is None:
        return memory
    unknown = memory.unknown or _contradiction(memory, live, now)
    if live.asof < memory.watermark:
        return memory if unknown == memory.unknown else replace(memory, unknown=unknown)
    rollout = memory.rollout
    if rollout is not None and rollout.deployment is None and rollout.call is not None:
        made = find_made(live, rollout.call, rollout.goal)
        rollout = replace(rollout, deployment=made.id) if made else rollout
    identity = memory.identity or live.identity
    read = (True, live.asof, identity, unknown)
    if rollout is memory.rollout and read == (memory.seen, memory.watermark, memory.identity, memory.unknown):
        return memory
    return replace(memory, seen=True, watermark=live.asof, identity=identity, rollout=rollout, unknown=unknown)


def _seen_set(memory: Memory, want: DesiredTarget | None, live: Live | None, now: datetime) -> Memory:
    """Note once that the settings are as declared, so that a later difference is known for somebody's change."""
    settings = want.settings if want else None
    if settings is None or live is None or live.asof < memory.watermark:
        return memory
    applied, digest = memory.applied, settings.manifest.digest
    known = applied is not None and applied.digest == digest
    if (known and applied is not None and applied.seen) or not settings.manifest.runs_in(live.settings):
        return memory
    tries = applied.tries if known and applied is not None else 0
    return replace(memory, applied=Applied(digest=digest, at=now, tries=tries, seen=True))


def _contradiction(memory: Memory, live: Live, now: datetime) -> str:
    """Say what reading cannot settle: the platform took our call, and its own account does not know of it.

    A read that is older than the platform's answer is waited out for longer, but not for ever.
    """
    rollout = memory.rollout
    call = rollout.call if rollout else None
    if rollout is None or call is None or call.result is not Result.SENT or call.expect is None:
        return ""
    patience = rollout.terms.settle if live.asof >= memory.watermark else rollout.terms.deadline
    told = live.told and now - call.at >= patience
    gone = rollout.deployment is not None and live.find(rollout.deployment) is None
    if told and gone and live.deployment == call.expect.deployment and rollout.deployment != live.deployment:
        return (
            f"{rollout.deployment} was accepted, but the platform does not list it, and what ran before still runs"
        )
    return ""


def _effective(want: DesiredTarget | None, pin: Pin | None, memory: Memory) -> Wish | None:
    if want is None:
        return None
    release = _echoed(want.release, memory)
    pinned = pin is not None and pin.number > memory.unpinned
    if pinned and pin is not None:
        release = pin.release
    known = memory.is_known(release.digest)
    return Wish(release=release, free=pinned or known, want=want, pinned=pinned)


def _reowned(memory: Memory, wish: Wish | None) -> Memory:
    """Compare what is kept as the spec compares it now: a rule to pass something over may have come, or ended."""
    if wish is None:
        return memory
    now = wish.release.manifest

    def owned(kept: Kept) -> Kept:
        then = kept.release.manifest
        if then.owns == now.owns or then.digest != now.digest:
            return kept
        return replace(kept, release=replace(kept.release, manifest=now))

    goods = tuple(owned(good) for good in memory.goods)
    current, found = (owned(kept) if kept else None for kept in (memory.current, memory.found))
    same = current is memory.current and found is memory.found and all(map(operator.is_, goods, memory.goods))
    return memory if same else replace(memory, current=current, goods=goods, found=found)


def _echoed(release: Release, memory: Memory) -> Release:
    """Let what is wanted know what the platform made of it when it was applied."""
    same = (one for one in memory.releases if one.manifest.echo and one.digest == release.digest)
    known = next(same, None)
    return replace(release, manifest=release.manifest.echoed(known.manifest.echo)) if known else release
