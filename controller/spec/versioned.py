"""What a target that follows versions comes to at one of them: its words, read as if the version stood there."""

from dataclasses import replace
from functools import lru_cache
from typing import Final

from controller.model.desired import DesiredTarget
from controller.model.packed import Packed
from controller.spec.nodes import Mark
from controller.spec.scan import Scanned, scan
from controller.spec.tables import Tables
from controller.spec.target import TargetReader
from controller.spec.words import Words, read_words

_KEPT: Final = 4096


class Versioned:
    """Reads targets at versions; the same words at the same version are the identical object."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._at = lru_cache(maxsize=_KEPT)(self._read)

    def __call__(self, want: DesiredTarget, version: str) -> DesiredTarget:
        """Give a target at a version; `unread` says why it cannot be."""
        if want.track is None:
            return want
        found = self._at(want.track.words, version)
        return replace(want, unread=found) if isinstance(found, str) else found

    def _read(self, packed: Packed, version: str) -> DesiredTarget | str:
        words = read_words(packed)
        reader = TargetReader(
            words.name, words.ground, words.shelf, self._tables, lambda path: _scan(words, path), version=version
        )
        found = reader.read(Mark(words.file, 0, 0), words.lines, words.file, words.commit)
        if found is not None:
            return found
        return f"as {version}: " + "; ".join(f"{one.where}: {one.what}" for one in reader.wrong[:3])


def _scan(words: Words, path: str) -> Scanned:
    return scan(words.view.files.get(path, b""), path)
