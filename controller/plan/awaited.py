"""Whether what somebody waits for is good by now, has failed, is blocked, or is still on its way. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from controller.model.decision import Blocker
from controller.model.images import digests_in
from controller.model.instants import instant
from controller.model.names import Digest, TargetName
from controller.model.record import Memory, Quarantined
from controller.model.release import Release
from controller.model.rollout import Phase
from controller.model.status import TargetStatus
from controller.plan.look import SLOTS

# What passes by itself, and soon.
_PASSES: Final = frozenset({"rollout", "quota", "needs", SLOTS})
# What keeps a commit from being seen at all.
_BLINDS: Final = frozenset({"source", "held", "pause"})


class State(StrEnum):
    """How it stands with what is waited for."""

    GOOD = "good"
    FAILED = "failed"
    BLOCKED = "blocked"
    WAITING = "waiting"


_FIRST: Final = (State.FAILED, State.BLOCKED, State.WAITING, State.GOOD)
"""Which state a group is in if not all of its members are in the same one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What has to be good: a version, an image by its digest, or what a commit wants; else what is wanted."""

    commit: str = ""
    version: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What was seen while waiting: that it was wanted, and what the spec said while the commit was in force.

    `failed` is what had failed when waiting began, each with when it did: None before the first look.
    """

    wished: bool = False
    spec: str = ""
    failed: frozenset[tuple[Digest, datetime]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer of one look, why, and the status that it was read off; `past` is for the next one."""

    state: State
    why: str
    past: Past
    status: TargetStatus | None = None

    @property
    def line(self) -> str:
        """Say how it goes, in one line."""
        one = self.status
        if one is None:
            return self.why
        tasks = f"{one.running} of {one.desired} tasks run {one.live or 'nothing'}"
        return f"{one.env}/{one.target} {one.phase.value}, {tasks}: {self.why}"

    @property
    def key(self) -> str:
        """What is worth a new line when it changes: clocks that run on are not."""
        one = self.status
        facts = (one.phase, one.live, one.wanted, one.running, one.desired, one.commit) if one else ()
        return f"{self.state} {facts} {re.sub(r'[0-9]+', '', self.why)}"


def judged(
    asked: Awaited, status: TargetStatus | None, memory: Memory | None, past: Past, *, in_force: bool | None
) -> Found:
    """Judge by the newest status and memory of the target.

    `in_force` says that it stands at the commit that is asked for, or one that follows it; None: nobody can tell.
    """
    if status is None or memory is None:
        return Found(state=State.WAITING, why="no turn of it has been made yet", past=past, status=status)
    recorded = _recorded(asked, memory) if asked.commit and not in_force else None
    if recorded == []:
        return _unseen(asked, status, past, known=in_force is not None)
    mine = _is_wanted(asked, status, memory, past) and (
        recorded is None or any(_is(one, status) for one in recorded)
    )
    past = past if past.failed is not None else replace(past, failed=_failures(memory))
    spec = past.spec or (status.spec_digest if asked.commit else "")
    now = replace(past, wished=past.wished or mine, spec=spec)
    why = _failed(asked, status, memory, past, mine=mine)
    if why:
        return Found(state=State.FAILED, why=why, past=now, status=status)
    if mine and _is_good(status, memory):
        good = f"{status.live} is good at commit {status.commit[:12]}"
        return Found(state=State.GOOD, why=good, past=now, status=status)
    if not mine:
        why = f"{asked.version or asked.digest} is not wanted yet; {status.wanted or 'nothing'} is"
        return Found(state=State.WAITING, why=why, past=now, status=status)
    held = [blocker for blocker in status.blockers if blocker.gate not in _PASSES]
    if held:
        return Found(state=State.BLOCKED, why="; ".join(map(_told, held)), past=now, status=status)
    return Found(state=State.WAITING, why=status.reason, past=now, status=status)


def together(found: Mapping[TargetName, Found]) -> Found:
    """Judge a group by what was found of each of its members, one at least: it is good when all of them are.

    What is told is of those that are the farthest from it.
    """
    state = min((one.state for one in found.values()), key=_FIRST.index)
    whys: dict[str, list[TargetName]] = {}
    for name, one in found.items():
        if one.state is state:
            whys.setdefault(one.why, []).append(name)
    why = "; ".join(f"{', '.join(names)}: {said}" for said, names in whys.items())
    return Found(state=state, why=why, past=Past())


def _unseen(asked: Awaited, status: TargetStatus, past: Past, *, known: bool) -> Found:
    """Say that a commit was not seen yet, and what keeps it from being seen."""
    held = [blocker for blocker in status.blockers if blocker.gate in _BLINDS]
    stands = f"commit {asked.commit[:12]} has not been seen; {status.env} stands at {status.commit[:12] or 'none'}"
    more = "" if known else ", and whether that follows it can only be told with --repo, and of a whole commit"
    why = "; ".join((f"{stands}{more}", *map(_told, held)))
    return Found(state=State.BLOCKED if held else State.WAITING, why=why, past=past, status=status)


def _recorded(asked: Awaited, memory: Memory) -> list[Release]:
    """Give what runs, or is to run, of those releases that were recorded with the commit, or built from it."""
    return [
        one
        for one in _wanted(memory)
        if any(commit and commit.startswith(asked.commit) for commit in (one.commit, one.built))
    ]


def _wanted(memory: Memory) -> Iterator[Release]:
    """Give what is wanted, what is being brought about, and what should run at rest."""
    if memory.next is not None:
        yield memory.next.release
    if memory.rollout is not None:
        yield memory.rollout.release
    if memory.current is not None:
        yield memory.current.release


def _is_wanted(asked: Awaited, status: TargetStatus, memory: Memory, past: Past) -> bool:
    """Whether what is asked for is what should run by now."""
    if asked.version and status.wanted != asked.version:
        return False
    if asked.digest and not any(asked.digest in _images(one) for one in _wanted(memory) if _is(one, status)):
        return False
    return not (asked.commit and (status.pinned or (past.spec and status.spec_digest != past.spec)))


def _is(release: Release, status: TargetStatus) -> bool:
    return release.digest == status.wanted_digest


def _images(release: Release) -> frozenset[str]:
    found: Mapping[str, str] = digests_in(release.manifest)
    return frozenset(found.values())


def _failed(asked: Awaited, status: TargetStatus, memory: Memory, past: Past, *, mine: bool) -> str:
    """Say that it failed, was taken back, or is not wanted any more; empty if none of that is so."""
    if mine:
        return _taken_back(status, memory)
    new = _failures(memory) - (past.failed or frozenset())
    since = [memory.quarantine[digest] for digest, _ in sorted(new, key=lambda pair: pair[1])]
    mine_failed = [one for one in since if _was(asked, one)]
    if mine_failed:
        return f"{mine_failed[-1].version} failed at {instant(mine_failed[-1].since)}: {mine_failed[-1].why}"
    if status.pinned and asked.commit:
        return f"it is pinned to {status.pinned} by a person, whatever the commit wants"
    if past.wished or asked.commit:
        return f"it is not what is wanted any more: commit {status.commit[:12]} wants {status.wanted or 'nothing'}"
    return ""


def _taken_back(status: TargetStatus, memory: Memory) -> str:
    rollout = memory.rollout
    barred = memory.quarantine.get(Digest(status.wanted_digest)) or (rollout and memory.bars(rollout.release))
    if status.quarantined and barred:
        return f"{barred.version} failed at {instant(barred.since)}: {barred.why}"
    if status.quarantined:
        return f"{status.wanted} failed here: {status.reason}"
    if rollout is None or rollout.release.digest != status.wanted_digest:
        return ""
    if memory.phase in {Phase.ROLLING_BACK, Phase.STALLED}:
        return f"{rollout.release.version} is {memory.phase.value}: {status.reason}"
    return ""


def _failures(memory: Memory) -> frozenset[tuple[Digest, datetime]]:
    return frozenset((digest, one.since) for digest, one in memory.quarantine.items())


def _was(asked: Awaited, one: Quarantined) -> bool:
    return one.version == asked.version if asked.version else asked.digest in one.images


def _is_good(status: TargetStatus, memory: Memory) -> bool:
    """Whether what is wanted runs, has survived its bake, and nothing moves; by status and memory alike."""
    current = memory.current
    rests = memory.phase is Phase.IDLE and status.phase is Phase.IDLE and memory.rollout is None
    runs = status.synced and status.seen and not status.drifted
    return (
        rests and runs and current is not None and _is(current.release, status) and memory.is_good(current.digest)
    )


def _told(blocker: Blocker) -> str:
    until = f" (until {instant(blocker.until)})" if blocker.until else ""
    return f"{blocker.gate}: {blocker.why}{until}"
