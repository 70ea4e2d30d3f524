"""Marks of the turns that are under way, in a file beside the store: they outlive the process, not always the host.

Nothing waits for a disk: what was written is in the page cache, which the death of a process does not touch.
"""

import os
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from controller.errors import PlatformError
from controller.model.names import EnvName

# One line an environment, `+` while it is under way: a power of two, so that none lies on two pages, and a write of
# it is whole or not there even if the process is killed in the middle.
SIZE: Final = 64
_LINE: Final = re.compile(r"([+-]) +(\d{1,6}) ([a-z][a-z0-9-]{0,39}) *")
_MOST: Final = 999_999


class NoMarks:
    """Where there is no file, every start is the first."""

    def crashes(self) -> Mapping[EnvName, int]:
        """There never was one."""
        return {}

    def write(self, env: EnvName, crashes: int, *, under_way: bool) -> None:
        """Keep nothing."""


class FileMarks:
    """The file, for the one process that has the store's lock. Any thread may call any method."""

    def __init__(self, path: Path) -> None:
        """Count what the last process left under way, and begin the file anew; raises OSError."""
        self._crashes: Final = _counted(path)
        self._slots = {env: slot for slot, env in enumerate(self._crashes)}
        self._lock = threading.Lock()
        fresh = path.with_name(path.name + ".new")
        file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            for env, crashes in self._crashes.items():
                os.pwrite(file, _line(env, crashes, under_way=False), self._slots[env] * SIZE)
            fresh.replace(path)
        except BaseException:
            os.close(file)
            raise
        self._file: int | None = file

    def crashes(self) -> Mapping[EnvName, int]:
        """Count for each environment the processes in a row that died while it was under way."""
        return self._crashes

    def write(self, env: EnvName, crashes: int, *, under_way: bool) -> None:
        """Write the line of an environment; one that cannot be written is left as it was."""
        with self._lock:
            if self._file is None:
                return
            slot = self._slots.setdefault(env, len(self._slots))
            with suppress(OSError):  # a turn is worth more than its mark, as on a full disk
                os.pwrite(self._file, _line(env, crashes, under_way=under_way), slot * SIZE)

    def close(self) -> None:
        """Let go of the file; what is written later is passed over."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
            self._file = None


def open_marks(path: Path) -> FileMarks:
    """Open the marks `<path>.turns` of the store at `path`; raises PlatformError when that file cannot be made."""
    beside = path.with_name(path.name + ".turns")
    try:
        return FileMarks(beside)
    except OSError as error:
        raise PlatformError(f"marks {beside}: the file cannot be used ({error.strerror})") from error


def _counted(path: Path) -> dict[EnvName, int]:
    """Read the file; a line that is damaged is passed over, as its worth is a wait."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    found = [match for line in lines if (match := _LINE.fullmatch(line))]
    counts = {EnvName(match[3]): min(int(match[2]) + (match[1] == "+"), _MOST) for match in found}
    return {env: crashes for env, crashes in counts.items() if crashes}


def _line(env: EnvName, crashes: int, *, under_way: bool) -> bytes:
    return f"{'+' if under_way else '-'} {crashes:6d} {env}".ljust(SIZE - 1).encode() + b"\n"
