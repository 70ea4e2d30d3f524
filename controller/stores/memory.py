"""A store that lasts as long as its process: for tests, rehearsals, and trying things out."""

from collections.abc import Collection, Mapping, Sequence
from threading import Lock

from controller.errors import Conflict
from controller.model.story import ChainHead
from controller.stores.backend import (
    ABSENT,
    Check,
    Committed,
    Item,
    Key,
    Row,
    Write,
    changed_meanwhile,
    conditions,
)
from controller.stores.chain import START, linked


class MemoryBackend:
    """Items in dictionaries, under one lock."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._items: dict[str, dict[str, Item]] = {}
        self._revisions: dict[str, str] = {}
        self._rows: list[Row] = []
        self._commits = 0

    def get(self, part: str, names: Collection[str]) -> Mapping[str, Item]:
        """Read these items of one part."""
        with self._lock:
            found = self._items.get(part, {})
            return {name: found[name] for name in names if name in found}

    def etags(self, part: str) -> Mapping[str, str]:
        """Name every item of one part, with its etag."""
        with self._lock:
            return {name: item.etag for name, item in sorted(self._items.get(part, {}).items())}

    def revisions(self, parts: Sequence[str]) -> tuple[str, ...]:
        """Tell which commit touched each part last."""
        with self._lock:
            return tuple(self._revisions.get(part, "") for part in parts)

    def commit(
        self, writes: Sequence[Write], *, checks: Sequence[Check] = (), rows: Sequence[Row] = ()
    ) -> Committed:
        """Write and append everything, or raise Conflict and write nothing."""
        with self._lock:
            for key, expect in conditions(writes, checks):
                self._refuse_changed(key, expect)
            self._commits += 1
            etag = str(self._commits)
            for write in writes:
                self._put(write, etag)
            self._rows.extend(linked(self._head(), rows))
            touched = {write.key.part for write in writes}
            parts = {part: (self._revisions.get(part, ""), etag) for part in touched}
            self._revisions.update(dict.fromkeys(touched, etag))
            return Committed(etag=etag, parts=parts)

    def journal(self, *, env: str | None, target: str | None, after: int, limit: int) -> Sequence[Row]:
        """Read rows in order of number."""
        with self._lock:
            rows = [row for row in self._rows[after:] if env in {None, row.env} and target in {None, row.target}]
        return rows[:limit] if after else rows[max(0, len(rows) - limit) :]

    def chain(self, *, after: int, limit: int) -> Sequence[Row]:
        """Read rows with their chain."""
        with self._lock:
            return self._rows[after : after + limit]

    def close(self) -> None:
        """Keep everything: other users of the same memory may go on."""

    def _head(self) -> ChainHead:
        return ChainHead(number=self._rows[-1].number, chain=self._rows[-1].chain) if self._rows else START

    def _refuse_changed(self, key: Key, expect: str) -> None:
        item = self._items.get(key.part, {}).get(key.name)
        if expect != (item.etag if item else ABSENT):
            raise Conflict(changed_meanwhile(key))

    def _put(self, write: Write, etag: str) -> None:
        if write.body is None:
            self._items.get(write.key.part, {}).pop(write.key.name, None)
        else:
            self._items.setdefault(write.key.part, {})[write.key.name] = Item(etag=etag, body=write.body)
