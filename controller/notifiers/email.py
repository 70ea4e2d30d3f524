"""Messages by mail, through a server that is spoken to with TLS."""

import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from typing import Final

from controller.errors import AccessError, PlatformError, Refusal
from controller.model.message import Message
from controller.model.outbox import Notifier
from controller.notifiers.render import html_of, subject_of, text_of
from controller.notifiers.tools import Secret, Tools, one_of

_WAIT: Final = 10.0
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
        password = tools.secret(self.password_file, self.password_env) if self.username else lambda: ""
        return EmailNotifier(self, password)


class EmailNotifier:
    """Sends one mail at a time; those of one rollout answer one another."""

    def __init__(self, settings: Email, password: Secret) -> None:
        self._settings, self._password = settings, password

    def send(self, message: Message, thread: str) -> str:
        """Send it."""
        mail = mail_of(message, self._settings.sender, self._settings.to)
        try:
            with self._connected() as server:
                refused = server.send_message(mail)
        except smtplib.SMTPAuthenticationError as error:
            raise AccessError(f"{self._settings.host} does not let us in: code {error.smtp_code}") from error
        except smtplib.SMTPNotSupportedError as error:
            raise AccessError(f"{self._settings.host} cannot do what is asked: {error}") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise _meant(
                self._settings.host, max((code for code, _ in error.recipients.values()), default=0)
            ) from error
        except smtplib.SMTPResponseException as error:
            raise _meant(self._settings.host, error.smtp_code) from error
        except (OSError, smtplib.SMTPException) as error:
            raise PlatformError(f"{self._settings.host} does not take mail: {_in_words(error)}") from error
        if refused:
            raise Refusal(f"{self._settings.host} refuses some of those whom it is sent to: {', '.join(refused)}")
        return thread

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        if settings.security is Security.TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=_WAIT, context=context)
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=_WAIT)
        try:
            if settings.security is Security.STARTTLS:
                server.starttls(context=context)
            if settings.username:
                server.login(settings.username, self._password())
        except BaseException:
            server.close()
            raise
        return server


def mail_of(message: Message, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """Write the mail: as text and as HTML, with the id of the message as its own."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject_of(message)
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.id}@trueup>"
    if message.thread:
        first = f"<{message.thread.replace('/', '.')}@trueup>"
        mail["References"] = first
        mail["In-Reply-To"] = first
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{text_of(message)}\n")
    mail.add_alternative(html_of(message), subtype="html")
    return mail


def _meant(host: str, code: int) -> Exception:
    said = f"{host} does not take the mail: code {code}"
    return Refusal(said) if code >= 500 else PlatformError(said)  # noqa: PLR2004 - the first of SMTP's lasting errors


def _in_words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
