"""One verdict for a group: its members become good in one turn, and when one fails all that have begun go back.

What a member is read as in this turn counts as much as what is remembered of it, so that none is kept in the turn
in which another fails.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from controller.model.gate import Shut
from controller.model.group import Part
from controller.model.hooks import When
from controller.model.names import TargetName
from controller.model.observation import Live
from controller.model.record import Memory
from controller.model.rollout import MOVING, Phase
from controller.plan.flags import flagged
from controller.plan.hooking import before_back
from controller.plan.joint import GROUP
from controller.plan.judged import Judged
from controller.plan.look import Look
from controller.plan.needs import DOING
from controller.plan.readings import Baking, Course, Preparing, Resting, Signal, Stuck
from controller.plan.signals import read_signal

_TOUCHED: Final = frozenset({Phase.ROLLING, Phase.BAKING, Phase.ROLLING_BACK})
_BACK: Final = frozenset(
    {Course.FAILING, Course.LOST, Course.OUSTED, Course.FOREIGN, Course.ORDERED, Course.CALLED_BACK}
    | {Preparing.FAILING, Preparing.ORDERED}
)
_ORDERED: Final = frozenset({Resting.ORDERED, Stuck.ORDERED})
_STOPS: Final = frozenset({Course.BRAKED, Course.UNSAFE, Course.HALTED, Baking.UNSURE, Preparing.UNSURE})

Looks: TypeAlias = Mapping[TargetName, Look]


def together(looks: Looks, *, braked: bool) -> Looks:
    """Tell every member of a group what the others come to; `braked` says that no group may begin to go back."""
    if not any(part_of(look) for look in looks.values()):
        return looks
    first = {name: _remembered(look, looks, braked=braked) for name, look in looks.items()}
    signals = {name: _signal(look) for name, look in first.items() if part_of(look)}
    return {name: _told(look, first, signals) for name, look in first.items()}


def stopped(memory: Memory, signal: Signal) -> Memory:
    """Note that a group stopped with this member, so that those that are seen later stop too."""
    rollout = memory.rollout
    if rollout is None or rollout.part is None or memory.phase is not Phase.STALLED or signal not in _STOPS:
        return memory
    return replace(memory, rollout=replace(rollout, stops=True))


def part_of(look: Look) -> Part | None:
    """Give what a member has a part in: with its rollout, or with the one that it would open."""
    rollout = look.memory.rollout
    return rollout.part if rollout is not None and look.memory.phase in MOVING else look.joint.part


def _signal(look: Look) -> Signal | None:
    return None if flagged(look) is not None else read_signal(look).signal


def _remembered(look: Look, looks: Looks, *, braked: bool) -> Look:
    """Tell what the record says of the others: whoever goes back goes on with that, brake or no brake."""
    part = part_of(look)
    if part is None:
        return look
    back = next((why for other in _rest(look, part, looks) if (why := _went_back(other, part))), "")
    halts = next((why for other in _rest(look, part, looks) if (why := _has_stopped(other, part))), "")
    joint = replace(look.joint, back=back, is_back=bool(back), halts=halts)
    return replace(look, joint=joint, braked=braked and not back)


def _rest(look: Look, part: Part, looks: Looks) -> Iterator[Look]:
    """Give the other members that were looked at."""
    return (looks[name] for name in part.group.members if name != look.name and name in looks)


def _mine(look: Look, part: Part) -> bool:
    return look.memory.rollout is not None and look.memory.rollout.part == part


def _went_back(look: Look, part: Part) -> str:
    memory = look.memory
    if not _mine(look, part) or memory.phase not in {Phase.ROLLING_BACK, Phase.STALLED} or look.rollout.stops:
        return ""
    how = f"goes back from {look.rollout.release.version}" if memory.phase is Phase.ROLLING_BACK else "is stalled"
    return f"{look.name} {how}{_because(memory)}"


def _because(memory: Memory) -> str:
    barred = memory.quarantine.get(memory.rollout.release.digest) if memory.rollout else None
    return f": {barred.why}" if barred else ""


def _has_stopped(look: Look, part: Part) -> str:
    is_over = _mine(look, part) and look.memory.phase is Phase.STALLED and look.rollout.stops
    return f"{look.name} is stalled{_because(look.memory)}" if is_over else ""


def _told(look: Look, looks: Looks, signals: Mapping[TargetName, Signal | None]) -> Look:
    """Add what the others are read as in this turn."""
    part, joint = part_of(look), look.joint
    if part is None:
        return look
    others = [other for other in _rest(look, part, looks) if _mine(other, part)]
    back = joint.back or next((_reads(o, signals) for o in others if signals.get(o.name) in _BACK), "")
    halts = joint.halts or next((_reads(o, signals) for o in others if signals.get(o.name) in _STOPS), "")
    joint = replace(joint, back=back, halts=halts)
    after = "; ".join(_comes_first(look, part, looks, signals))
    if signals.get(look.name) in _ORDERED:
        return replace(look, joint=replace(joint, after=after))
    if not _mine(look, part):
        why = back or halts
        shut = (Judged(kind=GROUP, verdict=Shut(why=f"its group has failed: {why}")),) if why else ()
        return replace(look, joint=joint, gates=(*look.gates, *shut))
    if look.memory.phase is Phase.BAKING:
        joint = replace(joint, waits=_waits(look, part, looks, signals))
    return replace(look, joint=replace(joint, after=after, lost=_lost(look, part, looks)))


def _reads(look: Look, signals: Mapping[TargetName, Signal | None]) -> str:
    signal = signals.get(look.name)
    return f"{look.name}: {signal.value}" if signal else look.name


def _waits(look: Look, part: Part, looks: Looks, signals: Mapping[TargetName, Signal | None]) -> str:
    """Say which members are not as far yet; none of them is good before all are."""
    if not part.whole.contents:
        return "its group can not be read"
    names = [name for name, _ in part.whole.contents if name != look.name]
    whys = (
        (name, _not_baked(name, part, looks, signals)) for name in names if not _is_out(look, name, part, looks)
    )
    return "; ".join(f"waits for {name} of its group, which {why}" for name, why in whys if why)


def _is_out(look: Look, name: TargetName, part: Part, looks: Looks) -> bool:
    """Whether the spec has taken the two apart, and another member goes its own way by now."""
    other = looks.get(name)
    if other is None or _mine(other, part) or (look.wish is not None and look.wish.want.group is not None):
        return False
    if look.wish is None:
        return other.joint.part is not None and other.joint.part.whole != part.whole
    return other.wish is None or other.wish.digest != part.whole.content_of(name)


def _not_baked(name: TargetName, part: Part, looks: Looks, signals: Mapping[TargetName, Signal | None]) -> str:
    look = looks.get(name)
    if look is None or not isinstance(look.sight, Live):
        return "could not be seen"
    memory = look.memory
    if _mine(look, part):
        if signals.get(name) is Baking.BAKED:
            return ""
        return f"{DOING.get(memory.phase, 'is stalled at')} {look.rollout.goal.version}"
    content, current = part.whole.content_of(name), memory.current
    rests = memory.rollout is None and current is not None and current.digest == content
    return "" if rests and current is not None and look.runs(current.release) else "has no part in it yet"


def _comes_first(
    look: Look, part: Part, looks: Looks, signals: Mapping[TargetName, Signal | None]
) -> Iterator[str]:
    """Say who goes back before a member does: those that need it, and who has hooks to run on the way back."""
    for other in _rest(look, part, looks):
        begins = other.joint.part == part and signals.get(other.name) in _ORDERED
        if not begins and not (_mine(other, part) and other.memory.phase in _TOUCHED):
            continue
        if look.name in part.group.needs_of(other.name):
            goes = "goes back" if begins else f"{DOING[other.memory.phase]} {other.rollout.goal.version}"
            yield f"waits for {other.name}, which needs it, and {goes}"
        elif other.name == part.group.hooked and _has_hooks(other, begins=begins):
            yield f"waits for {other.name}, which runs the hooks of its group first"


def _has_hooks(look: Look, *, begins: bool) -> bool:
    """Whether hooks on the way back have not passed; of one that begins to go back none has."""
    if not begins:
        return before_back(look) is not None
    return look.wish is not None and any(hook.when is When.ON_ROLLBACK for hook in look.wish.want.terms.hooks)


def _lost(look: Look, part: Part, looks: Looks) -> str:
    """Say that the hooks on the way back of a group did not pass: what is older would not know what it meets."""
    hooked = looks.get(part.group.hooked) if part.group.hooked not in {None, look.name} else None
    if hooked is None or not _mine(hooked, part) or hooked.memory.phase is not Phase.STALLED:
        return ""
    pending = before_back(hooked) if hooked.rollout.back is not None or hooked.rollout.deployment else None
    return f"the {pending.hook.title} of {hooked.name} has not passed" if pending else ""
