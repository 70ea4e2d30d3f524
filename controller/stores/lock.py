"""A lock beside the store, so that a second controller on the same file is turned away."""

import fcntl
import os
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from controller.errors import PlatformError, Refusal


class Lock:
    """Held from `lock` until `release`, or until this process ends however it ends."""

    def __init__(self, file: int) -> None:
        self._file: int | None = file

    def release(self) -> None:
        """Let the next one in; the file stays, because removing it would let two in."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def lock(path: Path, now: datetime) -> Lock:
    """Take the lock `<path>.lock` for this process, or raise Refusal that says who holds it since when.

    Only `run` takes it, commands never do. flock(2) ends with the process, so a crash leaves nothing to clean up.
    Raises PlatformError when the file cannot be made or locked.
    """
    beside = path.with_name(path.name + ".lock")
    try:
        file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise PlatformError(f"lock {beside}: the file cannot be made ({error.strerror})") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(file, 200, 0).decode(errors="replace").strip() or "another process"
        os.close(file)
        raise Refusal(
            f"store {path} is in use by {holder}; one store serves one running controller, so stop that one first, "
            "or give this one a store of its own"
        ) from error
    except OSError as error:
        os.close(file)
        raise PlatformError(f"lock {beside}: it cannot be locked here ({error.strerror})") from error
    os.ftruncate(file, 0)
    os.pwrite(file, f"process {os.getpid()} on {os.uname().nodename}, since {now.isoformat()}\n".encode(), 0)
    return Lock(file)
