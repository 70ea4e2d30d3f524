"""Say how every target that was looked at stands, in the words that page, command line and metrics share."""

from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from controller.model.decision import Decision, Plan
from controller.model.desired import Desired, Reading
from controller.model.gate import Shut
from controller.model.names import TargetName
from controller.model.observation import Live, Observation, Unseen
from controller.model.place import Place
from controller.model.record import Memory, Record
from controller.model.release import Release
from controller.model.rollout import MOVING, Rollout
from controller.model.status import Awaiting, DriftStatus, HookStatus, TargetStatus
from controller.plan.calls import was_ended
from controller.plan.drift import status_of
from controller.plan.judged import Judged
from controller.plan.known import words_of
from controller.plan.look import SLOTS, Look
from controller.plan.loud import hotfixes_of
from controller.plan.see import broken_at, look_at
from controller.plan.whole import whole_of


def summarise(
    desired: Reading, seen: Observation, before: Record, plan: Plan, after: Record
) -> tuple[TargetStatus, ...]:
    """Make one status for every decision, in order of name."""
    return tuple(
        _status(desired, seen, before, plan, name, after.targets.get(name) or decision.memory)
        for name, decision in sorted(plan.decisions.items())
        if name not in plan.dropped
    )


def _status(
    desired: Reading, seen: Observation, before: Record, plan: Plan, name: TargetName, memory: Memory
) -> TargetStatus:
    decision = plan.decisions[name]
    look = look_at(desired, seen, before, name, plan.decided_at)
    rollout, live, wish = memory.rollout, look.live, look.wish
    wanted = wish.release if wish else None
    look_after = replace(look, memory=memory, gates=_no_slot(decision))
    return TargetStatus(
        env=plan.env,
        target=name,
        phase=memory.phase,
        reason=decision.reason,
        since=plan.decided_at,
        owner=memory.owner,
        wanted=wanted.version if wanted else "",
        wanted_digest=wanted.digest if wanted else "",
        **_together(desired, before, look),
        spec_digest=_said(desired, name, memory),
        commit=_commit(desired, before, look),
        seen=not isinstance(look.sight, Unseen),
        quarantined=look.barred,
        paused=look.pause.reason if look.pause else "",
        paused_since=look.pause.at if look.pause else None,
        last_good=memory.goods[0].release.version if memory.goods else "",
        pinned=wish.release.version if wish and wish.release is not wish.want.release else "",
        follows=memory.followed.source if memory.followed else "",
        built=(wanted.built or "") if wanted else "",
        awaiting=_awaiting(live, memory),
        blockers=decision.blockers,
        opened=decision.opened if decision.blockers else (),
        gates=_gates(desired, name),
        hooks=_hooks(look, memory),
        hotfixes=hotfixes_of(look, memory) if look.orders.hotfixes else (),
        **_placed(look.place),
        **(_watched(rollout) if rollout else {}),
        **(_there(live, memory, wanted, status_of(look_after), conflict=look.conflict) if live else {}),
    )


def _no_slot(decision: Decision) -> tuple[Judged, ...]:
    """Give back why there was no room to heal: only a whole turn can tell."""
    whys = (blocker.why for blocker in decision.blockers if blocker.gate == SLOTS)
    return tuple(Judged(kind=SLOTS, verdict=Shut(why=why)) for why in whys)


class _Together(TypedDict, total=False):
    group: str
    bound: str


class _Placed(TypedDict):
    kind: str
    account: str
    region: str
    cluster: str
    service: str


class _Watched(TypedDict, total=False):
    rollout: int
    rollout_since: datetime
    baked: float
    bake: float


class _There(TypedDict, total=False):
    live: str
    revision: str
    desired: int
    running: int
    synced: bool
    drifted: bool
    drift: DriftStatus | None


def _together(desired: Reading, before: Record, look: Look) -> _Together:
    """Say which group a target goes with, and what a person's yes, or the pin of all of it, is bound to."""
    wish = look.wish
    if wish is None:
        return _Together(group=look.memory.group.name) if look.memory.group else {}
    if wish.want.group is None:
        return _Together(bound=wish.digest)
    whole = whole_of(desired, before, look.name)
    return _Together(group=wish.want.group.name, bound=whole.digest if whole else "")


def _commit(desired: Reading, before: Record, look: Look) -> str:
    """Give the commit that is in force for a target: an older one while its file is broken."""
    if isinstance(desired, Desired):
        broken = broken_at(desired, look.wish.want) if look.wish else None
        return broken or desired.commit
    return before.accepted.commit if before.accepted else ""


def _placed(place: Place) -> _Placed:
    return _Placed(
        kind=place.kind,
        account=place.account,
        region=place.region,
        cluster=place.cluster,
        service=place.service,
    )


def _said(desired: Reading, name: TargetName, memory: Memory) -> str:
    """Name what the spec says of a target by its words: what they come to changes with what others own.

    Of one for which a hotfix wants another version the words are the spec's own, if they hold nothing looked up;
    where the spec follows versions, those of the one that was followed.
    """
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    if want is None:
        return ""
    if want.said is None:
        return words_of(want.release)
    if memory.followed is not None:
        known = (words_of(one) for one in memory.releases if one.version == memory.followed.version)
        return next(known, "")
    return "" if want.looked else want.said.digest


def _gates(desired: Reading, name: TargetName) -> tuple[str, ...]:
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    return tuple(dict.fromkeys(gate.kind for gate in want.gates)) if want is not None else ()


def _hooks(look: Look, memory: Memory) -> tuple[HookStatus, ...]:
    """Name the hooks of the open rollout; without one those of the spec."""
    terms = memory.rollout.terms if memory.rollout else look.wish.want.terms if look.wish else None
    return tuple(HookStatus(name=one.name, when=one.when, image=one.image) for one in terms.hooks) if terms else ()


def _watched(rollout: Rollout) -> _Watched:
    return _Watched(
        rollout=rollout.number,
        rollout_since=rollout.opened,
        baked=rollout.baked.total_seconds(),
        bake=rollout.terms.bake.total_seconds(),
    )


def _awaiting(live: Live | None, memory: Memory) -> Awaiting | None:
    """Say which pause of the open rollout waits for a person; one on the way back, or answered, does not."""
    rollout = memory.rollout
    ours = live.find(rollout.deployment) if live and rollout else None
    pause = ours.awaits if ours else None
    if pause is None or rollout is None or rollout.back is not None or memory.phase not in MOVING:
        return None
    if was_ended(rollout.continued, pause):
        return None
    return Awaiting(version=rollout.release.version, stage=pause.stage, until=pause.until, then=pause.then)


def _there(
    live: Live, memory: Memory, wanted: Release | None, drift: DriftStatus | None, *, conflict: str
) -> _There:
    """Say what is there; in sync means that what is wanted runs, and that nothing is being done about it."""
    return _There(
        live=_running(memory, live),
        revision=str(live.revision),
        desired=live.desired,
        running=live.running,
        synced=wanted is not None and wanted.runs_in(live.manifest) and memory.rollout is None and not conflict,
        drifted=memory.drift is not None,
        drift=drift,
    )


def _running(memory: Memory, live: Live) -> str:
    names = [memory.rollout.goal if memory.rollout else None, memory.current.release if memory.current else None]
    names += [kept.release for kept in memory.goods]
    named = next((name for name in names if name and name.runs_in(live.manifest)), None)
    if named:
        return named.version
    tagged = live.tags.version if live.tags else ""
    return tagged or str(live.revision).rsplit("/", 1)[-1]
