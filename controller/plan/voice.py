"""Which rows of the members of a group are told for all of it, and which are not told: people hear of it once.

A row that is told for its group says so in its data. Nothing but the row is needed to tell it, so that it is the
same message after a crash.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from controller.model.decision import Decision, Plan
from controller.model.group import Part
from controller.model.names import Digest, TargetName
from controller.model.record import Memory, Record
from controller.model.rollout import MOVING, Phase, Purpose, Rollout
from controller.model.story import Event
from controller.plan.joint import GROUP

TELLS: Final = "tells"
"""In the data of a row: for whom it is told, if not for its target alone."""
ALL: Final = "group"
NOBODY: Final = "nobody"
SHARED: Final = (TELLS, "group", "attempt", "members", "owners")
"""What a row that tells of a group says of it, besides what happened."""

Spoken: TypeAlias = Mapping[tuple[TargetName, Event], Mapping[str, str]]

_SILENT: Final[Mapping[str, str]] = MappingProxyType({TELLS: NOBODY})
_GONE: Final = frozenset({Phase.ROLLING_BACK, Phase.STALLED})
_STARTED: Final = "started"
_BAKING: Final = "baking"
_BACK: Final = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """Something that happens to members of one attempt of a group in one turn, by the event that has it."""

    event: Event
    what: str
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    before: Mapping[TargetName, Memory]
    after: Mapping[TargetName, Memory]
    plan: Plan


def spoken(before: Record, plan: Plan) -> Spoken:
    """Say of each row of a member that is not told for itself alone what its data say of that."""
    moments: dict[_Moment, list[TargetName]] = {}
    for name, decision in sorted(plan.decisions.items()):
        for moment in _moments(before.targets.get(name) or Memory(), decision):
            moments.setdefault(moment, []).append(name)
    if not moments:
        return {}
    after = {**before.targets, **{name: decision.memory for name, decision in plan.decisions.items()}}
    turn = _Turn(before=before.targets, after=after, plan=plan)
    found: dict[tuple[TargetName, Event], Mapping[str, str]] = {}
    for moment, names in moments.items():
        speaker = _SPEAKERS.get(moment.what, _speaker_at_end)(turn, moment, names)
        if speaker is not None or moment.what in _FOLDED:
            found |= {(name, moment.event): _SILENT for name in names}
        if speaker is not None:
            found[speaker, moment.event] = _told(turn, moment)
    return found


def _moments(was: Memory, decision: Decision) -> Iterator[_Moment]:
    now, before = decision.memory.rollout, was.rollout
    part, is_new = _part(now), now is not None and (before is None or before.number != now.number)
    if part is not None and is_new and now is not None and now.purpose is Purpose.FORWARD:
        yield _Moment(event=Event.OPENED, what=_STARTED, part=part)
    if part is not None and decision.memory.phase is not was.phase:
        what = {Phase.BAKING: _BAKING, Phase.ROLLING_BACK: _BACK}.get(decision.memory.phase)
        if what:
            yield _Moment(event=Event.PHASE, what=what, part=part)
    ended = _part(before)
    if decision.ended and ended is not None:
        yield _Moment(event=Event.ENDED, what=decision.ended.partition(":")[0], part=ended)


def _part(rollout: Rollout | None) -> Part | None:
    """Give the attempt that a rollout is a part of; what somebody deployed by hand is told for itself."""
    part = rollout.part if rollout else None
    if rollout is None or part is None or (rollout.purpose is Purpose.FORWARD and not part.passed):
        return None
    return part


def _mine(memories: Mapping[TargetName, Memory], part: Part) -> Iterator[tuple[TargetName, Memory, Rollout]]:
    """Give the members that have a part in an attempt."""
    for name in part.group.members:
        memory = memories.get(name)
        if memory is not None and memory.rollout is not None and memory.rollout.part == part:
            yield name, memory, memory.rollout


def _first_to_start(turn: _Turn, moment: _Moment, names: Sequence[TargetName]) -> TargetName | None:
    begun = any(one.opened >= moment.part.since for _, _, one in _mine(turn.before, moment.part))
    return None if begun else names[0]


def _last_to_bake(turn: _Turn, moment: _Moment, names: Sequence[TargetName]) -> TargetName | None:
    here = {name: memory.phase for name, memory, _ in _mine(turn.after, moment.part)}
    resting = ((turn.after.get(name), content) for name, content in moment.part.whole.contents if name not in here)
    is_there = {*here.values()} == {Phase.BAKING} and all(_rests(memory, content) for memory, content in resting)
    return names[0] if is_there else None


def _rests(memory: Memory | None, content: Digest) -> bool:
    current = memory.current if memory is not None and memory.rollout is None else None
    return current is not None and current.digest == content


def _first_to_leave(turn: _Turn, moment: _Moment, names: Sequence[TargetName]) -> TargetName | None:
    """Choose who tells that the group goes back: who failed, before who is only called back."""
    if any(memory.phase in _GONE for _, memory, _ in _mine(turn.before, moment.part)):
        return None
    return min(names, key=lambda name: (name not in _guilty(turn, moment.part), name))


def _first_replaced(turn: _Turn, moment: _Moment, names: Sequence[TargetName]) -> TargetName | None:
    others = (turn.before.get(name) for name in moment.part.group.members)
    newer = (one.rollout for one in others if one is not None and one.rollout is not None)
    told = any(one.part != moment.part and one.opened > moment.part.since for one in newer)
    return None if told else names[0]


def _together(turn: _Turn, moment: _Moment, names: Sequence[TargetName]) -> TargetName | None:
    """Choose who tells of what happens to all in one turn."""
    del turn, moment
    return names[0]


def _speaker_at_end(turn: _Turn, moment: _Moment, names: Sequence[TargetName]) -> TargetName | None:
    """Choose who tells how it ended: nobody while another member is still under way."""
    moving = any(memory.phase in MOVING for _, memory, _ in _mine(turn.after, moment.part))
    return None if moving else names[0]


_SPEAKERS: Final[Mapping[str, Callable[[_Turn, _Moment, Sequence[TargetName]], TargetName | None]]] = (
    MappingProxyType({
        _STARTED: _first_to_start,
        _BAKING: _last_to_bake,
        _BACK: _first_to_leave,
        "superseded": _first_replaced,
        "good": _together,
    })
)  # fmt: skip
# What is not told of a member while its group has nothing to tell; of what else ended a person has to know at once.
_FOLDED: Final = frozenset({*_SPEAKERS, "rolled_back"})


def _guilty(turn: _Turn, part: Part) -> Mapping[TargetName, str]:
    """Say who failed by themselves, and why."""
    barred = {
        name: memory.quarantine.get(rollout.release.digest)
        for name, memory, rollout in _mine(turn.after, part)
        if rollout.cause != GROUP
    }
    return {name: one.why for name, one in barred.items() if one is not None}


def _told(turn: _Turn, moment: _Moment) -> dict[str, str]:
    part = moment.part
    rollouts = {name: one.number for name, _, one in (*_mine(turn.before, part), *_mine(turn.after, part))}
    owners = (turn.after[name].owner for name in part.group.members if name in turn.after)
    told = {
        TELLS: ALL,
        "group": part.group.name,
        "attempt": f"{part.since:%Y%m%dT%H%M%SZ}",
        "members": ", ".join(part.group.members),
        "rollouts": ",".join(f"{name}:{number}" for name, number in rollouts.items()),
        "lasted": f"{(turn.plan.decided_at - part.since).total_seconds():.3f}",
        "owners": _listed(owners),
        "because": "; ".join(f"{name}: {why}" for name, why in _guilty(turn, part).items()),
    }
    return {key: value for key, value in told.items() if value}


def _listed(owners: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(filter(None, owners)))


def rollouts_in(data: Mapping[str, str]) -> Mapping[TargetName, int]:
    """Read which rollouts a row tells of that is told for a group."""
    pairs = (one.partition(":") for one in data.get("rollouts", "").split(",") if one)
    return {TargetName(name): int(number) for name, _, number in pairs}
