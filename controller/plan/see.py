"""Gather everything that one decision may depend on."""

import operator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from controller.model.desired import Desired, DesiredTarget, Reading, Unread
from controller.model.gate import Shut
from controller.model.group import Whole
from controller.model.names import Commit, EnvName, TargetName
from controller.model.observation import Absent, Live, Observation, Sight, Unseen
from controller.model.orders import Freeze, Pin, TargetOrders
from controller.model.place import Place
from controller.model.questions import Candidate
from controller.model.record import Applied, Memory, Owner, Record
from controller.model.release import Kept, Release
from controller.model.rollout import MOVING, Result
from controller.plan.approvals import first_wanted, reviews_in
from controller.plan.calls import find_made
from controller.plan.fixes import learnt_branch, unmerged
from controller.plan.gating import Gated, gated, paused
from controller.plan.lane import ended, followed_lane, in_lane, left_behind
from controller.plan.look import Look, Wish
from controller.plan.runs import followed
from controller.plan.watching import Watched, filled, not_open, rings_of, watched
from controller.plan.who import learnt
from controller.plan.whole import all_known, lifted_from, orders_of, whole_of

NOWHERE: Final = Place(kind="", account="", region="", cluster="", service="")


def names_of(desired: Reading, record: Record) -> list[TargetName]:
    """Name every target that is wanted or remembered, in order."""
    wanted = desired.targets if isinstance(desired, Desired) else {}
    return sorted({*wanted, *record.targets})


def place_of(desired: Reading, record: Record, name: TargetName) -> Place | None:
    """Find where a target lives: where the spec says, though the rest of it be unread; else where it was."""
    named, memory = _named(desired, record, name), record.targets.get(name)
    if named is not None:
        return named.place
    return memory.place if memory else None


def wanted(desired: Reading, record: Record, name: TargetName) -> DesiredTarget | None:
    """Find what the spec wants of a target; nothing while a rollout at another place than it says is open.

    And nothing that could not be completed: what it leaves to a registry, say, was not there to be read.
    """
    named = _named(desired, record, name)
    return None if named is not None and named.unread else named


def _named(desired: Reading, record: Record, name: TargetName) -> DesiredTarget | None:
    """Find what the spec says of a target, unless a rollout is open at another place than it names."""
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    memory = record.targets.get(name)
    if want is None or memory is None or memory.place is None or memory.place.claim == want.place.claim:
        return want
    return want if memory.phase not in MOVING else None


def look_at(desired: Reading, seen: Observation, record: Record, name: TargetName, now: datetime) -> Look:
    """See one target from every side."""
    sight = seen.sights.get(name, Unseen(why="nobody looked"))
    whole = whole_of(desired, record, name)
    orders = orders_of(record, name, whole)
    want, named = wanted(desired, record, name), _named(desired, record, name)
    place, known = place_of(desired, record, name) or NOWHERE, record.targets.get(name)
    lost = _lives_elsewhere(known, place) and not _may_live(sight, want)
    memory = lifted_from(_recalled(known, place, orders, keep=lost), whole)
    memory = _told(memory, named, place) if named is not None and not lost else memory
    memory, wish = _resolved(memory, want, seen, _Own(sight, orders, whole, record.orders.freeze), now)
    wish = wish.within(whole, is_known=all_known(whole, record)) if wish else None
    candidate, rollout = partial(Candidate.of, desired.env, name, place), memory.rollout
    waiting = wish.candidate(desired.env, name, place, first_wanted(memory, wish.release)) if wish else None
    gates = gated(wish, waiting, seen, record, now) if wish and waiting else Gated()
    at_wish = not_open(wish.want.terms.guards, candidate(wish.release), seen.answers, now) if wish else ()
    heeded = tuple(judged for judged in at_wish if judged.counts)
    guarded = watched(rollout, candidate(rollout.release), seen.answers, now) if rollout else Watched(shut=heeded)
    return Look(
        env=desired.env,
        name=name,
        place=place,
        wish=wish,
        sight=sight,
        memory=memory,
        orders=orders,
        pause=paused(desired, record, want, orders, now),
        gates=gates.shut,
        skipped=gates.skipped,
        opened=gates.opened,
        unmerged=unmerged(memory, wish.want if wish else None, seen.answers),
        guards=guarded.shut,
        alarmed=tuple(judged for judged in heeded if isinstance(judged.verdict, Shut)),
        said=guarded.said,
        rings=guarded.rings | rings_of(judged.verdict for judged in at_wish),
        unheard=guarded.unheard,
        heard=guarded.heard,
        reviews=reviews_in(want.gates, waiting, seen.answers) if want and waiting else (),
        filled=rollout is not None and filled(memory, candidate(rollout.release), seen.answers, now),
        unread=ended(memory, want) or _unread(desired, name, want),
        reread=bool(ended(memory, want)),
        moved_to=place if lost else None,
        claimed_by=_claimed_by(record, desired.env, name, place),
        now=now,
    )


