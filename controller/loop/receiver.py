"""Whom a notifier's thread works for, and who hears how it goes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from controller.model.message import Message, Occasion, Route
from controller.model.outbox import Notifier
from controller.model.status import TargetStatus


class Heard(Protocol):
    """Who hears how it goes."""

    def sent(self, notifier: str, message: Message) -> None:
        """Say that a message was sent."""
        ...

    def failed(self, notifier: str, message: Message, why: str) -> None:
        """Say that a message could not be sent, and is tried again."""
        ...

    def died(self, notifier: str, message: Message, why: str) -> None:
        """Say that a message is a dead letter."""
        ...

    def waits(self, notifier: str, since: datetime | None) -> None:
        """Say since when the oldest message waits to be sent; None: none does."""
        ...

    def stumbled(self, notifier: str, error: Exception) -> None:
        """Say that something else went wrong; it goes on after a while."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A notifier by its name, the routes that lead to it, and how patient it is."""

    name: str
    notifier: Notifier
    routes: tuple[Route, ...]
    digest: timedelta
    give_up: timedelta

    def takes(self, message: Message) -> bool:
        """Whether a route leads this message here, and none another one that tells the same."""
        other = replace(message, occasions=message.told_with)
        return self._is_led(message) and not self._is_led(other)

    def _is_led(self, message: Message) -> bool:
        return any(route.takes(message) for route in self.routes)

    def hears_of(self, status: TargetStatus) -> bool:
        """Whether a route leads here what waits for a person in this target."""
        asked = (route for route in self.routes if Occasion.NEEDED in route.occasions)
        return any(
            (not route.environments or status.env in route.environments)
            and (not route.owners or status.owner in route.owners)
            for route in asked
        )
