"""Since when each thing has stood in the way: remembered, because only a look shows when a gate shuts."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from controller.model.decision import Blocker, Decision
from controller.model.names import Digest
from controller.model.record import Memory

_UNTIMED: Final = frozenset({"source", "held", "claim"})
"""What is no reason to write: while nothing can be read, or all is another's, nothing is remembered of a target."""


def note_since(decision: Decision, before: Memory | None, now: datetime) -> Decision:
    """Say of what blocks since when it does, and remember it of what does not know that itself.

    What waits anew is kept waiting anew, by whatever was shut before.
    """
    if not decision.blockers and not decision.memory.shut:
        return decision
    same = before is not None and _waits(before) == _waits(decision.memory)
    known = dict(before.shut) if before is not None and same else {}
    blockers = tuple(_timed(one, known.get(one.gate, now)) for one in decision.blockers)
    own = {one.gate for one in decision.blockers if one.since is not None}
    shut = {one.gate: one.since for one in blockers if one.since is not None and one.gate not in own}
    memory, told = decision.memory, tuple(shut.items())
    memory = memory if memory.shut == told else replace(memory, shut=told)
    return replace(decision, memory=memory, blockers=blockers)


def _timed(blocker: Blocker, since: datetime) -> Blocker:
    return blocker if blocker.since or blocker.gate in _UNTIMED else replace(blocker, since=since)


def _waits(memory: Memory) -> Digest | None:
    return memory.next.release.digest if memory.next else None
