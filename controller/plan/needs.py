"""Which targets come first: a wish waits until every target that it needs runs its own wish, at rest."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final

from controller.model.desired import Desired, DesiredTarget, Reading
from controller.model.gate import Shut
from controller.model.names import TargetName
from controller.model.observation import Absent, Unseen
from controller.model.record import Memory, Record
from controller.model.rollout import Phase
from controller.plan.judged import Judged
from controller.plan.known import rolls
from controller.plan.look import Look

NEEDS: Final = "needs"
DOING: Final[Mapping[Phase, str]] = MappingProxyType(
    {
        Phase.PREPARING: "is preparing",
        Phase.ROLLING: "is rolling to",
        Phase.BAKING: "is baking",
        Phase.ROLLING_BACK: "is going back to",
    }
)


def needed(desired: Reading, record: Record, looked: Collection[TargetName]) -> frozenset[TargetName]:
    """Name what has to be looked at too: what those that were looked at need, where something waits."""
    if not isinstance(desired, Desired):
        return frozenset()
    waiting = (
        want
        for name in looked
        if (want := desired.targets.get(name)) and want.needs and _waits(want, record.targets.get(name))
    )
    named = {other for want in waiting for other in want.needs}
    return frozenset(other for other in named if other not in looked and other in desired.targets)


def first(look: Look, seen_of: Callable[[TargetName], Look]) -> tuple[Judged, ...]:
    """Judge what a target needs outside of its group; `seen_of` gives the look at another one."""
    if look.wish is None or look.wish.free:
        return ()
    group = look.wish.want.group
    outside = (name for name in look.wish.want.needs if group is None or name not in group.members)
    whys = ((name, _why(seen_of(name))) for name in outside)
    said = (f"waits for {name}, which {why}" for name, why in whys if why)
    return tuple(Judged(kind=NEEDS, verdict=Shut(why=one)) for one in said)


def _waits(want: DesiredTarget, memory: Memory | None) -> bool:
    """Whether something else is wanted than should run at rest, and is not under way."""
    if memory is None or memory.current is None:
        return True
    return not rolls(memory, want.release) and (
        memory.current.digest != want.release.digest or memory.next is not None
    )


def _why(look: Look) -> str:
    """Say why a needed target does not run its own wish at rest; nothing if it does."""
    memory, wish = look.memory, look.wish
    if memory.phase in DOING:
        return f"{DOING[memory.phase]} {look.rollout.goal.version}"
    if isinstance(look.sight, Unseen):
        return f"could not be seen: {look.sight.why}"
    if isinstance(look.sight, Absent):
        return "is not there"
    if wish is None:
        return f"has no wish that can be read: {look.unread}"
    version = wish.release.version
    if look.barred:
        return f"failed with {version}"
    if memory.phase is Phase.STALLED:
        return f"is stalled at {look.rollout.goal.version}"
    if memory.phase is not Phase.IDLE or memory.current is None or memory.current.digest != wish.digest:
        return f"{_held(look)} {version} yet"
    return "" if look.runs(memory.current.release) else f"runs something else than {version}"


def _held(look: Look) -> str:
    if look.pause is not None:
        return "is paused, and does not run"
    if look.observes:
        return "is only observed, and does not run"
    return "waits for its gates, and does not run" if look.memory.phase is Phase.PENDING else "does not run"
