"""The embedded store: one SQLite file that survives a crash at any moment; commands work beside the controller."""

import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock
from typing import Final

from controller.errors import Conflict, PlatformError, Refusal, SpecError
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
from controller.stores.files import make_private
from controller.stores.layout import LAYOUT, OURS, TABLES, UNCHAINED, chain_all, layout_of
from controller.stores.lock import lock

__all__ = ["LAYOUT", "SqliteBackend", "lock"]

PATIENCE: Final = 5.0
"""How long to wait for another writer, in seconds."""

_AGAIN: Final = 0.01  # seconds until it is tried again what SQLite does not wait for by itself
_ALL: Final = ""  # the row of `parts` that counts the commits
_SOME: Final = 400  # names asked for at once; SQLite before 3.32 takes 999 variables
_SAYS: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it can only be read, not written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_BUSY: f"another process has kept it locked for {PATIENCE:.0f} seconds",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore it from a backup",
    sqlite3.SQLITE_NOTADB: "the file is no SQLite database",
}


class SqliteBackend:
    """Two connections, one that reads and one that writes, each used by one thread at a time.

    The write-ahead log lets both work at once; synchronous=FULL flushes it at every commit, so that an intent is
    on disk before the call is made (sqlite.org/pragma.html#pragma_synchronous: NORMAL "might lose durability").
    Raises PlatformError, SpecError (the file belongs to something else) or Refusal (a newer trueup wrote it).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader_lock, self._writer_lock = Lock(), Lock()
        make_private(path)
        with self._told():
            self._writer = _connect(path)
            try:
                self._prepare()
                self._reader = _connect(path)
            except BaseException:
                self._writer.close()
                raise
            self._reader.execute("PRAGMA query_only = ON")

    def get(self, part: str, names: Collection[str]) -> Mapping[str, Item]:
        """Read these items of one part."""
        wanted, found = list(names), dict[str, Item]()
        with self._reading() as db:
            for start in range(0, len(wanted), _SOME):
                some = wanted[start : start + _SOME]
                marks = ",".join("?" * len(some))
                sql = f"SELECT name, etag, body FROM items WHERE part = ? AND name IN ({marks})"  # noqa: S608 - only question marks are put in
                rows = db.execute(sql, (part, *some))
                found.update((name, Item(etag=str(etag), body=body)) for name, etag, body in rows)
        return found

    def etags(self, part: str) -> Mapping[str, str]:
        """Name every item of one part, with its etag; read from the index alone."""
        with self._reading() as db:
            rows = db.execute("SELECT name, etag FROM items WHERE part = ? ORDER BY name", (part,))
            return {name: str(etag) for name, etag in rows}

    def revisions(self, parts: Sequence[str]) -> tuple[str, ...]:
        """Tell which commit touched each part last."""
        with self._reading() as db:
            return tuple(_revision(db, part) for part in parts)

    def commit(
        self, writes: Sequence[Write], *, checks: Sequence[Check] = (), rows: Sequence[Row] = ()
    ) -> Committed:
        """Write and append everything, or raise Conflict and write nothing."""
        with self._writing() as db:
            for key, expect in conditions(writes, checks):
                _refuse_changed(db, key, expect)
            etag = int(_revision(db, _ALL) or 0) + 1
            for write in writes:
                _put(db, write, etag)
            _append(db, rows)
            touched = {write.key.part for write in writes}
            parts = {part: (_revision(db, part), str(etag)) for part in touched}
            db.executemany("REPLACE INTO parts VALUES (?, ?)", [(part, etag) for part in (_ALL, *touched)])
            return Committed(etag=str(etag), parts=parts)

    def journal(self, *, env: str | None, target: str | None, after: int, limit: int) -> Sequence[Row]:
        """Read rows in order of number."""
        wanted = {"env": env, "target": target}
        asked = [f"{column} = :{column}" for column, value in wanted.items() if value is not None]
        where = " AND ".join([*asked, "number > :after"])
        order = "ASC" if after else "DESC"
        sql = f"SELECT number, env, target, body FROM journal WHERE {where} ORDER BY number {order} LIMIT :limit"  # noqa: S608 - only names of columns are put in
        with self._reading() as db:
            rows = db.execute(sql, {**wanted, "after": after, "limit": limit}).fetchall()
        told = [Row(number=number, env=env, target=target, body=body) for number, env, target, body in rows]
        return told if after else told[::-1]

    def chain(self, *, after: int, limit: int) -> Sequence[Row]:
        """Read rows with their chain."""
        columns = "number, env, target, body, previous, chain"
        sql = f"SELECT {columns} FROM journal WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608 - only names of columns are put in
        with self._reading() as db:
            if layout_of(db) == UNCHAINED:
                raise Refusal(
                    f"store {self._path}: an older trueup wrote it, and its journal is not chained yet; "
                    "`trueup run` does that when it starts"
                )
            rows = db.execute(sql, (after, limit)).fetchall()
        return [
            Row(number=number, env=env, target=target, body=body, previous=previous, chain=chain)
            for number, env, target, body, previous, chain in rows
        ]

    def upgrade(self) -> int | None:
        """Bring a file of an older layout to the newest; gives how many rows were chained, None if it is.

        Whoever writes meanwhile waits. Only the one controller that runs on the file may do it.
        """
        with self._writing() as db:
            return chain_all(db) if layout_of(db) == UNCHAINED else None

    def close(self) -> None:
        """Close both connections; the last one in any process folds the log into the file."""
        with self._told(), self._reader_lock, self._writer_lock:
            self._reader.close()
            self._writer.close()

    def _prepare(self) -> None:
        """Make the tables, or see that they are ours; what is not is left exactly as it is."""
        db = self._writer
        with _transaction(db, "DEFERRED"):  # one look at all of it: another process may be making it just now
            self._is_new(db)
        if _write_ahead(db) != ("wal",):
            raise PlatformError(f"store {self._path}: SQLite can keep no write-ahead log on this file system")
        db.execute("PRAGMA synchronous = FULL")
        with _transaction(db):
            if self._is_new(db):  # asked again: another process may have made them meanwhile
                for statement in TABLES:
                    db.execute(statement)

    def _is_new(self, db: sqlite3.Connection) -> bool:
        """Whether nobody has used this file yet. Raises SpecError or Refusal if it was used, and not for us."""
        owner, layout = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not (tables or owner or layout):
            return True
        if owner != OURS:
            raise SpecError(f"store {self._path}: it is a database of something else; name another file")
        if layout > LAYOUT:
            raise Refusal(
                f"store {self._path}: a newer trueup laid it out (number {layout}; this one knows {LAYOUT}); "
                "start that version"
            )
        return False

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._told(), self._reader_lock:
            self._reader.execute("BEGIN")
            try:
                yield self._reader
            finally:
                self._reader.execute("COMMIT")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._told(), self._writer_lock, _transaction(self._writer):
            yield self._writer

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in a sentence what SQLite says in a number."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0)
            said = _SAYS.get(code & 0xFF, "SQLite cannot go on")  # the low byte is the primary code
            raise PlatformError(f"store {self._path}: {said} ({error})") from error


def _write_ahead(db: sqlite3.Connection) -> object:
    """Change to a write-ahead log: for that alone SQLite does not wait while another connection does the same."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            return db.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            Event().wait(_AGAIN)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)


