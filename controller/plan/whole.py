"""The release of a group as it is wanted now, and whether it is known here: from the spec and the record alone."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from controller.model.desired import Desired, DesiredTarget, Reading
from controller.model.group import Group, Whole
from controller.model.names import Digest, TargetName
from controller.model.orders import TargetOrders
from controller.model.record import Memory, Record
from controller.model.rollout import MOVING
from controller.plan.known import release_of


def whole_of(desired: Reading, record: Record, name: TargetName) -> Whole | None:
    """Put together what every member of a target's group is to run; None without a group, or if it is not known."""
    wants = _wants(desired, name)
    if not wants or not isinstance(desired, Desired):
        return None
    group = desired.targets[name].group
    contents = []
    for member, want in sorted(wants.items()):
        release = None if want.unread or want.group != group else release_of(want, record.targets.get(member))
        if release is None:
            return None
        contents.append((member, release.digest))
    is_complete = group is not None and len(contents) == len(group.members)
    return Whole(group=group.name, contents=tuple(contents)) if group and is_complete else None


def all_known(whole: Whole | None, record: Record) -> bool:
    """Whether every member may go to its part of it without a gate: it runs that, or it ran here."""
    return whole is not None and all(
        _is_known(record.targets.get(member), content) for member, content in whole.contents
    )


def orders_of(record: Record, name: TargetName, whole: Whole | None) -> TargetOrders:
    """Give what people ordered of a target; they answer to a group as a whole, by its own name."""
    orders = record.orders.targets.get(name, TargetOrders())
    if whole is None:
        return orders
    asked = record.orders.targets.get(TargetName(whole.group), TargetOrders())
    return replace(orders, approvals=asked.approvals, ticks=asked.ticks)


def lifted_from(memory: Memory, whole: Whole | None) -> Memory:
    """Take out of the quarantine what failed only together with others, in another release of its group."""
    if whole is None or not any(one.together for one in memory.quarantine.values()):
        return memory
    kept = {key: one for key, one in memory.quarantine.items() if one.together in {None, whole.digest}}
    return memory if len(kept) == len(memory.quarantine) else replace(memory, quarantine=kept)


def companions(desired: Reading, record: Record, looked: Collection[TargetName]) -> frozenset[TargetName]:
    """Name the other members of the groups of these targets in which something waits or is under way."""
    found = {other for name in looked for other in _members(desired, record, name)}
    known = desired.targets if isinstance(desired, Desired) else record.targets
    return frozenset(other for other in found if other not in looked and other in known)


def _members(desired: Reading, record: Record, name: TargetName) -> Iterator[TargetName]:
    wants = _wants(desired, name)
    if any(_stirs(want, record.targets.get(member)) for member, want in wants.items()):
        yield from wants
    memory = record.targets.get(name)
    rollout = memory.rollout if memory else None
    if memory is not None and rollout is not None and rollout.part is not None and memory.phase in MOVING:
        yield from rollout.part.group.members


def _stirs(want: DesiredTarget, memory: Memory | None) -> bool:
    """Whether a member wants something else than should run at rest, or is under way; what is not known may be."""
    if memory is None or memory.current is None or memory.rollout is not None or memory.next is not None:
        return True
    release = release_of(want, memory)
    return release is None or release.digest != memory.current.digest


def _wants(desired: Reading, name: TargetName) -> dict[TargetName, DesiredTarget]:
    """Give what the spec wants of every member of a target's group, as far as it says that."""
    want = desired.targets.get(name) if isinstance(desired, Desired) else None
    group: Group | None = want.group if want else None
    if group is None or not isinstance(desired, Desired):
        return {}
    return {member: desired.targets[member] for member in group.members if member in desired.targets}


def _is_known(memory: Memory | None, content: Digest) -> bool:
    current = memory.current if memory else None
    runs = current is not None and current.digest == content
    return memory is not None and (runs or memory.is_known(content))
