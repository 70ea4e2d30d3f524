"""Reading one environment: what has not changed since stays the very same object."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from threading import RLock
from typing import Final, TypeVar

from controller.errors import PlatformError, Refusal
from controller.model.names import ClaimKey, EnvName
from controller.model.orders import Orders
from controller.model.record import Memory
from controller.model.release import Release
from controller.stores.backend import Backend, Item, Key
from controller.stores.claims import ClaimReader
from controller.stores.codec import Codec, Draft
from controller.stores.contents import Pool, content_of
from controller.stores.keys import (
    Head,
    Stored,
    claim_of,
    head_key,
    memory_key,
    orders_key,
    owner_of,
    record_part,
    release_key,
    release_part,
)
from controller.stores.snapshot import Move, Parts, Snapshot, assemble, moves_in, watched

T = TypeVar("T")

TRIES: Final = 5
"""How often to read again when somebody writes in the middle of it."""


SPARE: Final = 256
"""How many contents may be known beyond twice those that were needed last, before the rest is forgotten."""


class Torn(Exception):
    """What belongs together was not read as of one moment, or is not all there."""


class Reader:
    """Reads through a backend, into one pool of releases; one thread at a time, for the pool's sake."""

    def __init__(self, backend: Backend, codec: Codec) -> None:
        self.claims = ClaimReader(backend, codec)
        self._backend, self._codec = backend, codec
        self._pool, self._kept = Pool(), 0
        self._lock = RLock()

    def read(self, env: EnvName, old: Snapshot | None) -> Snapshot:
        """Read an environment as it is at one moment; items whose etag `old` has are taken from there.

        Raises PlatformError, or Refusal for what this version cannot read.
        """
        why = ""
        with self._lock:
            for _ in range(TRIES):
                try:
                    snapshot = self._read(env, old)
                except Torn as torn:
                    why = str(torn)
                    continue
                if self._backend.revisions(snapshot.watched) == snapshot.revisions:
                    return snapshot
                why = "somebody writes to it all the time"
        raise PlatformError(f"{env} could not be read from the store as it is at one moment: {why}")

    def orders(self, env: EnvName) -> Stored[Orders] | None:
        """Read what people asked for."""
        key = orders_key(env)
        for _ in range(TRIES):
            item = self._backend.get(key.part, [key.name]).get(key.name)
            try:
                with self._lock:
                    return self._stored(Orders, env, {key: item})[key] if item else None
            except Torn:
                continue
        raise PlatformError(f"the orders for {env} name a release that the store does not hold; it is damaged")

    def reread(self, text: str, releases: Mapping[str, Release]) -> Memory:
        """Make of what was just written the memory that would be read: of shared parts, and proven readable."""
        with self._lock:
            for address in self._pool.lacks(releases):
                self._pool.add(address, content_of(releases[address]))
            return self._codec.read(Memory, text, self._pool)

    def tidy(self, live: Iterable[Snapshot]) -> None:
        """Forget contents that nothing refers to any more, once they are most of what is known."""
        with self._lock:
            if len(self._pool) > 2 * self._kept + SPARE:
                self._pool.keep(frozenset[str]().union(*(snapshot.addresses for snapshot in live)))
                self._kept = len(self._pool)

    def _read(self, env: EnvName, old: Snapshot | None) -> Snapshot:
        revisions = self._backend.revisions(watched(env, {}))
        known = old.revisions if old else ("", "", "")
        claims = self.claims.at(revisions[0])
        if old and known[1] == revisions[1]:
            head, held = old.head, old.held
        else:
            head, held = self._own(env, old)
        orders = old.orders if old and known[2] == revisions[2] else self.orders(env)
        moves = moves_in(env, orders.value, claims, head.value.heard_moves if head else 0) if orders else {}
        revisions += self._backend.revisions(watched(env, moves)[len(revisions) :])
        moves = {name: self._with_memory(env, move) for name, move in moves.items()}
        return assemble(
            Parts(env=env, revisions=revisions, claims=claims, head=head, orders=orders, held=held, moves=moves)
        )

    def _own(
        self, env: EnvName, old: Snapshot | None
    ) -> tuple[Stored[Head] | None, Mapping[ClaimKey, Stored[Memory]]]:
        """Read what only this environment's loop writes."""
        part, at_head = record_part(env), head_key(env).name
        etags = self._backend.etags(part)
        before = old.held if old else {}
        kept = {claim: had for claim, had in before.items() if etags.get(memory_key(env, claim).name) == had.etag}
        known = {memory_key(env, claim).name for claim in kept}
        head = old.head if old and old.head and etags.get(at_head) == old.head.etag else None
        known |= {at_head} if head else set()
        items = dict(self._backend.get(part, [name for name in etags if name not in known]))
        item = items.pop(at_head, None)
        head = self._made(Head, head_key(env), item, self._codec.parse(item.body)) if item else head
        found = {memory_key(env, claim_of(name)): item for name, item in items.items()}
        return head, kept | {claim_of(key.name): made for key, made in self._stored(Memory, env, found).items()}

    def _with_memory(self, env: EnvName, move: Move) -> Move:
        """Read what the owner of a place in another environment remembers."""
        if move.source.env == env:
            return move
        key = memory_key(move.source.env, move.claim)
        item = self._backend.get(key.part, [key.name]).get(key.name)
        return replace(move, memory=self._stored(Memory, move.source.env, {key: item})[key] if item else None)

    def _stored(self, kind: type[T], env: EnvName, found: Mapping[Key, Item]) -> dict[Key, Stored[T]]:
        """Make values of items, reading first the contents that they refer to; raises Torn if one is not there."""
        drafts = {key: self._draft(key, item) for key, item in found.items()}
        wanted = {
            release_key(env, owner_of(key), address): address
            for key, draft in drafts.items()
            for address in self._pool.lacks(draft.addresses)
        }
        contents = self._backend.get(release_part(env), [key.name for key in wanted]) if wanted else {}
        for key, address in wanted.items():
            if key.name not in contents:
                raise Torn(f"{key} is not there")
            self._pool.add(address, self._codec.read_content(contents[key.name].body))
        return {key: self._made(kind, key, item, drafts[key]) for key, item in found.items()}

    def _draft(self, key: Key, item: Item) -> Draft:
        try:
            return self._codec.parse(item.body)
        except PlatformError as error:
            raise PlatformError(f"{key}: {error}") from error

    def _made(self, kind: type[T], key: Key, item: Item, draft: Draft) -> Stored[T]:
        try:
            value = self._codec.read(kind, draft, self._pool)
        except Refusal as error:
            raise Refusal(f"{key}: {error}") from error
        return Stored(etag=item.etag, value=value, addresses=draft.addresses)
