"""What telling people takes: a place that remembers how far it has come, and ways to tell."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from controller.model.message import Again, Delivery, Message, Told
from controller.model.names import EnvName
from controller.model.story import Entry


class Outbox(Protocol):
    """How far each notifier has come, and what people were told is needed of them.

    A write over something newer raises Conflict, one that cannot be done PlatformError.
    """

    def deliveries(self) -> Mapping[str, Delivery]:
        """Give how far each notifier has come that ever was, in order of name."""
        ...

    def deliver(
        self, notifier: str, before: Delivery | None, after: Delivery | None, entries: Sequence[Entry] = ()
    ) -> None:
        """Write how far a notifier has come, or forget it, and rows, if it still was as far as `before` says."""
        ...

    def again(self, notifier: str) -> Again:
        """Read which dead letters somebody wants sent again."""
        ...

    def send_again(self, notifier: str, ids: Sequence[str]) -> Again:
        """Order dead letters to be sent again, all of them if none is named; only commands do."""
        ...

    def told(self, env: EnvName) -> Told:
        """Read what was told to be needed of people."""
        ...

    def tell(self, env: EnvName, before: Told, after: Told, entries: Sequence[Entry] = ()) -> None:
        """Write what is told to be needed, and the rows that tell it, all or nothing."""
        ...


class Notifier(Protocol):
    """A way to tell people. Any thread may use it, one at a time."""

    def send(self, message: Message, thread: str) -> str:
        """Send one message, into this thread of the receiver's if it has threads; gives the thread it is in.

        Raises PlatformError if trying again may help, AccessError if the receiver does not let us, Refusal if it
        will never take this message. A message may be sent twice: its id is the same.
        """
        ...
