"""Gather everything that one decision may depend on."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from controller.model.desired import Desired, DesiredTarget, Reading, Unread
from controller.model.gate import Shut
from controller.model.names import Commit, EnvName, TargetName
from controller.model.observation import Observation, Unseen
from controller.model.place import Place
from controller.model.questions import Candidate
from controller.model.record import Owner, Record
from controller.plan.approvals import first_wanted, reviews_in
from controller.plan.fixes import unmerged
from controller.plan.gating import Gated, gated, paused
from controller.plan.lane import ended
from controller.plan.look import Look
from controller.plan.recall import Own, left_out, lives_elsewhere, may_live, recalled, resolved, told_by
from controller.plan.wanted import NOWHERE, named, place_of, unfit, wanted
from controller.plan.watching import Watched, filled, not_open, rings_of, watched
from controller.plan.whole import lifted_from, orders_of, whole_of


def look_at(desired: Reading, seen: Observation, record: Record, name: TargetName, now: datetime) -> Look:
    """See one target from every side."""
    sight, whole = seen.sights.get(name, Unseen(why="nobody looked")), whole_of(desired, record, name)
    orders = orders_of(record, name, whole)
    want, said = wanted(desired, record, name), named(desired, record, name)
    place, known = place_of(desired, record, name) or NOWHERE, record.targets.get(name)
    lost = lives_elsewhere(known, place) and not may_live(sight, want)
    memory = lifted_from(recalled(known, place, orders, keep=lost), whole)
    memory = told_by(memory, said, place) if said is not None and not lost else left_out(memory, desired, name)
    memory, wish = resolved(memory, want, seen, Own(sight, orders, whole, record), now)
    candidate, rollout = partial(Candidate.of, desired.env, name, place), memory.rollout
    waiting = wish.candidate(desired.env, name, place, first_wanted(memory, wish.release)) if wish else None
    gates = gated(wish, waiting, seen, record, now) if wish and waiting else Gated()
    at_wish = not_open(wish.want.terms.guards, candidate(wish.release), seen.answers, now) if wish else ()
    heeded = tuple(judged for judged in at_wish if judged.counts)
    guarded = watched(rollout, candidate(rollout.release), seen.answers, now) if rollout else Watched(shut=heeded)
    look = Look(
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
        guards=guarded.shut,
        alarmed=tuple(judged for judged in heeded if isinstance(judged.verdict, Shut)),
        said=guarded.said,
        rings=guarded.rings | rings_of(judged.verdict for judged in at_wish),
        unheard=guarded.unheard,
        heard=guarded.heard,
        unread=_unread(desired, record, name, want),
        moved_to=place if lost else None,
        claimed_by=_claimed_by(record, desired.env, name, place),
        now=now,
    )
    return _besides(look, want, waiting, seen)


def _besides(look: Look, want: DesiredTarget | None, waiting: Candidate | None, seen: Observation) -> Look:
    """Add what only some targets have: reviews, a hotfix that ended or is not merged, a gap that history fills."""
    memory, rollout, over = look.memory, look.memory.rollout, ended(look.memory, want)
    reviews = reviews_in(want.gates, waiting, seen.answers) if want and waiting else ()
    left = unmerged(memory, look.wish.want if look.wish else None, seen.answers)
    whole = rollout is not None and filled(
        memory, Candidate.of(look.env, look.name, look.place, rollout.release), seen.answers, look.now
    )
    if not (reviews or left or over or whole):
        return look
    return replace(
        look, reviews=reviews, unmerged=left, filled=whole, unread=over or look.unread, reread=bool(over)
    )


def _claimed_by(record: Record, env: EnvName, name: TargetName, place: Place) -> Owner | None:
    """Name another owner of this place, unless a person said that it moves to us."""
    owner, orders = record.claims.get(place.claim), record.orders.targets.get(name)
    if owner is None or owner == Owner(env=env, target=name):
        return None
    moved = orders.moved if orders else None
    return None if moved and owner == Owner(env=moved.env, target=moved.target) else owner


def _unread(desired: Reading, record: Record, name: TargetName, want: DesiredTarget | None) -> str:
    if isinstance(desired, Unread):
        return desired.why
    said = desired.targets.get(name)
    if want is None and said is not None and (why := said.unread or unfit(said, record, name)):
        return why
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
