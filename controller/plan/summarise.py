"""Say how every target that was looked at stands, in the words that page, command line and metrics share."""

from controller.model.decision import Plan
from controller.model.desired import Desired, Reading
from controller.model.names import TargetName
from controller.model.observation import Live, Observation, Unseen
from controller.model.record import Memory, Record
from controller.model.status import TargetStatus
from controller.plan.see import look_at


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
    place, rollout, live = look.place, memory.rollout, look.live
    wanted = look.wish.release if look.wish else None
    drifted = live is not None and memory.drift is not None
    pinned = look.wish is not None and look.wish.release is not look.wish.want.release
    return TargetStatus(
        env=plan.env,
        target=name,
        phase=memory.phase,
        reason=decision.reason,
        since=plan.decided_at,
        kind=place.kind,
        account=place.account,
        region=place.region,
        cluster=place.cluster,
        service=place.service,
        owner=memory.owner,
        wanted=wanted.version if wanted else "",
        spec_digest=look.wish.want.release.digest if look.wish else "",
        live=_running(memory, live),
        revision=str(live.revision) if live else "",
        commit=desired.commit
        if isinstance(desired, Desired)
        else (before.accepted.commit if before.accepted else ""),
        desired=live.desired if live else 0,
        running=live.running if live else 0,
        synced=live is not None and wanted is not None and wanted.runs_in(live.manifest) and rollout is None,
        drifted=drifted,
        seen=not isinstance(look.sight, Unseen),
        quarantined=look.barred,
        paused=look.pause.reason if look.pause else "",
        paused_since=look.pause.at if look.pause else None,
        rollout=rollout.number if rollout else 0,
        rollout_since=rollout.opened if rollout else None,
        baked=rollout.baked.total_seconds() if rollout else 0.0,
        bake=rollout.terms.bake.total_seconds() if rollout else 0.0,
        last_good=memory.goods[0].release.version if memory.goods else "",
        pinned=wanted.version if wanted and pinned else "",
        blockers=decision.blockers,
    )


def _running(memory: Memory, live: Live | None) -> str:
    if live is None:
        return ""
    names = [memory.rollout.goal if memory.rollout else None, memory.current.release if memory.current else None]
    names += [kept.release for kept in memory.goods]
    named = next((name for name in names if name and name.runs_in(live.manifest)), None)
    if named:
        return named.version
    tagged = live.tags.version if live.tags else ""
    return tagged or str(live.revision).rsplit("/", 1)[-1]
