"""The store, as a command or the controller opens it."""

import functools
import os
import threading
from datetime import datetime
from typing import TYPE_CHECKING, Final

from controller import kinds
from controller.clock import Clock, parse
from controller.errors import SpecError
from controller.stores.codec import Codec
from controller.stores.open import open_store as _open_store

if TYPE_CHECKING:
    from controller.ports import Store

_CLOCK: Final = "TRUEUP_CLOCK"


@functools.cache
def codec() -> Codec:
    """Give the codec that knows every kind."""
    return Codec(kinds.STORED)


def open_store(url: str, *, must_exist: bool = False) -> "Store":
    """Open a store; with `must_exist` one that is not there is an error, because a command only visits."""
    return _open_store(url, codec(), create=not must_exist)


def clock_now(*, exact: bool = False) -> datetime:
    """Say what time it is, for a command: the controller's time, if TRUEUP_CLOCK says when its clock began.

    With `now*SPEED` only the controller knows that. It is real time then; where it has to be `exact`, SpecError.
    """
    text = os.environ.get(_CLOCK, "")
    pace = parse(text) if text else None
    if pace is None or pace.start is not None:
        return Clock(pace).now()
    if exact:
        raise SpecError(
            f"{_CLOCK} {text!r} does not tell a command what time it is for the controller; give both the same "
            f"instant as START, such as 2026-01-31T09:00:00Z*{pace.speed:g}"
        )
    return Clock().now()


def pause_for(seconds: float) -> None:
    """Wait between two looks at a view."""
    threading.Event().wait(seconds)
