"""One environment as the store had it at one moment, and what has to be known to save over it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from controller.model.names import ClaimKey, EnvName, TargetName
from controller.model.orders import Orders
from controller.model.record import Memory, Owner, Record
from controller.stores.backend import Committed
from controller.stores.claims import Claims
from controller.stores.keys import CLAIMS, Head, Stored, orders_part, record_part


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A claim that a person gave to a target of this environment, not yet taken over.

    `memory` is what its owner remembers, if that is in another environment. It is not `shown` as done if the target
    remembers something of its own: then it keeps that, and may take the place when it is there to live.
    """

    claim: ClaimKey
    source: Owner
    number: int
    shown: bool
    memory: Stored[Memory] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What was read, each item with its etag; `revisions` are those of the parts in `watched`.

    `held` has every memory that lies in this environment, by claim: that of a place that was left too.
    """

    env: EnvName
    revisions: tuple[str, ...]
    head: Stored[Head] | None
    orders: Stored[Orders] | None
    held: Mapping[ClaimKey, Stored[Memory]]
    claims: Claims
    moves: Mapping[TargetName, Move]
    places: Mapping[TargetName, ClaimKey]
    record: Record

    @property
    def watched(self) -> tuple[str, ...]:
        """Name the parts that this was read from."""
        return watched(self.env, self.moves)

    @property
    def asked_moves(self) -> int:
        """Give the number of the newest move that was ordered here, done or not."""
        known = self.head.value.heard_moves if self.head else 0
        every = self.orders.value.targets.values() if self.orders else ()
        return max([known, *(order.moved.number for order in every if order.moved)])

    @property
    def unheard(self) -> bool:
        """Whether a move was ordered that no save has come by yet."""
        return self.asked_moves > (self.head.value.heard_moves if self.head else 0)

    @property
    def addresses(self) -> frozenset[str]:
        """List the contents that are referred to."""
        moved = (move.memory for move in self.moves.values() if move.memory)
        every = (*self.held.values(), *moved, *((self.orders,) if self.orders else ()))
        return frozenset[str]().union(*(stored.addresses for stored in every))


def watched(env: EnvName, moves: Mapping[TargetName, Move]) -> tuple[str, ...]:
    """Name the parts whose revisions tell whether an environment is as it was."""
    elsewhere = sorted({record_part(move.source.env) for move in moves.values() if move.source.env != env})
    return (CLAIMS, record_part(env), orders_part(env), *elsewhere)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a snapshot is put together from."""

    env: EnvName
    revisions: tuple[str, ...]
    claims: Claims
    head: Stored[Head] | None = None
    orders: Stored[Orders] | None = None
    held: Mapping[ClaimKey, Stored[Memory]] = field(default_factory=dict)
    moves: Mapping[TargetName, Move] = field(default_factory=dict)


def assemble(parts: Parts) -> Snapshot:
    """Put a snapshot together; a move that was ordered is shown as if it were done, and saving makes it so."""
    shown = {name: move for name, move in parts.moves.items() if move.shown}
    moved = {move.claim: move.memory for move in shown.values() if move.memory}
    taken = {move.claim: Owner(env=parts.env, target=name) for name, move in shown.items()}
    places = _places(parts.env, parts.claims, shown)
    found = {name: moved.get(claim) or parts.held.get(claim) for name, claim in sorted(places.items())}
    head = parts.head.value if parts.head else Head()
    record = Record(
        version="-".join(parts.revisions),
        accepted=head.accepted,
        heard_accept=head.heard_accept,
        rollbacks=head.rollbacks,
        orders=_live(parts.orders.value, parts.moves) if parts.orders else Orders(),
        targets={name: stored.value for name, stored in found.items() if stored},
        claims={**parts.claims.owners, **taken} if taken else parts.claims.owners,
    )
    return Snapshot(
        env=parts.env,
        revisions=parts.revisions,
        head=parts.head,
        orders=parts.orders,
        held=parts.held,
        claims=parts.claims,
        moves=parts.moves,
        places=places,
        record=record,
    )


def reassemble(old: Snapshot, parts: Parts, changed: Mapping[TargetName, ClaimKey]) -> Snapshot:
    """Put a snapshot together from one of which only these memories, and perhaps the head, have changed."""
    head = parts.head.value if parts.head else Head()
    memories = {name: parts.held[claim].value for name, claim in changed.items()}
    record = replace(
        old.record,
        version="-".join(parts.revisions),
        accepted=head.accepted,
        heard_accept=head.heard_accept,
        rollbacks=head.rollbacks,
        targets={**old.record.targets, **memories} if memories else old.record.targets,
    )
    return replace(old, revisions=parts.revisions, head=parts.head, held=parts.held, record=record)


def _places(env: EnvName, claims: Claims, shown: Mapping[TargetName, Move]) -> dict[TargetName, ClaimKey]:
    """Say where each target of this environment lives; the old name of what moves is gone."""
    places = dict(claims.current.get(env, {}))
    for move in shown.values():
        if move.source.env == env:
            places.pop(move.source.target, None)
    return places | {name: move.claim for name, move in shown.items()}


def _live(orders: Orders, moves: Mapping[TargetName, Move]) -> Orders:
    """Leave out the moves that were done, or that can never be."""
    dead = {name for name, order in orders.targets.items() if order.moved and name not in moves}
    if not dead:
        return orders
    targets = {
        name: replace(order, moved=None) if name in dead else order for name, order in orders.targets.items()
    }
    return replace(orders, targets=targets)


def moves_in(env: EnvName, orders: Orders, claims: Claims, heard: int) -> dict[TargetName, Move]:
    """Find the moves that were ordered here, that no save has come by yet, and that can be done.

    None is done for an owner that came after the order: a claim knows the last order before its owner came. Of two
    orders for the same owner the newer counts.
    """
    found: dict[TargetName, Move] = {}
    every = [(name, order.moved) for name, order in orders.targets.items() if order.moved]
    asked = [(name, moved) for name, moved in every if moved.number > heard]
    for name, moved in sorted(asked, key=lambda pair: pair[1].number, reverse=True):
        source, at = Owner(env=moved.env, target=moved.target), claims.where(Owner(env=env, target=name))
        claim = claims.where(source)
        free = claim not in {at, *(move.claim for move in found.values())}
        if claim is not None and free and moved.number > claims.held[claim].value.ordered:
            found[name] = Move(claim=claim, source=source, number=moved.number, shown=at is None)
    return found


def guard_of(version: str) -> str:
    """Of a record's version, what has to be unchanged for it to be saved over: all but other owners' claims."""
    return version.partition("-")[2]


def caught_up(snapshot: Snapshot, done: Committed) -> tuple[str, ...]:
    """Give the revisions after a commit of our own: a part that somebody else wrote too stays as it was known."""
    known = dict(zip(snapshot.watched, snapshot.revisions, strict=True))
    for part, (before, after) in done.parts.items():
        if known.get(part) == before:
            known[part] = after
    return tuple(known[part] for part in watched(snapshot.env, {}))
