"""The memory of all environments, kept in items: what the loop recalls and saves, and what people ask for."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Final

from controller.errors import Conflict, PlatformError
from controller.model.message import Again, Delivery, Told
from controller.model.names import EnvName, TargetName
from controller.model.orders import Orders
from controller.model.record import Record
from controller.model.status import TargetStatus
from controller.model.story import Entry, Link
from controller.ports import Lease
from controller.stores.backend import ABSENT, Backend, Check, Committed, Row, Write
from controller.stores.chain import link_of
from controller.stores.changes import Changes, contents
from controller.stores.codec import SCHEMA, Codec, refuse_newer
from controller.stores.keys import (
    ENVIRONMENTS,
    NUMBER_KEY,
    ORDERS,
    SCHEMA_KEY,
    Number,
    Schema,
    Stored,
    orders_key,
)
from controller.stores.leases import Leases
from controller.stores.outbox import Outbox
from controller.stores.reader import Reader
from controller.stores.snapshot import Parts, Snapshot, assemble, caught_up, guard_of, reassemble
from controller.stores.statuses import Statuses

TRIES: Final = 100
"""How often an order is written again: each time somebody else's was written, so somebody gets on."""

READ_AT_ONCE: Final = 2000
"""How many rows of the chain are read at once: few enough that no writer waits, and no memory fills."""


