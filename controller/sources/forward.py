"""Commits only move forward: what may follow the commit that was accepted last."""

from controller.model.names import Commit
from controller.sources.snapshot import NoSnapshot, Reason, Snapshots


def moves_forward(source: Snapshots, head: Commit, accepted: Commit | None) -> NoSnapshot | None:
    """Say why `head` may not follow `accepted`; None when it may.

    A head that leaves the accepted commit out was force-pushed; one that is its ancestor is an old head served
    again (by a copy that lags, or by an attacker). Which commit is newer is decided by ancestry, never by a
    commit's own dates, which its author chose.
    """
    if accepted is None or head == accepted:
        return None
    if source.descends(head, accepted):
        return None
    if source.descends(accepted, head):
        why = f"the source went back from {accepted[:12]} to the older {head[:12]}"
    else:
        why = f"history was rewritten: {head[:12]} does not follow {accepted[:12]}, which was accepted last"
    return NoSnapshot(reason=Reason.REWRITTEN, why=why)


def goes_where_told(source: Snapshots, head: Commit, told: Commit | None) -> NoSnapshot | None:
    """Say why `head` is not what a person accepted as history: not `told`, and none that follows it.

    A commit may be told by its first digits. Without one, the person accepted whatever is there.
    """
    if told is None or head.startswith(told) or source.descends(head, told):
        return None
    why = f"{told[:12]} was accepted as history, and the newest commit, {head[:12]}, does not follow it"
    return NoSnapshot(reason=Reason.REWRITTEN, why=why)
