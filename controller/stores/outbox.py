"""What telling people needs of a store: how far each notifier has come, and what was told to be needed of whom.

Deliveries and what was told are the controller's own items; orders to send again are the commands'.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

from controller.errors import Conflict
from controller.model.message import Again, Delivery, Told
from controller.model.names import EnvName
from controller.stores.backend import ABSENT, Backend, Item, Key, Row, Write, changed_meanwhile
from controller.stores.codec import Codec

T = TypeVar("T")

DELIVERIES: Final = "deliveries"
"""One item a notifier: how far it has come."""

AGAIN: Final = "again"
"""One item a notifier of which somebody wants dead letters sent again."""

TOLD: Final = "told"
"""One item an environment: what was told to be needed of people."""


class Outbox:
    """Small items, each read and written whole; a write over something newer raises Conflict."""

    def __init__(self, backend: Backend, codec: Codec) -> None:
        self._backend, self._codec = backend, codec

    def deliveries(self) -> dict[str, Delivery]:
        """Give how far each notifier has come that ever was, in order of name."""
        names = list(self._backend.etags(DELIVERIES))
        found = self._backend.get(DELIVERIES, names)
        return {name: self._codec.read(Delivery, found[name].body) for name in names if name in found}

    def deliver(
        self, notifier: str, before: Delivery | None, after: Delivery | None, rows: Sequence[Row] = ()
    ) -> None:
        """Write how far a notifier has come, or forget it, if it still was as far as `before` says."""
        self._replace(Key(DELIVERIES, notifier), Delivery, before, after, rows)

    def again(self, notifier: str) -> Again:
        """Read which dead letters somebody wants sent again."""
        item = self._item(Key(AGAIN, notifier))
        return self._codec.read(Again, item.body) if item else Again()

    def send_again(self, notifier: str, ids: Sequence[str]) -> Again:
        """Order dead letters to be sent again, all of them if none is named. Conflict: another just did."""
        before = self.again(notifier)
        after = Again(number=before.number + 1, ids=tuple(ids))
        self._replace(Key(AGAIN, notifier), Again, before if before.number else None, after)
        return after

    def told(self, env: EnvName) -> Told:
        """Read what was told to be needed of people."""
        item = self._item(Key(TOLD, env))
        return self._codec.read(Told, item.body) if item else Told()

    def tell(self, env: EnvName, before: Told, after: Told, rows: Sequence[Row]) -> None:
        """Write what is told, and the rows that tell it, if what was told still is `before`."""
        was, is_now = (told if told.targets else None for told in (before, after))
        self._replace(Key(TOLD, env), Told, was, is_now, rows)

    def _item(self, key: Key) -> Item | None:
        return self._backend.get(key.part, [key.name]).get(key.name)

    def _replace(
        self, key: Key, kind: type[T], before: T | None, after: T | None, rows: Sequence[Row] = ()
    ) -> None:
        item = self._item(key)
        if (self._codec.read(kind, item.body) if item else None) != before:
            raise Conflict(changed_meanwhile(key))
        body = None if after is None else self._codec.write(after).text
        self._backend.commit([Write(key=key, body=body, expect=item.etag if item else ABSENT)], rows=rows)
