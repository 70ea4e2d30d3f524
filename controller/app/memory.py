"""The store, as a command or the controller opens it."""

import functools
import threading
from datetime import datetime
from typing import TYPE_CHECKING

from controller import kinds
from controller.clock import Clock
from controller.stores.codec import Codec
from controller.stores.open import open_store as _open_store

if TYPE_CHECKING:
    from controller.ports import Store


@functools.cache
def codec() -> Codec:
    """Give the codec that knows every kind."""
    return Codec(kinds.STORED)


def open_store(url: str, *, must_exist: bool = False) -> "Store":
    """Open a store; with `must_exist` one that is not there is an error, because a command only visits."""
    return _open_store(url, codec(), create=not must_exist)


def clock_now() -> datetime:
    """Say what time it is, for a command."""
    return Clock().now()


def pause_for(seconds: float) -> None:
    """Wait between two looks at a view."""
    threading.Event().wait(seconds)
