"""From the address of a store to the store."""

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from controller.errors import SpecError
from controller.stores.codec import Codec
from controller.stores.files import refuse_network
from controller.stores.lock import Lock, lock
from controller.stores.memory import MemoryBackend
from controller.stores.records import Records
from controller.stores.sqlite import SqliteBackend

MEMORY: Final = "memory:"
SQLITE: Final = "sqlite:///"
_KNOWN: Final = "known are sqlite:///FILE (sqlite:////FILE from the root), and memory:, which ends with the process"


def open_store(url: str, codec: Codec, *, create: bool = True) -> Records:
    """Open the store at this address; raise SpecError for one that is not known.

    Without `create` a file that is not there is a SpecError too: a command that only reads makes no store.
    """
    path = path_of(url)
    if path is None:
        return Records(MemoryBackend(), codec)
    if not create and not path.exists():
        raise SpecError(f"store {url}: there is no such file; is it the store that `trueup run` was started with?")
    backend = SqliteBackend(path)
    try:
        return Records(backend, codec)
    except BaseException:
        backend.close()
        raise


def upgrade_store(url: str) -> int | None:
    """Bring a store that an older version laid out to the newest layout; gives how many rows it chained.

    None if there was nothing to do. Only for who holds the store's lock.
    """
    path = path_of(url)
    if path is None or not path.exists():
        return None
    with closing(SqliteBackend(path)) as backend:
        return backend.upgrade()


def lock_store(url: str, now: datetime) -> Lock | None:
    """Take this store for the one controller that runs on it; None where nobody else can come in anyway.

    Raises Refusal if another runs on it, or if the file lies where two hosts could not be kept apart.
    """
    path = path_of(url)
    if path is None:
        return None
    refuse_network(path)
    return lock(path, now)


def path_of(url: str) -> Path | None:
    """Say in which file a store lies (None: in memory); raise SpecError for an address that is not known."""
    if url == MEMORY:
        return None
    if not url.startswith(SQLITE):
        raise SpecError(f"store {url!r}: {_KNOWN}")
    file = url.removeprefix(SQLITE)
    if not file or file.endswith("/") or file.startswith(":") or "?" in file or "\0" in file:
        raise SpecError(f"store {url!r} names no file; {_KNOWN}")
    return Path(file)
