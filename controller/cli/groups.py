"""Orders for a group: they are given to all of its members at once, under one number."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from controller.cli.common import as_target
from controller.errors import Refusal

if TYPE_CHECKING:
    from controller.cli.orders import Change
    from controller.model.names import TargetName
    from controller.model.orders import Orders, TargetOrders
    from controller.model.record import Memory
    from controller.model.release import Kept
    from controller.model.status import TargetStatus
    from controller.ports import Store

    Memories: TypeAlias = Mapping[TargetName, Memory]


def members(store: "Store", env: str, name: str) -> "Sequence[TargetStatus]":
    """Give the newest status of each member of a group of this name; nothing if there is no such group."""
    return [status for status in store.shown() if status.env == env and status.group == name]


def targets_of(store: "Store", env: str, name: str) -> "Sequence[TargetName]":
    """Name the targets that a word means: the members of a group of that name, else the target itself."""
    return [one.target for one in members(store, env, name)] or [as_target(name)]


def asked_as(status: "TargetStatus") -> str:
    """Say by which name a person answers for a target: that of its group, if it goes with one."""
    return status.asked_as


def refuse_a_member(status: "TargetStatus | None", verb: str) -> None:
    """Refuse what is done with a whole group alone. Raises Refusal that names the group."""
    if status is not None and status.group:
        raise Refusal(
            f"{status.env}/{status.target} goes with its group {status.group}, and not alone: "
            f"trueup {verb} {status.env} {status.group} …"
        )


def for_each(changes: "Sequence[Change]") -> "Change":
    """Change the orders of several targets as one order."""

    def whole(orders: "Orders", number: int) -> "Orders":
        for change in changes:
            orders = change(orders, number)
        return orders

    return whole


def ways_back(memories: "Memories", to: str | None) -> "Mapping[TargetName, Kept]":
    """Choose what each member goes back to: what ran when the whole group was good before. Raises Refusal.

    With `to` that is when it last became good with this version. A member that has not changed since stays, and is
    not among them.
    """
    ways = {name: kept for name, kept in _found(memories, to) if kept is not None}
    if not ways:
        named = f"{to} was never good here" if to else "there is no other good release to go back to"
        raise Refusal(f"{named}; a group goes back to what was good as a whole")
    return ways


def _found(memories: "Memories", to: str | None) -> "Iterator[tuple[TargetName, Kept | None]]":
    """Leave what rolls; at rest what became good last, or, with `to`, all that became good after that."""
    rolling = [name for name, one in memories.items() if one.rollout is not None and one.rollout.back is None]
    if to is None:
        for name in rolling or _changed_last(memories):
            yield name, _newest(memories[name], None)
        return
    named = [kept for one in memories.values() for kept in one.known if to in {kept.release.version, kept.digest}]
    at = max((kept.since for kept in named if kept.since), default=None)
    for name, memory in memories.items():
        then = next((kept for kept in memory.known if kept.since is None or (at and kept.since <= at)), None)
        yield name, _newest(memory, then.digest) if then else None


def _changed_last(memories: "Memories") -> "Sequence[TargetName]":
    """Name the members that changed when the group became good last: all of them did so in the same instant."""
    since = {name: memory.current.since for name, memory in memories.items() if memory.current}
    last = max((at for at in since.values() if at), default=None)
    return [name for name, at in since.items() if at == last]


def _newest(memory: "Memory", digest: str | None) -> "Kept | None":
    """Find the newest way back that is not what runs or rolls; with a digest, just that."""
    rollout, current = memory.rollout, memory.current
    running = rollout.release.digest if rollout and rollout.back is None else current.digest if current else None
    open_ways = (kept for kept in memory.known if kept.digest not in {*memory.quarantine, running})
    return next((kept for kept in open_ways if digest in {None, kept.digest}), None)


def paused_of(orders: "Orders", names: "Sequence[TargetName]") -> str:
    """Say why nothing is sent just now, if the environment or one of these targets is paused."""
    mine: list[TargetOrders] = [orders.targets[name] for name in names if name in orders.targets]
    pauses = [pause for pause in (orders.pause, *(one.pause for one in mine)) if pause is not None]
    return pauses[0].reason if pauses else ""
