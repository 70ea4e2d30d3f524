"""Messages by mail, through a server that is spoken to with TLS."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from controller.errors import AccessError, PlatformError, Refusal
from controller.model.message import Message
from controller.notifiers.render import html_of, subject_of, text_of
from controller.notifiers.tools import Secret

_WAIT: Final = 10.0
TLS: Final = "tls"
STARTTLS: Final = "starttls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed in, and how the way there is kept secret: `tls`, `starttls` or neither."""

    host: str
    port: int
    security: str
    ca_file: str
    username: str


class EmailNotifier:
    """Sends one mail at a time; those of one rollout answer one another."""

    def __init__(self, server: Server, password: Secret, sender: str, to: tuple[str, ...]) -> None:
        self._server, self._password, self._sender, self._to = server, password, sender, to

    def send(self, message: Message, thread: str) -> str:
        """Send it."""
        mail = mail_of(message, self._sender, self._to)
        try:
            with self._connected() as server:
                refused = server.send_message(mail)
        except smtplib.SMTPAuthenticationError as error:
            raise AccessError(f"{self._server.host} does not let us in: code {error.smtp_code}") from error
        except smtplib.SMTPNotSupportedError as error:
            raise AccessError(f"{self._server.host} cannot do what is asked: {error}") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise _meant(
                self._server.host, max((code for code, _ in error.recipients.values()), default=0)
            ) from error
        except smtplib.SMTPResponseException as error:
            raise _meant(self._server.host, error.smtp_code) from error
        except (OSError, smtplib.SMTPException) as error:
            raise PlatformError(f"{self._server.host} does not take mail: {_in_words(error)}") from error
        if refused:
            raise Refusal(f"{self._server.host} refuses some of those whom it is sent to: {', '.join(refused)}")
        return thread

    def _connected(self) -> smtplib.SMTP:
        settings = self._server
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        if settings.security == TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=_WAIT, context=context)
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=_WAIT)
        try:
            if settings.security == STARTTLS:
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
