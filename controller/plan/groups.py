"""What keeps a group, or a member of it, from starting; and the one attempt that all its rollouts have a part in.

A group starts as a whole: while anything keeps one member out, none begins. Once it has begun, a member waits for
nothing but those that it needs, and for the hooks of the group.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from controller.model.desired import Supersede
from controller.model.gate import Shut
from controller.model.group import Group, Part, Whole
from controller.model.hooks import When
from controller.model.names import Digest, TargetName
from controller.model.observation import Absent, Unseen
from controller.model.rollout import Phase, Purpose
from controller.plan.approvals import use_up
from controller.plan.calls import others_deploy
from controller.plan.flags import held
from controller.plan.joint import GROUP, Joint
from controller.plan.judged import Judged
from controller.plan.look import Look
from controller.plan.needs import DOING, NEEDS

FORWARD: Final = frozenset({Phase.PREPARING, Phase.ROLLING, Phase.BAKING})
_STARTED: Final = frozenset({Phase.ROLLING, Phase.BAKING})
_STRICTER: Final = (Supersede.ALWAYS, Supersede.WHEN_FAILING, Supersede.AFTER_BAKE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a group makes of one member before its signal is read.

    With `begun` its own gates were passed when its group began, and `gates` are all that still counts.
    """

    gates: tuple[Judged, ...]
    joint: Joint
    begun: bool

    def of(self, look: Look) -> Look:
        """Give the look of a member with its part in what its group has begun, or begins now."""
        joined = replace(look, joint=self.joint)
        part, rollout = self.joint.part, look.memory.rollout
        if rollout is None or part is None or not part.passed or rollout.part == part or not _goes_there(look):
            return joined
        memory = replace(look.memory, rollout=replace(rollout, part=part))
        return replace(joined, memory=use_up(memory, look))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One group in one turn: the looks at its members, what keeps each of them out, and what it has begun."""

    group: Group
    whole: Whole | None
    looks: Mapping[TargetName, Look]
    keeps: Mapping[TargetName, tuple[str, ...]]
    begun: Part | None
    supersede: Supersede


def shares(
    looks: Mapping[TargetName, Look],
    seen_of: Callable[[TargetName], Look],
    shut: Mapping[TargetName, tuple[Judged, ...]],
    now: datetime,
) -> dict[TargetName, Share]:
    """Find what each member of a group waits for besides its own gates; `shut` is what else is shut for it."""
    turns: dict[str, _Turn] = {}
    found: dict[TargetName, Share] = {}
    for name, look in looks.items():
        group = look.wish.want.group if look.wish else look.memory.group
        if group is None:
            continue
        if look.wish is None or look.wish.pinned:
            found |= {name: _ordered(group, now)} if look.ordered else {}
            continue
        if group.name not in turns:
            turns[group.name] = _turn(group, {one: seen_of(one) for one in group.members}, shut)
        found[name] = _share(look, turns[group.name], now)
    return found


def _ordered(group: Group, now: datetime) -> Share:
    """Let members whom a person orders back in one turn go back in their order: nothing else of them is shared."""
    part = Part(group=group, whole=Whole(group=group.name), since=now, passed=False)
    return Share(gates=(), joint=Joint(part=part), begun=False)


def _turn(group: Group, looks: Mapping[TargetName, Look], shut: Mapping[TargetName, tuple[Judged, ...]]) -> _Turn:
    wholes = [look.wish.whole for look in looks.values() if look.wish and look.wish.whole]
    whole = wholes[0] if wholes else None
    begun = _begun(whole, looks)
    supersede = Supersede.ALWAYS if begun else _supersede(looks)
    keeps = {name: tuple(_keeps_out(look, shut.get(name, ()), supersede)) for name, look in looks.items()}
    return _Turn(group=group, whole=whole, looks=looks, keeps=keeps, begun=begun, supersede=supersede)


def _share(look: Look, turn: _Turn, now: datetime) -> Share:
    begun, whole = turn.begun, turn.whole
    free = look.wish is not None and look.wish.free
    opens = whole is not None and (free or not any(turn.keeps.values()))
    first = tuple(Judged(kind=NEEDS, verdict=Shut(why=why)) for why in _first(look, turn))
    others = () if begun else _others(look, turn)
    part = begun or Part(group=turn.group, whole=whole or Whole(group=turn.group.name), since=now, passed=opens)
    joint = Joint(part=part, supersede=turn.supersede, partly=not all(map(_runs_part, turn.looks.values())))
    return Share(gates=(*others, *first), joint=joint, begun=begun is not None)


def _goes_there(look: Look) -> bool:
    """Whether a rollout under way goes just where its group is to go."""
    rollout, wish = look.memory.rollout, look.wish
    if (
        rollout is None
        or wish is None
        or look.memory.phase not in FORWARD
        or rollout.purpose is not Purpose.FORWARD
    ):
        return False
    return rollout.release.digest == wish.digest


def _has_passed(look: Look) -> bool:
    """Whether a member is on its way there, and passed its gates with its group."""
    part = look.memory.rollout.part if look.memory.rollout else None
    return _goes_there(look) and part is not None and part.passed


def _begun(whole: Whole | None, looks: Mapping[TargetName, Look]) -> Part | None:
    """Find the attempt that is under way to just this release of the group, if it is not over for any member."""
    rollouts = [(look.memory.phase, look.memory.rollout) for look in looks.values() if look.memory.rollout]
    parts = [one.part for phase, one in rollouts if phase in FORWARD and one.part and one.part.passed]
    newest = max((part for part in parts if part.whole == whole), key=lambda part: part.since, default=None)
    over = any(phase not in FORWARD and one.part == newest for phase, one in rollouts)
    return None if over else newest


def _supersede(looks: Mapping[TargetName, Look]) -> Supersede:
    """Say when what is under way may be replaced: as the strictest says, unless it can not become good."""
    under_way = [look for look in looks.values() if look.memory.phase in FORWARD and not _goes_there(look)]
    if any(_is_idle(look) or _is_torn(look, looks) for look in under_way):
        return Supersede.ALWAYS
    said = [look.wish.want.supersede for look in under_way if look.wish]
    return max(said, key=_STRICTER.index, default=Supersede.ALWAYS)


def _is_idle(look: Look) -> bool:
    return look.memory.phase is Phase.BAKING and look.live is not None and look.live.desired == 0


def _is_torn(look: Look, looks: Mapping[TargetName, Look]) -> bool:
    """Whether another member has no part in what is under way, and wants something else by now."""
    part = look.memory.rollout.part if look.memory.rollout else None
    others = [(looks[name], content) for name, content in part.whole.contents if name in looks] if part else []
    return any(not _is_in(other, part, content) for other, content in others)


def _is_in(look: Look, part: Part | None, content: Digest) -> bool:
    memory, wish = look.memory, look.wish
    if memory.rollout is not None and memory.rollout.part == part:
        return True
    rests = memory.rollout is None and memory.current is not None and memory.current.digest == content
    return rests or (wish is not None and wish.digest == content)


def is_unchanged(look: Look) -> bool:
    """Whether a member rests on what is wanted: it takes part without a call."""
    memory, wish = look.memory, look.wish
    if memory.current is None or wish is None or memory.rollout is not None or look.again:
        return False
    return memory.current.digest == wish.digest


def _runs_part(look: Look) -> bool:
    return is_unchanged(look) or (look.wish is not None and look.wish.pinned)


def _others(look: Look, turn: _Turn) -> tuple[Judged, ...]:
    """Judge what keeps other members out, and so the whole group; what is told of this one is not told again."""
    mine = {*turn.keeps[look.name]}
    said = [
        f"waits for {name} of its group: {why}"
        for name, whys in turn.keeps.items()
        for why in whys
        if name != look.name and why not in mine
    ]
    if turn.whole is None and not said:
        said = ["waits for its group, of which not every member can be read"]
    return tuple(Judged(kind=GROUP, verdict=Shut(why=why)) for why in said)


def _keeps_out(look: Look, shut: tuple[Judged, ...], supersede: Supersede) -> Iterator[str]:
    """Say why a member can not begin, as far as it does not wait for others of its group."""
    wish = look.wish
    if wish is None:
        yield f"it has no wish that can be read: {look.unread}"
        return
    away = _away(look)
    if away:
        yield away
    elif wish.pinned:
        yield f"it is pinned to {wish.release.version}"
    elif look.barred:
        yield f"{wish.release.version} failed there"
    elif not is_unchanged(look) and not _has_passed(look):
        yield from _under_way(look, supersede)
        judged = (*look.gates, *shut, *(() if wish.want.terms.incident else look.alarmed))
        yield from (one.verdict.why for one in judged)
        yield from filter(None, (look.conflict, others_deploy(look) if look.lets_be else ""))


def _away(look: Look) -> str:
    """Say why nothing can be done with a member: it can not be seen, or a person holds it."""
    if isinstance(look.sight, Unseen):
        return f"it could not be seen: {look.sight.why}"
    if look.pause is not None:
        return f"it is paused: {look.pause.reason}"
    if look.observes:
        return "it is only observed (mode: observe)"
    is_made = look.wish is not None and look.wish.want.create and not look.memory.seen
    return "it is not there" if isinstance(look.sight, Absent) and not is_made else held(look)


def _under_way(look: Look, supersede: Supersede) -> Iterator[str]:
    rollout, phase = look.memory.rollout, look.memory.phase
    if rollout is None:
        return
    if phase is Phase.ROLLING_BACK or look.is_stuck:
        doing = DOING.get(phase, "is stalled at")
        yield f"it {doing} {rollout.goal.version}"
    elif phase in FORWARD and supersede is not Supersede.ALWAYS:
        yield f"it {DOING[phase]} {rollout.goal.version} (supersede: {supersede.value})"


def _first(look: Look, turn: _Turn) -> Iterator[str]:
    """Say which members come before this one, and are not there yet."""
    hooked = turn.group.hooked
    prepares = hooked is not None and hooked != look.name and not _has_prepared(turn.looks[hooked], turn.begun)
    if prepares:
        yield f"waits for {hooked}, which runs the hooks of its group first"
    for name in turn.group.needs_of(look.name):
        why = _not_there(turn.looks[name], turn.begun)
        if why and not (prepares and name == hooked):
            yield f"waits for {name}, which {why}"


def _has_prepared(look: Look, begun: Part | None) -> bool:
    """Whether the hooks of a group have passed: with what runs there, or in what is under way."""
    if is_unchanged(look):
        return True
    if look.wish is not None and not any(hook.when is When.BEFORE for hook in look.wish.want.terms.hooks):
        return True
    return _has_part(look, begun, _STARTED)


def _not_there(look: Look, begun: Part | None) -> str:
    """Say why a member that another needs is not there: it is once it bakes, or if it need not change."""
    memory = look.memory
    if isinstance(look.sight, Unseen):
        return f"could not be seen: {look.sight.why}"
    if is_unchanged(look) and memory.current is not None:
        return (
            ""
            if look.runs(memory.current.release)
            else f"runs something else than {memory.current.release.version}"
        )
    if _has_part(look, begun, frozenset({Phase.BAKING})):
        return ""
    doing = DOING.get(memory.phase)
    if doing and memory.rollout is not None:
        return f"{doing} {memory.rollout.goal.version}"
    return f"does not run {look.wish.release.version if look.wish else 'what is wanted'} yet"


def _has_part(look: Look, begun: Part | None, phases: frozenset[Phase]) -> bool:
    rollout = look.memory.rollout
    return begun is not None and rollout is not None and rollout.part == begun and look.memory.phase in phases
