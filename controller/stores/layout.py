"""How the tables of the SQLite file are laid out, and how a file of an older layout is brought to the newest."""

import sqlite3
from typing import Final

from controller.model.story import ORIGIN
from controller.stores.backend import Row
from controller.stores.chain import sealed

LAYOUT: Final = 2
"""The number of the tables' layout, kept as the file's user_version."""

UNCHAINED: Final = 1
"""The layout before it: rows of the journal had no chain."""

OURS: Final = 0x74727570
"""The file's application_id: "trup"."""

CHAIN: Final = tuple(
    f"ALTER TABLE journal ADD COLUMN {column} TEXT NOT NULL DEFAULT ''" for column in ("previous", "chain")
)
TABLES: Final = (
    "CREATE TABLE items (part TEXT NOT NULL, name TEXT NOT NULL, etag INTEGER NOT NULL, body TEXT NOT NULL)",
    "CREATE UNIQUE INDEX items_name ON items (part, name, etag)",
    "CREATE TABLE parts (part TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE journal (number INTEGER PRIMARY KEY, env TEXT NOT NULL, target TEXT, body TEXT NOT NULL)",
    *CHAIN,
    "CREATE INDEX journal_env ON journal (env, target)",
    f"PRAGMA application_id = {OURS}",
    f"PRAGMA user_version = {LAYOUT}",
)
_STEP: Final = 5000  # rows that are chained at once, so that memory does not grow with the journal


def layout_of(db: sqlite3.Connection) -> int:
    """Say how the file is laid out."""
    layout: int = db.execute("PRAGMA user_version").fetchone()[0]
    return layout


def chain_all(db: sqlite3.Connection) -> int:
    """Give the rows of an unchained journal their chain, within the transaction of the caller; gives how many."""
    for statement in CHAIN:
        db.execute(statement)
    number, previous, rows = 0, ORIGIN, 0
    while some := list(sealed(previous, _some(db, number))):
        told = [(row.previous, row.chain, row.number) for row in some]
        db.executemany("UPDATE journal SET previous = ?, chain = ? WHERE number = ?", told)
        number, previous, rows = some[-1].number, some[-1].chain, rows + len(some)
    db.execute(f"PRAGMA user_version = {LAYOUT}")
    return rows


def _some(db: sqlite3.Connection, after: int) -> list[Row]:
    sql = "SELECT number, env, target, body FROM journal WHERE number > ? ORDER BY number LIMIT ?"
    rows = db.execute(sql, (after, _STEP))
    return [Row(number=number, env=env, target=target, body=body) for number, env, target, body in rows]