class _Own(NamedTuple):
    """What one target is seen by, and what people said of it and of all around it."""

    sight: Sight
    orders: TargetOrders
    whole: Whole | None
    freeze: Freeze | None


def _resolved(
    memory: Memory, want: DesiredTarget | None, seen: Observation, own: _Own, now: datetime
) -> tuple[Memory, Wish | None]:
    """Bring what is remembered up to what was seen, and find what is wanted effectively."""
    orders, live = own.orders, own.sight if isinstance(own.sight, Live) else None
    memory = _seen_set(_resolve(memory, live, now), want, live, now)
    memory = learnt(_unpinned(memory, want, orders.pin, own.whole), want, live, orders, seen, now)
    memory = learnt_branch(followed_lane(memory, want, orders, now), want, seen.answers)
    if want is not None:
        want = None if ended(memory, want) else in_lane(want, memory, orders, own.freeze, now)
    wish = _effective(want, orders.pin, memory)
    terms = memory.rollout.terms if memory.rollout else want.terms if want else None
    return followed(_reowned(memory, wish), seen.tasks, terms, now), wish


def _lives_elsewhere(known: Memory | None, place: Place) -> bool:
    return known is not None and known.place is not None and known.place.claim != place.claim


def _recalled(known: Memory | None, place: Place, orders: TargetOrders, *, keep: bool) -> Memory:
    """Give what is remembered of this place, or begin; `keep` keeps what is remembered of another."""
    return known if known is not None and (keep or not _lives_elsewhere(known, place)) else _begun(place, orders)


def _may_live(sight: Sight, want: DesiredTarget | None) -> bool:
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


def _told(memory: Memory, want: DesiredTarget, place: Place) -> Memory:
    """Note what only the spec tells: whose it is, where it lives, what was looked up for it, what it follows."""
    looked = memory.looked if want.looked is None else want.looked
    followed = want.followed if want.said is None else memory.followed  # it follows on when its hotfix has ended
    if (memory.place, memory.owner, memory.looked, memory.followed) == (place, want.owner, looked, followed):
        return memory
    return replace(memory, place=place, owner=want.owner, looked=looked, followed=followed)


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


def _claimed_by(record: Record, env: EnvName, name: TargetName, place: Place) -> Owner | None:
    """Name another owner of this place, unless a person said that it moves to us."""
    owner, orders = record.claims.get(place.claim), record.orders.targets.get(name)
    if owner is None or owner == Owner(env=env, target=name):
        return None
    moved = orders.moved if orders else None
    return None if moved and owner == Owner(env=moved.env, target=moved.target) else owner


def _unread(desired: Reading, name: TargetName, want: DesiredTarget | None) -> str:
    if isinstance(desired, Unread):
        return desired.why
    if want is None and name in desired.targets and desired.targets[name].unread:
        return desired.targets[name].unread
    if want is None and name in desired.targets:
        return "the spec names another place for it; this rollout is finished first"
    if want is None:
        more = f"; {desired.complaints[0]}" if desired.complaints else ""
        return f"the spec no longer names it; it is left as it is{more}"
    broken = broken_at(desired, want)
    wrong = next((str(one) for one in desired.complaints if one.path == want.file), "")
    wrong = wrong or (str(desired.complaints[0]) if broken and desired.complaints else "")
    return f"{wrong}; it stands as at commit {broken[:12]}" if broken else ""


def broken_at(desired: Desired, want: DesiredTarget) -> Commit | None:
    """Say at which commit a target stands whose file, or whose environment's own file, is broken now."""
    if not desired.broken:
        return None
    own = (f"{desired.env}.yaml", f"{desired.env}/environment.yaml")
    whole = next((commit for path, commit in desired.broken.items() if path in own), None)
    mine = (commit for path, commit in desired.broken.items() if f"/{want.file}".endswith(f"/{path}"))
    return whole or next(mine, None)


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
