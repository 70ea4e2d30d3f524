"""What a test asks of a source's answers, and of the processes that were started for them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from controller.model.names import Commit
from controller.sources.snapshot import Head, NoSnapshot, Snapshot

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

_listening: list[list[tuple[str, ...]]] = []


def _hear(event: str, arguments: tuple) -> None:
    if event == "subprocess.Popen":
        for heard in _listening:
            heard.append(tuple(str(word) for word in arguments[1]))


sys.addaudithook(_hear)


@contextmanager
def heard_commands() -> Iterator[list[tuple[str, ...]]]:
    """Listen to every process that this one starts."""
    heard: list[tuple[str, ...]] = []
    _listening.append(heard)
    try:
        yield heard
    finally:
        _listening.remove(heard)


def head(found: Head | NoSnapshot) -> Commit:
    assert isinstance(found, Head), found
    return found.commit


def read(found: Snapshot | NoSnapshot) -> Snapshot:
    assert isinstance(found, Snapshot), found
    return found


def missed(found: object) -> NoSnapshot:
    assert isinstance(found, NoSnapshot), found
    return found


def mirror_folder(cache: Path) -> Path:
    (folder,) = cache.glob("*.git")
    return folder
