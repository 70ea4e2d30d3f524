"""An orderly end: a signal that asks for one ends the next wait, and interrupts nothing else."""

import signal
import time
from types import FrameType
from typing import Final, Self

_ASKING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STEP: Final = 0.05  # seconds until a signal is noticed


class Ended(Exception):
    """The end was asked for by a signal."""


class Ending:
    """While it is entered, these signals only make the waits of this process raise Ended.

    `number` is the first of them, 0 before it. What the parent told us to ignore, as nohup does, stays ignored.
    """

    # No exception comes out of the handler, as it would come between any two instructions. In a callback of the
    # import system it is lost. In a text that is being executed, as dataclasses do, Python remembers that there was
    # a KeyboardInterrupt, and in the end ends itself by SIGINT whoever caught it.

    def __init__(self) -> None:
        self.number = 0

    def __enter__(self) -> Self:
        kept = {number: signal.getsignal(number) for number in _ASKING}
        self._before = {number: before for number, before in kept.items() if before not in {signal.SIG_IGN, None}}
        for number in self._before:
            signal.signal(number, self._ask)
        return self

    def __exit__(self, *_exc: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def wait(self, seconds: float) -> None:
        """Wait so long, which may be 0; raises Ended as soon as the end was asked for."""
        ends = time.monotonic() + seconds
        while not self.number:
            left = ends - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, _STEP))
        raise Ended

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        self.number = self.number or number
