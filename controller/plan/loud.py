"""Tell of hotfixes: how one stands for people and machines, and what the journal keeps of it."""

from collections.abc import Iterator, Mapping

from controller.model.decision import Decision
from controller.model.hotfix import Hotfix
from controller.model.instants import instant
from controller.model.orders import TargetOrders
from controller.model.record import Memory
from controller.model.status import HotfixStatus
from controller.plan.gating import skips
from controller.plan.look import Look


def hotfixes_of(look: Look, memory: Memory) -> tuple[HotfixStatus, ...]:
    """Say how the hotfix stands, and which others wait for their review."""
    lane = memory.lane
    over = lane.number if lane is not None and lane.over else 0
    standing = look.orders.hotfix(look.now)
    unmerged = memory.lane.number if look.unmerged and memory.lane is not None else 0
    told = [
        one
        for one in look.orders.hotfixes
        if one.review_due or (one is standing and one.number != over) or one.number == unmerged
    ]
    return tuple(_status(one, look, memory, stands=one is standing and one.number != over) for one in told)


def _status(one: Hotfix, look: Look, memory: Memory, *, stands: bool) -> HotfixStatus:
    rollout, due = memory.rollout, one.review_due
    did = [kind for kind, _ in rollout.skipped] if rollout is not None and rollout.hotfix == one.number else []
    may = [judged.kind for judged in look.skipped] if stands and look.wish and skips(look.wish) else []
    return HotfixStatus(
        number=one.number,
        version=one.version,
        by=one.by,
        at=one.at,
        reason=one.reason,
        standing=stands,
        until=one.until,
        incident=one.incident,
        broke_glass=one.broke_glass,
        second=one.second.by if one.second else "",
        review_due=due,
        overdue=due is not None and look.now >= due,
        skipped=tuple(dict.fromkeys((*did, *may))),
        unmerged=look.unmerged if memory.lane is not None and memory.lane.number == one.number else "",
    )


def shouts(look: Look) -> Iterator[str]:
    """Shout of every hotfix that nobody else has looked at in time, and remind of what the branch is without."""
    for one in look.orders.hotfixes:
        if one.review_due is not None and look.now >= one.review_due:
            due = instant(one.review_due)
            yield f"NOBODY REVIEWED the hotfix to {one.version}, for which {one.by} broke the glass, by {due}"
    if look.unmerged:
        yield look.unmerged


def hotfix_rows(
    before: Memory, decision: Decision, orders: TargetOrders
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Tell, in words and for machines, that one begins or ends, what it skips, and that nobody has reviewed it."""
    after, known = decision.memory, {one.number: one for one in orders.hotfixes}
    lane, was = after.lane, before.lane
    if lane is not None and (was is None or was.number != lane.number) and not lane.over:
        yield f"hotfix: {_asked(known.get(lane.number), lane.version)}", {"hotfix": str(lane.number)}
    if lane is not None and lane.over and was is not None and not was.over:
        refused = known[lane.number].refused if lane.number in known else None
        how = f"is refused by {refused.by}: {refused.reason}" if refused else "has ended"
        yield f"the hotfix to {lane.version} {how}", {"hotfix": str(lane.number)}
    yield from _skipped(before, after, known)
    if after.shouted > before.shouted:
        late = known.get(after.shouted)
        said = _asked(late, late.version if late else "a version")
        yield f"nobody has reviewed in time: {said}", {"hotfix": str(after.shouted)}


def _skipped(before: Memory, after: Memory, known: Mapping[int, Hotfix]) -> Iterator[tuple[str, Mapping[str, str]]]:
    rollout = after.rollout
    opened = rollout is not None and (before.rollout is None or before.rollout.number != rollout.number)
    if rollout is None or not opened or not (rollout.hotfix and rollout.skipped):
        return
    whys = "; ".join(f"{kind}: {why}" for kind, why in rollout.skipped)
    asked = _asked(known.get(rollout.hotfix), rollout.release.version)
    yield f"{rollout.release.version} skips {whys} ({asked})", {"hotfix": str(rollout.hotfix)}


def _asked(one: Hotfix | None, version: str) -> str:
    """Say who asked for which version, how, and who agreed."""
    if one is None:
        return version
    how = f"{one.by} broke the glass" if one.broke_glass else f"asked for by {one.by}"
    second = f", with {one.second.by}" if one.second else ""
    incident = f", during {one.incident}" if one.incident else ""
    until = f", until {instant(one.until)}" if one.until else ""
    return f"{version} {how}{second}{incident}{until}: {one.reason}"
