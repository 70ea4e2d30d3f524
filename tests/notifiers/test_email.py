"""Mail: over a real SMTP server with STARTTLS and a login, and nothing that was written elsewhere breaks out."""

import socket
import ssl
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from controller.errors import AccessError, PlatformError, Refusal
from controller.notifiers.email import Email, Security
from tests.notifiers.certificate import a_certificate
from tests.notifiers.receiving import HOSTILE, a_message, tools


class Inbox:
    """What a server does with mail."""

    def __init__(self):
        self.mails, self.answer, self.logins = [], "250 OK", []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if address.startswith("nobody"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.mails.append((session.ssl is not None, envelope, message_from_bytes(envelope.content, policy=default)))
        return self.answer

    def check(self, server, session, envelope, mechanism, data):
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"secret", handled=False)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return a_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def server(inbox, authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority)
    how = {"tls_context": context, "authenticator": inbox.check, "require_starttls": True}
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), auth_required=True, **how)
    controller.start()
    yield controller.port
    controller.stop()


def notifier(port, authority, **how):
    settings = {
        "host": "localhost",
        "port": port,
        "sender": "trueup@example.com",
        "to": ("team@example.com", "ops@example.com"),
        "username": "trueup",
        "password_file": "secret",
        "ca_file": str(authority),
        **how,
    }
    return Email(**settings).opened(tools())


def test_a_mail_arrives_over_tls_with_its_id_and_its_thread(server, inbox, authority):
    notifier(server, authority).send(a_message(), "")
    ((was_tls, envelope, mail),) = inbox.mails
    assert was_tls and inbox.logins == [(b"trueup", b"secret")]
    assert envelope.rcpt_tos == ["team@example.com", "ops@example.com"]
    assert mail["Message-ID"] == "<msg_0123456789abcdef0123456789abcdef@trueup>"
    assert mail["References"] == mail["In-Reply-To"] == "<prod.api.3@trueup>"
    assert mail["Subject"] == "prod/api: v1.4.0 failed and went back: v1.3.0 runs again"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",)).get_content()
    assert "exit code 1" in text and "window: the window is shut (until 2026-03-01T12:00:00Z)" in text


def test_nothing_that_others_wrote_becomes_a_header_or_a_tag(server, inbox, authority):
    notifier(server, authority).send(a_message(title=HOSTILE, text=HOSTILE, version=HOSTILE), "")
    ((_, envelope, mail),) = inbox.mails
    assert mail["Bcc"] is None and len(mail.get_all("Subject")) == 1
    assert envelope.rcpt_tos == ["team@example.com", "ops@example.com"]
    page = mail.get_body(("html",)).get_content()
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_a_wrong_password_is_a_matter_of_access(server, inbox, authority):
    wrong = {"password_file": "wrong"}
    with pytest.raises(AccessError, match="does not let us in"):
        notifier(server, authority, **wrong).send(a_message(), "")
    assert inbox.mails == []


def test_a_server_that_cannot_prove_who_it_is_gets_neither_password_nor_mail(server, inbox):
    with pytest.raises(PlatformError, match="does not take mail"):
        notifier(server, "", ca_file="").send(a_message(), "")
    assert (inbox.mails, inbox.logins) == ([], [])


@pytest.mark.parametrize(
    ("answer", "kind"), [("451 later", PlatformError), ("552 too large", Refusal), ("554 no", Refusal)]
)
def test_what_the_server_says_decides(server, inbox, authority, answer, kind):
    inbox.answer = answer
    with pytest.raises(kind, match=f"code {answer[:3]}"):
        notifier(server, authority).send(a_message(), "")


def test_a_mailbox_that_is_not_there_is_refused(server, inbox, authority):
    with pytest.raises(Refusal, match="code 550"):
        notifier(server, authority, to=("nobody@example.com",)).send(a_message(), "")


def test_a_server_without_starttls_gets_no_mail(inbox, authority):
    plain = Controller(inbox, hostname="127.0.0.1", port=free_port())
    plain.start()
    port = plain.port
    try:
        with pytest.raises(AccessError, match="cannot do what is asked"):
            notifier(port, authority, username="", password_file="").send(a_message(), "")
        assert inbox.mails == []
        how = {"username": "", "password_file": "", "security": Security.NONE}
        notifier(port, authority, **how).send(a_message(), "")
        assert len(inbox.mails) == 1
    finally:
        plain.stop()


def test_nobody_there_is_tried_again(authority):
    with pytest.raises(PlatformError, match="localhost does not take mail"):
        notifier(1, authority).send(a_message(), "")