@contextmanager
def _transaction(db: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """Let nobody else write from the first look to the commit, and undo everything on any error.

    One that is DEFERRED only reads: all of it as it was at one moment.
    """
    db.execute(f"BEGIN {kind}")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # on a full disk SQLite has rolled back by itself
            db.execute("ROLLBACK")
        raise


def _revision(db: sqlite3.Connection, part: str) -> str:
    row = db.execute("SELECT revision FROM parts WHERE part = ?", (part,)).fetchone()
    return str(row[0]) if row else ""


def _refuse_changed(db: sqlite3.Connection, key: Key, expect: str) -> None:
    row = db.execute("SELECT etag FROM items WHERE part = ? AND name = ?", key).fetchone()
    if expect != (str(row[0]) if row else ABSENT):
        raise Conflict(changed_meanwhile(key))


def _put(db: sqlite3.Connection, write: Write, etag: int) -> None:
    db.execute("DELETE FROM items WHERE part = ? AND name = ?", write.key)
    if write.body is not None:
        db.execute("INSERT INTO items VALUES (?, ?, ?, ?)", (*write.key, etag, write.body))


def _append(db: sqlite3.Connection, rows: Sequence[Row]) -> None:
    if not rows:
        return
    if layout_of(db) == UNCHAINED:  # a command beside a controller that is older than it: all are chained later
        last = db.execute("SELECT max(number) FROM journal").fetchone()[0] or 0
        numbered = [(last + at, row.env, row.target, row.body) for at, row in enumerate(rows, start=1)]
        db.executemany("INSERT INTO journal VALUES (?, ?, ?, ?)", numbered)
        return
    found = db.execute("SELECT number, chain FROM journal ORDER BY number DESC LIMIT 1").fetchone()
    head = ChainHead(number=found[0], chain=found[1]) if found else START
    new = [(row.number, row.env, row.target, row.body, row.previous, row.chain) for row in linked(head, rows)]
    db.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", new)
