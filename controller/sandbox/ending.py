"""An orderly end: the signals that ask for one become an exception, but never while something is half begun."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Self

_ASKING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """While it is entered, the first of these signals raises KeyboardInterrupt in the main thread, the next do not.

    `number` is that signal, 0 before it. What the parent told us to ignore, as nohup does, stays ignored.
    """

    def __init__(self) -> None:
        self.number = 0
        self._held = False

    def __enter__(self) -> Self:
        kept = {number: signal.getsignal(number) for number in _ASKING}
        self._before = {number: before for number, before in kept.items() if before not in {signal.SIG_IGN, None}}
        for number in self._before:
            signal.signal(number, self._ask)
        return self

    def __exit__(self, *_exc: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nothing interrupt what is inside; what was asked meanwhile is raised after it."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self.number:
            raise KeyboardInterrupt

    def close(self) -> None:
        """Interrupt nothing any more: what is left to do is the end itself."""
        self._held = True

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        first = not self.number
        self.number = self.number or number
        if first and not self._held:
            raise KeyboardInterrupt
