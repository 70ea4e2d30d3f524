"""A notifier that is only given what may be shown."""

from collections.abc import Callable

from controller.errors import PlatformError, TrueupError
from controller.model.message import Message
from controller.model.outbox import Notifier
from controller.notifiers.render import cleaned


class Cleaned:
    """Stands before a notifier, so that no kind of them can forget it."""

    def __init__(self, notifier: Notifier, clean: Callable[[str], str]) -> None:
        self._notifier, self._clean = notifier, clean

    def send(self, message: Message, thread: str) -> str:
        """Send the message without secrets, and without what cannot be seen; so is what is said of a failure."""
        try:
            return self._notifier.send(cleaned(message, self._clean), thread)
        except TrueupError as error:
            raise type(error)(self._clean(str(error))) from None
        except Exception as error:  # noqa: BLE001  whatever it is, its text goes no further
            # Its text may hold what was sent: a header that is refused is quoted with the token in it.
            raise PlatformError(f"the notifier stumbled: {type(error).__name__}") from None
