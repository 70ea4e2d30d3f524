"""What saving a record comes to: which items differ, and what each of them must still be for that to be right."""

from collections.abc import Callable
from typing import TypeVar

from controller.errors import Conflict
from controller.model.names import ClaimKey, EnvName, TargetName
from controller.model.record import Memory, Owner, Record
from controller.stores.backend import ABSENT, Key, Write
from controller.stores.codec import Codec, Written
from controller.stores.keys import (
    CLAIMS,
    ENVIRONMENTS,
    Claim,
    Head,
    Mark,
    Stored,
    head_key,
    memory_key,
    release_key,
    status_part,
)
from controller.stores.snapshot import Move, Snapshot

T = TypeVar("T")


class Changes:
    """The difference between a snapshot and the record that is to be, ready to be committed.

    `memories` and `claims` are what they will be, by claim; None is gone. `names` says which targets were looked
    into, and where each of them lives. Raises Conflict for a place that another target owns.
    """

    def __init__(self, snapshot: Snapshot, after: Record, codec: Codec, last_order: Callable[[], int]) -> None:
        self.memories: dict[ClaimKey, Written | None] = {}
        self.claims: dict[ClaimKey, Claim | None] = {}
        self.head: Head | None = None
        self.writes: list[Write] = []
        self._old, self._codec, self._last_order = snapshot, codec, last_order
        self.names: dict[TargetName, ClaimKey] = {}
        known, moves = snapshot.record.targets, snapshot.moves
        # Of many targets few differ: the rest is passed over as fast as can be.
        differ = [name for name, memory in after.targets.items() if known.get(name) is not memory or name in moves]
        for name in sorted(differ, key=lambda name: name not in moves):
            self._keep(name, after.targets[name])
        if not snapshot.places.keys() <= after.targets.keys():
            shown = {name for name, move in moves.items() if move.shown}
            for name in sorted(snapshot.places.keys() - after.targets.keys() - shown):
                self._forget(name)
        self._close(after)

    def _keep(self, name: TargetName, memory: Memory) -> None:
        """Write one memory if it differs, and what it takes to own the place that it speaks of."""
        claim, lives = memory.place.claim if memory.place else None, self._old.places.get(name)
        move = self._old.moves.get(name)
        if move is not None and not move.shown and move.claim != claim:
            move = None
        if move is None and memory is self._old.record.targets.get(name):
            return
        if claim is None:
            if lives is not None:
                raise ValueError(f"{name} is remembered at {lives}, and is to be saved without a place")
            return  # never seen, and nothing to tell it by
        if claim == lives and self._is_taken(claim, name):
            return  # by whom a person gave it to: what we know of it counts no more
        if claim != lives or move is not None:
            self._own(claim, name)
        self._remember(claim, memory)
        self.names[name] = claim
        if lives is not None and lives != claim:
            self._leave(lives, name)
        if move is not None:
            self._take_over(name, move, claim)

    def _take_over(self, name: TargetName, move: Move, claim: ClaimKey) -> None:
        """Own all that the old owner did, the places too that it had left; what it remembers is ours by now."""
        for other in self._old.claims.owned_by(move.source):
            if other not in {claim, move.claim}:
                self._own(other, name, left=True)
        if move.memory is not None:
            self._empty(move.source.env, move.claim, move.memory)

    def _leave(self, claim: ClaimKey, name: TargetName) -> None:
        """Keep the claim on a place where we no longer live, and nothing else of it."""
        if self._is_taken(claim, name):
            return
        self._own(claim, name, left=True)
        stored = self._old.held.get(claim)
        if stored is not None:
            self.memories[claim] = None
            self._empty(self._old.env, claim, stored)

    def _is_taken(self, claim: ClaimKey, name: TargetName) -> bool:
        taken = self.claims.get(claim)
        return taken is not None and taken.target != name

    def _remember(self, claim: ClaimKey, memory: Memory) -> None:
        """Write a memory and the contents that it is the first here to refer to; those that it leaves go."""
        env, stored = self._old.env, self._old.held.get(claim)
        written = self._codec.write(memory)
        # Compared as they are written: two releases are equal whatever they are called, and the name is kept too.
        if stored is not None and written.text == self._codec.write(stored.value).text:
            return
        self.memories[claim] = written
        self._write(memory_key(env, claim), written.text, stored)
        self.writes += contents(self._codec, env, claim, written, stored.addresses if stored else frozenset())

    def _own(self, claim: ClaimKey, name: TargetName, *, left: bool = False) -> None:
        """Write that the claim is this target's, if it is nobody's, its own, or was given to it by a person."""
        owner, stored = Owner(env=self._old.env, target=name), self._old.claims.held.get(claim)
        if self._is_taken(claim, name):
            raise Conflict(f"{owner} and another target are the same service, {claim}; remove one of the two")
        ordered = self._ordered(claim, owner, stored.value) if stored else self._last_order()
        mine = Claim(env=owner.env, target=name, left=left, ordered=ordered)
        if stored is None or stored.value != mine:
            self.claims[claim] = mine
            self._write(Key(CLAIMS, claim), self._codec.write(mine).text, stored)

    def _ordered(self, claim: ClaimKey, owner: Owner, known: Claim) -> int:
        """Say by which order a claim is the owner's; raise Conflict if it is not."""
        source = Owner(env=known.env, target=known.target)
        if source == owner:
            return known.ordered
        move = self._old.moves.get(owner.target)
        if move is None or move.source != source:
            raise Conflict(f"{claim} belongs to {source}, so that {owner} may not have it")
        return move.number

    def _forget(self, name: TargetName) -> None:
        """Delete a target: what it remembers, what it owns, what was shown of it."""
        env = self._old.env
        for claim in self._old.claims.owned_by(Owner(env=env, target=name)):
            if claim in self.claims:
                continue  # a person gave it to another, who takes it now
            self.claims[claim] = None
            self._write(Key(CLAIMS, claim), None, self._old.claims.held[claim])
            stored = self._old.held.get(claim)
            if stored is not None:
                self.memories[claim] = None
                self._empty(env, claim, stored)
        self.writes.append(Write(key=Key(status_part(env), name), body=None))

    def _empty(self, env: EnvName, claim: ClaimKey, stored: Stored[Memory]) -> None:
        self._write(memory_key(env, claim), None, stored)
        self.writes += [Write(key=release_key(env, claim, at), body=None) for at in sorted(stored.addresses)]

    def _close(self, after: Record) -> None:
        """Write the head if it differs; the first write of all makes the environment one that is remembered."""
        stored, env = self._old.head, self._old.env
        head = Head(
            accepted=after.accepted,
            heard_accept=after.heard_accept,
            rollbacks=after.rollbacks,
            heard_moves=self._old.asked_moves,
        )
        if (stored is None and (self.writes or head != Head())) or (stored is not None and stored.value != head):
            self.head = head
            self._write(head_key(env), self._codec.write(head).text, stored)
        if stored is None and self.head is not None:
            self.writes.append(Write(key=Key(ENVIRONMENTS, env), body=self._codec.write(Mark()).text))

    def _write(self, key: Key, body: str | None, stored: Stored[T] | None) -> None:
        self.writes.append(Write(key=key, body=body, expect=stored.etag if stored else ABSENT))


def contents(codec: Codec, env: EnvName, owner: str, written: Written, before: frozenset[str]) -> list[Write]:
    """Write the contents that an item newly refers to, and delete those that it no longer does.

    They need no condition: they lie under the item's own name, whose etag is conditional, and never change.
    """
    new = sorted(written.releases.keys() - before)
    put = [Write(key=release_key(env, owner, at), body=codec.write_content(written.releases[at])) for at in new]
    gone = sorted(before - written.releases.keys())
    return put + [Write(key=release_key(env, owner, at), body=None) for at in gone]
