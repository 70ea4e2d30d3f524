"""How orders are changed: pure functions from the orders as they are to the orders as they will be."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from controller.model.names import TargetName
from controller.model.orders import Freeze, Orders, Pause, TargetOrders

Change: TypeAlias = Callable[[Orders, int], Orders]


def for_target(target: TargetName, change: Callable[[TargetOrders, int], TargetOrders]) -> Change:
    """Change the orders of one target."""

    def whole(orders: Orders, number: int) -> Orders:
        mine = change(orders.targets.get(target, TargetOrders()), number)
        return replace(orders, targets={**orders.targets, target: mine})

    return whole


def set_pause(target: TargetName | None, pause: Pause | None) -> Change:
    """Pause, or with None resume, a target or the whole environment."""
    if target is None:
        return lambda orders, _: replace(orders, pause=pause)
    return for_target(target, lambda mine, _: replace(mine, pause=pause))


def set_freeze(freeze: Freeze | None) -> Change:
    """Freeze, or with None thaw, an environment."""
    return lambda orders, _: replace(orders, freeze=freeze)
