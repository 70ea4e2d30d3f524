"""What the spec wants of a target, and where that is."""

from typing import Final

from controller.model.desired import Desired, DesiredTarget, Reading
from controller.model.names import TargetName
from controller.model.place import Place
from controller.model.record import Record
from controller.model.rollout import MOVING

NOWHERE: Final = Place(kind="", account="", region="", cluster="", service="")


def names_of(desired: Reading, record: Record) -> list[TargetName]:
    """Name every target that is wanted or remembered, in order."""
    wanted = desired.targets if isinstance(desired, Desired) else {}
    return sorted({*wanted, *record.targets})


def place_of(desired: Reading, record: Record, name: TargetName) -> Place | None:
    """Find where a target lives: where the spec says, though the rest of it be unread; else where it was."""
    said, memory = named(desired, record, name), record.targets.get(name)
    if said is not None:
        return said.place
    return memory.place if memory else None


def wanted(desired: Reading, record: Record, name: TargetName) -> DesiredTarget | None:
    """Find what the spec wants of a target; nothing while a rollout at another place than it says is open.

    And nothing that could not be completed: what it leaves to a registry, say, was not there to be read. Nor
    while a hotfix stands that can not be wanted.
    """
    said = named(desired, record, name)
    return None if said is not None and (said.unread or unfit(said, record, name)) else said


def unfit(said: DesiredTarget, record: Record, name: TargetName) -> str:
    """Say why the hotfix that stands can not be wanted; empty if it could be once, and for a member of a group.

    The spec's version is not what the person asked for either, and to begin it may undo the hotfix before.
    """
    memory, orders = record.targets.get(name), record.orders.targets.get(name)
    newest = orders.hotfixes[-1].number if orders and orders.hotfixes else 0
    lane = memory.lane if memory else None
    if not said.unfit or said.group is not None or (lane is not None and lane.number == newest):
        return ""
    return f"{said.unfit}; ask for another hotfix, or follow the spec: trueup unpin"


def named(desired: Reading, record: Record, name: TargetName) -> DesiredTarget | None:
    """Find what the spec says of a target, unless a rollout is open at another place than it names."""
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    memory = record.targets.get(name)
    if want is None or memory is None or memory.place is None or memory.place.claim == want.place.claim:
        return want
    return want if memory.phase not in MOVING else None
