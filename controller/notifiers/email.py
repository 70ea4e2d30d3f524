"""Messages by mail: how it is set up; smtp.py sends it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from controller.model.outbox import Notifier
from controller.notifiers.tools import Tools, one_of

_PORT: Final = (1, 65535)
_ADDRESS: Final = (r"[!-;=?A-~]{1,120}@[A-Za-z0-9.-]{1,120}", "an email address")
_HOST: Final = (r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?", "the name of a host")


class Security(StrEnum):
    """How the way to the server is kept secret."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """People by mail."""

    host: str = field(metadata={"about": "The server.", "like": _HOST})
    sender: str = field(metadata={"about": "From whom.", "key": "from", "like": _ADDRESS})
    to: tuple[str, ...] = field(metadata={"about": "To whom.", "like": _ADDRESS, "alone": True})
    port: int = field(default=587, metadata={"about": "Its port. 587 if absent.", "between": _PORT})
    security: Security = field(
        default=Security.STARTTLS, metadata={"about": "starttls, tls, or none for a server on this machine."}
    )
    ca_file: str = field(default="", metadata={"about": "Authorities to trust, instead of the system's."})
    username: str = field(default="", metadata={"about": "Who we are to the server."})
    password_file: str = field(default="", metadata={"about": "A file that holds the password."})
    password_env: str = field(default="", metadata={"about": "A variable that holds it."})

    def wrong(self) -> Iterator[str]:
        """Say what does not go together."""
        given = bool(self.password_file or self.password_env)
        if self.username or given:
            yield from one_of(
                "the password", ("passwordFile", self.password_file), ("passwordEnv", self.password_env)
            )
        if given and not self.username:
            yield "there is a password, and no username"
        if self.username and self.security is Security.NONE:
            yield "a password is never sent without TLS: write security: starttls or tls"

    def opened(self, tools: Tools) -> Notifier:
        """Make the notifier."""
        from controller.notifiers.smtp import EmailNotifier, Server  # noqa: PLC0415 - who only names kinds need not pay for it

        password = tools.secret(self.password_file, self.password_env) if self.username else lambda: ""
        server = Server(
            host=self.host,
            port=self.port,
            security=self.security.value,
            ca_file=self.ca_file,
            username=self.username,
        )
        return EmailNotifier(server, password, self.sender, self.to)
