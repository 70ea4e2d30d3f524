"""A process that saves without end, and says what it saved: for tests that kill it, or work beside it.

    python -m tests.stores.writer DATABASE save|order [TIMES]

`save` saves prod/api with one more to its watermark each time, and a row that says so; `order` pauses prod.
"""

import sys
from itertools import count
from pathlib import Path

from controller.stores.records import Records
from controller.stores.sqlite import SqliteBackend
from tests.contracts import made
from tests.contracts.made import CODEC, PROD


def save(store: Records, at: int) -> None:
    record = store.load(PROD)
    versions = [f"v1.{turn}.0" for turn in range(max(0, at - 3), at + 1)]
    memory = made.a_memory("api-service", *reversed(versions), watermark=at)
    store.save(record, made.having(record, api=memory), PROD, [made.an_entry(str(at)), made.an_entry(str(at))])


def order(store: Records, at: int) -> None:
    store.order(PROD, made.pause, made.an_entry(f"order {at}"))


def main(path: str, what: str, times: str = "") -> None:
    store = Records(SqliteBackend(Path(path)), CODEC)
    for at in range(1, int(times) + 1) if times else count(1):
        {"save": save, "order": order}[what](store, at)
        sys.stdout.write(f"{at}\n")
        sys.stdout.flush()
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