class Records:
    """A Store over any backend; safe to share between threads, and beside other processes on the same backend.

    What was read stays the very same object until it changes, so that `is` tells what did. Raises Refusal when it
    is made over a store that a newer trueup wrote.
    """

    def __init__(self, backend: Backend, codec: Codec) -> None:
        self._backend, self._codec = backend, codec
        self._check_schema()
        self._reader = Reader(backend, codec)
        self._leases = Leases(backend, codec)
        self._statuses = Statuses(backend, codec)
        self._outbox = Outbox(backend, codec)
        self._snapshots: dict[EnvName, Snapshot] = {}
        self._locks: dict[EnvName, Lock] = {}

    def load(self, env: EnvName) -> Record:
        """Recall one environment; the same object as last time if nothing has changed.

        A move that a person ordered (`TargetOrders.moved`) is shown as if it were done: the place and all that is
        remembered of it are the new target's. The next save makes it so, if the place is still the old one's.
        """
        return (self._fresh(env) or self._read(env)).record

    def save(self, before: Record, after: Record, env: EnvName, entries: Sequence[Entry] = ()) -> Record:
        """Save what differs and append the entries, all or nothing; gives the record as it now stands.

        Targets without a place are not kept. Raises Conflict, and then reads everything anew next time.
        """
        with self._lock(env):
            try:
                snapshot = self._saved_over(before, env)
                if after is snapshot.record and not entries and not snapshot.unheard:
                    return before
                changes = Changes(snapshot, after, self._codec, self._last_order)
                if not changes.writes and not entries:
                    return before
                rows = [self._row(entry) for entry in entries]
                checks = (Check(key=orders_key(env), expect=_etag(snapshot.orders)), *self._leases.checks(env))
                done = self._backend.commit(changes.writes, checks=checks, rows=rows)
            except (Conflict, PlatformError):
                self._snapshots.pop(env, None)
                self._reader.claims.forget()
                raise
            if not changes.writes:
                return before
            self._snapshots[env] = self._after(snapshot, changes, done)
            return self._snapshots[env].record

    def environments(self) -> frozenset[EnvName]:
        """Name every environment of which anything was ever saved."""
        return frozenset(map(EnvName, self._backend.etags(ENVIRONMENTS)))

    def lease(self, env: EnvName) -> Lease | None:
        """Read who holds an environment; owner "" if it was given up, and then the epoch goes on from there."""
        return self._leases.read(env)

    def hold(self, env: EnvName, lease: Lease, over: Lease | None) -> bool:
        """Write the lease if the stored one is still `over`, by its stamp; from then on, saving depends on it."""
        return self._leases.hold(env, lease, over)

    def release(self, env: EnvName, lease: Lease) -> None:
        """Give the lease up if it is still this one."""
        self._leases.release(env, lease)

    def show(self, statuses: Sequence[TargetStatus]) -> None:
        """Keep the newest status of each target; one that is as it was is not written."""
        self._statuses.show(statuses)

    def withdraw(self, env: EnvName, known: Collection[TargetName]) -> None:
        """Take away the statuses of an environment's targets that are not among the known ones."""
        self._statuses.withdraw(env, known)

    def shown(self) -> Sequence[TargetStatus]:
        """Give the newest status of every target, in order of environment and target."""
        return self._statuses.shown()

    def orders(self, env: EnvName) -> Orders:
        """Read what people asked for, without reading all that is remembered."""
        fresh = self._fresh(env)
        stored = fresh.orders if fresh else self._reader.orders(env)
        return stored.value if stored else Orders()

    def order(self, env: EnvName, change: Callable[[Orders, int], Orders], entry: Entry) -> Orders:
        """Write what a person asks for; numbers grow over all environments, and are never used twice."""
        for _ in range(TRIES):
            stored, number = self._reader.orders(env), self._next_number()
            orders = change(stored.value if stored else Orders(), number.value.number)
            written = self._codec.write(orders)
            writes = [
                Write(key=orders_key(env), body=written.text, expect=_etag(stored)),
                Write(key=NUMBER_KEY, body=self._codec.write(number.value).text, expect=number.etag),
                *contents(self._codec, env, ORDERS, written, stored.addresses if stored else frozenset()),
            ]
            try:
                self._backend.commit(writes, rows=[self._row(entry)])
            except Conflict:
                continue
            return orders
        raise Conflict(f"the orders for {env} were changed by others {TRIES} times in a row; try again")

    def journal(
        self, *, env: EnvName | None = None, target: TargetName | None = None, after: int = 0, limit: int = 100
    ) -> Sequence[Entry]:
        """Read rows of the journal, newest last; with `after` 0 the newest `limit` of them."""
        if limit <= 0:
            return ()
        rows = self._backend.journal(env=env, target=target, after=max(0, after), limit=limit)
        return tuple(replace(self._codec.read(Entry, row.body), number=row.number) for row in rows)

    def links(self, *, after: int = 0) -> Iterator[Link]:
        """Read every row beyond `after` as a link of the chain, a few at a time."""
        while rows := self._backend.chain(after=after, limit=READ_AT_ONCE):
            yield from map(link_of, rows)
            after = rows[-1].number

    def deliveries(self) -> Mapping[str, Delivery]:
        """Give how far each notifier has come that ever was, in order of name."""
        return self._outbox.deliveries()

    def deliver(
        self, notifier: str, before: Delivery | None, after: Delivery | None, entries: Sequence[Entry] = ()
    ) -> None:
        """Write how far a notifier has come, or forget it, and rows, if it still was as far as `before` says."""
        self._outbox.deliver(notifier, before, after, [self._row(entry) for entry in entries])

    def again(self, notifier: str) -> Again:
        """Read which dead letters somebody wants sent again."""
        return self._outbox.again(notifier)

    def send_again(self, notifier: str, ids: Sequence[str]) -> Again:
        """Order dead letters to be sent again, all of them if none is named."""
        return self._outbox.send_again(notifier, ids)

    def told(self, env: EnvName) -> Told:
        """Read what was told to be needed of people."""
        return self._outbox.told(env)

    def tell(self, env: EnvName, before: Told, after: Told, entries: Sequence[Entry] = ()) -> None:
        """Write what is told to be needed, and the rows that tell it, all or nothing."""
        self._outbox.tell(env, before, after, [self._row(entry) for entry in entries])

    def close(self) -> None:
        """Let go of files and connections."""
        self._backend.close()

    def _lock(self, env: EnvName) -> Lock:
        return self._locks.setdefault(env, Lock())

    def _fresh(self, env: EnvName) -> Snapshot | None:
        """Give what was read last, if nothing was written since."""
        known = self._snapshots.get(env)
        return known if known and self._backend.revisions(known.watched) == known.revisions else None

    def _read(self, env: EnvName) -> Snapshot:
        with self._lock(env):
            snapshot = self._reader.read(env, self._snapshots.get(env))
            self._snapshots[env] = snapshot
        self._reader.tidy(list(self._snapshots.values()))
        return snapshot

    def _saved_over(self, before: Record, env: EnvName) -> Snapshot:
        """Find what `before` was read from; raise Conflict if that is no longer how things are."""
        snapshot = self._snapshots.get(env) or self._reader.read(env, None)
        if guard_of(before.version) == guard_of(snapshot.record.version):
            return snapshot
        if not before.version and snapshot.head is None and not snapshot.held and not snapshot.orders:
            return snapshot
        raise Conflict(f"{env} was changed since it was loaded; look again")

    def _after(self, old: Snapshot, changes: Changes, done: Committed) -> Snapshot:
        """Know what was just written without reading it again; no move is left, since the save heard them all."""
        held = dict(old.held)
        for claim, written in changes.memories.items():
            if written is None:
                held.pop(claim, None)
            else:
                value = self._reader.reread(written.text, written.releases)
                held[claim] = Stored(etag=done.etag, value=value, addresses=frozenset(written.releases))
        parts = Parts(
            env=old.env,
            revisions=caught_up(old, done),
            claims=self._reader.claims.learn(old.claims, changes.claims, done) if changes.claims else old.claims,
            head=Stored(etag=done.etag, value=changes.head) if changes.head else old.head,
            orders=old.orders,
            held=held,
        )
        return assemble(parts) if changes.claims or old.moves else reassemble(old, parts, changes.names)

    def _next_number(self) -> Stored[Number]:
        item = self._backend.get(NUMBER_KEY.part, [NUMBER_KEY.name]).get(NUMBER_KEY.name)
        last = self._codec.read(Number, item.body).number if item else 0
        return Stored(etag=item.etag if item else ABSENT, value=Number(number=last + 1))

    def _last_order(self) -> int:
        return self._next_number().value.number - 1

    def _row(self, entry: Entry) -> Row:
        return Row(env=entry.env, target=entry.target, body=self._codec.write(replace(entry, number=0)).text)

    def _check_schema(self) -> None:
        mine = Write(key=SCHEMA_KEY, body=self._codec.write(Schema(schema=SCHEMA)).text, expect=ABSENT)
        item = self._backend.get(SCHEMA_KEY.part, [SCHEMA_KEY.name]).get(SCHEMA_KEY.name)
        if item is None:
            try:
                self._backend.commit([mine])
            except Conflict:
                self._check_schema()
            return
        refuse_newer(self._codec.read(Schema, item.body).schema, "this store")


def _etag(stored: Stored[Orders] | None) -> str:
    return stored.etag if stored else ABSENT
