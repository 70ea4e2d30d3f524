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

    And nothing that could not be completed: what it leaves to a registry, say, was not there to be read.
    """
    said = named(desired, record, name)
    return None if said is not None and said.unread else said


def named(desired: Reading, record: Record, name: TargetName) -> DesiredTarget | None:
    """Find what the spec says of a target, unless a rollout is open at another place than it names."""
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    memory = record.targets.get(name)
    if want is None or memory is None or memory.place is None or memory.place.claim == want.place.claim:
        return want
    return want if memory.phase not in MOVING else None
