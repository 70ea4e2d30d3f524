"""How orders are changed: pure functions from the orders as they are to the orders as they will be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

from controller.model.names import TargetName
from controller.model.orders import Freeze, Orders, Pause, Stopped, TargetOrders

Change: TypeAlias = Callable[[Orders, int], Orders]

_KEPT: Final = 50
"""How many pauses that are over are kept: what was good meanwhile does not count as soaked."""


def for_target(target: TargetName, change: Callable[[TargetOrders, int], TargetOrders]) -> Change:
    """Change the orders of one target."""

    def whole(orders: Orders, number: int) -> Orders:
        mine = change(orders.targets.get(target, TargetOrders()), number)
        return replace(orders, targets={**orders.targets, target: mine})

    return whole


def set_pause(target: TargetName | None, pause: Pause | None, now: datetime) -> Change:
    """Pause, or with None resume, a target or the whole environment; what that ends is kept."""
    if target is None:
        return lambda orders, _: replace(orders, pause=pause, stopped=_ended(orders.stopped, orders.pause, now))
    return for_target(
        target, lambda mine, _: replace(mine, pause=pause, stopped=_ended(mine.stopped, mine.pause, now))
    )


def _ended(stopped: tuple[Stopped, ...], pause: Pause | None, now: datetime) -> tuple[Stopped, ...]:
    if pause is None or pause.at is None:
        return stopped
    ends = min(now, pause.until) if pause.until else now
    return (*stopped, Stopped(at=pause.at, until=max(pause.at, ends)))[-_KEPT:]


def set_freeze(freeze: Freeze | None) -> Change:
    """Freeze, or with None thaw, an environment."""
    return lambda orders, _: replace(orders, freeze=freeze)
